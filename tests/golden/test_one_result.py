"""One run, one result: however it is paced, framed, prefetched, compiled or repeated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bars import random_walk, tuples
from engine_runs import registry, run_engine

from mismartera_core import Signals, SignalStrategy, Strategy, backtest

DAYS = ["2024-03-08", "2024-03-11", "2024-03-12"]
FAST = 1e9
"""So many times real time that nobody waits, yet every frame is one step."""
WAYS = [
    {"prefetch_days": 1},
    {"prefetch_days": 2},
    {"speed_multiplier": FAST},
    {"speed_multiplier": FAST, "prefetch_days": 1},
]
EXAMPLES = {
    "sma_cross": {"fast": 5, "slow": 12},
    "opening_range_breakout": {"minutes": 5},
    "vwap_reversion": {},
    "cross_sectional": {"top": 1, "every": 7},
    "ema_signal": {"fast": 5, "slow": 12},
}


def bars(minutes=90):
    return {
        "AAA": random_walk(DAYS, seed=5, minutes=minutes),
        "BBB": random_walk(DAYS, seed=6, minutes=minutes, price=40.0, present=0.7),
        "CCC": random_walk(DAYS, seed=7, minutes=minutes, price=250.0),
    }


def recorder(seen):
    """A strategy that notes every value it is shown, and trades on one of them."""

    class Recorder(Strategy):
        def setup(self):
            self.average = self.indicator("ema", period=8)
            self.strength = self.indicator("rsi", period=5)
            self.fives = self.indicator("sma", period=3, interval="5m")

        def on_bar(self, bar):
            values = (self.average.value, self.strength.value, self.fives.value)
            known = (len(self.bars()), len(self.bars("5m")), float(self.bars().close[-1]))
            row = np.array([*values, *known, float(self.equity)]).tobytes()
            seen.append((self.symbol, bar.ts, row))
            if self.strength.value < 35 and self.position.is_flat and not self.orders:
                self.buy(10, stop_loss=bar.close * 0.995, take_profit=bar.close * 1.005)
            elif self.strength.value > 70:
                self.close()

    return Recorder


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_values_and_trades_are_the_same_bit_for_bit(way):
    seen, again = [], []
    data = bars()
    run = backtest(data, recorder(seen), registry=registry())
    other = backtest(data, recorder(again), registry=registry(), **way)
    assert len(run.fills) > 10
    assert seen == again
    assert other.trade_hash == run.trade_hash
    assert other.equity.equals(run.equity)


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("name", EXAMPLES)
def test_example_strategies_trade_the_same(name, way):
    data = bars(minutes=60)
    options = {"registry": registry(), "leverage": None, "params": EXAMPLES[name]}
    run = backtest(data, name, **options)
    assert len(run.fills)
    assert backtest(data, name, **options, **way).trade_hash == run.trade_hash


def test_twice_in_a_row_and_symbols_in_another_order():
    data = bars()
    hashes = {backtest(data, "sma_cross", registry=registry()).trade_hash for _ in range(2)}
    assert len(hashes) == 1
    turned = dict(reversed(data.items()))
    free = {"leverage": None, "registry": registry()}
    one, other = (backtest(d, "sma_cross", **free).trade_hash for d in (data, turned))
    assert one == other


def test_blocks_of_any_number_of_sessions():
    walks = [tuples(frame) for frame in bars().values()]
    data = dict(zip("ABC", walks, strict=True))
    opens = sorted({bar[0] - bar[0] % 86_400_000_000_000 for bar in data["A"]})
    sessions = [(day + 13 * 3_600_000_000_000, day + 21 * 3_600_000_000_000) for day in opens]
    results = []
    for block in (1, 2, 5):
        seen = []
        record = run_engine(data, sessions, {"one": recorder(seen)}, block_sessions=block)
        results.append((record.trade_hash, seen))
    assert results[0] == results[1] == results[2]


def test_compiled_and_stepped_signals_trade_the_same():
    class Targets(SignalStrategy):
        def signals(self, bars, indicators):
            fast, slow = indicators("ema", period=5), indicators("ema", period=12)
            target = np.where(np.isnan(slow), np.nan, np.where(fast > slow, 100.0, -50.0))
            return Signals(target, bars.close * 0.99, bars.close * 1.02)

    data = bars()
    free = {"leverage": None, "registry": registry()}
    run = backtest(data, Targets, **free)
    assert len(run.fills) > 20
    assert backtest(data, Targets, speed_multiplier=FAST, **free).trade_hash == run.trade_hash


SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from bars import random_walk
from mismartera_core import backtest
data = {n: random_walk(["2024-03-08"], seed=i, minutes=90) for i, n in enumerate("CAB")}
names = ("sma_cross", "ema_signal", "cross_sectional")
print(json.dumps([backtest(data, name, leverage=None).trade_hash for name in names]))
"""


def test_hash_seeds_change_nothing():
    tests = str(Path(__file__).parents[1])
    found = []
    for seed in ("0", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, tests],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(json.loads(done.stdout))
    assert found[0] == found[1]
    assert len(set(found[0])) == 3
