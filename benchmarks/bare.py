"""S1 in bare Python and bare numpy: the floors that everything is measured against.

S1 is the cross of two moving averages of the closes, long only, a fixed number of shares, a market
order filled at the next bar's open, no costs, positions carried over sessions. Each function
returns a `Result`, so that what is timed is also checked.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.data import Market

FAST, SLOW, SHARES = 10, 30, 100
PAIRS = tuple((fast, slow) for fast in range(5, 25) for slow in range(30, 80, 5))
"""The 200 pairs of averages of the sweep."""


class Result(NamedTuple):
    """What engines must agree on: how often it filled, and how much cash that added."""

    fills: int
    cash: float


def python_loop(market: Market) -> Result:
    """Over lists, symbol after symbol: the floor of a strategy written in Python."""
    fills, cash = 0, 0.0
    for opens, closes in market.lists:
        count, change = _one_symbol(opens, closes)
        fills += count
        cash += change
    return Result(fills, cash)


def _one_symbol(opens: list[float], closes: list[float]) -> tuple[int, float]:
    fast_sum = sum(closes[SLOW - FAST : SLOW - 1])
    slow_sum = sum(closes[: SLOW - 1])
    position = order = 0
    cash = 0.0
    fills: list[tuple[int, int, float]] = []
    for i in range(SLOW - 1, len(closes)):
        if order:
            price = opens[i]
            position += order
            cash -= order * price
            fills.append((i, order, price))
            order = 0
        close = closes[i]
        fast_sum += close
        slow_sum += close
        fast = fast_sum / FAST
        slow = slow_sum / SLOW
        if fast > slow:
            if not position:
                order = SHARES
        elif fast < slow and position:
            order = -SHARES
        fast_sum -= closes[i - FAST + 1]
        slow_sum -= closes[i - SLOW + 1]
    return len(fills), cash


def python_loop_by_time(market: Market) -> Result:
    """The same, all symbols of a minute before the next minute."""
    opens = list(zip(*(o for o, _ in market.lists), strict=True))
    closes = list(zip(*(c for _, c in market.lists), strict=True))
    fast_sums = [sum(c[SLOW - FAST : SLOW - 1]) for _, c in market.lists]
    slow_sums = [sum(c[: SLOW - 1]) for _, c in market.lists]
    positions = [0] * len(market.symbols)
    orders = [0] * len(market.symbols)
    cash = 0.0
    fills: list[tuple[int, int, int, float]] = []
    for i in range(SLOW - 1, len(closes)):
        row, old_fast, old_slow = opens[i], closes[i - FAST + 1], closes[i - SLOW + 1]
        for s, close in enumerate(closes[i]):
            order = orders[s]
            if order:
                price = row[s]
                positions[s] += order
                cash -= order * price
                fills.append((i, s, order, price))
                orders[s] = 0
            fast_sum = fast_sums[s] + close
            slow_sum = slow_sums[s] + close
            fast = fast_sum / FAST
            slow = slow_sum / SLOW
            if fast > slow:
                if not positions[s]:
                    orders[s] = SHARES
            elif fast < slow and positions[s]:
                orders[s] = -SHARES
            fast_sums[s] = fast_sum - old_fast[s]
            slow_sums[s] = slow_sum - old_slow[s]
    return Result(len(fills), cash)


def numpy_minute_loop(market: Market) -> Result:
    """One row of all symbols a minute: the floor of a `PortfolioStrategy`."""
    opens, closes = market.rows
    fast_sum = closes[SLOW - FAST : SLOW - 1].sum(axis=0)
    slow_sum = closes[: SLOW - 1].sum(axis=0)
    held = np.zeros(len(market.symbols), dtype=bool)
    wanted = held
    cash = 0.0
    fills: list[tuple[int, np.ndarray, np.ndarray, np.ndarray]] = []
    for i in range(SLOW - 1, len(closes)):
        who = (wanted != held).nonzero()[0]
        if len(who):
            prices = opens[i][who]
            orders = np.where(wanted[who], SHARES, -SHARES)
            cash -= float(orders @ prices)
            fills.append((i, who, orders, prices))
            held = wanted
        row = closes[i]
        fast_sum += row
        slow_sum += row
        fast = fast_sum / FAST
        slow = slow_sum / SLOW
        wanted = (fast > slow) | (held & (fast == slow))
        fast_sum -= closes[i - FAST + 1]
        slow_sum -= closes[i - SLOW + 1]
    return Result(sum(len(who) for _, who, _, _ in fills), cash)
