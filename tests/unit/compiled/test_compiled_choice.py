"""What is compiled, what is stepped, and what a reader is told of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from engine_runs import run_engine
from reference.simulator import MINUTE

from mismartera_core import RiskCheck, Signals, SignalStrategy, Strategy

SESSIONS = [(day * 100 * MINUTE, (day * 100 + 6) * MINUTE) for day in range(1, 5)]


def series(seed=0):
    """Bars of every minute of the sessions."""
    steps = np.random.default_rng(seed).integers(-4, 5, 4 * 6).cumsum() / 4 + 100
    return [
        (open_ns + minute * MINUTE, p, p + 1, p - 1, p + 0.25, 100.0, open_ns + minute * MINUTE)
        for (open_ns, _), prices in zip(SESSIONS, steps.reshape(4, 6), strict=True)
        for minute, p in enumerate(prices.tolist())
    ]


class Sway(SignalStrategy):
    """In and out every other bar, ordering at the close too."""

    def signals(self, bars, indicators):
        return Signals(np.where(np.arange(len(bars)) % 3 == 0, 10.0, 0.0))


class LateStop(Sway):
    """Asks for stops from the third session on."""

    def signals(self, bars, indicators):
        made = super().signals(bars, indicators)
        late = bars.ts >= SESSIONS[2][0]
        return Signals(made.target, np.where(late, bars.low - 1, np.nan) if late.any() else None)


class Stepwise(Strategy):
    """Does nothing."""

    def on_bar(self, bar):
        """Nothing."""


class Open(RiskCheck):
    """Refuses nothing."""

    def check(self, order, account):
        """Nothing to say."""


def run(strategy=Sway, **words):
    words = {"compiled": True, **words}
    return run_engine({"A": series(), "B": series(1)}, SESSIONS, {"one": strategy}, **words)


def stamps(record):
    return record.fills.filled_ns.tolist(), record.fills.price.tolist(), record.fills.side.tolist()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"leverage": 1.0}, "buying power (leverage) is not compiled"),
        ({"risk": (("open", Open()),)}, "risk checks are not compiled"),
        ({"participation": 0.5}, "a participation limit is not compiled"),
        ({"flat_by_close": {"one": 2}}, "flat_by_close is not compiled"),
        ({"speed": 1e9}, "a run in real time is stepped"),
    ],
)
def test_what_is_not_compiled_is_stepped_and_said(words, why):
    record = run(**words)
    assert record.notes == (f"stepped: {why}",)
    assert len(record.fills)


def test_paced_runs_trade_the_same():
    assert run(speed=1e9).trade_hash == run().trade_hash


def test_event_strategies_have_no_note():
    assert run(Stepwise).notes == ()


def test_without_numba_it_steps(monkeypatch):
    compiled = run()
    monkeypatch.setattr("mismartera_core.system.compiled_choice.find_spec", lambda name: None)
    record = run()
    assert record.notes == ("stepped: numba is not installed",)
    assert record.trade_hash == compiled.trade_hash


@pytest.mark.parametrize("block", [1, 2, 3, 4])
@pytest.mark.parametrize("trailing", [None, 0, 1])
def test_stops_that_come_late_are_stepped_from_there(block, trailing):
    words = {"block_sessions": block, "trailing": trailing}
    record = run(LateStop, **words)
    stepped = run(LateStop, compiled=False, **words)
    assert record.notes == ("stepped: stop_loss and take_profit are not compiled",)
    assert record.trade_hash == stepped.trade_hash
    for name in ("id", "status", "reason", "quantity", "submitted_ns", "updated_ns"):
        ours, theirs = getattr(record.orders, name), getattr(stepped.orders, name)
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(record.equity.equity, stepped.equity.equity)


@pytest.mark.parametrize("sessions", [1, 2, 3])
def test_a_run_that_fails_has_booked_what_was_replayed(sessions):
    """The block is traded at once; what a stopped run records ends with its last session."""
    seen = []

    def stop(day, done, total, bars, seconds):
        seen.append(bars)
        if done == sessions:
            raise RuntimeError("enough")

    found = {}
    for compiled in (True, False):
        with pytest.raises(RuntimeError, match="enough"):
            run(compiled=compiled, progress=stop, keep=found.setdefault(compiled, []))
    ours, theirs = found[True][0], found[False][0]
    assert ours.trade_hash == theirs.trade_hash
    np.testing.assert_array_equal(ours.orders.status, theirs.orders.status)
    np.testing.assert_array_equal(ours.orders.id, theirs.orders.id)
    np.testing.assert_array_equal(ours.equity.equity, theirs.equity.equity)


_SCRIPT = """
import json, sys
from engine_runs import run_engine
from test_compiled_choice import SESSIONS, Sway, series
from mismartera_core.services.compiled import kernels
compiled = json.loads(sys.argv[1])
record = run_engine({"A": series()}, SESSIONS, {"one": Sway}, compiled=compiled)
hits = {} if not compiled else {
    "hits": sum(kernels().trade.stats.cache_hits.values()),
    "misses": sum(kernels().trade.stats.cache_misses.values()),
}
print(json.dumps({"numba": "numba" in sys.modules, "hash": record.trade_hash, **hits}))
"""


def in_a_process(compiled, folder):
    paths = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, json.dumps(compiled)],
        env={"PYTHONPATH": paths, "NUMBA_CACHE_DIR": str(folder), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_small_run_does_without_numba(tmp_path):
    assert in_a_process(None, tmp_path)["numba"] is False


def test_a_second_process_loads_what_the_first_compiled(tmp_path):
    first, second = in_a_process(True, tmp_path), in_a_process(True, tmp_path)
    assert (first["misses"], second["misses"], second["hits"]) == (1, 0, 1)
    assert first["hash"] == second["hash"]
