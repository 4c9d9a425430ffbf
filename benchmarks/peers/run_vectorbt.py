"""S1 and the sweep with vectorbt: indicators and signals as arrays, orders by its compiled loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import vectorbt as vbt
from common import CASH, FAST, SHARES, SLOW, Job, main


def s1(data: dict[str, Any]) -> Job:
    """All symbols as columns."""
    opens, closes = np.ascontiguousarray(data["open"].T), np.ascontiguousarray(data["close"].T)
    return _job(opens, closes, FAST, SLOW, sum)


def sweep(data: dict[str, Any]) -> Job:
    """The first symbol, every pair of averages a column."""
    fasts, slows = data["pairs"].T.tolist()
    return _job(data["open"][:1].T, data["close"][:1].T, fasts, slows, list)


def _job(opens: Any, closes: Any, fasts: Any, slows: Any, collect: Any) -> Job:
    def run() -> Any:
        fast = vbt.MA.run(closes, fasts).ma.to_numpy()
        slow = vbt.MA.run(closes, slows).ma.to_numpy()
        return vbt.Portfolio.from_signals(
            closes,
            _next_bar(fast > slow),
            _next_bar(fast < slow),
            price=opens,
            size=SHARES,
            init_cash=CASH,
        )

    def read(portfolio: Any) -> tuple[Any, Any]:
        fills = np.atleast_1d(portfolio.orders.count())
        cash = np.atleast_2d(portfolio.cash().to_numpy().T).T[-1] - CASH
        return collect(fills.tolist()), collect(cash.tolist())

    return Job(run, read)


def _next_bar(signals: Any) -> Any:
    shifted = np.zeros_like(signals)
    shifted[1:] = signals[:-1]
    return shifted


if __name__ == "__main__":
    main("vectorbt", "next open", {"s1": s1, "sweep": sweep})
