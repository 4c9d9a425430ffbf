"""DataManager: the one way to bars, ticks and quotes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Any

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.stream import StreamRequest
from mismartera_core.errors import DataError, UsageError, did_you_mean
from mismartera_core.managers.data_manager.frames import range_ns, to_frame
from mismartera_core.managers.data_manager.imports import (
    CsvOptions,
    ImportReport,
    Kind,
    import_csv,
    import_from_provider,
)
from mismartera_core.managers.data_manager.streams import DataStream
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.managers.time_manager.calendar import to_ns
from mismartera_core.model.columns import BarColumns
from mismartera_core.repositories.bar_store import BarStore, Mode, WriteReport
from mismartera_core.repositories.bar_store_format import Provenance

if TYPE_CHECKING:
    import pandas as pd


class DataManager:
    """Market data of one market. Reads come from the provider, imports go to the store.

    Args:
        store: Where imports go.
        provider: Where reads and streams come from.
        time_manager: Zone, calendar and clock.

    Attributes:
        store: The store.
        provider: The provider.
        zone: The exchange's zone.
    """

    def __init__(self, store: BarStore, provider: DataProvider, time_manager: TimeManager) -> None:
        self.store = store
        self.provider = provider
        self.zone = time_manager.zone
        self._time = time_manager
        self._streams: dict[str, DataStream] = {}
        self._started = 0

    def load(
        self, symbols: Sequence[str], interval: str, start_ns: int, end_ns: int
    ) -> Mapping[str, BarColumns]:
        """Bars of several symbols as columns, with start_ns <= ts < end_ns.

        Args:
            symbols: Tickers.
            interval: "1m", "1d" ...
            start_ns: First open that may be returned, nanoseconds UTC.
            end_ns: First open that may not.

        Raises:
            DataError: Symbol or interval is unknown, or the data are damaged.
        """
        return self.provider.load_bars(symbols, interval, start_ns, end_ns)

    def get_bars(self, symbol: str, interval: str, start: date, end: date) -> pd.DataFrame:
        """Bars as a frame: index in the exchange's zone; open, high, low, close, volume.

        Args:
            symbol: Ticker.
            interval: "1m", "1d" ...
            start: First day, or an instant; a naive datetime is of the exchange's zone.
            end: Last day, included, or the first instant that is left out.

        Raises:
            DataError: Symbol or interval is unknown, or the data are damaged.
        """
        span = range_ns(start, end, self.zone)
        return to_frame(self.provider.get_bars(symbol, interval, *span), self.zone)

    def get_ticks(self, symbol: str, start: date, end: date) -> pd.DataFrame:
        """Trades as a frame: price, size. Range as for get_bars.

        Raises:
            DataError: The provider has none, or the data are damaged.
        """
        span = range_ns(start, end, self.zone)
        return to_frame(self.provider.get_ticks(symbol, *span), self.zone)

    def get_quotes(self, symbol: str, start: date, end: date) -> pd.DataFrame:
        """Quotes as a frame: bid, ask, bid_size, ask_size. Range as for get_bars.

        Raises:
            DataError: The provider has none, or the data are damaged.
        """
        span = range_ns(start, end, self.zone)
        return to_frame(self.provider.get_quotes(symbol, *span), self.zone)

    def import_from_csv(
        self,
        path: Path,
        symbol: str | None = None,
        *,
        kind: Kind = "bars",
        interval: str | None = None,
        timezone: str | None = None,
        label: str | None = None,
        dateformat: str | None = None,
        source: str | None = None,
        adjustment: str = "",
        mode: Mode = "merge",
        replaced: Collection[tuple[str, str]] = (),
    ) -> ImportReport:
        """Store the bars, ticks or quotes of a CSV file, all or nothing.

        What is not said is found out.

        Args:
            path: The file, plain, gzipped or zipped.
            symbol: Ticker; by default what the file says, else what its name begins with.
            kind: "bars", "ticks" (time, price, size) or "quotes" (time, bid, ask, sizes).
            interval: "1m", "1d" ...
            timezone: IANA name of the zone of stamps without one.
            label: "start" or "end": which end of a bar its stamp marks.
            dateformat: strptime format of the stamps.
            source: Where the file comes from; by default its name.
            adjustment: "raw", "splits" or "splits_dividends", where known.
            mode: "merge" into what is stored, or "replace" it.
            replaced: Symbols and intervals, or kinds, that earlier files of the same import have
                replaced; a further file of them is merged.

        Raises:
            DataError: The file is no table of bars, something cannot be found out, or the disk
                refuses; nothing was changed then.
        """
        options = CsvOptions(
            kind=kind,
            symbol=symbol,
            interval=interval,
            timezone=timezone,
            label=label,
            dateformat=dateformat,
            source=source,
            adjustment=adjustment,
            mode=mode,
            replaced=replaced,
        )
        return import_csv(self.store, self._time, Path(path), options)

    def import_from_api(
        self,
        provider: DataProvider,
        symbols: Sequence[str],
        interval: str,
        start: date,
        end: date,
        *,
        source: str,
        feed: str = "",
        adjustment: str = "",
        simulated: bool = False,
    ) -> dict[str, WriteReport]:
        """Store a provider's bars; those that have not ended yet are left out.

        Args:
            provider: Where to fetch.
            symbols: Tickers.
            interval: "1m", "1d" ...
            start: First day or instant, as for get_bars.
            end: Last day or end, as for get_bars.
            source: The provider's name.
            feed: Which feed of it.
            adjustment: "raw", "splits" or "splits_dividends", where known.
            simulated: Whether its prices are generated.

        Raises:
            DataError: The provider failed or the disk refuses.
        """
        now_ns = to_ns(self._time.wall_now())
        provenance = Provenance(
            source=source,
            feed=feed,
            adjustment=adjustment,
            simulated=simulated,
            imported_at_ns=now_ns,
        )
        span = range_ns(start, end, self.zone)
        return import_from_provider(
            self.store, now_ns, provider, symbols, interval, *span, provenance
        )

    def start_bar_stream(self, symbols: Sequence[str], interval: str, queue: Queue[Any]) -> str:
        """Start a stream of bars in a thread of its own.

        Args:
            symbols: Tickers.
            interval: Bar interval.
            queue: Takes a StreamItem for whatever comes, and StreamEnded at last.

        Returns:
            The stream's name, for stop_stream.
        """
        return self.start_stream(StreamRequest(symbols=tuple(symbols), interval=interval), queue)

    def start_stream(self, wanted: StreamRequest, queue: Queue[Any]) -> str:
        """Start a stream of bars, trades and quotes in a thread of its own.

        Args:
            wanted: What it is to bring.
            queue: Takes a StreamItem for whatever comes, and StreamEnded at last.

        Returns:
            The stream's name, for stop_stream.
        """
        if not wanted.symbols:
            raise UsageError("expected at least one symbol to stream, found none")
        self._started += 1
        name = f"{wanted.interval or 'events'}-{self._started}"
        stream = DataStream(name, queue, self._time.wall_ns)
        self._streams[name] = stream
        stream.start(self.provider, wanted)
        return name

    def stop_stream(self, name: str) -> None:
        """Stop a stream and wait for its thread; raises what the provider raised.

        Args:
            name: What start_stream returned.

        Raises:
            DataError: There is no such stream, or it does not end within a second.
        """
        if name not in self._streams:
            raise DataError(f"there is no stream {name!r}", hint=did_you_mean(name, self._streams))
        self._streams.pop(name).join()

    def stop_all_streams(self) -> None:
        """Stop all streams and wait for their threads; raises the first failure, noting others."""
        for stream in self._streams.values():
            stream.stop.set()
        errors = []
        for name in list(self._streams):
            try:
                self.stop_stream(name)
            except Exception as error:  # noqa: BLE001 - all are stopped before one is raised
                errors.append(error)
        if errors:
            for other in errors[1:]:
                errors[0].add_note(f"another stream failed too: {other!r}")
            raise errors[0]
