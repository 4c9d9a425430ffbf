"""Market data as columns: the one form in which bars, ticks and quotes live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class BarColumns:
    """Bars of one symbol and interval, ascending and unique by open time.

    Slices share memory with their source; nobody writes into the arrays.

    Attributes:
        ts: Open of each bar, nanoseconds since the epoch, UTC.
        open: First price.
        high: Highest price.
        low: Lowest price.
        close: Last price.
        volume: Units traded; 0 means that nothing traded, NaN that it is unknown.
        available_at: When each bar became known: its close, nanoseconds UTC.
        session: For each bar the number of its session, counted from the first session in these
            columns; what resets per session (VWAP, opening range) resets where it changes.
    """

    ts: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    available_at: IntArray
    session: IntArray

    def __len__(self) -> int:
        return len(self.ts)

    def slice(self, start: int, stop: int) -> BarColumns:
        """Rows start (included) to stop (excluded), sharing memory."""
        return BarColumns(
            self.ts[start:stop],
            self.open[start:stop],
            self.high[start:stop],
            self.low[start:stop],
            self.close[start:stop],
            self.volume[start:stop],
            self.available_at[start:stop],
            self.session[start:stop],
        )

    def take(self, rows: IntArray | BoolArray) -> BarColumns:
        """A copy of the rows chosen by number or by mask."""
        return BarColumns(**{name: getattr(self, name)[rows] for name in BAR_FIELDS})

    def field(self, name: str) -> FloatArray:
        """A price or volume column by name ("open", "high", "low", "close", "volume")."""
        if name not in PRICE_FIELDS:
            raise KeyError(f"expected one of {', '.join(PRICE_FIELDS)}, was {name!r}")
        column: FloatArray = getattr(self, name)
        return column

    @classmethod
    def build(
        cls,
        ts: Any,
        open: Any,  # noqa: A002 - the field's word
        high: Any,
        low: Any,
        close: Any,
        volume: Any,
        *,
        interval_ns: int,
        available_at: Any = None,
        session: Any = None,
    ) -> BarColumns:
        """Columns from anything array-like, with the dtypes the engine relies on.

        Args:
            ts: Opens of the bars, nanoseconds UTC, ascending.
            open: First prices.
            high: Highest prices.
            low: Lowest prices.
            close: Last prices.
            volume: Units traded, NaN where unknown.
            interval_ns: Length of a bar, nanoseconds; gives available_at where that is left out.
            available_at: When each bar became known, nanoseconds UTC.
            session: Session number of each bar; all in one session where left out.
        """
        stamps = np.ascontiguousarray(ts, dtype=np.int64)
        known = stamps + interval_ns if available_at is None else available_at
        numbers = np.zeros(len(stamps), dtype=np.int64) if session is None else session
        return cls(
            stamps,
            np.ascontiguousarray(open, dtype=np.float64),
            np.ascontiguousarray(high, dtype=np.float64),
            np.ascontiguousarray(low, dtype=np.float64),
            np.ascontiguousarray(close, dtype=np.float64),
            np.ascontiguousarray(volume, dtype=np.float64),
            np.ascontiguousarray(known, dtype=np.int64),
            np.ascontiguousarray(numbers, dtype=np.int64),
        )

    @classmethod
    def empty(cls) -> BarColumns:
        """Columns without a row."""
        return cls.build([], [], [], [], [], [], interval_ns=0)

    @classmethod
    def concat(cls, parts: list[BarColumns]) -> BarColumns:
        """One contiguous set of columns from parts in ascending order."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.empty()
        return cls(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in BAR_FIELDS})


PRICE_FIELDS = ("open", "high", "low", "close", "volume")
BAR_FIELDS = ("ts", *PRICE_FIELDS, "available_at", "session")


@dataclass(frozen=True, slots=True, eq=False)
class TickColumns:
    """Trades of one symbol, ascending by time.

    Attributes:
        ts: When each trade was reported, nanoseconds UTC.
        price: Price of each trade.
        size: Units traded.
    """

    ts: IntArray
    price: FloatArray
    size: FloatArray

    def __len__(self) -> int:
        return len(self.ts)

    def slice(self, start: int, stop: int) -> TickColumns:
        """Rows start (included) to stop (excluded), sharing memory."""
        return TickColumns(self.ts[start:stop], self.price[start:stop], self.size[start:stop])

    @classmethod
    def concat(cls, parts: Sequence[TickColumns]) -> TickColumns:
        """One set of columns from parts in order."""
        names = cls.__dataclass_fields__
        return cls(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})


@dataclass(frozen=True, slots=True, eq=False)
class QuoteColumns:
    """Best bid and offer of one symbol, ascending by time; NaN where a side is not quoted.

    Attributes:
        ts: When each quote was reported, nanoseconds UTC.
        bid: Best bid price.
        ask: Best offer price.
        bid_size: Units bid.
        ask_size: Units offered.
    """

    ts: IntArray
    bid: FloatArray
    ask: FloatArray
    bid_size: FloatArray
    ask_size: FloatArray

    def __len__(self) -> int:
        return len(self.ts)

    def slice(self, start: int, stop: int) -> QuoteColumns:
        """Rows start (included) to stop (excluded), sharing memory."""
        return QuoteColumns(
            self.ts[start:stop],
            self.bid[start:stop],
            self.ask[start:stop],
            self.bid_size[start:stop],
            self.ask_size[start:stop],
        )

    @classmethod
    def concat(cls, parts: Sequence[QuoteColumns]) -> QuoteColumns:
        """One set of columns from parts in order."""
        names = cls.__dataclass_fields__
        return cls(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in names})


_NOTHING = np.zeros(0)
NO_TICKS = TickColumns(np.zeros(0, dtype=np.int64), _NOTHING, _NOTHING)
"""Trades of a symbol that has none."""
NO_QUOTES = QuoteColumns(np.zeros(0, dtype=np.int64), _NOTHING, _NOTHING, _NOTHING, _NOTHING)
"""Quotes of a symbol that has none."""

IndicatorOutputs: TypeAlias = Mapping[str, FloatArray]
