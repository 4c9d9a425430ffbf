"""Which expected bars of a session are absent."""

from __future__ import annotations

import numpy as np

from mismartera_core.model.columns import BoolArray, IntArray
from mismartera_core.model.intervals import DAY


def expected_opens(
    open_ns: int, close_ns: int, interval_ns: int, break_start_ns: int = 0, break_end_ns: int = 0
) -> IntArray:
    """Opens of all bars that a session can have.

    Args:
        open_ns: Open of the session, nanoseconds UTC; windows are anchored here.
        close_ns: Its close; a last window may be shorter.
        interval_ns: Length of a bar; a day or more means one bar a session.
        break_start_ns: Start of the lunch break, 0 where there is none.
        break_end_ns: End of the lunch break.

    Returns:
        Ascending opens; windows that lie wholly in the break are left out.
    """
    if interval_ns >= DAY:
        return np.array([open_ns], dtype=np.int64)
    opens = np.arange(open_ns, close_ns, interval_ns, dtype=np.int64)
    if not break_start_ns:
        return opens
    return opens[(opens < break_start_ns) | (opens + interval_ns > break_end_ns)]


def absent(ts: IntArray, expected: IntArray) -> IntArray:
    """Rows of expected that have no bar.

    Args:
        ts: Opens of the bars that are there, ascending and unique, nanoseconds UTC.
        expected: Opens of the bars that can be there, ascending.
    """
    if len(ts) == 0:
        return np.arange(len(expected))
    at = np.minimum(np.searchsorted(ts, expected), len(ts) - 1)
    return np.flatnonzero(ts[at] != expected)


def runs(
    rows: IntArray, expected: IntArray, interval_ns: int, mark: BoolArray | None = None
) -> tuple[IntArray, IntArray]:
    """Absent bars in a row, taken together.

    Args:
        rows: Rows of expected that are absent, ascending.
        expected: Opens of the bars that can be there; a run ends at a lunch break.
        interval_ns: Length of a bar.
        mark: For each absent row, a property that all rows of a run must share.

    Returns:
        For each run its first element in `rows`, and its length.
    """
    if len(rows) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    follows = np.diff(expected[rows]) == interval_ns
    if mark is not None:
        follows &= mark[1:] == mark[:-1]
    first = np.flatnonzero(np.concatenate(([True], ~follows)))
    return first, np.diff(np.append(first, len(rows)))
