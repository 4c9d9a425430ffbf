"""S1 in whole arrays and whole numbers: what each fill rule must give, to the cent.

Prices are whole sixteenths, so sums and comparisons here are exact; nothing is shared with the
loops that are timed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.bare import FAST, SHARES, SLOW, Result
from benchmarks.data import TICK, Market, before_half_days


@dataclass(frozen=True)
class Rule:
    """How an engine fills an order that a bar's close gave rise to.

    Attributes:
        name: As in the tables.
        next_open: At the next bar's open, or else at the close of the very bar.
        first: The first bar, counted from 0, that is traded on.
        day_orders: Whether an order ends with its session. One placed at a close is for the next
            session; where that is a half day, which the data leave out, it expires there unfilled.
    """

    name: str
    next_open: bool
    first: int = SLOW - 1
    day_orders: bool = False


RULES = {
    rule.name: rule
    for rule in (
        Rule("next open", next_open=True),
        Rule("next open, first bar skipped", next_open=True, first=SLOW),
        Rule("next open, day orders", next_open=True, day_orders=True),
        Rule("signal close", next_open=False),
    )
}


def expected(market: Market, rule: str = "next open", fast: int = FAST, slow: int = SLOW) -> Result:
    """Fills and change of cash of S1 under a fill rule."""
    chosen = RULES[rule]
    fills, sixteenths = 0, 0
    lost = before_half_days(market.ts) if chosen.day_orders else []
    for opens, closes in zip(_whole(market.open), _whole(market.close), strict=True):
        orders = _orders(closes, fast, slow, max(chosen.first, slow - 1), lost)
        if chosen.next_open:
            orders, prices = orders[:-1], opens[1:]
        else:
            prices = closes
        fills += int(np.count_nonzero(orders))
        sixteenths -= int(orders @ prices)
    return Result(fills, SHARES * sixteenths * TICK)


def _orders(
    closes: np.ndarray, fast: int, slow: int, first: int, lost: Sequence[int]
) -> np.ndarray:
    """+1, 0, -1 after each close: into the position, nothing, out of it.

    What is wanted after the bars `lost` comes to nothing, and is wanted anew after the next bar.
    """
    total = np.concatenate([[0], np.cumsum(closes)])
    ends = np.arange(slow, len(total))
    fast_sums = total[ends] - total[ends - fast]
    slow_sums = total[ends] - total[ends - slow]
    side = np.zeros(len(closes), dtype=np.int64)
    side[slow - 1 :] = np.sign(fast_sums * slow - slow_sums * fast)
    side[:first] = 0
    side[lost] = 0
    last_cross = np.maximum.accumulate(np.where(side != 0, np.arange(len(side)), 0))
    held = (side[last_cross] > 0).astype(np.int64)
    return np.diff(held, prepend=0)


def _whole(prices: np.ndarray) -> np.ndarray:
    return np.rint(prices / TICK).astype(np.int64)
