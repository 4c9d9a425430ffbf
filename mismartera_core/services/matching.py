"""The matching rule: one pure scalar function, run as it is and compiled.

docs/order-semantics.md is its specification.
"""

from __future__ import annotations

import math

MARKET = 0
LIMIT = 1
STOP = 2
STOP_LIMIT = 3
TRAILING = 4

NONE = 0
AT_OPEN = 1
INSIDE = 2
TRIGGERED = 3


def match(
    kind: int,
    side: float,
    limit: float,
    stop: float,
    open_: float,
    high: float,
    low: float,
) -> tuple[float, int]:
    """Whether an order fills in a bar, and at what price before slippage.

    Args:
        kind: MARKET, LIMIT, STOP, STOP_LIMIT (not triggered yet) or TRAILING.
        side: +1.0 buys, -1.0 sells.
        limit: Limit price; not looked at where the kind has none.
        stop: Trigger price; not looked at where the kind has none.
        open_: Open of the bar.
        high: Its high.
        low: Its low.

    Returns:
        The price and AT_OPEN or INSIDE; or NaN and NONE, or NaN and TRIGGERED where a stop-limit
        order has become a limit order without filling.
    """
    if kind == MARKET:
        return open_, AT_OPEN
    near = low if side > 0.0 else high
    far = high if side > 0.0 else low
    if kind == LIMIT:
        if side * open_ <= side * limit:
            return open_, AT_OPEN
        if side * near <= side * limit:
            return limit, INSIDE
        return math.nan, NONE
    if kind == STOP_LIMIT:
        if side * open_ >= side * stop:
            if side * open_ <= side * limit:
                return open_, AT_OPEN
            if side * near <= side * limit:
                return limit, INSIDE
            return math.nan, TRIGGERED
        if side * far >= side * stop:
            if side * stop <= side * limit:
                return stop, INSIDE
            return math.nan, TRIGGERED
        return math.nan, NONE
    if side * open_ >= side * stop:
        return open_, AT_OPEN
    if side * far >= side * stop:
        return stop, INSIDE
    return math.nan, NONE


def trail(side: float, stop: float, distance: float, high: float, low: float) -> float:
    """The stop of a trailing order after a bar that did not fill it.

    Args:
        side: +1.0 buys (the stop falls), -1.0 sells (the stop rises).
        stop: Stop before the bar.
        distance: Trail amount, price units.
        high: High of the bar.
        low: Its low.
    """
    if side < 0.0:
        return max(stop, to_price(high - distance))
    return min(stop, to_price(low + distance))


def to_price(value: float) -> float:
    """A price rounded half to even at 1e-6: what arithmetic leaves behind is no price."""
    return round(value * 1e6) / 1e6
