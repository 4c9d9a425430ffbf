"""A real session process that falls silent or dies, and the real watchdog process it started."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest
from file_venue import FileVenue, FileVenueConfig, install

from mismartera_core import RiskState
from mismartera_core.repositories.live_files import LiveFiles

SESSION = """
import os, re, sys
from pathlib import Path
from threading import Event
from file_venue import FileVenue, FileVenueConfig
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.managers.time_manager.live_clock import LiveClock
from mismartera_core.repositories.live_files import LiveFiles, LiveSession
from mismartera_core.system.guard import Guard

runtime, folder, ending = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
files = LiveFiles(runtime, "A1")
venue = FileVenue(FileVenueConfig(folder=folder))
session = LiveSession(account="A1", pid=os.getpid(), broker="files", config={"folder": folder},
                      exchange_group="US_EQUITY", asset_class="EQUITY")
clock = LiveClock()
silence = float(sys.argv[4])
with Guard(files, session, RiskControl(files), venue, lambda: clock.now_ns, silence=silence):
    print("armed", flush=True)
    if ending == "spins":
        re.match(r"(a+)+$", "a" * 64 + "b")  # in C, without letting go of the GIL
    sys.stdin.readline()
"""
SOON = 60.0


def eventually(holds):
    never = Event()
    for _ in range(round(SOON / 0.1)):
        if holds():
            return True
        never.wait(0.1)
    return False


class Scene:
    """The process of a session, armed."""

    def __init__(self, tmp_path, ending):
        self.files = LiveFiles(tmp_path / "runtime", "A1")
        self.venue = FileVenue(FileVenueConfig(folder=str(tmp_path / "venue")))
        self.venue.hold(AAPL="10")
        self.venue.put("entry")
        self.venue.put("exit", side="sell")
        path = os.pathsep.join([str(install(tmp_path / "site")), os.environ.get("PYTHONPATH", "")])
        silence = "30" if ending == "waits" else "2"
        words = [str(self.files.runtime), str(self.venue.folder), ending, silence]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SESSION, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            cwd=tmp_path,
        )
        assert self.process.stdout.readline() == "armed\n"

    def said(self):
        log = self.files.folder / "watchdog.log"
        return log.read_text() if log.exists() else ""

    def end(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def scene(tmp_path, request):
    made = Scene(tmp_path, request.param)
    yield made
    made.end()


@pytest.mark.parametrize("scene", ["spins", "dies"], indirect=True)
def test_a_session_that_is_silent_or_dead_is_shut_down_from_outside(scene, request):
    dies = "dies" in request.node.name
    if dies:
        scene.process.send_signal(signal.SIGKILL)
        scene.process.wait()
    assert eventually(lambda: "ends: " in scene.said()), scene.said()
    assert ("is gone without goodbye" in scene.said() and dies) or "said nothing" in scene.said()
    assert scene.venue.at_work() == ["exit"]
    assert scene.files.load_risk_state().state is RiskState.HALTED
    assert scene.files.killed().reason.startswith("watchdog: ")
    assert dies or scene.process.poll() is None  # it spins still


@pytest.mark.parametrize("scene", ["waits"], indirect=True)
def test_a_session_that_says_goodbye_takes_its_watchdog_with_it(scene):
    scene.process.communicate("\n", timeout=SOON)
    assert scene.process.returncode == 0
    assert scene.said().endswith("ends: goodbye\n")
    assert scene.venue.at_work() == ["entry", "exit"]
    assert scene.files.load_risk_state() is None


@pytest.mark.parametrize("scene", ["waits"], indirect=True)
def test_a_running_session_is_halted_and_resumed_by_command(scene, tmp_path):
    env = {**os.environ, "MISMARTERA_RUNTIME_DIR": str(scene.files.runtime)}
    words = [sys.executable, "-m", "mismartera_core"]
    halted = subprocess.run([*words, "halt"], env=env, cwd=tmp_path, capture_output=True, text=True)
    assert "the running session has halted" in halted.stdout, halted.stderr
    assert eventually(lambda: scene.venue.at_work() == ["exit"])
    resumed = subprocess.run(
        [*words, "resume", "--confirm", "A1"], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert "the running session goes on" in resumed.stdout, resumed.stderr
    scene.process.send_signal(signal.SIGUSR1)
    assert eventually(lambda: scene.files.load_risk_state().state is RiskState.HALTED)
    assert Path(scene.files.kill_own).exists()
