"""No strategy and no order can see the future: scrambling it changes nothing before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from engine_runs import registry

from mismartera_core import Signals, SignalStrategy, Strategy, backtest, interval_ns
from mismartera_core.testing import repriced, session_table, to_frame, walk_bars

DAYS = [date(2024, 3, 8), date(2024, 3, 11)]
HOUR = interval_ns("1h")
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


def data():
    """The first hours of the days; the second symbol misses minutes."""
    table = session_table(DAYS[0], DAYS[1])
    table = replace(table, close_ns=table.open_ns + HOUR)
    return {
        name: walk_bars(table, seed=seed, price=price, step=6e-4, missing=missing)
        for name, seed, price, missing in (
            ("AAA", 11, 100.0, 0.0),
            ("BBB", 12, 50.0, 0.2),
            ("CCC", 13, 20.0, 0.0),
        )
    }


def frames(bars):
    return {name: to_frame(part, "America/New_York") for name, part in bars.items()}


def scrambled(bars, cut, seed):
    """The same stamps, but other possible bars from the cut on."""
    return {
        name: repriced(b, int(np.searchsorted(b.ts, cut)), seed=seed) for name, b in bars.items()
    }


def assert_unchanged(strategy, after, **options):
    """Everything up to the cut is as it was: what was asked for, what filled, the equity."""
    bars = data()
    cut = pd.Timestamp(after, tz="America/New_York")
    run = backtest(frames(bars), strategy, registry=registry(), leverage=None, **options)
    assert len(run.fills)
    for seed in (1, 2):
        others = frames(scrambled(bars, cut.as_unit("ns").value, seed))
        other = backtest(others, strategy, registry=registry(), leverage=None, **options)
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
