"""Continuation patterns: flags, pennants, cup and handle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mismartera_patterns.geometry import Line, bowl, grade, line_through, near, near_ratio
from mismartera_patterns.params import Cup, Pole
from mismartera_patterns.pattern import Break, Candidate, pattern
from mismartera_patterns.reversal import stands_out
from mismartera_patterns.zigzag import HIGH, LOW, Chart, Pivot, Point

DEEPEST = 0.5
"""Most of the pole, or of the cup, that the rest after it gives back."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A steep pole, and the rest after it.

    Attributes:
        foot: Lowest low at which the pole begins.
        swings: Its top, then low, high and low.
        pole: Height of the pole, price units.
        upper: Line through the highs.
        lower: Line through the lows.
        lowest: The lower of the lows.
        narrowing: Distance of the lines at the second low, in distances at the first.
    """

    foot: Point
    swings: list[Pivot]
    pole: float
    upper: Line
    lower: Line
    lowest: float
    narrowing: float

    def candidate(self, settings: Pole, *marks: float) -> Iterator[Candidate]:
        """What waits for a close above the upper line, unless a mark says that it is no rest."""
        top, last = self.swings[0], self.swings[-1]
        score = grade(near((top.price - self.lowest) / self.pole, 0.0, DEEPEST), *marks)
        if score is not None:
            yield Candidate(
                points=(self.foot, *self.swings),
                known=last.known,
                expires=top.row + settings.rest_bars,
                height=self.pole,
                score=score,
                above=Break(self.upper, invalidation=self.lowest),
                below=Break(Line(0, self.lowest)),
            )


def _rests(chart: Chart, settings: Pole) -> Iterator[Rest]:
    """Rests after poles that are steep and high enough."""
    for swings in chart.windows(4, HIGH):
        top, first_low, high, last_low = swings
        start = max(top.row - settings.pole_bars, 0)
        if last_low.row - top.row > settings.rest_bars or start == top.row:
            continue
        lows = chart.low[start : top.row]
        near_lowest = lows <= lows.min() + 0.1 * (top.price - lows.min())
        at = start + int(np.flatnonzero(near_lowest)[-1])
        foot = Point(at, float(chart.low[at]))
        pole = top.price - foot.price
        steep = pole >= settings.pole * float(chart.atr[at])
        if not steep or float(chart.high[at : top.row].max()) > top.price:
            continue
        upper, lower = line_through((top, high)), line_through((first_low, last_low))
        opening = upper.at(first_low.row) - first_low.price
        if opening > 0.0:
            narrowing = (upper.at(last_low.row) - last_low.price) / opening
            lowest = min(first_low.price, last_low.price)
            yield Rest(foot, swings, pole, upper, lower, lowest, narrowing)


@pattern(Pole, points=5)
def bull_flag(chart: Chart, settings: Pole) -> Iterator[Candidate]:
    """A steep rise, then a short channel that leans against it; bullish.

    Definition: pole up to a pivot high from the last low, of the `pole_bars` before it, that lies
    within 10 % of the lowest, at least `pole` average true ranges (as they were there) high; then
    low, high, low as consecutive pivots within `rest_bars`. Height: the pole.
    Tolerances: the flag gives back at most half of the pole; its width at the second low is 0.5 to
    2 times that at the first; neither line rises by more than 5 % of the pole.
    Reported: at the first close above the line through its highs after the second low is confirmed,
    at most `rest_bars` after the pole; a close below its lows ends it.
    Target: the pole's height above the line. Invalidation: the lowest low of the flag.
    Points: foot of the pole, its top, low, high, low.
    Source: Edwards and Magee, chapter XI; Bulkowski, "Encyclopedia of Chart Patterns".
    """
    for rest in _rests(chart, settings):
        top, first_low, high, last_low = rest.swings
        rise = max(high.price - top.price, last_low.price - first_low.price)
        if rise <= 0.05 * rest.pole and rest.narrowing > 0.0:
            yield from rest.candidate(settings, near_ratio(rest.narrowing, 1.0, 2.0))


@pattern(Pole, points=5)
def bull_pennant(chart: Chart, settings: Pole) -> Iterator[Candidate]:
    """A steep rise, then a short triangle; bullish.

    Definition: pole as in `bull_flag`; then low, high, low as consecutive pivots within
    `rest_bars`, the highs falling and the lows rising. Height: the pole.
    Tolerances: the pennant gives back at most half of the pole; its width at the second low is at
    most 0.75 times that at the first.
    Reported: at the first close above the line through its highs after the second low is confirmed,
    at most `rest_bars` after the pole; a close below its lows ends it.
    Target: the pole's height above the line. Invalidation: the lowest low of the pennant.
    Points: foot of the pole, its top, low, high, low.
    Source: Edwards and Magee, chapter XI; Bulkowski, "Encyclopedia of Chart Patterns".
    """
    for rest in _rests(chart, settings):
        if rest.upper.slope < 0.0 < rest.lower.slope:
            yield from rest.candidate(settings, near(max(rest.narrowing, 0.0), 0.0, 0.75))


@pattern(Cup, points=4)
def cup_and_handle(chart: Chart, settings: Cup) -> Iterator[Candidate]:
    """A bowl, then a small dip from its right rim; bullish.

    Definition: closes from a pivot high, the left rim, to a later one, the right rim, are a bowl;
    the pivot low after it is the handle. No high of the half width before the left rim exceeds it,
    none between the rims exceeds both. Height: right rim above the lowest low.
    Tolerances: those of the bowl; rims differ by at most `tolerance` of the height; the handle
    gives back at most half of it and takes at most half as many bars; `shortest` to `longest` bars
    from rim to rim.
    Reported: at the first close above the right rim after the handle is confirmed, within half as
    many bars as the cup has; a close below the handle ends it.
    Target: the height above the right rim. Invalidation: the handle.
    Points: left rim, lowest low, right rim, handle.
    Source: O'Neil, "How to Make Money in Stocks"; Bulkowski, "Encyclopedia of Chart Patterns".
    """
    for stop in range(2, len(chart.pivots)):
        right, handle = chart.pivots[stop - 1], chart.pivots[stop]
        if right.kind == LOW:
            continue
        for left in _left_rims(chart, stop - 1, settings.longest):
            yield from _cup(chart, settings, left, right, handle)


def _left_rims(chart: Chart, of: int, longest: int) -> Iterator[Pivot]:
    """Pivot highs before the right rim that nothing between exceeds."""
    right = chart.pivots[of]
    highest = -float("inf")
    for number in range(of - 2, -1, -2):
        left = chart.pivots[number]
        if right.row - left.row >= longest or highest > right.price:
            return
        if left.price > highest:
            yield left
        highest = max(highest, left.price)


def _cup(
    chart: Chart, settings: Cup, left: Pivot, right: Pivot, handle: Pivot
) -> Iterator[Candidate]:
    width = right.row - left.row + 1
    if width < settings.shortest or handle.row - right.row > width // 2:
        return
    lowest = left.row + int(chart.low[left.row : right.row].argmin())
    bottom = float(chart.low[lowest])
    height = right.price - bottom
    level = near(left.price, right.price, settings.tolerance * height)
    given_back = near((right.price - handle.price) / height, 0.0, DEEPEST)
    if grade(level, given_back) is None or not stands_out(chart, left, width):
        return
    shape = bowl(chart.close[left.row : right.row + 1])
    if shape is not None:
        yield Candidate(
            points=(left, Point(lowest, bottom), right, handle),
            known=handle.known,
            expires=handle.row + width // 2,
            height=height,
            score=(level + given_back + shape) / 3.0,
            above=Break(Line(0, right.price), invalidation=handle.price),
            below=Break(Line(0, handle.price)),
        )


bear_flag = bull_flag.mirror(
    """A steep fall, then a short channel that leans against it; bearish.

    The mirror image of `bull_flag`: reported at the first close below the line through its lows.
    Points: top of the pole, its foot, high, low, high.
    """
)
bear_pennant = bull_pennant.mirror(
    """A steep fall, then a short triangle; bearish.

    The mirror image of `bull_pennant`: reported at the first close below the line through its lows.
    Points: top of the pole, its foot, high, low, high.
    """
)
inverse_cup_and_handle = cup_and_handle.mirror(
    """A dome, then a small rise from its right rim; bearish.

    The mirror image of `cup_and_handle`: reported at the first close below the right rim.
    Points: left rim, highest high, right rim, handle.
    """
)
