"""S1 with backtrader: one strategy over all feeds. Its run includes filling its own lines."""

from __future__ import annotations

from typing import Any

import backtrader as bt
from common import CASH, FAST, SHARES, SLOW, Job, frames, main


class SmaCross(bt.Strategy):
    def __init__(self) -> None:
        self.averages = [
            (feed, bt.ind.SMA(feed.close, period=FAST), bt.ind.SMA(feed.close, period=SLOW))
            for feed in self.datas
        ]

    def next(self) -> None:
        for feed, fast, slow in self.averages:
            if fast[0] > slow[0]:
                if not self.getposition(feed).size:
                    self.buy(feed, size=SHARES)
            elif fast[0] < slow[0] and self.getposition(feed).size:
                self.close(feed)


def s1(data: dict[str, Any]) -> Job:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.setcash(CASH * len(data["symbols"]))
    for frame in frames(data):
        cerebro.adddata(bt.feeds.PandasData(dataname=frame))
    cerebro.addstrategy(SmaCross)
    return Job(lambda: cerebro.run()[0], _read)


def _read(strategy: Any) -> tuple[int, float]:
    filled = [order for order in strategy.broker.orders if order.status == bt.Order.Completed]
    return len(filled), -sum(order.executed.size * order.executed.price for order in filled)


if __name__ == "__main__":
    main("backtrader", "next open", {"s1": s1})
