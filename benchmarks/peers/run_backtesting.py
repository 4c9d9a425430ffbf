"""S1 with backtesting.py: one backtest a symbol, as it knows no portfolios."""

from __future__ import annotations

import warnings
from typing import Any

from backtesting import Backtest, Strategy
from common import CASH, FAST, SHARES, SLOW, Job, frames, main


def average(closes: Any, period: int) -> Any:
    return closes.s.rolling(period).mean()


class SmaCross(Strategy):
    def init(self) -> None:
        self.fast = self.I(average, self.data.Close, FAST)
        self.slow = self.I(average, self.data.Close, SLOW)

    def next(self) -> None:
        if self.fast[-1] > self.slow[-1]:
            if not self.position:
                self.buy(size=SHARES)
        elif self.fast[-1] < self.slow[-1] and self.position:
            self.position.close()


def s1(data: dict[str, Any]) -> Job:
    tests = [Backtest(frame, SmaCross, cash=CASH) for frame in frames(data)]
    return Job(lambda: [test.run() for test in tests], _read)


def _read(results: list[Any]) -> tuple[int, float]:
    fills, cash = 0, 0.0
    for stats in results:
        closed, still_open = stats["_trades"], stats["_strategy"].trades
        fills += 2 * len(closed) + len(still_open)
        cash += float((closed.Size * (closed.ExitPrice - closed.EntryPrice)).sum())
        cash -= sum(trade.size * trade.entry_price for trade in still_open)
    return fills, cash


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main("backtesting", "next open, first bar skipped", {"s1": s1})
