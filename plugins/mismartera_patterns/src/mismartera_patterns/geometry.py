"""Lines through points, and how near a shape is to the one in the book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log2
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from mismartera_core import FloatArray
from mismartera_patterns.zigzag import Pivot, Point


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line over rows.

    Attributes:
        row: Row at which it has the price.
        price: Its price there.
        slope: Price per bar.
    """

    row: float
    price: float
    slope: float = 0.0

    @overload
    def at(self, row: float) -> float: ...
    @overload
    def at(self, row: npt.NDArray[np.integer[Any]]) -> FloatArray: ...
    def at(self, row: Any) -> Any:
        """Its price at a row, or at many."""
        if self.slope == 0.0:
            return self.price if isinstance(row, int | float) else np.full(len(row), self.price)
        return self.price + self.slope * (row - self.row)


NEVER_BELOW = Line(0, -inf)


def line_through(points: Sequence[Point | Pivot]) -> Line:
    """The line of least squares.

    Args:
        points: Two or more, of different rows.
    """
    count = len(points)
    row = sum(point.row for point in points) / count
    price = sum(point.price for point in points) / count
    rise = sum((point.row - row) * (point.price - price) for point in points)
    run = sum((point.row - row) ** 2 for point in points)
    return Line(row, price, rise / run)


def farthest(line: Line, points: Sequence[Point | Pivot]) -> float:
    """The largest distance of a point from the line, price units.

    Args:
        line: The line.
        points: Points.
    """
    return max(abs(point.price - line.at(point.row)) for point in points)


def near(value: float, ideal: float, tolerance: float) -> float:
    """1 where a value is ideal, 0 where it is off by the tolerance, below 0 beyond.

    Args:
        value: What was measured.
        ideal: What the book has.
        tolerance: Most it may be off.
    """
    return 1.0 - abs(value - ideal) / tolerance


def near_ratio(value: float, ideal: float, factor: float) -> float:
    """As `near`, for a ratio: 0 where it is off by the factor, either way.

    Args:
        value: What was measured, above 0.
        ideal: What the book has.
        factor: Largest ratio between the two, above 1.
    """
    return 1.0 - abs(log2(value / ideal)) / log2(factor)


def grade(*marks: float) -> float | None:
    """One score of several marks of `near`.

    Args:
        *marks: Each 1 at best.

    Returns:
        Their mean; None where one of them is below 0 (or unknown): not the shape.
    """
    if not min(marks) >= 0.0:
        return None
    return sum(marks) / len(marks)


def bowl(price: FloatArray) -> float | None:
    """How much prices look like a bowl: a rounded bottom between two rims.

    The parabola of least squares must open upwards, explain 70 % of the variance and have its
    vertex in the middle 40 % of the bars; at least 55 % of the bars must lie in the lower half of
    the depth (a V has 50 %, a parabola 71 %).

    Args:
        price: Closes from rim to rim, at least 5.

    Returns:
        0 to 1; None where it is no bowl.
    """
    x = np.linspace(-1.0, 1.0, len(price))
    curve = x * x - (x * x).mean()
    centred = price - price.mean()
    total = float((centred * centred).sum())
    if total <= 0.0:
        return None
    tilt = float((x * centred).sum() / (x * x).sum())
    bend = float((curve * centred).sum() / (curve * curve).sum())
    if bend <= 0.0:
        return None
    explained = (
        tilt * tilt * float((x * x).sum()) + bend * bend * float((curve * curve).sum())
    ) / total
    low, rim = float(price.min()), min(float(price[0]), float(price[-1]))
    lower_half = float((price < (low + rim) / 2.0).mean())
    return grade(
        near(min(explained, 1.0), 1.0, 0.3),
        near(-tilt / (2.0 * bend), 0.0, 0.4),
        near(min(lower_half, 0.71), 0.71, 0.16),
    )
