"""The causal zigzag: swings of the price, each known only when the price has turned away from it.

All pivots are found once, in one loop over the bars; every pattern works on the few pivots.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

import numpy as np

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs
from mismartera_patterns.outputs import ZIGZAG
from mismartera_patterns.params import Zigzag

HIGH = 1
LOW = -1

LONGEST_WICK = 1.0
"""Average true ranges that a wick may reach beyond the closes."""


class Point(NamedTuple):
    """A price at a row.

    Attributes:
        row: Row of the bar.
        price: Price.
    """

    row: int
    price: float


class Pivot(NamedTuple):
    """A swing high or low.

    Attributes:
        row: Row of the extreme.
        price: The extreme: the bar's high or low, steadied.
        kind: HIGH or LOW.
        known: Row at whose close it was confirmed.
    """

    row: int
    price: float
    kind: int
    known: int


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """The bars that a pattern can use, and their pivots.

    Rows here count usable bars only: those whose high, low and close are numbers.

    Attributes:
        high: Highest prices, steadied.
        low: Lowest prices, steadied.
        close: Last prices.
        atr: Average true range, price units.
        rows: Row of each in the bars it was made of.
        pivots: Swings, highs and lows in turn, by time.
    """

    high: FloatArray
    low: FloatArray
    close: FloatArray
    atr: FloatArray
    rows: np.ndarray[Any, np.dtype[np.int64]]
    pivots: list[Pivot]

    def mirrored(self) -> Chart:
        """Upside down: what fell rises."""
        return Chart(
            -self.low,
            -self.high,
            -self.close,
            self.atr,
            self.rows,
            [Pivot(row, -price, -kind, known) for row, price, kind, known in self.pivots],
        )

    def windows(self, count: int, first: int | None = None) -> Iterator[list[Pivot]]:
        """Every run of consecutive pivots.

        Args:
            count: Pivots in a run.
            first: HIGH or LOW where the run must begin with one.
        """
        for stop in range(count, len(self.pivots) + 1):
            if first is None or self.pivots[stop - count].kind == first:
                yield self.pivots[stop - count : stop]


def chart_of(bars: BarColumns, settings: Zigzag) -> Chart:
    """The usable bars and their pivots.

    Args:
        bars: Bars; rows with a high, low or close that is no number are passed over.
        settings: When a pivot is confirmed.
    """
    usable = np.isfinite(bars.high) & np.isfinite(bars.low) & np.isfinite(bars.close)
    rows = np.flatnonzero(usable)
    close = bars.close[rows]
    high, low, ranges = steadied(
        bars.high[rows].tolist(), bars.low[rows].tolist(), close.tolist(), settings.atr_period
    )
    atr = np.array(ranges)
    least = np.maximum(settings.reversal * atr, settings.percent / 100.0 * np.abs(close))
    least[(np.arange(len(least)) < settings.atr_period) | (least <= 0.0)] = inf
    pivots = _swings(high, low, least.tolist())
    return Chart(np.array(high), np.array(low), close, atr, rows, pivots)


def steadied(
    high: list[float], low: list[float], close: list[float], period: int
) -> tuple[list[float], list[float], list[float]]:
    """Highs and lows without what bad prints add, and Wilder's average true range of them.

    A wick counts for at most `LONGEST_WICK` average true ranges, those of the bar before, beyond
    the closes of the bar and of the one before. One pass from the first row, so that fewer rows
    give the same values bit for bit.
    Source: Wilder, "New Concepts in Technical Trading Systems" (1978).

    Args:
        high: Highest prices.
        low: Lowest prices.
        close: Last prices.
        period: Bars of the average; the mean of those there are before it, and wicks as they are.

    Returns:
        Highs, lows and average true ranges, one per row.
    """
    mean, before = 0.0, close[0] if close else 0.0
    highs, lows, means = [], [], []
    for row, (top, bottom, last) in enumerate(zip(high, low, close, strict=True)):
        if row >= period and mean > 0.0:
            wick = LONGEST_WICK * mean
            highest = (last if last > before else before) + wick
            lowest = (last if last < before else before) - wick
            top = top if top < highest else highest
            bottom = bottom if bottom > lowest else lowest
        true_range = top - bottom
        if row:
            true_range = (top if top > before else before) - (bottom if bottom < before else before)
        mean += (true_range - mean) / (row + 1 if row < period else period)
        before = last
        highs.append(top)
        lows.append(bottom)
        means.append(mean)
    return highs, lows, means


def _swings(high: list[float], low: list[float], least: list[float]) -> list[Pivot]:
    """Pivots by time. A bar that makes a new extreme does not confirm it.

    A falling swing is a rising one upside down, so that one rule serves both.
    """
    views = {HIGH: (high, low), LOW: ([-price for price in low], [-price for price in high])}
    pivots: list[Pivot] = []
    kind, at = _first_extreme(high, low, least)
    ahead, behind = views[kind]
    extreme = ahead[at] if ahead else inf
    counter, counter_at = inf, at
    for row in range(at + 1, len(high)):
        if ahead[row] > extreme:
            extreme, at, counter = ahead[row], row, inf
            continue
        against = behind[row]
        if against < counter:
            counter, counter_at = against, row
        if extreme - against >= least[row]:
            pivots.append(Pivot(at, kind * extreme, kind, row))
            kind = -kind
            ahead, behind = views[kind]
            extreme, at = -counter, counter_at
            since = behind[at + 1 : row + 1]
            counter = min(since, default=inf)
            counter_at = at + 1 + since.index(counter) if since else at
    return pivots


def _first_extreme(high: list[float], low: list[float], least: list[float]) -> tuple[int, int]:
    """Kind and row of the first pivot; the last row where there is none."""
    top = bottom = 0
    for row in range(1, len(high)):
        if high[row] > high[top]:
            top = row
        elif high[top] - low[row] >= least[row]:
            return HIGH, top
        if low[row] < low[bottom]:
            bottom = row
        elif high[row] - low[bottom] >= least[row]:
            return LOW, bottom
    return HIGH, len(high) - 1


def zigzag(bars: BarColumns, **params: Any) -> IndicatorOutputs:
    """Swing highs and lows, each at the bar that confirmed it.

    Definition: a high is confirmed by the first bar whose low lies `reversal` average true ranges
    (and at least `percent` of the close) below the highest high since the last low; a low is the
    mirror image. Highs and lows come in turn.
    Reported: at the confirming bar, `age` bars after the extreme.
    Outputs: signal -1 where a high, +1 where a low is confirmed, else 0; price of the extreme; age
    in bars; NaN where nothing is confirmed.
    Source: Kaufman, "Trading Systems and Methods" (swing filter of volatility), here with Wilder's
    average true range.
    """
    chart = chart_of(bars, Zigzag(**params))
    outputs = {name: np.full(len(bars), np.nan) for name in ZIGZAG}
    outputs["signal"][:] = 0.0
    for pivot in chart.pivots:
        row = chart.rows[pivot.known]
        outputs["signal"][row] = -pivot.kind
        outputs["price"][row] = pivot.price
        outputs["age"][row] = row - chart.rows[pivot.row]
    return outputs
