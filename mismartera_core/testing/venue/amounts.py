"""Exact numbers: what a venue counts in."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

ZERO = Decimal(0)
PRICE_STEP = Decimal("0.000001")
UNIT_STEP = Decimal("0.000000001")


def exact(value: Any) -> Decimal:
    """A number as the Decimal that it is written as.

    Args:
        value: A Decimal, an int, a string, or a finite float, taken by its shortest decimals.
    """
    if isinstance(value, Decimal):
        return value
    return Decimal(repr(value) if isinstance(value, float) else str(value))


def to_price(value: Decimal) -> Decimal:
    """A price rounded half to even at 1e-6."""
    return value.quantize(PRICE_STEP, ROUND_HALF_EVEN)


def to_units(value: Decimal) -> Decimal:
    """Units rounded half to even at 1e-9."""
    return value.quantize(UNIT_STEP, ROUND_HALF_EVEN)


def shown(value: Decimal) -> str:
    """A number as venues write it: plain, without zeros at the end."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def volume_of(value: float) -> Decimal | None:
    """A volume; None where it is unknown (NaN)."""
    return None if math.isnan(value) else exact(value)
