"""What a chart pattern is, when it is reported, and as which arrays.

A detector looks at confirmed pivots and yields candidates: shapes complete but for the breakout. A
candidate is reported at the first close beyond its line, at the earliest when its last pivot is
confirmed, and never taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs
from mismartera_patterns.geometry import Line
from mismartera_patterns.outputs import FIGURES, of_pattern
from mismartera_patterns.params import Zigzag
from mismartera_patterns.zigzag import Chart, Pivot, Point, chart_of

BULLISH = 1
BEARISH = -1


@dataclass(frozen=True, slots=True)
class Break:
    """What a close beyond a line means.

    Attributes:
        line: The line.
        invalidation: Price at which the pattern has failed; None where a close beyond the line
            ends the candidate without a report.
        target: Price it points to; the line's price and the height beyond it where None.
    """

    line: Line
    invalidation: float | None = None
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A shape that waits for its breakout.

    Attributes:
        points: Its pivots, by time.
        known: First row at which it can be reported.
        expires: Last row at which it can be reported.
        height: Its height, price units.
        score: Closeness to the textbook, 0 to 1.
        above: What a close above means.
        below: What a close below means.
    """

    points: Sequence[Point | Pivot]
    known: int
    expires: int
    height: float
    score: float
    above: Break
    below: Break


@dataclass(frozen=True, slots=True)
class Report:
    """A pattern that was found.

    Attributes:
        row: Row at whose close it was knowable.
        signal: BULLISH or BEARISH.
        level: Price of the line that was broken, at that row.
        target: Price it points to.
        invalidation: Price at which it has failed.
        height: Its height, price units.
        score: Closeness to the textbook, 0 to 1.
        points: Its points, by time.
    """

    row: int
    signal: int
    level: float
    target: float
    invalidation: float
    height: float
    score: float
    points: tuple[Point, ...]

    def mirrored(self) -> Report:
        """Upside down."""
        return replace(
            self,
            signal=-self.signal,
            level=-self.level,
            target=-self.target,
            invalidation=-self.invalidation,
            points=tuple(Point(row, -price) for row, price in self.points),
        )


Detector = Callable[[Chart, Any], Iterable[Candidate]]


class ChartPattern:
    """A chart pattern as an indicator: `pattern(bars, **params)` gives arrays, `find` reports.

    Args:
        detect: Yields the candidates of a chart; its docstring is the pattern's definition.
        params: Model of its parameters.
        points: How many points it has.
        upside_down: Whether the detector sees the mirror image.
    """

    def __init__(
        self, detect: Detector, params: type[Zigzag], points: int, *, upside_down: bool = False
    ) -> None:
        self.__doc__ = detect.__doc__
        self.params = params
        self.points = points
        self._detect = detect
        self._upside_down = upside_down

    def mirror(self, doc: str) -> ChartPattern:
        """The pattern that is this one upside down.

        Args:
            doc: Its docstring.
        """
        other = ChartPattern(
            self._detect, self.params, self.points, upside_down=not self._upside_down
        )
        other.__doc__ = doc
        return other

    def find(self, bars: BarColumns, **params: Any) -> list[Report]:
        """Every report, by time; no two of them overlap.

        Args:
            bars: Bars.
            **params: Parameters of the pattern.

        Raises:
            pydantic.ValidationError: A parameter is unknown or out of bounds.
        """
        settings = self.params(**params)
        chart = chart_of(bars, settings)
        seen = chart.mirrored() if self._upside_down else chart
        reports = _reports(seen, self._detect(seen, settings))
        turned = (report.mirrored() for report in reports) if self._upside_down else reports
        return [_in_rows_of_bars(report, chart) for report in turned]

    def __call__(self, bars: BarColumns, **params: Any) -> IndicatorOutputs:
        """The reports as arrays: a value at the row of a report, else NaN, and `signal` 0."""
        return _arrays(self.find(bars, **params), len(bars), self.points)


def pattern(params: type[Zigzag], points: int) -> Callable[[Detector], ChartPattern]:
    """Makes a detector a chart pattern.

    Args:
        params: Model of its parameters.
        points: How many points it has.
    """
    return lambda detect: ChartPattern(detect, params, points)


def _reports(chart: Chart, candidates: Iterable[Candidate]) -> Iterator[Report]:
    """Those that broke out, by time; of those that overlap the first, of equals the best."""
    found = (report for each in candidates if (report := _breakout(chart, each)) is not None)
    free_from = 0
    for report in sorted(found, key=lambda each: (each.row, -each.score, each.points)):
        if report.points[0].row >= free_from:
            free_from = report.points[-1].row
            yield report


def _breakout(chart: Chart, candidate: Candidate) -> Report | None:
    close = chart.close[candidate.known : candidate.expires + 1]
    rows = np.arange(candidate.known, candidate.known + len(close))
    above = close > candidate.above.line.at(rows)
    beyond = above | (close < candidate.below.line.at(rows))
    first = int(beyond.argmax()) if len(beyond) else 0
    if not len(beyond) or not beyond[first]:
        return None
    signal, chosen = (BULLISH, candidate.above) if above[first] else (BEARISH, candidate.below)
    if chosen.invalidation is None:
        return None
    price, level = float(close[first]), chosen.line.at(candidate.known + first)
    target = level + signal * candidate.height if chosen.target is None else chosen.target
    # A close beyond the target, or back at the invalidation, leaves nothing to act upon.
    if not signal * chosen.invalidation < signal * price < signal * target:
        return None
    return Report(
        candidate.known + first,
        signal,
        level,
        target,
        chosen.invalidation,
        candidate.height,
        candidate.score,
        tuple(Point(each.row, each.price) for each in candidate.points),
    )


def _in_rows_of_bars(report: Report, chart: Chart) -> Report:
    points = tuple(Point(int(chart.rows[row]), price) for row, price in report.points)
    return replace(report, row=int(chart.rows[report.row]), points=points)


def _arrays(reports: Iterable[Report], length: int, points: int) -> dict[str, FloatArray]:
    outputs = {name: np.full(length, np.nan) for name in of_pattern(points)}
    outputs["signal"][:] = 0.0
    for report in reports:
        for name in FIGURES:
            outputs[name][report.row] = getattr(report, name)
        for number, point in enumerate(report.points, start=1):
            outputs[f"p{number}_price"][report.row] = point.price
            outputs[f"p{number}_age"][report.row] = report.row - point.row
    return outputs
