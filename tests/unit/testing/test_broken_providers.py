"""Data providers and gap fillers that break a promise are caught by the test of that promise."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from pydantic import BaseModel, SecretStr
from suite_runs import assert_caught, failures

from mismartera_core import (
    DataError,
    DataProviderReg,
    GapFillerReg,
    StreamChanged,
    StreamedBars,
    StreamedTicks,
    StreamNoise,
    StreamState,
)
from mismartera_core.model.columns import BarColumns, TickColumns
from mismartera_core.model.intervals import HOUR, MINUTE
from mismartera_core.testing import (
    DataProviderConformance,
    MemoryProvider,
    listening,
    session_table,
)

TABLE = session_table(date(2024, 10, 31), date(2024, 11, 5))
"""With the end of daylight saving time."""


def minutes(shift=0):
    """The first hour of each session."""
    ts = np.concatenate([opened + np.arange(60) * MINUTE for opened in TABLE.open_ns]) + shift
    close = 100.0 + np.arange(len(ts)) % 7
    volume = np.full(len(ts), 500.0)
    return BarColumns.build(ts, close, close + 1, close - 1, close, volume, interval_ns=MINUTE)


class Sound(MemoryProvider):
    """Breaks nothing."""

    def __init__(self, bars=None):
        super().__init__({"AAA": bars or minutes(), "BBB": minutes()})


class Unknown(Sound):
    def get_bars(self, symbol, interval, start_ns, end_ns):
        bars = super().get_bars(symbol, interval, start_ns, end_ns)
        close = bars.close.copy()
        close[bars.ts % (50 * MINUTE) == 0] = np.nan
        return replace(bars, close=close)


class Reversed(Sound):
    def get_bars(self, symbol, interval, start_ns, end_ns):
        bars = super().get_bars(symbol, interval, start_ns, end_ns)
        return bars.take(np.arange(len(bars))[::-1])


class EndIncluded(Sound):
    def get_bars(self, symbol, interval, start_ns, end_ns):
        return super().get_bars(symbol, interval, start_ns, end_ns + 1)


class WritesIntoColumns(Sound):
    """Keeps one buffer for all its answers."""

    def __init__(self):
        super().__init__()
        self.last = None

    def get_bars(self, symbol, interval, start_ns, end_ns):
        bars = super().get_bars(symbol, interval, start_ns, end_ns)
        if self.last is not None and len(self.last) > len(bars) > 0:
            self.last.close[: len(bars)] = bars.close
        self.last = bars.take(np.arange(len(bars)))
        return self.last


class ForgetsUnknownSymbols(Sound):
    def get_bars(self, symbol, interval, start_ns, end_ns):
        if symbol not in self.symbols():
            return BarColumns.empty()
        return super().get_bars(symbol, interval, start_ns, end_ns)


class NamesNothing(Sound):
    def get_bars(self, symbol, interval, start_ns, end_ns):
        if symbol not in self.symbols():
            raise DataError("not found")
        return super().get_bars(symbol, interval, start_ns, end_ns)


class AnyInterval(Sound):
    def get_bars(self, symbol, interval, start_ns, end_ns):
        del interval
        return super().get_bars(symbol, "1m", start_ns, end_ns)


class LocalStamps(Sound):
    """Takes the summer's offset for the whole year."""

    hours = -1

    def __init__(self):
        late = minutes().ts >= TABLE.open_ns[2]
        super().__init__(minutes(-HOUR * self.hours * late.astype(np.int64)))


class ForeignStamps(LocalStamps):
    """Takes stamps of another continent for UTC."""

    hours = 6


class Forming(Sound):
    """Its newest bar lies ahead."""

    def __init__(self):
        bars = minutes()
        ahead = bars.available_at.copy()
        ahead[-1] = 2**62
        super().__init__(replace(bars, available_at=ahead))


class LosesSymbols(Sound):
    def load_bars(self, symbols, interval, start_ns, end_ns):
        return super().load_bars(symbols[:1], interval, start_ns, end_ns)


class WrongCoverage(Sound):
    def coverage(self, symbol, interval):
        first, last = super().coverage(symbol, interval)
        return first, last + MINUTE


