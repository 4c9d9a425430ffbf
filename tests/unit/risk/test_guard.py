"""The guard of a session: drill, kill file, signal, heartbeat; whatever it is, nothing leaves."""

import os
import signal
import subprocess
import sys
import threading
from threading import Event

import pytest
from file_venue import FileVenue, FileVenueConfig

from mismartera_core import RiskState, RiskStop, WorkingOrder
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.repositories.live_files import (
    DRILL,
    FLATTEN,
    HALT,
    KillOrder,
    LiveFiles,
    LiveSession,
    write_whole,
)
from mismartera_core.system import guard as module
from mismartera_core.system.guard import Guard

ORDER = WorkingOrder(None, 0, 1, 1.0, 0)
SOON = 20.0
"""Longest wait for a thread; a failure, never the expected case."""


class Scene:
    """A guard around a control, a venue in files, and what wakes the engine."""

    def __init__(self, tmp_path):
        self.files = LiveFiles(tmp_path, "A1")
        self.venue = FileVenue(FileVenueConfig(folder=str(tmp_path / "venue")))
        self.woken = Event()
        self.control = RiskControl(self.files)
        self.session = LiveSession(
            account="A1",
            pid=os.getpid(),
            broker="files",
            config={},
            exchange_group="US_EQUITY",
            asset_class="EQUITY",
        )

    def guard(self, **options):
        options = {"watchdog": False, "wake": self.woken.set, **options}
        return Guard(self.files, self.session, self.control, self.venue, lambda: 7, **options)

    def eventually(self, holds):
        """Wait until something holds."""
        never = Event()
        for _ in range(round(SOON / 0.02)):
            if holds():
                return True
            never.wait(0.02)
        return False


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_the_drill_leaves_nothing_behind_and_halts_nothing(scene):
    before = threading.active_count()
    with scene.guard():
        assert scene.files.killed() is None
        assert scene.control.gate(ORDER, reduces=False) == ""
        assert not scene.files.heartbeat().goodbye
        assert scene.files.session() == scene.session
    assert scene.control.state is RiskState.ACTIVE
    assert scene.files.heartbeat().goodbye
    assert threading.active_count() == before


def test_without_a_drill_that_works_nothing_is_armed(scene, monkeypatch):
    monkeypatch.setattr(module, "DRILL_WITHIN", 0.05)
    monkeypatch.setattr(LiveFiles, "killed", lambda self: None)
    with pytest.raises(RiskStop, match="was not seen within"), scene.guard():
        pytest.fail("it is not entered")
    assert not scene.files.kill_own.exists()
    assert scene.files.heartbeat().goodbye


def test_a_drill_that_was_cut_short_is_done_again(scene):
    scene.files.kill(KillOrder(DRILL, "drill"))
    with scene.guard():
        assert scene.files.killed() is None
    assert scene.control.state is RiskState.ACTIVE


@pytest.mark.parametrize("name", ["KILL", "KILL.A1"])
def test_a_kill_file_halts_and_cancels_entries(scene, name):
    scene.venue.hold(AAPL="10")
    scene.venue.put("entry")
    scene.venue.put("exit", side="sell")
    with scene.guard():
        (scene.files.runtime / name).touch()
        # the very next order finds the gate shut, whatever the threads do
        assert scene.control.gate(ORDER, reduces=True).startswith("kill switch: ")
        assert scene.woken.wait(SOON)
        assert scene.eventually(lambda: scene.venue.at_work() == ["exit"])
    assert scene.control.record.limit == "kill_switch"
    assert scene.files.load_risk_state().state is RiskState.HALTED


def test_a_session_that_begins_with_a_kill_file_begins_halted(scene):
    scene.files.kill(KillOrder(HALT, "watchdog: silent", 3))
    scene.venue.put("entry")
    with scene.guard():
        assert scene.control.state is RiskState.HALTED
        assert scene.eventually(lambda: scene.venue.at_work() == [])
    assert scene.files.killed().reason == "watchdog: silent"


def test_a_human_resumes_a_running_session(scene):
    with scene.guard():
        scene.files.kill(KillOrder(HALT, "a human", 3))
        assert scene.woken.wait(SOON)
        scene.files.ask_resume("a human")
        scene.files.release()
        assert scene.eventually(lambda: scene.control.state is RiskState.ACTIVE)
        assert scene.control.gate(ORDER, reduces=False) == ""
        scene.woken.clear()
        scene.files.kill(KillOrder(HALT, "a human", 3))  # the same words, once more
        assert scene.woken.wait(SOON)
        assert scene.control.state is RiskState.HALTED


def test_a_flattening_by_file_is_handed_to_the_engine(scene):
    with scene.guard():
        scene.files.kill(KillOrder(FLATTEN, "flattened by command", 3))
        assert scene.woken.wait(SOON)
        assert scene.control.flatten_asked() == "flattened by command"
        assert scene.control.state is RiskState.HALTED


