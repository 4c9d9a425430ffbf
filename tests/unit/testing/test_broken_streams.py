"""Streams that break a promise are caught by the test of that promise."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from made_providers import ClosedConfig, Sound, made_by
from suite_runs import assert_caught, failures

from mismartera_core import (
    DataError,
    StreamChanged,
    StreamedBars,
    StreamedTicks,
    StreamNoise,
    StreamState,
)
from mismartera_core.model.columns import TickColumns
from mismartera_core.testing import DataProviderConformance, MemoryProvider, listening

LIVE, LOST = StreamChanged(StreamState.LIVE), StreamChanged(StreamState.LOST, "gone")


class Streaming(Sound):
    """Emits as its subclasses say, until it is stopped."""

    times = 1
    first = (LIVE,)

    def stream(self, wanted, emit, stop):
        if wanted.ticks or wanted.quotes:
            raise DataError("bars only")
        if stop.is_set():
            return
        for event in self.first:
            emit(event)
        bars = self.get_bars(wanted.symbols[0], wanted.interval, 0, 2**62)
        for row in range(len(bars)):
            for _ in range(self.times):
                emit(StreamedBars(wanted.symbols[0], bars.slice(row, row + 1)))
            self.more(wanted, emit, bars, row)
        stop.wait()

    def more(self, wanted, emit, bars, row):
        """Nothing."""


class Talks(Streaming):
    """Sound, and revises, and loses its connection."""

    def more(self, wanted, emit, bars, row):
        if row == 3:
            emit(StreamedBars("AAA", bars.slice(1, 2), revised=True))
            emit(LOST)
            emit(StreamNoise("what"))
            emit(LIVE)


class EmitsTwice(Streaming):
    times = 2


class NeverLive(Streaming):
    first = ()


class LiveTwice(Streaming):
    first = (LIVE, LIVE)


class LiveLate(Streaming):
    first = ()

    def more(self, wanted, emit, bars, row):
        if row == 0:
            emit(LIVE)


class RevisesAhead(Streaming):
    """Takes the newest bar for a correction."""

    def more(self, wanted, emit, bars, row):
        if row == 3:
            emit(StreamedBars("AAA", bars.slice(4, 5), revised=True))


class OtherSymbols(Streaming):
    def more(self, wanted, emit, bars, row):
        emit(StreamedBars("BBB", bars.slice(row, row + 1)))


class UnaskedTrades(Streaming):
    def more(self, wanted, emit, bars, row):
        part = bars.slice(row, row + 1)
        emit(StreamedTicks("AAA", TickColumns(part.ts, part.close, part.volume)))


class IgnoresTrades(Streaming):
    """Takes a wish for trades, and brings none."""

    def stream(self, wanted, emit, stop):
        super().stream(replace(wanted, interval="1m", ticks=False, quotes=False), emit, stop)


class Deaf(Streaming):
    """Hears the stop late."""

    def stream(self, wanted, emit, stop):
        super().stream(wanted, emit, stop)
        threading.Event().wait(0.3)


class LeavesAThread(Streaming):
    def stream(self, wanted, emit, stop):
        threading.Thread(target=threading.Event().wait, args=[3.0], name="heartbeat").start()
        super().stream(wanted, emit, stop)


class OneBuffer(Streaming):
    def stream(self, wanted, emit, stop):
        if stop.is_set() or wanted.ticks or wanted.quotes:
            return super().stream(wanted, emit, stop)
        emit(LIVE)
        bars = self.get_bars(wanted.symbols[0], wanted.interval, 0, 2**62)
        buffer = bars.take(np.arange(1))
        for row in range(len(bars)):
            for name in ("ts", "available_at", "close", "open", "high", "low"):
                getattr(buffer, name)[0] = getattr(bars, name)[row]
            emit(StreamedBars(wanted.symbols[0], buffer))
        return None


ONCE, DATA = "stream emits each bar once and in order", "stream emits what is known"
START, LIVES = "stream can be started again", "stream says when it is live"
TRADES = [f"stream brings trades and quotes[{what}]" for what in ("ticks", "quotes")]

STREAMS = {
    EmitsTwice: ([ONCE], ["ascending and unique"]),
    NeverLive: ([LIVES, START], ["it never did", "StreamedBars"]),
    LiveTwice: ([LIVES], ["live, live"]),
    LiveLate: ([LIVES], ["StreamedBars came before"]),
    RevisesAhead: (["stream revises only what has ended"], ["is `revised` and newer than"]),
    OtherSymbols: ([DATA], ["StreamedBars of 'BBB'"]),
    UnaskedTrades: ([DATA], ["StreamedTicks of 'AAA'"]),
    IgnoresTrades: (TRADES, ["it has no ticks"]),
    Deaf: (
        ["stream ends within a second", "stream that is stopped before it starts ends"],
        ["within 0.2 s of its stop"],
    ),
    LeavesAThread: (["stream leaves no thread"], ["still running: heartbeat"]),
    OneBuffer: (["stream writes into nothing it emitted"], ["reuse a buffer"]),
}


def streams(cls):
    return replace(made_by(cls), capabilities=MemoryProvider({}).capabilities)


@pytest.mark.parametrize("cls", [Streaming, Talks])
def test_a_sound_stream_breaks_nothing(cls, monkeypatch):
    monkeypatch.setattr(DataProviderConformance, "stream_seconds", 0.2)
    assert failures("data_provider", streams(cls)) == {}


class TellsItsKey(Streaming):
    def __init__(self, config, context):
        super().__init__()
        self.key = config.api_key.get_secret_value()

    def more(self, wanted, emit, bars, row):
        if row == 0:
            emit(StreamNoise(f"auth {self.key}"))


def test_a_stream_that_tells_its_secret_is_caught(monkeypatch):
    monkeypatch.setattr(DataProviderConformance, "stream_seconds", 0.2)
    record = replace(streams(None), factory=TellsItsKey, config_model=ClosedConfig)
    promises, words = ["stream shows no secret"], ["an event has one", "***"]
    assert_caught("data_provider", record, promises, words, {"api_key": "long-enough"})


@pytest.mark.parametrize("cls", STREAMS, ids=lambda cls: cls.__name__)
def test_a_broken_stream_is_caught(cls, monkeypatch):
    monkeypatch.setattr(DataProviderConformance, "stream_seconds", 0.2)
    monkeypatch.setattr(listening, "STOP_SECONDS", 0.2)
    more = cls in (Deaf, NeverLive)
    assert_caught("data_provider", streams(cls), *STREAMS[cls], more=more)
