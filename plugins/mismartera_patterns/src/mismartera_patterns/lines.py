"""Patterns between two lines: rectangles, triangles and wedges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from mismartera_patterns.geometry import Line, farthest, grade, line_through, near
from mismartera_patterns.params import Lines, Rectangle
from mismartera_patterns.pattern import Break, Candidate, pattern
from mismartera_patterns.zigzag import HIGH, LOW, Chart, Pivot

FLAT = 0.15
SLOPED = 0.15
CONVERGING = 0.3


@dataclass(frozen=True, slots=True)
class Channel:
    """Consecutive pivots and the lines of least squares through their highs and lows.

    Attributes:
        pivots: The pivots, by time.
        upper: Line through the highs.
        lower: Line through the lows.
        height: Distance between the lines at the first pivot, price units.
        rise_above: Rise of the upper line from the first pivot to the last, in heights.
        rise_below: Rise of the lower line, likewise.
        fit: 1 where every pivot lies on its line, 0 where one is off by the tolerance.
    """

    pivots: list[Pivot]
    upper: Line
    lower: Line
    height: float
    rise_above: float
    rise_below: float
    fit: float

    def candidate(self, score: float, above: Break, below: Break) -> Candidate:
        """What waits for a close beyond a line: until they meet, at most its own length again."""
        first, last = self.pivots[0], self.pivots[-1]
        width = last.row - first.row
        narrowing = self.rise_below - self.rise_above
        ahead = width if narrowing <= 0.0 else min(width, int(width / narrowing) - width)
        return Candidate(
            self.pivots[-5:], last.known, last.row + ahead, self.height, score, above, below
        )


def _channels(chart: Chart, settings: Lines) -> Iterator[Channel]:
    """Every run of pivots whose lines fit and do not cross before the last of them."""
    for pivots in _even_windows(chart, settings.touches):
        highs, lows = _of_kind(pivots, HIGH), _of_kind(pivots, LOW)
        first, width = pivots[0].row, pivots[-1].row - pivots[0].row
        upper, lower = line_through(highs), line_through(lows)
        height = upper.at(first) - lower.at(first)
        if height <= 0.0:
            continue
        off = max(farthest(upper, highs), farthest(lower, lows)) / height
        above, below = upper.slope * width / height, lower.slope * width / height
        if off <= settings.tolerance and below - above < 1.0:
            fit = near(off, 0.0, settings.tolerance)
            yield Channel(pivots, upper, lower, height, above, below, fit)


def _even_windows(chart: Chart, touches: int) -> Iterator[list[Pivot]]:
    """Runs of pivots of which no swing takes more than half of the bars: no lone spike."""
    for pivots in chart.windows(touches):
        longest = max(after.row - one.row for one, after in pairwise(pivots))
        if 2 * longest <= pivots[-1].row - pivots[0].row:
            yield pivots


def _of_kind(pivots: list[Pivot], kind: int) -> list[Pivot]:
    return [pivot for pivot in pivots if pivot.kind == kind]


def _both_ways(channel: Channel, score: float) -> Candidate:
    """A close beyond either line counts; the last touch of the other line invalidates."""
    last_high = _of_kind(channel.pivots, HIGH)[-1].price
    last_low = _of_kind(channel.pivots, LOW)[-1].price
    return channel.candidate(
        score,
        above=Break(channel.upper, invalidation=last_low),
        below=Break(channel.lower, invalidation=last_high),
    )


@pattern(Rectangle, points=5)
def rectangle(chart: Chart, settings: Rectangle) -> Iterator[Candidate]:
    """Highs on a level and lows on a level; the direction is that of the breakout.

    Definition: `touches` consecutive pivots between the highest of the highs and the lowest of the
    lows. Height: mean of the highs above the mean of the lows.
    Tolerances: highs differ by at most `tolerance` of the height, and so do lows; no swing takes
    more than half of the bars.
    Reported: at the first close beyond the highest high or the lowest low after the last pivot is
    confirmed, within the bars from its first pivot to its last.
    Target: the height beyond that line. Invalidation: the last pivot of the other side.
    Points: its last five pivots.
    Source: Edwards and Magee, chapter IX; Bulkowski, "Encyclopedia of Chart Patterns".
    """
    for pivots in _even_windows(chart, settings.touches):
        highs = [pivot.price for pivot in pivots if pivot.kind == HIGH]
        lows = [pivot.price for pivot in pivots if pivot.kind == LOW]
        height = sum(highs) / len(highs) - sum(lows) / len(lows)
        if height <= 0.0:
            continue
        score = grade(
            near(max(highs), min(highs), settings.tolerance * height),
            near(max(lows), min(lows), settings.tolerance * height),
        )
        if score is not None:
            upper, lower = Line(0, max(highs)), Line(0, min(lows))
            yield _both_ways(Channel(pivots, upper, lower, height, 0.0, 0.0, 1.0), score)


@pattern(Lines, points=5)
def ascending_triangle(chart: Chart, settings: Lines) -> Iterator[Candidate]:
    """Highs on a level, lows rising towards them; the direction is that of the breakout.

    Definition: `touches` consecutive pivots on two lines of least squares. Height: distance of the
    lines at the first pivot.
    Tolerances: no pivot is off its line by more than `tolerance` of the height; no swing takes more
    than half of the bars; from the first pivot to the last the upper line rises or falls by at most
    15 % of the height, the lower one rises by at least 30 %.
    Reported: at the first close beyond a line after the last pivot is confirmed, before the lines
    meet and within the bars from its first pivot to its last.
    Target: the height beyond that line. Invalidation: the last pivot of the other side.
    Points: its last five pivots.
    Source: Edwards and Magee, chapter VIII; Bulkowski, "Encyclopedia of Chart Patterns".
    """
    for channel in _channels(chart, settings):
        score = grade(
            channel.fit,
            near(channel.rise_above, 0.0, FLAT),
            near(channel.rise_below, 1.0, 1.0 - CONVERGING),
        )
        if score is not None:
            yield _both_ways(channel, score)


@pattern(Lines, points=5)
def symmetrical_triangle(chart: Chart, settings: Lines) -> Iterator[Candidate]:
    """Highs fall and lows rise towards each other; the direction is that of the breakout.

    Definition: `touches` consecutive pivots on two lines of least squares. Height: distance of the
    lines at the first pivot.
    Tolerances: no pivot is off its line by more than `tolerance` of the height; no swing takes more
    than half of the bars; from the first pivot to the last the upper line falls and the lower one
    rises by at least 15 % of the height, and neither by more than four times the other.
    Reported: at the first close beyond a line after the last pivot is confirmed, before the lines
    meet and within the bars from its first pivot to its last.
    Target: the height beyond that line. Invalidation: the last pivot of the other side.
    Points: its last five pivots.
    Source: Edwards and Magee, chapter VIII; Bulkowski, "Encyclopedia of Chart Patterns".
    """
    for channel in _channels(chart, settings):
        fall, rise = -channel.rise_above, channel.rise_below
        if min(fall, rise) < SLOPED:
            continue
        score = grade(channel.fit, 1.0 - abs(rise - fall) / (0.6 * (rise + fall)))
        if score is not None:
            yield _both_ways(channel, score)


@pattern(Lines, points=5)
def rising_wedge(chart: Chart, settings: Lines) -> Iterator[Candidate]:
    """Highs and lows rise, the lows faster; bearish.

    Definition: `touches` consecutive pivots on two lines of least squares. Height: distance of the
    lines at the first pivot.
    Tolerances: no pivot is off its line by more than `tolerance` of the height; no swing takes more
    than half of the bars; from the first pivot to the last the upper line rises by at least 15 % of
    the height, the lower one by at least 30 % of the height more.
    Reported: at the first close below the lower line after the last pivot is confirmed, before the
    lines meet and within the bars from its first pivot to its last; a close above the upper line
    ends it.
    Target: the lowest low of the wedge. Invalidation: its last high.
    Points: its last five pivots.
    Source: Edwards and Magee, chapter XI; Bulkowski, "Encyclopedia of Chart Patterns".
    """
    for channel in _channels(chart, settings):
        narrowing = channel.rise_below - channel.rise_above
        if channel.rise_above < SLOPED or narrowing < CONVERGING:
            continue
        lows = _of_kind(channel.pivots, LOW)
        last_high = _of_kind(channel.pivots, HIGH)[-1].price
        yield channel.candidate(
            (channel.fit + narrowing) / 2.0,
            above=Break(channel.upper),
            below=Break(
                channel.lower,
                invalidation=last_high,
                target=min(low.price for low in lows),
            ),
        )


descending_triangle = ascending_triangle.mirror(
    """Lows on a level, highs falling towards them; the direction is that of the breakout.

    The mirror image of `ascending_triangle`. Points: its last five pivots.
    """
)
falling_wedge = rising_wedge.mirror(
    """Highs and lows fall, the highs faster; bullish.

    The mirror image of `rising_wedge`: reported at the first close above the upper line.
    Points: its last five pivots.
    """
)
