"""A recorded session, replayed, is the same bit for bit."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from live_sessions import Scripted
from recorded_sessions import Crosses

from mismartera_core import DataError, StrategyError, load_run
from mismartera_core.repositories.recording import FILE, read_recording
from mismartera_core.system.recorded.replaying import recorded_folder, replay


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_a_replay_is_the_session_bit_for_bit(live, seed):
    made = live(seed=seed)
    run = made.run()
    again = replay(run.folder, made.settings, made.registry)
    assert again.difference == ""
    assert again.complete
    assert again.trade_hash == run.trade_hash
    assert len(run.fills) > 2
    assert again.folder.name == f"{run.folder.name}-replay"
    assert json.loads((again.folder / "manifest.json").read_text())["replay_of"] == run.folder.name
    assert recorded_folder(run.folder.parent, again.folder.name) == run.folder


def test_the_world_is_not_asked_again(live, monkeypatch):
    made = live()
    run = made.run()

    def never(*_):
        raise AssertionError("a replay asks nobody")

    monkeypatch.setattr(Scripted, "get_bars", never)
    monkeypatch.setattr(Scripted, "stream", never)
    assert replay(run.folder, made.settings, made.registry).difference == ""


def test_another_indicator_is_found_at_the_first_bar_it_changes(live, mean_plugin, monkeypatch):
    made = live()
    run = made.run()
    record = made.registry.get("indicator", "mean")
    first = next(i for i in read_recording(run.folder).items if i.kind == "frame")

    def other(bars, length):
        return {"value": record.factory(bars, length)["value"] + 1e-9}

    changed = replace(record, factory=other)
    monkeypatch.setitem(made.registry._records["indicator"], "mean", changed)
    again = replay(run.folder, made.settings, made.registry)
    assert again.difference.startswith(
        f"line {first.number} of the recording: the step of 13:30:00"
    )
    assert "bars or indicator values differ" in again.difference


def test_another_decision_is_found_in_the_signals(live, mean_plugin, monkeypatch):
    made = live()
    run = made.run()
    monkeypatch.setattr(Crosses, "on_bar", lambda self, bar: None)
    again = replay(run.folder, made.settings, made.registry)
    assert again.difference.startswith("signals: the session has ")


def test_a_session_that_failed_is_replayed_to_its_failure(live, monkeypatch):
    class Breaks(Crosses):
        def on_bar(self, bar):
            super().on_bar(bar)
            if bar.timestamp.hour == 10:
                raise StrategyError("ten o'clock")

    made = live(Breaks)
    with pytest.raises(StrategyError, match="ten o'clock"):
        made.run()
    folder = made.folder
    again = replay(folder, made.settings, made.registry)
    assert (again.difference, again.complete) == ("", True)
    assert again.trade_hash == load_run(folder).trade_hash


def test_a_damaged_recording_is_refused(live):
    made = live()
    run = made.run()
    path = run.folder / FILE
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match="is damaged"):
        replay(run.folder, made.settings, made.registry)


def test_what_a_killed_session_had_recorded_is_replayed(live):
    made = live()
    run = made.run()
    path = run.folder / FILE
    data = path.read_bytes()
    frames = [item.number for item in read_recording(run.folder).items if item.kind == "frame"]
    lines = data.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: frames[30]]) + lines[frames[30]][:20])
    (run.folder / "record.json").unlink()
    again = replay(run.folder, made.settings, made.registry)
    assert (again.difference, again.complete, again.torn) == ("", False, 20)
    assert len(load_run(again.folder).fills) > 0


def test_a_session_that_was_killed_before_its_first_step_is_replayed_that_far(live):
    made = live()
    run = made.run()
    path = run.folder / FILE
    path.write_bytes(path.read_bytes()[:5000])
    (run.folder / "record.json").unlink()
    again = replay(run.folder, made.settings, made.registry)
    assert (again.difference, again.complete) == ("", False)
