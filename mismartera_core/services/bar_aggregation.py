"""Derived bars: windows anchored at the session's open, never across sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mismartera_core.model.columns import BarColumns, FloatArray, IntArray, TickColumns
from mismartera_core.model.intervals import DAY
from mismartera_core.services.session_rows import inside

_WHOLE_SESSION = 1 << 62
"""Longer than any session, and small enough to be added to an instant."""


class Aggregation:
    """Longer bars of many symbols: windows of bars that are stamped alike are found once.

    Args:
        session_open: Where windows are anchored, nanoseconds UTC, a row a session.
        session_close: Where the last window ends, nanoseconds UTC.
    """

    def __init__(self, session_open: IntArray, session_close: IntArray) -> None:
        self._open = session_open
        self._close = session_close
        self._found: dict[int, tuple[IntArray, IntArray, _Windows]] = {}

    def __call__(self, bars: BarColumns, interval_ns: int) -> BarColumns:
        """As `aggregate`.

        Args:
            bars: Bars of a symbol.
            interval_ns: Length of a window.
        """
        if len(bars) == 0:
            return BarColumns.empty()
        ts, session, windows = self._found.get(interval_ns, (None, None, None))
        same = np.array_equal(bars.ts, ts) and np.array_equal(bars.session, session)  # type: ignore[arg-type]
        if windows is None or not same:
            windows = _windows(bars.ts, bars.session, interval_ns, self._open, self._close)
            self._found[interval_ns] = bars.ts, bars.session, windows
        return windows.bars((bars.open, bars.high, bars.low, bars.close, bars.volume))


def aggregate(
    bars: BarColumns, interval_ns: int, session_open: IntArray, session_close: IntArray
) -> BarColumns:
    """Longer bars from shorter ones, of many sessions at once.

    A window is stamped at its start and known at its end or at the session's close, whichever is
    first. A window without a bar has none. Every value depends on the rows of its window alone, so
    a session gives the same bits by itself, among others, and from any prefix with whole windows.

    Args:
        bars: Bars within their sessions; `session` counts rows of session_open.
        interval_ns: Length of a window, a multiple of the source's; a day or more means one bar a
            session.
        session_open: Where windows are anchored, nanoseconds UTC, a row a session.
        session_close: Where the last window ends, nanoseconds UTC.

    Returns:
        Bars with volumes added in row order (NaN where one is unknown).
    """
    return Aggregation(session_open, session_close)(bars, interval_ns)


def ticks_to_bars(
    ticks: TickColumns, interval_ns: int, session_open: IntArray, session_close: IntArray
) -> BarColumns:
    """Bars from trades; trades outside every session are left out.

    Args:
        ticks: Trades, ascending.
        interval_ns: Length of a bar; a day or more means one bar a session.
        session_open: Where windows are anchored, nanoseconds UTC, ascending.
        session_close: End of each session, nanoseconds UTC, excluded.
    """
    rows, session = inside(ticks.ts, session_open, session_close)
    if len(session) == 0:
        return BarColumns.empty()
    price = ticks.price[rows]
    windows = _windows(ticks.ts[rows], session, interval_ns, session_open, session_close)
    return windows.bars((price, price, price, price, ticks.size[rows]))


@dataclass(frozen=True, slots=True)
class _Windows:
    """Which rows make which longer bar.

    Attributes:
        start: Start of each window, nanoseconds UTC.
        known: When each is known.
        session: Session of each.
        first: Its first row.
        last: Its last row.
        of_row: For each row the number of its window.
    """

    start: IntArray
    known: IntArray
    session: IntArray
    first: IntArray
    last: IntArray
    of_row: IntArray

    def bars(self, columns: Sequence[FloatArray]) -> BarColumns:
        """The longer bars; `columns` are open, high, low, close and volume."""
        open_, high, low, close, volume = columns
        # Added one row after the other; reduceat would add pairwise, by the window's length.
        sums: FloatArray = np.bincount(self.of_row, weights=volume)  # type: ignore[assignment]
        return BarColumns(
            self.start,
            open_[self.first],
            np.maximum.reduceat(high, self.first),
            np.minimum.reduceat(low, self.first),
            close[self.last],
            sums,
            self.known,
            self.session,
        )


def _windows(
    ts: IntArray,
    session: IntArray,
    interval_ns: int,
    session_open: IntArray,
    session_close: IntArray,
) -> _Windows:
    length = _WHOLE_SESSION if interval_ns >= DAY else interval_ns
    anchor = session_open[session]
    # Numpy divides by a scalar five times as fast as it takes the remainder.
    start = anchor + (ts - anchor) // length * length
    begins = np.empty(len(ts), dtype=np.bool_)
    begins[0] = True
    # Windows of different sessions start at different instants, so a change of start is enough.
    np.not_equal(start[1:], start[:-1], out=begins[1:])
    first = np.flatnonzero(begins)
    last = np.empty_like(first)
    last[:-1] = first[1:]
    last[-1] = len(ts)
    last -= 1
    start, number = start[first], session[first]
    known = np.minimum(start + length, session_close[number])
    for shared in (start, number, known):  # by the bars of all symbols that are stamped alike
        shared.flags.writeable = False
    return _Windows(start, known, number, first, last, begins.cumsum() - 1)
