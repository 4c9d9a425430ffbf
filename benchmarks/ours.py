"""S1 in this project's three styles of strategy, run through its Python face."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.bare import FAST, PAIRS, SHARES, SLOW
from benchmarks.data import Market
from benchmarks.runner import Sample
from mismartera_core import (
    Bar,
    PortfolioStrategy,
    Signals,
    SignalStrategy,
    Strategy,
    StrategyParams,
    backtest,
)
from mismartera_core.system.sweep import sweep as run_sweep

CASH = 1_000_000
"""Nothing is refused for want of it: the runs test no buying power (leverage None)."""


class CrossParams(StrategyParams):
    """Periods in bars, size in shares."""

    fast: int = FAST
    slow: int = SLOW
    shares: int = SHARES


class EventCross(Strategy):
    """S1 bar by bar. Orders outlive the session, as S1 trades on at the next open."""

    class Params(CrossParams):
        pass

    def setup(self) -> None:
        self.fast = self.indicator("sma", period=self.params.fast)
        self.slow = self.indicator("sma", period=self.params.slow)

    def on_bar(self, bar: Bar) -> None:  # noqa: ARG002 - the call they get
        if self.fast.value > self.slow.value and self.position.is_flat:
            self.buy(self.params.shares, time_in_force="gtc")
        elif self.fast.value < self.slow.value and self.position.is_long:
            self.sell(self.params.shares, time_in_force="gtc")


class PortfolioCross(PortfolioStrategy):
    """S1 with one call a minute for all symbols."""

    class Params(CrossParams):
        pass

    targets = "shares"

    def setup(self) -> None:
        self.fast = self.indicator("sma", period=self.params.fast)
        self.slow = self.indicator("sma", period=self.params.slow)

    def on_step(self, step: Any) -> np.ndarray:  # noqa: ARG002 - the call they get
        fast, slow = self.fast.value, self.slow.value
        targets: np.ndarray = (fast > slow) * float(self.params.shares)
        targets[fast == slow] = np.nan  # stays as it is
        return targets


class SignalCross(SignalStrategy):
    """S1 as a function of columns."""

    class Params(CrossParams):
        pass

    def signals(self, bars: Any, indicators: Any) -> Signals:  # noqa: ARG002 - the call they get
        fast = indicators("sma", period=self.params.fast)
        slow = indicators("sma", period=self.params.slow)
        return Signals.from_entries(fast > slow, fast < slow, self.params.shares)


def engine(market: Market, strategy: type) -> Callable[[], Sample]:
    """A contender: the engine's own time, from the first session to the last result."""

    def run() -> Sample:
        gc.collect()
        start = time.perf_counter()
        record = _record(market, strategy, {})
        total = time.perf_counter() - start
        fills, cash = _outcome(record)
        notes = (f"{total:.3g} s with load", *record.notes)
        return Sample(record.seconds, fills, cash, note="; ".join(notes))

    return run


def sweep(market: Market) -> Sample:
    """`SignalCross` for every pair of averages; the sweep's own time."""
    gc.collect()
    grid = [{"fast": fast, "slow": slow} for fast, slow in PAIRS]
    found = run_sweep(market.frames, SignalCross, grid, cash=CASH)
    cash = (found.frame["ending_cash"] - CASH).tolist()
    return Sample(
        found.seconds,
        found.frame["fills"].tolist(),
        cash,
        rule="next open, day orders",  # targets become day orders
        note="; ".join(found.notes),
    )


def _record(market: Market, strategy: type, params: dict[str, int]) -> Any:
    return backtest(market.frames, strategy, params=params, cash=CASH, leverage=None).record


def _outcome(record: Any) -> tuple[int, float]:
    fills = record.fills
    return len(fills), -float(np.sum(fills.side * fills.quantity * fills.price))
