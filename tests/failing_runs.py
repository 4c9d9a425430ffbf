"""What tests of runs that go wrong share: a run in an empty folder, and what it left behind."""

import json
import os
import subprocess
import sys
import threading

import pytest

from mismartera_core import load_run
from mismartera_core.cli import main

MAIN = "import sys; from mismartera_core.cli import main; sys.exit(main(sys.argv[1:]))"
DAYS = {"start_date": "2012-10-01", "end_date": "2012-10-05", "speed_multiplier": 0}
CONFIG = {
    "session_name": "failing",
    "exchange_group": "US_EQUITY",
    "asset_class": "EQUITY",
    "mode": "backtest",
    "backtest_config": {**DAYS, "prefetch_days": 1},
    "session_data_config": {"symbols": ["AAPL", "IBM"], "streams": ["bars_1m"]},
    "data_provider": {"name": "sample"},
    "strategies": [{"name": "sma_cross"}],
    "broker": {"name": "simulated", "config": {"cash": "100000", "leverage": None}},
}
STRATEGY = """
class Mine(Strategy):
    {body}

@hookimpl
def mismartera_strategies():
    return [StrategyReg(name="mine", factory=Mine)]
"""


class Ended:
    """What a command left behind."""

    def __init__(self, folder, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.folders = sorted((folder / "runtime/runs").glob("*"))

    @property
    def manifest(self):
        (folder,) = self.folders
        return json.loads((folder / "manifest.json").read_text())


@pytest.fixture
def config_file(tmp_path):
    """Write a session config with changes: `config_file(mode="live")`."""

    def write(**changes):
        file = tmp_path / "session.json"
        file.write_text(json.dumps(CONFIG | changes))
        return file

    return write


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, config_file):
    """Run a config in an empty folder; no thread may be left."""
    monkeypatch.chdir(tmp_path)
    before = set(threading.enumerate())

    def go(*words, **changes):
        code = main(["run", *map(str, words or (config_file(**changes),))])
        assert not set(threading.enumerate()) - before
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Ended(tmp_path, code, out, err)

    return go


def strategy(*lines):
    return STRATEGY.format(body="\n    ".join(lines))


def check_readable(ended, state="failed"):
    """The folder says how the run ended, and what was computed can be read."""
    manifest = ended.manifest
    assert manifest["exit_state"] == state
    assert manifest["error"]
    back = load_run(ended.folders[0])
    assert back.summary["error"] == manifest["error"]
    assert str(ended.folders[0].name) in ended.err
    assert main(["runs", "show", str(ended.folders[0])]) == 0
    return back


def mismartera(folder, *words, main=MAIN, **env):
    return subprocess.run(
        [sys.executable, "-c", main, *map(str, words)],
        cwd=folder,
        env={**os.environ, "COLUMNS": "160", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
