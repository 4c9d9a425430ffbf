"""A recorded session, replayed, is the same bit for bit."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from engine_sessions import session
from live_sessions import MINUTE, SECOND, STREAMS, Scripted, VenueClock, in_time

from mismartera_core import (
    DataError,
    Strategy,
    StrategyError,
    StreamChanged,
    StreamedBars,
    StreamState,
    load_run,
)
from mismartera_core.builtin.sample_provider import SampleConfig, SampleProvider
from mismartera_core.repositories.recording import FILE, read_recording
from mismartera_core.system.recorded.replaying import recorded_folder, replay
from mismartera_core.testing import plugin_context, session_table

DAY = date(2012, 10, 2)
SYMBOLS = ["AAPL", "IBM"]
RISK = [{"name": "max_orders_per_session", "config": {"limit": 100_000}}]
DATA = {
    "symbols": SYMBOLS,
    "historical": {"data": [{"apply_to": "all", "intervals": ["1m"], "trailing_days": 1}]},
}


class Crosses(Strategy):
    """Trades on averages of one and of five minutes."""

    def setup(self):
        self.fast = self.indicator("mean", length=5)
        self.slow = self.indicator("mean", length=20)
        self.five = self.indicator("mean", length=6, interval="5m")

    def on_bar(self, bar):
        if self.position.is_flat and self.fast.value > self.slow.value:
            self.buy(10, stop_loss=bar.close * 0.998, take_profit=bar.close * 1.002)
        elif self.position.is_long and self.five.value > bar.close:
            self.close()


@pytest.fixture(autouse=True)
def _own_runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))


def scattered(script, rng):
    """Bars late, revised, older than what was seen, doubled; the stream lost and back."""
    made = []
    for at, event in script:
        kind = rng.integers(0, 20)
        if kind == 0:
            made.append((at + int(rng.integers(1, 4)) * 20 * SECOND, event))
        elif kind == 1:
            bars = replace(event.bars, close=event.bars.low)
            made += [
                (at, event),
                (at + 90 * SECOND, StreamedBars(event.symbol, bars, revised=True)),
            ]
        elif kind == 2:
            made.append((at + 3 * MINUTE, event))
        elif kind == 3:
            lost = StreamChanged(StreamState.LOST, "gone")
            made += [(at, event), (at + SECOND, lost)]
            made.append((at + 2 * SECOND, StreamChanged(StreamState.LIVE)))
        else:
            made += [(at, event)] * (1 + (kind == 4))
    return sorted(made, key=lambda each: each[0])


@pytest.fixture
def live(tmp_path, mean_plugin):
    """Makes live sessions that are recorded."""
    history = SampleProvider(SampleConfig(), plugin_context(tmp_path))
    held = {symbol: history.get_bars(symbol, "1m", 0, 2**62) for symbol in SYMBOLS}
    today = session_table(DAY, DAY)
    open_ns, close_ns = int(today.open_ns[0]), int(today.close_ns[0])

    def run(strategy=Crosses, seed=None, minutes=60):
        stop_ns = min(open_ns + minutes * MINUTE, close_ns)
        bars = {s: b.slice(*b.ts.searchsorted((open_ns, stop_ns))) for s, b in held.items()}
        script = in_time(bars)
        if seed is not None:
            script = scattered(script, np.random.default_rng(seed))
        clock = VenueClock(open_ns - 5 * MINUTE)

        def provider(config, context):
            return Scripted(held, script, clock, close_ns + SECOND)

        return session(
            strategy,
            None,
            (provider, STREAMS),
            wall=clock,
            data=DATA,
            risk=RISK,
            plugins=mean_plugin,
        )

    return run


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
                raise ValueError("ten o'clock")

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
    path.write_bytes(data[: len(data) // 2])
    (run.folder / "record.json").unlink()
    again = replay(run.folder, made.settings, made.registry)
    assert (again.difference, again.complete) == ("", False)
    assert again.torn > 0
