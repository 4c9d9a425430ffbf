"""Units on a grid of 1e-9, so that 0.1 + 0.2 - 0.3 units are none.

Positions, orders and what is left of them lie on it: each is the float that is nearest to its
decimal number. Sums are put back on it. Whole numbers lie on it as they are.
"""

from __future__ import annotations

import math

import numpy as np

from mismartera_core.model.columns import BoolArray, FloatArray

PARTS = 1e9
"""Parts of a unit; the smallest lot is one of them."""
_LARGEST = 2.0**53 / PARTS
"""Floats this large lie farther apart than the grid's points."""
_NOISE, _EPSILON = 1e-10, 4e-16


def on_grid(units: float) -> float:
    """The point of the grid nearest to a number of units; what is not finite stays.

    Plain enough to be compiled.
    """
    if not abs(units) < _LARGEST or math.floor(units) == units:
        return units
    return round(units * PARTS) / PARTS


def in_lots(units: float, lot: float) -> bool:
    """Whether a finite number of units, on the grid, is one whole lot or several.

    The bounds are what decimal lots such as 0.1 leave in binary fractions. Plain enough to be
    compiled.
    """
    whole = round(units / lot) * lot
    return whole > 0.0 and abs(whole - units) <= _NOISE + _EPSILON * units


def all_in_lots(units: FloatArray, lot: float) -> BoolArray:
    """The same of an array; what is not finite is not."""
    with np.errstate(invalid="ignore", over="ignore"):  # what is endless is not close
        whole = np.rint(units / lot) * lot
        found: BoolArray = (whole > 0.0) & (np.abs(whole - units) <= _NOISE + _EPSILON * units)
    return found


def all_on_grid(units: FloatArray) -> FloatArray:
    """The same of an array."""
    near = np.abs(units) < _LARGEST
    points: FloatArray = np.where(near, np.rint(np.where(near, units, 0.0) * PARTS) / PARTS, units)
    return points
