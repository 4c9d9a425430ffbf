"""Reversal patterns: head and shoulders, double and triple tops and bottoms, rounded ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mismartera_patterns.geometry import (
    NEVER_BELOW,
    Line,
    bowl,
    grade,
    line_through,
    near,
    near_ratio,
)
from mismartera_patterns.params import Extremes, HeadAndShoulders, Rounding
from mismartera_patterns.pattern import Break, Candidate, pattern
from mismartera_patterns.zigzag import LOW, Chart, Pivot, Point


@pattern(HeadAndShoulders, points=5)
def head_and_shoulders(chart: Chart, settings: HeadAndShoulders) -> Iterator[Candidate]:
    """Three peaks, the middle one the highest, after a rise; bearish.

    Definition: left shoulder, dip, head, dip, right shoulder are consecutive pivots; the rise to
    the left shoulder begins below the neckline, the line through the dips. Height: head above
    neckline.
    Tolerances: shoulders differ by at most `tolerance` of the height, so do the dips; each shoulder
    stands at least 25 % of the height above the neckline and 15 % below the head; neither half is
    longer than 2.5 times the other.
    Reported: at the first close below the neckline after the right shoulder is confirmed, within
    the bars from shoulder to shoulder; a close above the right shoulder ends it.
    Target: the height below the neckline. Invalidation: the right shoulder.
    Points: left shoulder, dip, head, dip, right shoulder.
    Source: Edwards and Magee, "Technical Analysis of Stock Trends", chapter VI; Bulkowski,
    "Encyclopedia of Chart Patterns".
    """
    for base, left, dip, head, rise, right in chart.windows(6, LOW):
        if head.price <= max(left.price, right.price):
            continue
        neckline = line_through((dip, rise))
        height = head.price - neckline.at(head.row)
        shoulders = min(left.price - neckline.at(left.row), right.price - neckline.at(right.row))
        above_shoulders = head.price - max(left.price, right.price)
        if (
            base.price >= neckline.at(base.row)
            or shoulders < 0.25 * height
            or above_shoulders < 0.15 * height
        ):
            continue
        score = grade(
            near(left.price, right.price, settings.tolerance * height),
            near(dip.price, rise.price, settings.tolerance * height),
            near_ratio((right.row - head.row) / (head.row - left.row), 1.0, 2.5),
        )
        if score is not None:
            yield Candidate(
                points=(left, dip, head, rise, right),
                known=right.known,
                expires=2 * right.row - left.row,
                height=height,
                score=score,
                above=Break(Line(0, right.price)),
                below=Break(neckline, invalidation=right.price),
            )


@pattern(Extremes, points=3)
def double_top(chart: Chart, settings: Extremes) -> Iterator[Candidate]:
    """Two peaks on a level after a rise; bearish.

    Definition: peak, valley, peak are consecutive pivots; the rise to the first peak begins below
    the valley. Height: mean of the peaks above the valley.
    Tolerances: the peaks differ by at most `tolerance` of the height; neither half is longer than
    three times the other.
    Reported: at the first close below the valley after the second peak is confirmed, within the
    bars from peak to peak; a close above the higher peak ends it.
    Target: the height below the valley. Invalidation: the higher peak.
    Points: peak, valley, peak.
    Source: Edwards and Magee, chapter IX; Bulkowski, "Encyclopedia of Chart Patterns".
    """
    for base, first, valley, second in chart.windows(4, LOW):
        if base.price <= valley.price:
            yield from _peaks((first, valley, second), settings)


@pattern(Extremes, points=5)
def triple_top(chart: Chart, settings: Extremes) -> Iterator[Candidate]:
    """Three peaks on a level after a rise; bearish.

    Definition: peak, valley, peak, valley, peak are consecutive pivots; the rise to the first peak
    begins below the valleys. Height: mean of the peaks above the lower valley.
    Tolerances: the peaks differ by at most `tolerance` of the height, the valleys by twice that;
    neither half is longer than three times the other.
    Reported: at the first close below the lower valley after the third peak is confirmed, within
    the bars from the first peak to the third; a close above the highest peak ends it.
    Target: the height below the lower valley. Invalidation: the highest peak.
    Points: peak, valley, peak, valley, peak.
    Source: Edwards and Magee, chapter IX; Bulkowski, "Encyclopedia of Chart Patterns".
    """
    for base, *points in chart.windows(6, LOW):
        if base.price <= min(points[1].price, points[3].price):
            yield from _peaks(tuple(points), settings)


def _peaks(points: tuple[Pivot, ...], settings: Extremes) -> Iterator[Candidate]:
    """The candidate of peaks with valleys between them, where they lie on a level."""
    peaks = [point.price for point in points[::2]]
    valleys = [point.price for point in points[1::2]]
    height = sum(peaks) / len(peaks) - min(valleys)
    first, last = points[0], points[-1]
    middle = points[len(points) // 2]
    score = grade(
        near(max(peaks), min(peaks), settings.tolerance * height),
        near(max(valleys), min(valleys), 2.0 * settings.tolerance * height),
        near_ratio((last.row - middle.row) / (middle.row - first.row), 1.0, 3.0),
    )
    if score is not None:
        yield Candidate(
            points=points,
            known=last.known,
            expires=2 * last.row - first.row,
            height=height,
            score=score,
            above=Break(Line(0, max(peaks))),
            below=Break(Line(0, min(valleys)), invalidation=max(peaks)),
        )


@pattern(Rounding, points=3)
def rounding_bottom(chart: Chart, settings: Rounding) -> Iterator[Candidate]:
    """A gradual turn from falling to rising between two rims; bullish.

    Definition: from a pivot high, the left rim, closes follow a bowl until one exceeds the rim. No
    high of the half width before the rim exceeds it. Height: rim above the lowest low.
    Tolerances: those of the bowl; `shortest` to `longest` bars from rim to rim.
    Reported: at that first close above the left rim.
    Target: the height above the rim. Invalidation: the lowest low.
    Points: left rim, lowest low, and the rim's price at the bar of the report.
    Source: Edwards and Magee, chapter VII (rounding turns); Bulkowski, "Encyclopedia of Chart
    Patterns".
    """
    for rim in chart.pivots:
        if rim.kind == LOW:
            continue
        over = chart.close[rim.known : rim.row + settings.longest] > rim.price
        row = rim.known + int(over.argmax()) if over.any() else rim.row
        width = row - rim.row + 1
        if width < settings.shortest or not stands_out(chart, rim, width):
            continue
        score = bowl(chart.close[rim.row : row + 1])
        if score is None:
            continue
        lowest = rim.row + int(chart.low[rim.row : row].argmin())
        bottom = float(chart.low[lowest])
        yield Candidate(
            points=(Point(rim.row, rim.price), Point(lowest, bottom), Point(row, rim.price)),
            known=row,
            expires=row,
            height=rim.price - bottom,
            score=score,
            above=Break(Line(0, rim.price), invalidation=bottom),
            below=Break(NEVER_BELOW),
        )


def stands_out(chart: Chart, rim: Pivot, width: int) -> bool:
    """Whether no high of the half width before a rim exceeds it.

    Args:
        chart: The chart.
        rim: The left rim.
        width: Bars from rim to rim.
    """
    before = chart.high[max(rim.row - width // 2, 0) : rim.row]
    return not bool(np.any(before > rim.price))


inverse_head_and_shoulders = head_and_shoulders.mirror(
    """Three troughs, the middle one the lowest, after a fall; bullish.

    The mirror image of `head_and_shoulders`: reported at the first close above the neckline.
    Points: left shoulder, peak, head, peak, right shoulder.
    """
)
double_bottom = double_top.mirror(
    """Two troughs on a level after a fall; bullish.

    The mirror image of `double_top`: reported at the first close above the peak between them.
    Points: trough, peak, trough.
    """
)
triple_bottom = triple_top.mirror(
    """Three troughs on a level after a fall; bullish.

    The mirror image of `triple_top`: reported at the first close above the higher peak.
    Points: trough, peak, trough, peak, trough.
    """
)
rounding_top = rounding_bottom.mirror(
    """A gradual turn from rising to falling between two rims; bearish.

    The mirror image of `rounding_bottom`: reported at the first close below the left rim.
    Points: left rim, highest high, and the rim's price at the bar of the report.
    """
)
