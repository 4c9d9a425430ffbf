"""What trades at the venue: bars by symbol, and what the test says goes wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mismartera_core.model.columns import PRICE_FIELDS, BarColumns
from mismartera_core.testing.venue.amounts import ZERO, exact, volume_of
from mismartera_core.testing.venue.matching import PriceBar

if TYPE_CHECKING:
    from decimal import Decimal

    import pandas as pd

_MINUTE = 60_000_000_000


class Tape:
    """Bars that the venue replays.

    Attributes:
        bars: By symbol.

    Args:
        bars: By symbol: columns, or DataFrames by open time.
    """

    def __init__(self, bars: Mapping[str, BarColumns | pd.DataFrame]) -> None:
        self.bars: dict[str, BarColumns] = {s: to_columns(b) for s, b in bars.items()}
        self._delays: dict[str, int] = {}
        self._late: dict[tuple[str, int], int] = {}
        self._lost: set[tuple[str, int]] = set()
        self._revised: dict[tuple[str, int], dict[str, float]] = {}
        self._made: dict[tuple[str, int], PriceBar] = {}

    def delay(self, symbol: str, seconds: float) -> None:
        """Publish every bar of a symbol late.

        Args:
            symbol: Ticker; "*" for all that have no delay of their own.
            seconds: After its close, of the venue's clock.
        """
        self._delays[symbol] = int(seconds * 1e9)

    def late(self, symbol: str, ts: int, seconds: float) -> None:
        """Publish one bar late.

        Args:
            symbol: Ticker.
            ts: Its open, nanoseconds UTC.
            seconds: After its close.
        """
        self._late[symbol, ts] = int(seconds * 1e9)

    def lose(self, symbol: str, *opens: int) -> None:
        """Leave bars out of the stream; they are there when they are fetched.

        Args:
            symbol: Ticker.
            *opens: Their opens, nanoseconds UTC.
        """
        self._lost.update((symbol, ts) for ts in opens)

    def is_lost(self, symbol: str, ts: int) -> bool:
        """Whether a bar is left out of the stream."""
        return (symbol, ts) in self._lost

    def published_ns(self, symbol: str, row: int) -> int:
        """When a bar is published.

        Args:
            symbol: Ticker.
            row: Number of the bar.
        """
        columns = self.bars[symbol]
        usual = self._delays.get(symbol, self._delays.get("*", 0))
        late = self._late.get((symbol, int(columns.ts[row])), usual)
        return int(columns.available_at[row]) + late

    def revise(self, symbol: str, ts: int, values: Mapping[str, float]) -> dict[str, float]:
        """Correct a bar from now on; what has filled stays as it is.

        Args:
            symbol: Ticker.
            ts: Its open, nanoseconds UTC.
            values: New values by name.

        Returns:
            All values of the bar.
        """
        self._revised.setdefault((symbol, ts), {}).update(values)
        row = int(np.searchsorted(self.bars[symbol].ts, ts))
        return self.values(symbol, row)

    def values(self, symbol: str, row: int) -> dict[str, float]:
        """A bar's values by name, as they are now.

        Args:
            symbol: Ticker.
            row: Number of the bar.
        """
        columns = self.bars[symbol]
        found = {name: float(columns.field(name)[row]) for name in PRICE_FIELDS}
        found.update(self._revised.get((symbol, int(columns.ts[row])), {}))
        return found

    def price_bar(self, symbol: str, row: int) -> PriceBar:
        """A bar as orders are matched with it: never a corrected one.

        Args:
            symbol: Ticker.
            row: Number of the bar.
        """
        made = self._made.get((symbol, row))
        if made is None:
            columns = self.bars[symbol]
            made = PriceBar(
                ts=int(columns.ts[row]),
                known_ns=int(columns.available_at[row]),
                open=exact(float(columns.open[row])),
                high=exact(float(columns.high[row])),
                low=exact(float(columns.low[row])),
                close=exact(float(columns.close[row])),
                volume=volume_of(float(columns.volume[row])),
            )
            self._made = {(symbol, row): made}
        return made

    def rows(self, symbol: str, first_ns: int, last_ns: int, known_ns: int) -> Iterator[int]:
        """Numbers of the bars that open within a range and have closed by an instant.

        Args:
            symbol: Ticker; one that does not trade has none.
            first_ns: Earliest open.
            last_ns: Latest open, included.
            known_ns: What had not closed by then is not there.
        """
        columns = self.bars.get(symbol)
        if columns is None:
            return
        start = int(np.searchsorted(columns.ts, first_ns))
        stop = int(np.searchsorted(columns.ts, last_ns, side="right"))
        known = int(np.searchsorted(columns.available_at, known_ns, side="right"))
        yield from range(start, min(stop, known))

    def last_row(self, symbol: str, known_ns: int) -> int | None:
        """Number of the last bar that had closed by an instant; None where none had."""
        columns = self.bars.get(symbol)
        if columns is None:
            return None
        row = int(np.searchsorted(columns.available_at, known_ns, side="right")) - 1
        return row if row >= 0 else None

    def last_price(self, symbol: str, known_ns: int) -> Decimal:
        """The last close that was known at an instant; before the first its open."""
        row = self.last_row(symbol, known_ns)
        if row is not None:
            return exact(float(self.bars[symbol].close[row]))
        columns = self.bars.get(symbol)
        return exact(float(columns.open[0])) if columns is not None and len(columns) else ZERO

    def open_row(self, symbol: str, at_ns: int) -> int | None:
        """Number of the bar that was forming at an instant; None where there was none."""
        columns = self.bars.get(symbol)
        if columns is None:
            return None
        row = int(np.searchsorted(columns.ts, at_ns, side="right")) - 1
        return row if row >= 0 and int(columns.available_at[row]) > at_ns else None


def to_columns(bars: Any) -> BarColumns:
    """Bars as columns.

    Args:
        bars: Columns, or a DataFrame of 1m bars by open time (aware, or naive in UTC).
    """
    if isinstance(bars, BarColumns):
        return bars
    index = bars.index
    stamps = index.tz_convert("UTC").tz_localize(None) if index.tz is not None else index
    ts = stamps.to_numpy().astype("datetime64[ns]").astype("int64")
    columns = {name: bars[name].to_numpy() for name in PRICE_FIELDS}
    length = int(np.diff(ts).min()) if len(ts) > 1 else _MINUTE
    return BarColumns.build(ts, **columns, interval_ns=length)
