"""Shapes as the books draw them, with noise: what the patterns are tried on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mismartera_core import BarColumns, FloatArray, interval_ns
from mismartera_patterns.zigzag import Point

QUIET_BARS = 30
"""Bars before a shape, for the average true range."""

_BASE, _PRICE_OF_HEIGHT = 100.0, 10.0


class Drawing(NamedTuple):
    """A drawn shape.

    Attributes:
        bars: Bars of a minute.
        points: Its points, by time.
        signal: +1 where it breaks out upwards, -1 downwards.
    """

    bars: BarColumns
    points: list[Point]
    signal: int


class _Shape(NamedTuple):
    """Corners (share of the length, price in heights); which of them are points; upside down."""

    corners: list[tuple[float, float]]
    points: slice | tuple[int, ...]
    upside_down: bool = False


def _bowl(left: float, right: float, corners: int = 21) -> list[tuple[float, float]]:
    """A parabola from rim to rim at height 1; its bottom is the middle corner."""
    x = np.linspace(-1.0, 1.0, corners)
    times = left + (right - left) * (x + 1.0) / 2.0
    return list(zip(times.tolist(), (x * x).tolist(), strict=True))


_HEAD = [(0, -0.6), (0.2, 0.6), (0.33, 0), (0.5, 1), (0.67, 0.03), (0.8, 0.58), (1, -1)]
_DOUBLE = [(0, -1), (0.3, 1), (0.5, 0), (0.7, 0.97), (1, -1)]
_TRIPLE = [(0, -1), (0.2, 1), (0.33, 0), (0.46, 1.02), (0.59, 0.03), (0.72, 0.98), (1, -1)]
_ROUND = [(0, 0.2), *_bowl(0.15, 0.85), (1, 1.7)]
_CUP = [(0, 0.2), *_bowl(0.1, 0.65), (0.75, 0.72), (1, 1.8)]
_FLAG = [(0, 0), (0.2, 0), (0.4, 1), (0.5, 0.75), (0.62, 0.93), (0.75, 0.66), (1, 1.7)]
_PENNANT = [(0, 0), (0.2, 0), (0.4, 1), (0.52, 0.62), (0.64, 0.9), (0.76, 0.72), (1, 1.7)]
_RECTANGLE = [(0, -0.8), (0.12, 1), (0.26, 0), (0.4, 0.98), (0.54, 0.02), (0.68, 1), (1, -1)]
_ASCENDING = [(0, 0.8), (0.1, 0), (0.28, 1), (0.45, 0.35), (0.58, 1), (0.7, 0.65), (1, 1.9)]
_SYMMETRICAL = [(0, 0.8), (0.1, 0), (0.27, 1), (0.43, 0.2), (0.57, 0.8), (0.7, 0.36), (1, 1.6)]
_WEDGE = [(0, 0.1), (0.1, 0.6), (0.22, 0.2), (0.36, 0.86), (0.48, 0.65), (0.62, 1.12), (1, -0.3)]

_FIVE = slice(1, 6)
_SHAPES: dict[str, _Shape] = {
    "head_and_shoulders": _Shape(_HEAD, _FIVE),
    "inverse_head_and_shoulders": _Shape(_HEAD, _FIVE, upside_down=True),
    "double_top": _Shape(_DOUBLE, slice(1, 4)),
    "double_bottom": _Shape(_DOUBLE, slice(1, 4), upside_down=True),
    "triple_top": _Shape(_TRIPLE, _FIVE),
    "triple_bottom": _Shape(_TRIPLE, _FIVE, upside_down=True),
    "rounding_bottom": _Shape(_ROUND, (1, 11, 21)),
    "rounding_top": _Shape(_ROUND, (1, 11, 21), upside_down=True),
    "bull_flag": _Shape(_FLAG, _FIVE),
    "bear_flag": _Shape(_FLAG, _FIVE, upside_down=True),
    "bull_pennant": _Shape(_PENNANT, _FIVE),
    "bear_pennant": _Shape(_PENNANT, _FIVE, upside_down=True),
    "cup_and_handle": _Shape(_CUP, (1, 11, 21, 22)),
    "inverse_cup_and_handle": _Shape(_CUP, (1, 11, 21, 22), upside_down=True),
    "rectangle": _Shape(_RECTANGLE, _FIVE),
    "ascending_triangle": _Shape(_ASCENDING, _FIVE),
    "descending_triangle": _Shape(_ASCENDING, _FIVE, upside_down=True),
    "symmetrical_triangle": _Shape(_SYMMETRICAL, _FIVE),
    "rising_wedge": _Shape(_WEDGE, _FIVE),
    "falling_wedge": _Shape(_WEDGE, _FIVE, upside_down=True),
}


def draw(name: str, length: int, noise: float, seed: int, *, mirrored: bool = False) -> Drawing:
    """A chart pattern as the books draw it.

    Args:
        name: Name of the pattern.
        length: Bars from the first corner to the last; quiet ones come before.
        noise: Standard deviation of every close about the shape, share of its height.
        seed: Seed of the noise.
        mirrored: Whether to turn it upside down.

    Returns:
        The bars, where the points were drawn and which way it breaks out.
    """
    shape = _SHAPES[name]
    sign = -1.0 if shape.upside_down != mirrored else 1.0
    times = np.array([time for time, _ in shape.corners])
    heights = _BASE + sign * _PRICE_OF_HEIGHT * np.array([height for _, height in shape.corners])
    rows = QUIET_BARS + np.rint(times * (length - 1))
    path = np.interp(np.arange(QUIET_BARS + length), rows, heights)
    chosen = range(len(rows))[shape.points] if isinstance(shape.points, slice) else shape.points
    points = [Point(int(rows[number]), float(heights[number])) for number in chosen]
    signal = 1 if heights[-1] > heights[chosen[-1]] else -1
    return Drawing(_noisy_bars(path, noise * _PRICE_OF_HEIGHT, seed), points, signal)


def random_walk(count: int, seed: int, *, volatility: float = 0.0005) -> BarColumns:
    """Bars of a minute of a price without memory, made of 20 trades each.

    Args:
        count: Bars.
        seed: Seed.
        volatility: Standard deviation of the return of a bar.
    """
    trades = 20
    steps = np.random.default_rng(seed).normal(0.0, volatility / trades**0.5, count * trades)
    prices = _BASE * np.exp(np.cumsum(steps)).reshape(count, trades)
    opens = np.concatenate([[_BASE], prices[:-1, -1]])
    high, low = np.maximum(prices.max(axis=1), opens), np.minimum(prices.min(axis=1), opens)
    return _minutes(opens, high, low, prices[:, -1])


def _noisy_bars(path: FloatArray, noise: float, seed: int) -> BarColumns:
    """Bars whose closes follow a path; wicks of half the noise."""
    random = np.random.default_rng(seed)
    close = path + random.normal(0.0, noise, len(path))
    opens = np.concatenate([close[:1], close[:-1]])
    up, down = np.abs(random.normal(0.0, noise / 2.0, (2, len(path))))
    return _minutes(opens, np.maximum(opens, close) + up, np.minimum(opens, close) - down, close)


def _minutes(opens: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray) -> BarColumns:
    minute = interval_ns("1m")
    ts = np.arange(len(close)) * minute
    return BarColumns.build(
        ts, opens, high, low, close, np.full(len(close), 100.0), interval_ns=minute
    )
