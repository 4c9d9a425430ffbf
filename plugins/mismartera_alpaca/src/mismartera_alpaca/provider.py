"""Market data of Alpaca: history by REST, live by WebSocket."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from mismartera_alpaca import rows
from mismartera_alpaca.config import DataConfig
from mismartera_alpaca.keys import Keys, find_keys
from mismartera_alpaca.limiter import Limiter
from mismartera_alpaca.rest import Failure, Refused, Rest
from mismartera_alpaca.times import to_text
from mismartera_core import (
    BarColumns,
    BrokerError,
    DataError,
    DataProvider,
    Emit,
    Origin,
    PluginContext,
    QuoteColumns,
    StreamRequest,
    TickColumns,
    interval_ns,
)

TIMEFRAMES = {"1m": "1Min", "5m": "5Min", "15m": "15Min", "30m": "30Min", "1d": "1Day"}
_AT_ONCE = 200
"""Symbols a request, so that its address does not grow too long."""
_DAY = interval_ns("1d")
_OLDEST = 946_684_800_000_000_000
"""2000-01-01: Alpaca has nothing before, and refuses some stamps of long ago."""
_FORBIDDEN = (401, 403)
_NOT_FOUND = 404

log = logging.getLogger(__name__)


class _UnknownSymbolError(DataError):
    """Alpaca has no such symbol."""


_Columns = TypeVar("_Columns", BarColumns, TickColumns, QuoteColumns)


class AlpacaProvider(DataProvider):
    """Bars, trades and quotes of US stocks.

    Hour bars are not among them: Alpaca's begin on the full hour, ours at the open; they are
    generated from half hours.

    Args:
        config: Feed, adjustment, limits.
        context: Calendar, clock and secrets.
    """

    def __init__(self, config: DataConfig, context: PluginContext) -> None:
        self._config = config
        self._context = context
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._limiter = Limiter(config.requests_per_minute)
        self._made: dict[str, Any] = {}
        self._known: set[str] = set()

    def __repr__(self) -> str:
        return f"AlpacaProvider(feed={self._config.feed!r})"

    def symbols(self) -> Sequence[str]:
        """Empty: it has some ten thousand; whether it has one is asked when it is needed."""
        return ()

    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Bars of one symbol that have ended.

        Raises:
            DataError: Symbol or interval is unknown, or Alpaca does not answer.
            BrokerError: The keys are refused.
        """
        return self.load_bars([symbol], interval, start_ns, end_ns)[symbol]

    def load_bars(
        self, symbols: Sequence[str], interval: str, start_ns: int, end_ns: int
    ) -> Mapping[str, BarColumns]:
        """Bars of many symbols, up to 200 in one request."""
        if interval not in TIMEFRAMES:
            raise DataError(
                f"alpaca: expected an interval of {', '.join(TIMEFRAMES)}, was {interval!r} "
                f"for {', '.join(symbols[:3])}"
            )
        daily = interval == "1d"
        query = {"timeframe": TIMEFRAMES[interval], "adjustment": self._config.adjustment}

        def columns(found: Sequence[rows.Row]) -> BarColumns:
            if daily:
                return rows.day_bars(found, self._context.sessions, self._context.timezone)
            return rows.minute_bars(found, interval)

        # A daily bar is stamped at midnight, its session opens hours later.
        first = start_ns - _DAY if daily else start_ns
        loaded = self._load("bars", f"{interval} bars", symbols, (first, end_ns), query, columns)
        now = self._context.now_ns()
        return {
            name: rows.finished(rows.within(found, start_ns, end_ns), now)
            for name, found in loaded.items()
        }

    def provenance(
        self,
        symbol: str,  # noqa: ARG002 - alike for all
        interval: str,  # noqa: ARG002
        start_ns: int,
        end_ns: int,
    ) -> Sequence[Origin]:
        """The feed and the adjustment of the config."""
        return [
            Origin(
                start_ns=start_ns,
                end_ns=end_ns,
                source="alpaca",
                feed=self._config.feed,
                adjustment=self._config.adjustment,
            )
        ]

    def get_ticks(self, symbol: str, start_ns: int, end_ns: int) -> TickColumns:
        """Trades of one symbol.

        Raises:
            DataError: The symbol is unknown, or Alpaca does not answer.
            BrokerError: The keys are refused.
        """
        span = (start_ns, end_ns)
        found = self._load("trades", "trades", [symbol], span, {}, rows.ticks)[symbol]
        chosen: TickColumns = rows.within(found, *span)
        return chosen

    def get_quotes(self, symbol: str, start_ns: int, end_ns: int) -> QuoteColumns:
        """Quotes of one symbol.

        Raises:
            DataError: The symbol is unknown, or Alpaca does not answer.
            BrokerError: The keys are refused.
        """
        span = (start_ns, end_ns)
        found = self._load("quotes", "quotes", [symbol], span, {}, rows.quotes)[symbol]
        chosen: QuoteColumns = rows.within(found, *span)
        return chosen

    def stream(self, wanted: StreamRequest, emit: Emit, stop: threading.Event) -> None:
        """Minute bars, trades and quotes as they are published, until stop is set.

        Raises:
            BrokerError: Keys or subscription are refused.
            DataError: Bars of another interval than a minute are wanted.
        """
        if wanted.interval not in ("", "1m"):
            raise DataError(
                f"alpaca streams 1m bars, wanted were {wanted.interval!r}",
                hint="stream bars_1m; longer bars are generated from them",
            )
        if stop.is_set() or not (wanted.interval or wanted.ticks or wanted.quotes):
            stop.wait()
            return
        self._check_all(wanted.symbols)
        from mismartera_alpaca.data_line import DataLine
        from mismartera_alpaca.keeper import Keeper

        line = DataLine(self._config, self._keys(), wanted, emit)
        Keeper(line, emit, stop).run()

    def close(self) -> None:
        """End what is under way and release connections."""
        self._closed.set()
        with self._lock:
            for made in self._made.values():
                if isinstance(made, Rest):
                    made.close()

    def _load(
        self,
        kind: str,
        what: str,
        symbols: Sequence[str],
        span: tuple[int, int],
        query: dict[str, Any],
        columns: Callable[[Sequence[rows.Row]], _Columns],
    ) -> dict[str, _Columns]:
        """Columns of many symbols, empty where a symbol that exists has no rows."""
        found: dict[str, _Columns] = {}
        for low in range(0, len(symbols), _AT_ONCE):
            asked = list(symbols[low : low + _AT_ONCE])
            whose = f"{what} of {', '.join(asked[:3])}{' ...' if len(asked) > 3 else ''}"
            raw = self._pages(kind, whose, asked, span, query)
            for name in asked:
                if raw.get(name):
                    self._known.add(name)
                else:
                    self._check(name, what)
                try:
                    found[name] = columns(raw.get(name) or ())
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    raise DataError(f"alpaca: {what} of {name}: a row is no {what}") from error
        return found

    def _pages(
        self,
        kind: str,
        whose: str,
        symbols: Sequence[str],
        span: tuple[int, int],
        query: dict[str, Any],
    ) -> dict[str, list[rows.Row]]:
        """The rows of all pages, by symbol; a page may end within a symbol."""
        start, end = max(span[0], _OLDEST), span[1] - 1  # Alpaca's ranges include their end
        found: dict[str, list[rows.Row]] = {}
        if start > end:
            return found
        asked = {
            **query,
            "symbols": ",".join(symbols),
            "start": to_text(start),
            "end": to_text(end),
            "feed": self._config.feed,
            "limit": self._config.page_size,
        }
        while True:
            page = self._read("data", f"/stocks/{kind}", asked, whose)
            try:
                for name, some in (page[kind] or {}).items():
                    found.setdefault(name, []).extend(some)
                token = page["next_page_token"]
            except (KeyError, TypeError, AttributeError) as error:
                raise DataError(f"alpaca: {whose}: an answer without {kind}") from error
            if not token:
                return found
            if token == asked.get("page_token"):
                raise DataError(f"alpaca: {whose}: the same page again and again")
            asked["page_token"] = token

    def _check(self, symbol: str, what: str) -> None:
        """Make sure that a symbol without rows exists: Alpaca leaves out what it does not know.

        Raises:
            DataError: It does not exist, or Alpaca does not answer.
        """
        if symbol in self._known:
            return
        path = f"/assets/{quote(symbol, safe='')}"
        if self._read("trading", path, None, f"{what} of {symbol}", absent=True) is None:
            raise _UnknownSymbolError(
                f"alpaca: {what} of {symbol}: there is no such symbol",
                hint="spell it as Alpaca does, such as BRK.B",
            )
        self._known.add(symbol)

    def _check_all(self, symbols: Sequence[str]) -> None:
        """Refuse a symbol that does not exist: a stream would confirm it, and stay silent."""
        try:
            for symbol in symbols:
                self._check(symbol, "stream")
        except _UnknownSymbolError:
            raise
        except DataError as error:
            # Without an answer nothing is known; the stream says itself that it cannot connect.
            log.warning("Symbols could not be checked: %s", error)

    def _read(self, client: str, path: str, query: Any, whose: str, *, absent: bool = False) -> Any:
        """What Alpaca answers; None for a 404 where that may be."""
        try:
            return self._rest(client).read(path, query)
        except Refused as error:
            if absent and error.status == _NOT_FOUND and error.message:
                return None
            raise _told(error, whose) from error
        except Failure as error:
            raise DataError(
                f"alpaca: {whose}: {error}", hint="look at status.alpaca.markets and your network"
            ) from error

    def _keys(self) -> Keys:
        with self._lock:
            if "keys" not in self._made:
                self._made["keys"] = find_keys(self._context.secret, self._config.keys)
            keys: Keys = self._made["keys"]
            return keys

    def _rest(self, which: str) -> Rest:
        """The client of the data API or of the trading API, made when it is first needed."""
        pair = self._keys().pair()
        with self._lock:
            if which not in self._made:
                from mismartera_alpaca.sdk import StockHistoricalDataClient, TradingClient

                config = self._config
                client = (
                    StockHistoricalDataClient(*pair, raw_data=True, url_override=config.data_url)
                    if which == "data"
                    else TradingClient(
                        *pair, paper=config.paper, raw_data=True, url_override=config.trading_url
                    )
                )
                self._made[which] = Rest(client, config, self._limiter, self._closed)
            rest: Rest = self._made[which]
            return rest


def _told(error: Refused, whose: str) -> DataError | BrokerError:
    """What a refusal means to a trader."""
    text = f"alpaca: {whose}: {error}"
    if error.status in _FORBIDDEN and "subscription" in error.message:
        return DataError(
            text,
            hint='the plan does not include it: "feed": "iex", or SIP data older than 15 minutes',
        )
    if error.status in _FORBIDDEN:
        return BrokerError(
            text, hint="the keys are refused: are they current, and of this account (paper, live)?"
        )
    return DataError(text)
