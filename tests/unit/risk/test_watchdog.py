"""The watchdog tells silence, death and goodbye apart, and acts once."""

import runpy
import sys
from threading import Event
from types import SimpleNamespace

import pytest
from file_venue import FileVenue, FileVenueConfig

from mismartera_core import BrokerError, RiskState
from mismartera_core.model.risk import RiskRecord
from mismartera_core.repositories.live_files import Heartbeat, LiveFiles, write_whole
from mismartera_core.system import watchdog
from mismartera_core.system.watchdog import Sight, Watch, process_is_there, shut_down, watch

PID = 4711


class Scene:
    """A heartbeat, a timer and a process to play with."""

    def __init__(self, tmp_path):
        self.files = LiveFiles(tmp_path, "A1")
        self.now = 0.0
        self.there = True
        self.beats = 0

    def beat(self, pid=PID, *, goodbye=False):
        self.beats += 1
        self.files.beat(Heartbeat(pid, self.beats, 0, goodbye))

    def watch(self, pid=PID):
        return Watch(self.files, pid, timer=lambda: self.now, is_there=lambda pid: self.there)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_thirty_seconds_without_a_beat_are_silence(scene):
    seen = scene.watch()
    for scene.now in range(0, 100, 10):
        scene.beat()
        assert seen.look() is Sight.ALIVE
    scene.now = 90 + 29.9
    assert seen.look() is Sight.ALIVE
    scene.now = 90 + 30.0
    assert seen.look() is Sight.SILENT


def test_a_session_that_never_beats_is_silent_too(scene):
    seen = scene.watch()
    scene.now = 30.0
    assert seen.look() is Sight.SILENT


def test_a_process_that_is_gone_has_five_seconds_to_be_replaced(scene):
    scene.beat()
    seen = scene.watch()
    scene.there = False
    assert seen.look() is Sight.ALIVE
    scene.now = 4.9
    assert seen.look() is Sight.ALIVE
    scene.there = True
    assert seen.look() is Sight.ALIVE
    scene.there = False
    assert seen.look() is Sight.ALIVE
    scene.now = 9.9
    assert seen.look() is Sight.GONE


def test_another_session_has_a_watchdog_of_its_own(scene):
    scene.beat(PID + 1)
    assert scene.watch().look() is Sight.REPLACED


def test_goodbye_is_no_death(scene):
    scene.beat(goodbye=True)
    scene.there = False
    assert scene.watch().look() is Sight.GOODBYE


def test_the_process_may_be_that_of_the_first_heartbeat(scene):
    seen = scene.watch(0)
    assert seen.look() is Sight.ALIVE
    scene.beat()
    assert seen.look() is Sight.ALIVE
    scene.beat(PID + 1)
    assert seen.look() is Sight.REPLACED


def test_a_damaged_heartbeat_is_none(scene):
    write_whole(scene.files.folder / "heartbeat.json", {})
    (scene.files.folder / "heartbeat.json").write_text("{")
    seen = scene.watch()
    assert seen.look() is Sight.ALIVE
    scene.now = 31.0
    assert seen.look() is Sight.SILENT


def test_processes_are_there_or_not(monkeypatch):
    import os

    assert process_is_there(os.getpid())
    assert not process_is_there(2**22 + 1)
    monkeypatch.setattr(os, "kill", lambda pid, number: (_ for _ in ()).throw(PermissionError()))
    assert process_is_there(1)


@pytest.mark.parametrize(
    ("sights", "told"),
    [
        ([Sight.ALIVE, Sight.GOODBYE], []),
        ([Sight.REPLACED], []),
        ([Sight.ALIVE, Sight.SILENT], ["has said nothing"]),
        ([Sight.GONE], ["is gone without goodbye"]),
    ],
)
def test_it_acts_once_and_ends(scene, monkeypatch, sights, told):
    monkeypatch.setattr(watchdog, "LOOK", 0.001)
    acts = []
    left = iter(sights)
    seen = SimpleNamespace(look=lambda: next(left))
    assert watch(scene.files, seen, Event(), acts.append) is sights[-1]
    assert len(acts) == len(told)
    assert all(part in act for part, act in zip(told, acts, strict=True))


def test_it_ends_when_it_is_stopped(scene):
    scene.beat()
    stop = Event()
    stop.set()
    assert watch(scene.files, scene.watch(), stop, lambda why: None) is Sight.ALIVE


def test_it_halts_and_cancels(scene, tmp_path, caplog):
    venue = FileVenue(FileVenueConfig(folder=str(tmp_path / "venue")))
    venue.put("entry")
    scene.files.save_risk_state(RiskRecord(peak_equity=5.0))
    assert shut_down(scene.files, "watchdog: silent", 9, lambda: venue, Event())
    assert venue.at_work() == []
    assert venue.closed
    assert scene.files.killed().reason == "watchdog: silent"
    kept = scene.files.load_risk_state()
    assert (kept.state, kept.at_ns, kept.peak_equity) == (RiskState.HALTED, 9, 5.0)


def test_it_halts_where_the_venue_cannot_be_reached(scene, caplog):
    def nothing():
        raise BrokerError("no network")

    halted = RiskRecord(state=RiskState.HALTED, limit="drawdown", reason="before", at_ns=1)
    scene.files.save_risk_state(halted)
    assert not shut_down(scene.files, "watchdog: silent", 9, nothing, Event())
    assert scene.files.killed() is not None
    assert scene.files.load_risk_state() == halted
    assert "cancel entries by hand" in caplog.text


def test_it_says_where_entries_may_be_left(scene, tmp_path, caplog):
    venue = FileVenue(FileVenueConfig(folder=str(tmp_path / "venue")))
    (venue.folder / "down").touch()
    stop = Event()
    stop.set()
    assert not shut_down(scene.files, "watchdog: silent", 9, lambda: venue, stop)
    assert "entries may be left" in caplog.text
    assert venue.closed


@pytest.mark.parametrize(("goodbye", "code"), [(True, 0), (False, 6)])
def test_the_process_ends_with_what_it_had_to_do(scene, tmp_path, monkeypatch, goodbye, code):
    venue = FileVenue(FileVenueConfig(folder=str(tmp_path / "venue")))
    venue.put("entry")
    monkeypatch.setattr(watchdog, "LOOK", 0.01)
    monkeypatch.setattr(watchdog, "adapter_of", lambda files, settings: venue)
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))
    scene.beat(goodbye=goodbye)
    assert watchdog.main(["--account", "A1", "--silence", "0.05"]) == code
    assert venue.at_work() == (["entry"] if goodbye else [])


def test_it_is_a_program_of_its_own(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["watchdog", "--help"])
    monkeypatch.delitem(sys.modules, "mismartera_core.system.watchdog")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("mismartera_core.system.watchdog", run_name="__main__")
    assert ended.value.code == 0
    assert "--account" in capsys.readouterr().out
