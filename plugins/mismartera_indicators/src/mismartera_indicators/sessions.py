"""Bars as sessions: where each starts, and its daily bar."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mismartera_core import BarColumns, FloatArray, interval_ns

Rows: TypeAlias = npt.NDArray[np.int64]

MINUTE, DAY = interval_ns("1m"), interval_ns("1d")


def session_starts(bars: BarColumns) -> Rows:
    """First row of every session, and the number of rows after the last."""
    return np.array(_starts(bars), dtype=np.int64)


def session_rows(bars: BarColumns) -> list[tuple[int, int]]:
    """First and one past the last row of every session."""
    return list(pairwise(_starts(bars)))


def _starts(bars: BarColumns) -> list[int]:
    session = bars.session
    if len(session) == 0:
        return [0]
    return [0, *(np.flatnonzero(session[1:] != session[:-1]) + 1).tolist(), len(session)]


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """The daily bar of every session, a row each; that of the last may not be complete yet.

    Attributes:
        starts: First row of every session, and the number of rows after the last.
        number: Number of the session.
        open: First price.
        high: Highest price, NaN where one is unknown.
        low: Lowest price, NaN where one is unknown.
        close: Last price.
        volume: Units traded, NaN where one is unknown.
    """

    starts: Rows
    number: Rows
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def spread(self, values: FloatArray) -> FloatArray:
        """A value of every session as one of every bar."""
        return np.repeat(values, np.diff(self.starts))


def days(bars: BarColumns) -> Days:
    """Daily bars as the core makes them; only complete ones may be looked at."""
    starts = session_starts(bars)
    first, rows = starts[:-1], np.diff(starts)
    if len(first) == 0:
        none = np.empty(0)
        return Days(starts, first, none, none, none, none, none)
    return Days(
        starts,
        bars.session[first],
        bars.open[first],
        np.maximum.reduceat(bars.high, first),
        np.minimum.reduceat(bars.low, first),
        bars.close[starts[1:] - 1],
        _sums(np.repeat(np.arange(len(first)), rows), bars.volume),
    )


def _sums(groups: Rows, values: FloatArray) -> FloatArray:
    # Added row after row; reduceat would add pairwise, by the number of rows.
    sums: FloatArray = np.bincount(groups, weights=values)  # type: ignore[assignment]
    return sums
