"""Chart patterns for notebooks: the same reports as the indicators give, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mismartera_core import BarColumns, DataError
from mismartera_patterns import continuation, lines, reversal
from mismartera_patterns.pattern import ChartPattern

PATTERNS: dict[str, ChartPattern] = {
    name: value
    for module in (reversal, lines, continuation)
    for name, value in vars(module).items()
    if isinstance(value, ChartPattern)
}
"""Every chart pattern by name."""

COLUMNS = (
    "pattern",
    "signal",
    "row",
    "reported_at",
    "level",
    "target",
    "invalidation",
    "height",
    "score",
    "points",
)


def find_patterns(
    bars: pd.DataFrame | BarColumns, names: Iterable[str] | None = None, **params: Any
) -> pd.DataFrame:
    """The chart patterns in some bars.

    Args:
        bars: Bar columns, or a DataFrame with a DatetimeIndex of bar opens, ascending (UTC where it
            is naive), and columns open, high, low, close.
        names: Patterns to look for; all where left out.
        **params: Parameters of those patterns, say `reversal=5.0` for larger ones.

    Returns:
        A row per pattern, by time: pattern, signal (+1 bullish, -1 bearish), row and open of the
        bar at whose close it was knowable, level (price of the line that was broken), target,
        invalidation, height, score (0 to 1), and points, a tuple of (time, price).

    Raises:
        DataError: The DataFrame lacks a column or an ascending DatetimeIndex, or there is no such
            pattern.
        pydantic.ValidationError: A parameter is unknown to a pattern or out of bounds.
    """
    columns = _columns(bars) if isinstance(bars, pd.DataFrame) else bars
    times = (
        bars.index
        if isinstance(bars, pd.DataFrame)
        else pd.DatetimeIndex(columns.ts.astype("datetime64[ns]"), tz="UTC")
    )
    found = [
        (
            name,
            report.signal,
            report.row,
            times[report.row],
            report.level,
            report.target,
            report.invalidation,
            report.height,
            report.score,
            tuple((times[row], price) for row, price in report.points),
        )
        for name in (PATTERNS if names is None else names)
        for report in _pattern(name).find(columns, **params)
    ]
    found.sort(key=lambda each: (each[2], each[0]))
    return pd.DataFrame(found, columns=list(COLUMNS))


def _pattern(name: str) -> ChartPattern:
    found = PATTERNS.get(name)
    if found is None:
        raise DataError(
            f"no chart pattern {name!r}", hint=f"there are {', '.join(sorted(PATTERNS))}"
        )
    return found


def _columns(frame: pd.DataFrame) -> BarColumns:
    if not isinstance(frame.index, pd.DatetimeIndex):
        raise DataError(
            f"expected a DataFrame with a DatetimeIndex, its index is {type(frame.index).__name__}",
            hint="frame.set_index('timestamp'), with timestamps parsed by pandas.to_datetime",
        )
    if not frame.index.is_monotonic_increasing:
        raise DataError("expected bars by ascending time", hint="frame.sort_index()")
    known = {str(name).lower(): frame[name].to_numpy(np.float64) for name in frame.columns}
    missing = [name for name in ("open", "high", "low", "close") if name not in known]
    if missing:
        raise DataError(
            f"expected columns open, high, low, close; missing: {', '.join(missing)}",
            hint=f"it has {', '.join(map(str, frame.columns))}",
        )
    return BarColumns.build(
        frame.index.as_unit("ns").asi8,
        known["open"],
        known["high"],
        known["low"],
        known["close"],
        known.get("volume", np.full(len(frame), np.nan)),
        interval_ns=0,
    )
