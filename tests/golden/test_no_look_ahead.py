"""No strategy and no order can see the future: scrambling it changes nothing before it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bars import random_walk
from engine_runs import registry

from mismartera_core import Signals, SignalStrategy, Strategy, backtest

DAYS = ["2024-03-08", "2024-03-11"]
PARAMS = {
    "sma_cross": {"fast": 4, "slow": 9},
    "opening_range_breakout": {"minutes": 10},
    "vwap_reversion": {},
    "cross_sectional": {"top": 1, "every": 5},
    "ema_signal": {"fast": 4, "slow": 9},
}
SEEN = ["order_id", "submitted_at", "symbol", "side", "type", "quantity", "limit_price", "tag"]
CUTS = ["2024-03-08 09:45", "2024-03-08 10:29", "2024-03-11 09:30", "2024-03-11 10:07"]


def registered():
    """Every registered strategy, so that a new example is tested too."""
    return [record.name for record in registry().records("strategy")]


def scrambled(frame, after, seed):
    """The same stamps, but other valid bars from `after` on."""
    rng = np.random.default_rng(seed)
    frame = frame.copy()
    late = frame.index >= after
    count = int(late.sum())
    base = rng.uniform(0.5, 2.0, count) * frame["close"].iloc[0]
    spread = base * rng.uniform(0.0, 0.1, (4, count))
    frame.loc[late, "open"] = base + spread[0] - spread[1]
    frame.loc[late, "close"] = base - spread[0] + spread[1]
    frame.loc[late, "high"] = frame.loc[late, ["open", "close"]].max(axis=1) + spread[2]
    frame.loc[late, "low"] = frame.loc[late, ["open", "close"]].min(axis=1) - spread[3] / 2
    frame.loc[late, "volume"] = rng.integers(0, 5000, count)
    return frame


def data():
    return {
        name: random_walk(DAYS, seed=seed, minutes=60, price=price, present=present)
        for name, seed, price, present in (
            ("AAA", 11, 100.0, 1.0),
            ("BBB", 12, 50.0, 0.8),
            ("CCC", 13, 20.0, 1.0),
        )
    }


def assert_unchanged(strategy, after, **options):
    """Everything up to the cut is as it was: what was asked for, what filled, the equity."""
    bars = data()
    cut = pd.Timestamp(after, tz="America/New_York")
    run = backtest(bars, strategy, registry=registry(), leverage=None, **options)
    assert len(run.fills)
    for seed in (1, 2):
        other_bars = {name: scrambled(frame, cut, seed) for name, frame in bars.items()}
        other = backtest(other_bars, strategy, registry=registry(), leverage=None, **options)
        # A bar stamped before the cut is known at the cut at the latest.
        pd.testing.assert_frame_equal(
            run.fills[run.fills["filled_at"] <= cut], other.fills[other.fills["filled_at"] <= cut]
        )
        early = run.signals[run.signals["submitted_at"] <= cut][SEEN]
        late = other.signals[other.signals["submitted_at"] <= cut][SEEN]
        pd.testing.assert_frame_equal(sorted_rows(early), sorted_rows(late))
        pd.testing.assert_frame_equal(run.equity[:cut], other.equity[:cut])


def sorted_rows(table):
    return table.sort_values(["submitted_at", "order_id", "symbol"]).reset_index(drop=True)


@pytest.mark.parametrize("after", CUTS)
@pytest.mark.parametrize("name", registered())
def test_registered_strategies(name, after):
    assert_unchanged(name, after, params=PARAMS.get(name, {}))


def test_orders_of_every_kind():
    class Everything(Strategy):
        def setup(self):
            self.atr = self.indicator("atr", period=5)
            self.fives = self.indicator("sma", period=2, interval="5m")
            self.count = 0

        def on_bar(self, bar):
            self.count += 1
            step = max(self.atr.value, 0.01) if self.atr.value > 0 else 0.01
            if self.count % 5 == 0:
                one = self.buy(10, limit=bar.close - step)
                self.sell(10, stop=bar.close - 2 * step, oco=one)
            elif self.count % 5 == 2:
                self.buy(10, stop=bar.close + step, stop_loss=bar.close - step)
            elif self.count % 5 == 4:
                self.sell(5, trail=step)
                self.buy(1 + len(self.bars("5m")))

    for after in CUTS:
        assert_unchanged(Everything, after)


def test_a_look_ahead_is_caught():
    """The proof can fail: a function that reads one row ahead is caught."""

    class Clairvoyant(SignalStrategy):
        def signals(self, bars, indicators):
            ahead = np.append(bars.close[1:], bars.close[-1:])
            return Signals(np.where(ahead > bars.close, 10.0, 0.0))

    def every_cut():
        for after in CUTS:
            assert_unchanged(Clairvoyant, after)

    with pytest.raises(AssertionError):
        every_cut()
