"""S1 in hand-written numba loops: what a compiled engine can reach at best."""

from __future__ import annotations

import numpy as np
from numba import njit

from benchmarks.bare import FAST, PAIRS, SHARES, SLOW, Result
from benchmarks.data import Market


def event_loop(market: Market) -> Result:
    """Bar by bar over arrays, symbol after symbol, fills recorded."""
    fills, cash = 0, 0.0
    for opens, closes in zip(market.open, market.close, strict=True):
        bars, sides, prices = _trade(opens, closes, FAST, SLOW)
        fills += len(bars)
        cash -= SHARES * float(sides @ prices)
    return Result(fills, cash)


def sweep(market: Market) -> list[Result]:
    """S1 for each pair of averages on the first symbol."""
    pairs = np.array(PAIRS)
    fills, cash = _sweep(market.open[0], market.close[0], pairs[:, 0], pairs[:, 1])
    return [Result(int(n), float(c)) for n, c in zip(fills, cash, strict=True)]


@njit(cache=True)
def _trade(opens, closes, fast, slow):
    bars = np.empty(len(closes), np.int64)
    sides = np.empty(len(closes), np.float64)
    prices = np.empty(len(closes), np.float64)
    count = 0
    position = 0
    order = 0
    fast_sum = closes[slow - fast : slow - 1].sum()
    slow_sum = closes[: slow - 1].sum()
    for i in range(slow - 1, len(closes)):
        if order != 0:
            bars[count] = i
            sides[count] = order
            prices[count] = opens[i]
            count += 1
            position += order
            order = 0
        fast_sum += closes[i]
        slow_sum += closes[i]
        fast_average = fast_sum / fast
        slow_average = slow_sum / slow
        if fast_average > slow_average:
            if position == 0:
                order = 1
        elif fast_average < slow_average and position != 0:
            order = -1
        fast_sum -= closes[i - fast + 1]
        slow_sum -= closes[i - slow + 1]
    return bars[:count], sides[:count], prices[:count]


@njit(cache=True)
def _sweep(opens, closes, fasts, slows):
    fills = np.empty(len(fasts), np.int64)
    cash = np.empty(len(fasts), np.float64)
    for k in range(len(fasts)):
        bars, sides, prices = _trade(opens, closes, fasts[k], slows[k])
        fills[k] = len(bars)
        cash[k] = -SHARES * (sides * prices).sum()
    return fills, cash
