"""The numbers of an order, before anything else is asked of it."""

from __future__ import annotations

import math

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.services.matching import LIMIT, MARKET, STOP, STOP_LIMIT, TRAILING

_PRICES = {
    MARKET: (),
    LIMIT: ("limit",),
    STOP: ("stop",),
    STOP_LIMIT: ("limit", "stop"),
    TRAILING: ("trail", "stop"),
}
"""Prices that an order of each kind must have."""


def wrong_price(order: WorkingOrder) -> str:
    """Which price of an order is none; "" where all are."""
    for name in _PRICES[order.kind]:
        price = getattr(order, name)
        if not 0.0 < price < math.inf:
            return f"{name} must be a price above zero, was {price}"
    return ""


def enlarging_units(held: float, signed: float) -> float:
    """Units of a signed order that enlarge a position rather than reduce it."""
    if held * signed >= 0.0:
        return abs(signed)
    return max(0.0, abs(signed) - abs(held))
