"""The standard cost formulas; every built-in cost model is one of them with its own numbers.

Pure scalar arithmetic, so that the compiled loop runs the same code.
"""

from __future__ import annotations

import math

import numpy as np

from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.quantities import on_grid

MICROS = 1e6
_NOISE = 1e-9
"""Of a lot: what decimal lots such as 0.1 leave in binary fractions."""

FREE = (0.0, 0.0, 0.0, 0.0, 0.0)
"""Parameters of `commission` that charge nothing."""
EXACT = (0.0, 0.0, 0.0)
"""Parameters of `slippage` that move nothing."""


def commission(
    side: float,  # noqa: ARG001 - one signature for all models
    quantity: float,
    price: float,
    open_: float,  # noqa: ARG001
    high: float,  # noqa: ARG001
    low: float,  # noqa: ARG001
    close: float,  # noqa: ARG001
    volume: float,  # noqa: ARG001
    minimum: float,
    per_order: float,
    per_share: float,
    rate: float,
    cap_rate: float,
) -> float:
    """Fee of one fill.

    max(minimum, per_order + per_share * quantity + rate * notional), at most cap_rate * notional
    where cap_rate is above zero.

    Args:
        side: +1.0 buys, -1.0 sells.
        quantity: Units filled.
        price: Price after slippage.
        open_: Open of the bar.
        high: Its high.
        low: Its low.
        close: Its close.
        volume: Its volume.
        minimum: Least fee.
        per_order: Fee a fill.
        per_share: Fee a unit.
        rate: Fee as a share of the notional.
        cap_rate: Most that is charged, as a share of the notional; 0 for no cap.
    """
    notional = quantity * price
    fee = max(minimum, per_order + per_share * quantity + rate * notional)
    if cap_rate > 0.0:
        fee = min(fee, cap_rate * notional)
    return fee


def slippage(
    side: float,
    quantity: float,
    price: float,
    open_: float,  # noqa: ARG001
    high: float,
    low: float,
    close: float,  # noqa: ARG001
    volume: float,
    fixed: float,
    rate: float,
    impact: float,
) -> float:
    """Price after slippage, never outside the bar, rounded half to even at 1e-6.

    price + side * (fixed + rate * price + impact * price * (quantity / volume) ** 2), the last term
    only where the volume is known and above zero (the volume-share model of zipline).

    Args:
        side: +1.0 buys, -1.0 sells.
        quantity: Units filled.
        price: Price before slippage.
        open_: Open of the bar.
        high: Its high.
        low: Its low.
        close: Its close.
        volume: Its volume.
        fixed: Currency units against the trader.
        rate: Share of the price against the trader.
        impact: Price impact of trading the whole volume of the bar.
    """
    against = fixed + rate * price
    if volume > 0.0:
        part = quantity / volume
        against += impact * price * part * part
    moved = min(max(price + side * against, low), high)
    return float(round(moved * MICROS)) / MICROS


def participation(
    side: float,  # noqa: ARG001
    quantity: float,  # noqa: ARG001
    price: float,  # noqa: ARG001
    open_: float,  # noqa: ARG001
    high: float,  # noqa: ARG001
    low: float,  # noqa: ARG001
    close: float,  # noqa: ARG001
    volume: float,
    fraction: float,
    lot: float,
) -> float:
    """Most units that one bar fills: whole lots of a fraction of its volume.

    Args:
        side: +1.0 buys, -1.0 sells.
        quantity: Units asked for.
        price: Price.
        open_: Open of the bar.
        high: Its high.
        low: Its low.
        close: Its close.
        volume: Its volume; NaN limits nothing.
        fraction: Share of the volume; infinite limits nothing.
        lot: Units of a lot.
    """
    if math.isnan(volume) or math.isinf(fraction):
        return math.inf
    return on_grid(math.floor(fraction * volume / lot + _NOISE) * lot)


def to_micros(amount: float) -> int:
    """Money as a count of 1e-6 currency units, rounded half to even."""
    return round(amount * MICROS)


def slipped(signed: FloatArray, exact: FloatArray, paid: FloatArray) -> IntArray:
    """What slippage has cost, in 1e-6 currency units: the difference of the rounded notionals.

    Args:
        signed: Units of each fill, negative when sold.
        exact: Price of each before slippage.
        paid: Price of each after it.
    """
    cost = np.rint(signed * paid * MICROS) - np.rint(signed * exact * MICROS)
    whole: IntArray = cost.astype(np.int64)
    return whole


def charge(
    signed: FloatArray,
    exact: FloatArray,
    bars: FloatArray,
    slipping: tuple[float, float, float],
    charging: tuple[float, float, float, float, float],
    paid: FloatArray,
    fees: IntArray,
) -> None:
    """Prices after slippage and commissions of many fills at once; this loop is compiled.

    Args:
        signed: Units of each fill, negative when sold.
        exact: Price of each before slippage.
        bars: Open, high, low, close and volume of the bar of each, shape (fills, 5).
        slipping: Numbers of `slippage`.
        charging: Numbers of `commission`.
        paid: Written: price of each after slippage.
        fees: Written: commission of each in 1e-6 currency units.
    """
    fixed, share, impact = slipping
    minimum, per_order, per_share, rate, cap_rate = charging
    for i in range(len(signed)):
        side = 1.0 if signed[i] > 0.0 else -1.0
        quantity = abs(signed[i])
        o, h, l, c, v = bars[i, 0], bars[i, 1], bars[i, 2], bars[i, 3], bars[i, 4]  # noqa: E741
        price = slippage(side, quantity, exact[i], o, h, l, c, v, fixed, share, impact)
        paid[i] = price
        fees[i] = to_micros(
            commission(
                *(side, quantity, price, o, h, l, c, v),
                *(minimum, per_order, per_share, rate, cap_rate),
            )
        )
