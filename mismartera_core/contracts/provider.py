"""Data providers: where bars, ticks and quotes come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from mismartera_core.contracts.stream import Emit, StreamRequest
from mismartera_core.errors import DataError

if TYPE_CHECKING:
    from mismartera_core.model.columns import BarColumns, QuoteColumns, TickColumns
    from mismartera_core.model.quality import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCapabilities:
    """What a provider can do; the coordinator decides by it what is streamed and what generated.

    Attributes:
        bars: Bar intervals it delivers, finest first; () for none; ("*",) for whatever is stored.
        ticks: Whether it delivers trades.
        quotes: Whether it delivers quotes.
        stream: Whether it can push data live.
        statuses: Whether its stream tells of halts and pauses.
        simulated: Whether its prices are generated rather than observed; shown wherever they are.
        complete: Whether a minute without a bar means that nothing traded.
    """

    bars: tuple[str, ...] = ()
    ticks: bool = False
    quotes: bool = False
    stream: bool = False
    statuses: bool = False
    simulated: bool = False
    complete: bool = False


class DataProvider(ABC):
    """A source of market data. All times are nanoseconds since the epoch, UTC.

    A range is half open: a row belongs to it when start_ns <= ts < end_ns, ts being the open of a
    bar. Rows come ascending and unique. An unknown symbol is a DataError that names what exists;
    a range without data is an empty result.
    """

    @abstractmethod
    def symbols(self) -> Sequence[str]:
        """Symbols it can deliver, sorted; empty where it cannot tell."""

    @abstractmethod
    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Bars of one symbol.

        Args:
            symbol: Ticker.
            interval: "1m", "5m", "1d" ...
            start_ns: First open that may be returned.
            end_ns: First open that may not.

        Raises:
            DataError: Symbol or interval is unknown, or the data are damaged.
        """

    def load_bars(
        self, symbols: Sequence[str], interval: str, start_ns: int, end_ns: int
    ) -> Mapping[str, BarColumns]:
        """Bars of many symbols; override where asking once for all is cheaper."""
        return {s: self.get_bars(s, interval, start_ns, end_ns) for s in symbols}

    def intervals(self, symbol: str) -> Sequence[str]:  # noqa: ARG002 - for overriding
        """Bar intervals it holds for a symbol; empty where its capabilities say all."""
        return ()

    def coverage(self, symbol: str, interval: str) -> tuple[int, int] | None:  # noqa: ARG002
        """First open and last open (included) it holds for a symbol, None where it cannot tell."""
        return None

    def provenance(
        self,
        symbol: str,  # noqa: ARG002 - for overriding
        interval: str,  # noqa: ARG002
        start_ns: int,  # noqa: ARG002
        end_ns: int,  # noqa: ARG002
    ) -> Sequence[Origin]:
        """Where the bars of a range come from, ascending; quick, for it is asked for every symbol.

        A bar belongs to the range that holds its open. Empty where nothing can be told: then the
        source is the provider's name, and its feed and adjustment are unknown.
        """
        return ()

    def get_ticks(self, symbol: str, start_ns: int, end_ns: int) -> TickColumns:  # noqa: ARG002
        """Trades of one symbol."""
        raise DataError(f"{type(self).__name__} delivers no ticks")

    def get_quotes(self, symbol: str, start_ns: int, end_ns: int) -> QuoteColumns:  # noqa: ARG002
        """Quotes of one symbol."""
        raise DataError(f"{type(self).__name__} delivers no quotes")

    def stream(self, wanted: StreamRequest, emit: Emit, stop: Event) -> None:  # noqa: ARG002
        """Push what becomes known, until stop is set. Runs in a thread of its own.

        Says `StreamChanged(LIVE)` when everything that was asked for is subscribed, `LOST` when the
        connection has gone, and connects again by itself, without end, ever more slowly. A bar
        comes when it has ended. What cannot be understood is `StreamNoise`. Ends within a second of
        stop, and leaves no thread behind.

        Args:
            wanted: Symbols and kinds of data.
            emit: Takes every event; only puts into a queue.
            stop: Set when the stream is to end.

        Raises:
            BrokerError: Credentials or subscription are refused: trying again would not help.
            DataError: It does not stream what is wanted.
        """
        raise DataError(f"{type(self).__name__} does not stream")

    def close(self) -> None:  # noqa: B027 - nothing to close is the usual case
        """Release files and connections."""