class Forgetful(Sound):
    """Has fewer rows the second time."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def get_bars(self, symbol, interval, start_ns, end_ns):
        self.asked += 1
        found = super().get_bars(symbol, interval, start_ns, end_ns)
        return found.slice(0, len(found) - (len(found) > 60 and self.asked > 1))


class ClosesOnce(Sound):
    open = True

    def close(self):
        if not self.open:
            raise RuntimeError("closed already")
        self.open = False


class LeavesAWorker(Sound):
    def __init__(self):
        super().__init__()
        threading.Thread(target=threading.Event().wait, args=[2.0], name="prefetch").start()


BROKEN = {
    Unknown: (["prices are possible"], ["prices are finite", "nan"]),
    Reversed: (
        [
            "rows are ascending and unique",
            "range is half open",
            "parts equal the whole",
            "coverage agrees with the bars",
        ],
        ["ascending and unique", " after "],
    ),
    EndIncluded: (
        ["range is half open", "parts equal the whole", "range without data is empty"],
        ["start_ns <= ts < end_ns"],
    ),
    WritesIntoColumns: (["columns stay as they were handed out"], ["writes into them"]),
    ForgetsUnknownSymbols: (
        ["unknown symbol is an error that names what exists"],
        ["DataError that names what exists", "no error, an answer: BarColumns"],
    ),
    NamesNothing: (["unknown symbol is an error that names what exists"], ["'not found; '"]),
    AnyInterval: (["unknown interval is an error"], ["'7s'"]),
    LocalStamps: (["bars follow the calendar[clock change]"], ["an hour off on 2024-11-04"]),
    ForeignStamps: (["bars follow the calendar[clock change]"], ["2024-11-04T08:30", "in UTC"]),
    Forming: (
        ["unfinished bars are not returned", "bars are known at their close"],
        ["never while it forms"],
    ),
    LosesSymbols: (["loading many equals asking for each"], ["['AAA'] for ['AAA', 'BBB']"]),
    WrongCoverage: (["coverage agrees with the bars"], ["coverage says last"]),
    Forgetful: (
        [
            "same request gives the same rows",
            "range is half open",
            "loading many equals asking for each",
            "coverage agrees with the bars",
        ],
        ["from any thread"],
    ),
    LeavesAWorker: (["close leaves no thread"], ["still running: prefetch"]),
    ClosesOnce: (["close can be called twice"], ["RuntimeError: closed already"]),
}


def registered(factory, **changes):
    capabilities = replace(MemoryProvider({}).capabilities, stream=False)
    record = DataProviderReg(
        name="made", factory=factory, summary="Made by a test", capabilities=capabilities
    )
    return replace(record, **changes)


def made_by(cls):
    return registered(lambda config, context: cls())


def test_a_sound_provider_breaks_nothing():
    assert failures("data_provider", made_by(Sound)) == {}


@pytest.mark.parametrize("cls", BROKEN, ids=lambda cls: cls.__name__)
def test_a_broken_provider_is_caught(cls):
    assert_caught("data_provider", made_by(cls), *BROKEN[cls])


def test_a_capability_that_is_not_delivered_is_caught():
    claims = replace(made_by(Sound).capabilities, ticks=True)
    record = replace(made_by(Sound), capabilities=claims)
    words = ["ticks=True, Sound does not define get_ticks"]
    promises = ["capabilities are honest"]
    assert_caught("data_provider", record, promises, words)


class OpenConfig(BaseModel):
    api_key: str = "none"


class ClosedConfig(BaseModel):
    api_key: SecretStr = SecretStr("none")


class Talkative(Sound):
    def __init__(self, config, context):
        super().__init__()
        self.key = config.api_key.get_secret_value()

    def __repr__(self):
        return f"Talkative({self.key})"


def test_a_secret_in_clear_text_is_caught():
    record = replace(made_by(Sound), config_model=OpenConfig)
    promises = ["config keeps its secrets"]
    assert_caught("data_provider", record, promises, ["api_key: shown", "SecretStr"])


class LogsItsKey(Sound):
    def __init__(self, config, context):
        super().__init__()
        logging.getLogger("made").debug("connecting with %s", config.api_key.get_secret_value())


def test_a_provider_that_logs_its_secret_is_caught():
    record = registered(LogsItsKey, config_model=ClosedConfig)
    assert_caught("data_provider", record, ["secrets stay out of sight"], ["connecting with"])


def test_a_provider_that_shows_its_secret_is_caught():
    record = registered(Talkative, config_model=ClosedConfig)
    assert_caught("data_provider", record, ["secrets stay out of sight"], ["Talkative(canary"])


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


class Filler:
    """Fills the gap of the suite from a source."""

    before = after = 0

    def fill(self, symbol, interval, start_ns, end_ns):
        if symbol != "AAPL":
            return self.unknown()
        ts = np.arange(start_ns - self.before, end_ns + self.after, MINUTE)
        ts = ts[ts > 10**18]
        price = np.full(len(ts), 5.0)
        return BarColumns.build(ts, price, price, price, price, price, interval_ns=MINUTE)

    def unknown(self):
        return BarColumns.empty()


class FillsTooMuch(Filler):
    before = MINUTE


class FillsTheEnd(Filler):
    after = 1


class Raises(Filler):
    def unknown(self):
        raise KeyError("NO_SUCH_SYMBOL")


FILLERS = {
    FillsTooMuch: (
        [
            "only the gap is filled",
            "part of a gap is part of its bars",
            "gap without data stays empty",
        ],
        ["start_ns <= ts < end_ns"],
    ),
    FillsTheEnd: (
        [
            "part of a gap is part of its bars",
            "only the gap is filled",
            "gap without data stays empty",
        ],
        ["half open"],
    ),
    Raises: (["unknown symbol is empty or a data error"], ["KeyError('NO_SUCH_SYMBOL')"]),
}


def filler(cls):
    return GapFillerReg(
        name="made", factory=lambda config, context: cls(), summary="Made by a test"
    )


def test_a_sound_gap_filler_breaks_nothing():
    assert failures("gap_filler", filler(Filler)) == {}


@pytest.mark.parametrize("cls", FILLERS, ids=lambda cls: cls.__name__)
def test_a_broken_gap_filler_is_caught(cls):
    assert_caught("gap_filler", filler(cls), *FILLERS[cls])
