"""A plugin that is told of something and never comes back keeps no process from ending."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = """
import sys
from pathlib import Path
from threading import Event
from types import ModuleType

from recorded_sessions import RISK, Made
from mismartera_core import Strategy, StrategyError, hookimpl
from mismartera_core import cli
from mismartera_core.cli import app
from mismartera_core.cli.errors import report
from mismartera_core.cli.output import load_settings

class Mine(Strategy):
    def on_bar(self, bar):
        if sys.argv[1] == "fails":
            raise StrategyError("no such thing")

plugin = ModuleType("sleepy")

@hookimpl
def mismartera_session_started(session):
    Event().wait()

plugin.mismartera_session_started = mismartera_session_started

def run(words):
    load_settings()  # as every command does: it sends the log to stderr
    made = Made(Path("."), {"sleepy": plugin})
    try:
        made(Mine).run()
    except Exception as error:
        return report(error)
    print("the run is over")
    return 0

app.run_command = run
sys.exit(cli.main(["run"]))
"""


@pytest.mark.parametrize(("how", "code"), [("ends", 0), ("fails", 1)])
def test_a_run_whose_observer_hangs_ends_with_its_own_exit_code(tmp_path, how, code):
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", RUN, how],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": tests, "MISMARTERA_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stderr
    words = "plugin 'sleepy' is quarantined: it has not come back from session_started"
    assert words in " ".join(done.stderr.split())
    assert ("the run is over" in done.stdout) == (code == 0)
    assert ("no such thing" in done.stderr) == (code == 1)
