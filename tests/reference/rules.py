"""The table "when and at what price", and the cost formulas. Prices are floats."""

from __future__ import annotations

import math
from decimal import Decimal


def outcome(order, o, h, l):  # noqa: E741 - the table's words
    """What one bar does to one order, before size and slippage.

    Returns:
        (price or None, filled at the open?, triggered?, does slippage apply?)
    """
    kind, buy = order["kind"], order["side"] > 0
    limit, stop = order["limit"], order["stop"]
    # "Once triggered it is a limit order from the next bar on", a plain stop a market order.
    if order["triggered"]:
        kind = "limit" if kind == "stop_limit" else "market"

    if kind == "market":
        return o, True, False, True

    if kind == "limit":
        price, at_open = _limit(buy, limit, o, h, l)
        return price, at_open, False, False

    if kind in ("stop", "trailing"):
        if (o >= stop) if buy else (o <= stop):
            return o, True, True, True
        if (h >= stop) if buy else (l <= stop):
            return stop, False, True, True
        return None, False, False, True

    if kind == "stop_limit":
        if (o >= stop) if buy else (o <= stop):  # triggered at o: a limit order for this bar
            price, at_open = _limit(buy, limit, o, h, l)
            return price, at_open, True, False
        if (h >= stop) if buy else (l <= stop):  # triggered inside: at S if S is within L
            within = stop <= limit if buy else stop >= limit
            return (stop if within else None), False, True, False
        return None, False, False, False

    raise ValueError(kind)


def _limit(buy, limit, o, h, l):  # noqa: E741
    if buy:
        if o <= limit:
            return o, True
        if l <= limit:
            return limit, False
    else:
        if o >= limit:
            return o, True
        if h >= limit:
            return limit, False
    return None, False


def micros(amount):
    """Whole 1e-6 currency units of a float amount, half to even."""
    return round(amount * 1e6)


def slipped(price, side, quantity, bar, fixed, rate, impact):
    """Price after slippage, within [low, high], to 1e-6."""
    _, _, high, low, _, volume, _ = bar
    move = fixed + rate * price
    if not math.isnan(volume) and volume > 0:
        share = quantity / volume
        move = move + impact * price * share * share
    moved = price + side * move
    return micros(min(max(moved, low), high)) / 1e6


def commission(quantity, price, minimum, per_order, per_share, rate, cap_rate):
    """Fee of one fill in micros."""
    notional = quantity * price  # first, because half a micro can depend on the order of products
    fee = max(minimum, per_order + per_share * quantity + rate * notional)
    if cap_rate > 0:
        fee = min(fee, cap_rate * notional)
    return micros(fee)


def participation(volume, fraction, lot):
    """Most units that one bar fills; fraction None means no limit."""
    if fraction is None or math.isnan(volume):
        return math.inf
    fraction, volume, lot = (Decimal(str(x)) for x in (fraction, volume, lot))
    return float(fraction * volume // lot * lot)


def plus(*units):
    """Sum of numbers of units, as decimals: 0.1 + 0.2 is 0.3."""
    return float(sum(Decimal(str(each)) for each in units))


def on_grid(units):
    """Units are given to 1e-9, half to even."""
    if not math.isfinite(units):
        return units
    return float(round(Decimal(str(units)), 9))
