"""Simulated minutes of real days: seeded, and together exactly the day's bar.

Only whole numbers and single rounded operations of floats, no sums of floats and no library
functions: the minutes are the same bit for bit on any machine. The random numbers are SplitMix64
(Steele, Lea, Flood 2014) over a counter, so any day can be made without the days before it.
"""

from __future__ import annotations

from itertools import pairwise
from math import isqrt

import numpy as np
import numpy.typing as npt

from mismartera_core import FloatArray

UintArray = npt.NDArray[np.uint64]
IntArray = npt.NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_UNIT_BITS = 20
_UNIT = 1 << _UNIT_BITS
"""Price paths are whole numbers: 0 is the day's low, this its high."""
_CENTS = 100.0


def simulate_minutes(days: FloatArray, key: int, numbers: IntArray, count: int) -> FloatArray:
    """Minutes of several days of equal length.

    First open, highest high, lowest low, last close and the sum of the volumes are exactly the
    day's; every minute holds low <= open, close <= high, and its volume is a whole number.

    Args:
        days: Daily bars, shape (days, 5): open, high, low, close, volume.
        key: What makes symbol and seed differ from others, 64 bits.
        numbers: A number for each day, such as its date, that fixes its random numbers.
        count: Minutes a day, 1 to 4,095.

    Returns:
        Minutes, shape (5, days, count): open, high, low, close, volume.
    """
    opened, high, low, close, volume = (days[:, i : i + 1] for i in range(5))
    draws = _draws(key, numbers, count + 1)
    moves, shape = draws[:, 1:], draws[:, 0]
    at_high, at_low = _turning_points(shape, count)
    span = np.where(high > low, high - low, 1.0)
    first, last = (np.rint((p - low) / span * _UNIT).astype(np.int64) for p in (opened, close))
    path = _path(moves, first, last, at_high, at_low)
    wick_up, wick_down = _bits(moves, 24), _bits(moves, 4)
    reach = 2 * isqrt(count)
    top = np.maximum(path[:, :-1], path[:, 1:]) + wick_up // reach
    bottom = np.minimum(path[:, :-1], path[:, 1:]) - wick_down // reach

    def priced(position: IntArray) -> FloatArray:
        exact = low + position * (1.0 / _UNIT) * (high - low)
        rounded: FloatArray = np.rint(exact * _CENTS) / _CENTS
        return np.clip(rounded, low, high)

    out = np.empty((5, len(days), count))
    corners = priced(path)
    corners[:, :1], corners[:, -1:] = opened, close
    out[0], out[3] = corners[:, :-1], corners[:, 1:]
    out[1] = np.maximum(priced(top), np.maximum(out[0], out[3]))
    out[2] = np.minimum(priced(bottom), np.minimum(out[0], out[3]))
    rows = np.arange(len(days))
    out[1, rows, at_high[:, 0]] = high[:, 0]
    out[2, rows, at_low[:, 0]] = low[:, 0]
    out[4] = _volumes(_bits(moves, 34) >> 10, volume)
    return out


def _draws(key: int, numbers: IntArray, count: int) -> UintArray:
    """Random 64-bit numbers, shape (days, count)."""
    counter = numbers[:, None] * 4096 + np.arange(count)
    state: UintArray = counter.astype(np.uint64)
    state *= _GOLDEN
    state += np.uint64(key)
    for shift, factor in ((30, _MIX[0]), (27, _MIX[1])):
        state ^= state >> np.uint64(shift)
        state *= factor
    state ^= state >> np.uint64(31)
    return state


def _bits(draws: UintArray, shift: int) -> IntArray:
    """Whole numbers from 0 to below _UNIT out of the bits from `shift` on."""
    return ((draws >> np.uint64(shift)) & np.uint64(_UNIT - 1)).astype(np.int64)


def _turning_points(shape: UintArray, count: int) -> tuple[IntArray, IntArray]:
    """Minutes of the high and of the low, different where there are two, often near the ends."""
    at_high = np.minimum(_bits(shape, 44), _bits(shape, 24)) * count >> _UNIT_BITS
    at_high = np.where(shape & np.uint64(1), at_high, count - 1 - at_high)
    at_low = (at_high + 1 + _bits(shape, 4) * max(count - 1, 1) // _UNIT) % count
    return at_high[:, None], at_low[:, None]


def _path(
    moves: UintArray, first: IntArray, last: IntArray, at_high: IntArray, at_low: IntArray
) -> IntArray:
    """A random walk bent through open, high, low and close, folded back at high and low."""
    days, count = moves.shape
    walk = np.zeros((days, count + 1), np.int64)
    np.cumsum((_bits(moves, 44) - _UNIT // 2) * 3 // (2 * isqrt(count)), axis=1, out=walk[:, 1:])
    rows = np.arange(days)[:, None]
    high_first = at_high < at_low
    turns = (np.minimum(at_high, at_low), np.maximum(at_high, at_low))
    start = np.zeros_like(first)
    knots = (
        (start, first),
        (turns[0], np.where(high_first, _UNIT, 0)),
        (turns[1], np.where(high_first, 0, _UNIT)),
        (start + count, last),
    )
    minute = np.arange(count + 1)
    bend = np.empty_like(walk)
    for number, ((x0, y0), (x1, y1)) in enumerate(pairwise(knots)):
        left, right = y0 - walk[rows, x0], y1 - walk[rows, x1]
        line = left + (right - left) * (minute - x0) // np.maximum(x1 - x0, 1)
        bend = line if number == 0 else np.where(minute >= x0, line, bend)
    path = np.abs(walk + bend)
    folded: IntArray = np.clip(_UNIT - np.abs(_UNIT - path), 0, _UNIT)
    return folded


def _volumes(noise: IntArray, volume: FloatArray) -> IntArray:
    """The day's volume split by weights that are highest at the open and the close."""
    count = noise.shape[1]
    off_centre = np.abs(2 * np.arange(count) + 1 - count)
    weight = (256 + 768 * off_centre**2 // count**2) * (256 + noise)
    share = np.cumsum(weight, axis=1)
    upto = volume.astype(np.int64) * share // share[:, -1:]
    parts: IntArray = np.diff(upto, axis=1, prepend=0)
    return parts
