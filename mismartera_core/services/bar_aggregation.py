"""Derived bars: windows anchored at the session's open, never across sessions."""

from __future__ import annotations

import numpy as np

from mismartera_core.model.columns import BarColumns, BoolArray, FloatArray, IntArray, TickColumns
from mismartera_core.model.intervals import DAY
from mismartera_core.services.session_rows import inside

_WHOLE_SESSION = 1 << 62
"""Longer than any session, and small enough to be added to an instant."""


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
    return _windows(
        bars.ts,
        bars.session,
        (bars.open, bars.high, bars.low, bars.close, bars.volume),
        interval_ns,
        session_open,
        session_close,
    )


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
    price = ticks.price[rows]
    columns = (price, price, price, price, ticks.size[rows])
    return _windows(ticks.ts[rows], session, columns, interval_ns, session_open, session_close)


def _windows(
    ts: IntArray,
    session: IntArray,
    columns: tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray],
    interval_ns: int,
    session_open: IntArray,
    session_close: IntArray,
) -> BarColumns:
    if len(ts) == 0:
        return BarColumns.empty()
    open_, high, low, close, volume = columns
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
    return BarColumns(
        start,
        open_[first],
        np.maximum.reduceat(high, first),
        np.minimum.reduceat(low, first),
        close[last],
        _sums(begins, volume),
        np.minimum(start + length, session_close[number]),
        number,
    )


def _sums(begins: BoolArray, values: FloatArray) -> FloatArray:
    """Sums added one row after the other; reduceat would add pairwise, by the window's length."""
    sums: FloatArray = np.bincount(begins.cumsum() - 1, weights=values)  # type: ignore[assignment]
    return sums
