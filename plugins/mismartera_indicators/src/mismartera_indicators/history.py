"""Figures of the sessions before. Parameters: see `session_params`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs
from mismartera_indicators.sessions import Days, Rows, days, session_rows


def trailing_average(bars: BarColumns, *, field: str, period: str) -> IndicatorOutputs:
    """Average of a column over trailing daily bars.

    The same figure as `historical.indicators` of a session config gives under the same parameters,
    for every session of the bars.

    Formula: mean of `field` over the daily bars of the `period` sessions before; NaN where one of
    them is missing. Units: those of the field. Warm-up: `period` sessions. Source: the usual
    definition.
    """
    return _trailing(bars, lambda day: getattr(day, field), period, np.mean)


def trailing_highest(bars: BarColumns, *, field: str, period: str) -> IndicatorOutputs:
    """Highest of a column over trailing daily bars.

    Formula: maximum of `field` over the daily bars of the `period` sessions before; NaN where one
    of them is missing. Units: those of the field. Warm-up: `period` sessions. Source: the usual
    definition.
    """
    return _trailing(bars, lambda day: getattr(day, field), period, np.max)


def trailing_lowest(bars: BarColumns, *, field: str, period: str) -> IndicatorOutputs:
    """Lowest of a column over trailing daily bars.

    Formula: minimum of `field` over the daily bars of the `period` sessions before; NaN where one
    of them is missing. Units: those of the field. Warm-up: `period` sessions. Source: the usual
    definition.
    """
    return _trailing(bars, lambda day: getattr(day, field), period, np.min)


def trailing_range(bars: BarColumns, *, period: str) -> IndicatorOutputs:
    """Average range of trailing daily bars.

    Formula: mean of high - low over the daily bars of the `period` sessions before; NaN where one
    of them is missing. Units: price. Warm-up: `period` sessions. Source: the usual definition of
    the average daily range.
    """
    return _trailing(bars, lambda day: day.high - day.low, period, np.mean)


def _trailing(
    bars: BarColumns,
    column: Callable[[Days], FloatArray],
    period: str,
    figure: Callable[[FloatArray], np.float64],
) -> IndicatorOutputs:
    """A figure of the daily bars of so many sessions before each, as the core computes it."""
    found, count = days(bars), int(period.removesuffix("d"))
    values = column(found)
    result = np.full(len(values), np.nan)
    # By number of the session: where one has no bars, its day is missing.
    begins = np.searchsorted(found.number, found.number - count)
    for row, begin in enumerate(begins.tolist()):
        if row - begin == count:
            result[row] = figure(values[begin:row])
    return {"value": found.spread(result)}


def relative_volume(bars: BarColumns, *, sessions: int) -> IndicatorOutputs:
    """Volume relative to the same minute of trailing sessions.

    Formula: value = volume / mean volume, over the `sessions` sessions before, of the bar as long
    after their first bar as this one is after its session's; cumulative = volume of the session so
    far / mean of theirs up to there. A bar they do not have counts as 0; NaN where the mean is 0
    or unknown. Units: ratio. Warm-up: `sessions` sessions. Source: the usual definition.
    """
    result = np.full((2, len(bars)), np.nan)
    rows = session_rows(bars)
    if len(rows) > sessions:
        _relative(bars.volume, _places(bars, rows), rows, sessions, result)
    return {"value": result[0], "cumulative": result[1]}


def _places(bars: BarColumns, rows: list[tuple[int, int]]) -> Rows:
    """For every bar the rank of its time since the session's first bar among all such times."""
    starts = np.array([start for start, _ in rows])
    lengths = np.array([stop - start for start, stop in rows])
    since = bars.ts - np.repeat(bars.ts[starts], lengths)
    ranks: Rows = np.unique(since, return_inverse=True)[1]
    return ranks


def _relative(
    volume: FloatArray,
    places: Rows,
    rows: list[tuple[int, int]],
    sessions: int,
    result: FloatArray,
) -> None:
    """Fill in both ratios, session after session."""
    trailing = np.zeros((sessions, int(places.max()) + 1))
    for number, (start, stop) in enumerate(rows):
        place, here = places[start:stop], volume[start:stop]
        if number >= sessions:
            mean = _mean(trailing)
            so_far = np.add.accumulate(mean)
            for line, (ours, theirs) in enumerate(
                ((here, mean[place]), (np.add.accumulate(here), so_far[place]))
            ):
                np.divide(ours, theirs, out=result[line, start:stop], where=theirs > 0.0)
        trailing[number % sessions] = 0.0
        trailing[number % sessions, place] = here


def _mean(lines: FloatArray) -> FloatArray:
    """Mean of the lines, one added after the other: np.sum may add pairwise."""
    total = np.zeros(lines.shape[1])
    for line in lines:
        total += line
    return total / len(lines)