def test_a_signal_halts_and_holds_until_a_human_resumes(scene):
    before = signal.getsignal(signal.SIGUSR1)
    with scene.guard():
        signal.raise_signal(signal.SIGUSR1)
        assert scene.control.gate(ORDER, reduces=True) == "kill switch: signal SIGUSR1"
        assert scene.woken.wait(SOON)
    assert signal.getsignal(signal.SIGUSR1) == before
    assert scene.files.killed().reason == "signal SIGUSR1"
    assert RiskControl(scene.files).state is RiskState.HALTED


def test_it_can_be_entered_in_any_thread_without_signals(scene):
    seen = []

    def work():
        with scene.guard():
            seen.append(signal.getsignal(signal.SIGUSR1))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGUSR1)]


def test_nothing_leaves_after_a_heartbeat_that_is_too_late(scene):
    now = [0.0]
    held = scene.guard(timer=lambda: now[0])
    now[0] = 30.0
    assert held.shut() == ""
    now[0] = 30.1
    assert held.shut() == "dead man: no heartbeat for 30 s, at most 30 s"


def test_heartbeats_go_on_and_look_at_the_disk(scene, monkeypatch):
    monkeypatch.setattr(module, "BEAT", 0.01)
    with scene.guard():
        first = scene.files.heartbeat().counter
        assert scene.eventually(lambda: scene.files.heartbeat().counter > first + 2)
        assert 0 < scene.control.surroundings.disk_free < float("inf")


def test_a_heartbeat_that_cannot_be_written_halts(scene, monkeypatch):
    def full(self, heart):
        raise OSError(28, "No space left on device")

    with scene.guard():
        monkeypatch.setattr(LiveFiles, "beat", full)
        monkeypatch.setattr(module, "BEAT", 0.0)
        assert scene.eventually(lambda: scene.control.state is RiskState.HALTED)
    assert scene.control.record.limit == "disk"
    assert "No space left" in scene.control.record.reason


@pytest.mark.parametrize("wakes", [True, False])
def test_a_guard_that_fails_halts(scene, monkeypatch, caplog, wakes):
    def broken(self):
        raise RuntimeError("out of handles")

    with scene.guard(**({} if wakes else {"wake": None})):
        monkeypatch.setattr(LiveFiles, "resumed", broken)
        assert scene.eventually(lambda: scene.control.state is RiskState.HALTED)
    assert "RuntimeError: out of handles" in scene.control.record.reason


def test_a_thread_that_is_stuck_halts_once_and_every_stack_is_kept(scene):
    scene.venue.put("entry")
    said = ["", "AnalysisEngine has been at one piece of work for 26 s"]
    with scene.guard(stuck=lambda: said.pop(0) if said else "and still"):
        assert scene.eventually(lambda: scene.venue.at_work() == [])
        assert scene.eventually(lambda: (scene.files.folder / "stacks.log").exists())
    kept = scene.files.load_risk_state()
    assert (kept.limit, kept.reason[:14]) == ("stuck", "AnalysisEngine")
    stacks = (scene.files.folder / "stacks.log").read_text()
    assert "Thread MainThread:" in stacks
    assert "Thread Guard:" in stacks
    assert stacks.count("one piece of work") == 1


def test_who_tells_of_a_failure_goes_on_when_entries_are_cancelled(scene):
    scene.venue.put("entry")
    scene.venue.put("exit", side="sell")
    scene.venue.hold(AAPL="10")
    with scene.guard() as guard:
        guard.failed("DataProcessor failed: no such thing")
        assert scene.venue.at_work() == ["exit"]
    assert scene.files.load_risk_state().reason == "DataProcessor failed: no such thing"
    assert not scene.files.kill_own.exists()


def test_a_halt_needs_nobody_to_wake(scene):
    with scene.guard(wake=None):
        write_whole(scene.files.kill_all, {"action": "halt", "reason": "all"})
        assert scene.eventually(lambda: scene.control.state is RiskState.HALTED)
    assert scene.control.record.reason == "all"


def test_a_watchdog_is_started_and_ends_with_the_session(scene):
    with scene.guard(watchdog=True) as held:
        process = held._process
        assert process.poll() is None
    assert process.returncode is not None
    assert held._process is None


def test_a_watchdog_that_does_not_end_is_ended(scene, monkeypatch):
    words = [sys.executable, "-c", "import sys; sys.stdin.readline()"]
    started = subprocess.Popen(words, stdin=subprocess.PIPE)
    monkeypatch.setattr(module, "_start_watchdog", lambda files, silence: started)
    with scene.guard(watchdog=True):
        monkeypatch.setattr(module, "DRILL_WITHIN", 0.05)
    assert started.returncode is not None
    started.stdin.close()
