"""A run that is told to stop stops in order, soon, and loses nothing."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from failing_runs import DAYS, MAIN, Ended, check_readable, strategy
from failing_runs import config_file as config_file
from installed_plugin import install as install

SLOW = {"backtest_config": {**DAYS, "speed_multiplier": 1000}}
"""Half a minute a session."""
PATIENCE = 60
"""Seconds a run may take to get under way, with all that a busy machine does beside it."""


@pytest.fixture
def paced(tmp_path, config_file):
    """Start a paced run in a process of its own, and wait until it is under way."""
    started = []

    def start(changes=SLOW):
        process = subprocess.Popen(
            [sys.executable, "-c", MAIN, "run", str(config_file(**changes))],
            cwd=tmp_path,
            env={**os.environ, "MISMARTERA_PLUGIN_SECONDS": str(PATIENCE)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        latest = time.monotonic() + PATIENCE
        while not (under_way := list(tmp_path.glob("runtime/runs/*/log.jsonl"))):
            if process.poll() is not None or time.monotonic() > latest:
                break
            threading.Event().wait(0.05)
        threading.Event().wait(0.3)
        if process.poll() is not None:
            out, err = process.communicate()
            pytest.fail(f"the run ended by itself with {process.returncode}: {out}{err}")
        assert under_way, f"the run was not under way after {PATIENCE} s"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("number", "code", "sentence"),
    [
        (signal.SIGINT, 130, "stopped by the user"),
        (signal.SIGTERM, 143, "stopped by the system (SIGTERM)"),
    ],
)
def test_a_signal_stops_a_run_in_order(tmp_path, paced, number, code, sentence):
    process = paced()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    ended = Ended(tmp_path, process.returncode, out, err)
    assert (ended.code, ended.out) == (code, "")
    assert err.startswith(f"Error: {sentence}\n")
    back = check_readable(ended, "interrupted")
    assert [str(day) for day in back.record.sessions] == ["2012-10-01"]
    assert (ended.folders[0] / "fills.parquet").exists()


SLEEPY = strategy(
    "def on_bar(self, bar):",
    "    if not self.position.quantity: self.buy(1)",
    "    time.sleep(0.02)",
)

SLEEPY_FOR_ALL = """
class Mine(PortfolioStrategy):
    targets = "shares"
    def on_step(self, step):
        time.sleep(0.04)
        return np.ones(2)

@hookimpl
def mismartera_strategies():
    return [StrategyReg(name="mine", factory=Mine)]
"""

SLEEPY_INDICATOR = """
from pydantic import BaseModel
from mismartera_core import IndicatorReg

class Params(BaseModel):
    number: int = 0

def compute(bars, number):
    time.sleep(0.05)
    return {"odd": np.zeros(len(bars))}

class Mine(Strategy):
    def setup(self):
        for number in range(200):
            self.indicator("odd", number=number)

@hookimpl
def mismartera_indicators():
    odd = {"category": "trend", "factory": compute, "outputs": ("odd",), "config_model": Params}
    return [IndicatorReg(name="odd", **odd)]

@hookimpl
def mismartera_strategies():
    return [StrategyReg(name="mine", factory=Mine)]
"""


@pytest.mark.parametrize(
    ("source", "fills"), [(SLEEPY, 2), (SLEEPY_FOR_ALL, 2), (SLEEPY_INDICATOR, 0)]
)
def test_a_signal_is_heard_within_a_session(tmp_path, paced, install, monkeypatch, source, fills):
    """Each of these takes a quarter of a minute or more for a session, which is one frame."""
    install("mine", "import time\nimport numpy as np\n" + source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    process = paced({"strategies": [{"name": "mine"}]})
    threading.Event().wait(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=6)
    ended = Ended(tmp_path, process.returncode, out, err)
    assert (ended.code, ended.out) == (130, "")
    assert err.startswith("Error: stopped by the user\n")
    back = check_readable(ended, "interrupted")
    assert [str(day) for day in back.record.sessions] == ["2012-10-01"] * bool(fills)
    assert len(back.fills) == fills


def test_two_impatient_ctrl_c_lose_nothing(tmp_path, paced):
    process = paced()
    process.send_signal(signal.SIGINT)
    threading.Event().wait(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    ended = Ended(tmp_path, process.returncode, out, err)
    assert ended.code == 130
    assert "Traceback" not in err
    check_readable(ended, "interrupted")


HANGS = strategy("def on_bar(self, bar):", "    while True:", "        pass")
IN_C = strategy("def on_bar(self, bar):", "    import _thread as t", "    lock = t.allocate_lock()")
IN_C = IN_C.replace("allocate_lock()", "allocate_lock(); lock.acquire(); lock.acquire()")


@pytest.fixture
def hanging(paced, install, tmp_path, monkeypatch):
    """Start a run whose strategy never returns."""

    def start(source):
        install("mine", source)
        with monkeypatch.context() as site:
            site.setenv("PYTHONPATH", str(tmp_path / "site"))
            return paced({"strategies": [{"name": "mine"}]})

    return start


def state(tmp_path):
    (folder,) = (tmp_path / "runtime/runs").iterdir()
    assert Path(folder / "config.json").exists()
    return json.loads((folder / "manifest.json").read_text())["exit_state"]


@pytest.mark.parametrize("source", [HANGS, IN_C], ids=["in Python", "in C"])
def test_a_second_signal_leaves_even_where_a_strategy_hangs(tmp_path, hanging, source):
    process = hanging(source)
    for pause in (0.3, 1.2, 0.0):
        process.send_signal(signal.SIGINT)
        threading.Event().wait(pause)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "once more" in err
    assert "Traceback" not in err
    assert state(tmp_path) == "interrupted"


def test_one_signal_is_enough_where_a_strategy_hangs(tmp_path, hanging):
    process = hanging(IN_C)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "Error: stopped by the system (SIGTERM)\n" in err
    assert state(tmp_path) == "interrupted"
    (log,) = tmp_path.glob("runtime/runs/*/log.jsonl")
    assert "AnalysisEngine did not end within 10 s and is left behind" in log.read_text()
    assert "Thread AnalysisEngine:" in log.read_text()
