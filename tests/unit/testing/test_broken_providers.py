"""Data providers and gap fillers that break a promise are caught by the test of that promise."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

import numpy as np
import pytest
from made_providers import TABLE, ClosedConfig, Sound, made_by, minutes, registered
from pydantic import BaseModel
from suite_runs import assert_caught, failures

from mismartera_core import (
    DataError,
    GapFillerReg,
    Origin,
)
from mismartera_core.model.columns import BarColumns
from mismartera_core.model.intervals import HOUR, MINUTE


class Unknown(Sound):
    def get_bars(self, symbol, interval, start_ns, end_ns):
        bars = super().get_bars(symbol, interval, start_ns, end_ns)
        close = bars.close.copy()
        close[bars.ts % (50 * MINUTE) == 0] = np.nan
        return replace(bars, close=close)


class BelowZero(Sound):
    def get_bars(self, symbol, interval, start_ns, end_ns):
        bars = super().get_bars(symbol, interval, start_ns, end_ns)
        prices = {name: bars.field(name) - 102.0 for name in ("open", "high", "low", "close")}
        return replace(bars, **prices)


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


class ForgetsTheEnd(Sound):
    """Tells the range of its bars without the last one."""

    def provenance(self, symbol, interval, start_ns, end_ns):
        first, last = self.coverage(symbol, interval)
        return [Origin(start_ns=first, end_ns=last, source="memory")]


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
    BelowZero: (["prices are possible"], ["prices are above zero", "'low': -2.0"]),
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
    ForgetsTheEnd: (["provenance tells where bars come from"], ["none has the bar at 2024-11-05"]),
    LeavesAWorker: (["close leaves no thread"], ["still running: prefetch"]),
    ClosesOnce: (["close can be called twice"], ["RuntimeError: closed already"]),
}


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


class WritesIntoItsSource(Filler):
    def __init__(self, context):
        self.source = context.provider("sample", {})

    def fill(self, symbol, interval, start_ns, end_ns):
        bars = self.source.get_bars(symbol, interval, start_ns, end_ns)
        bars.close[:] = bars.open
        return bars


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


def test_a_gap_filler_that_writes_into_bars_of_another_provider_is_caught():
    record = replace(filler(Filler), factory=lambda config, context: WritesIntoItsSource(context))
    promises = ["bars of another provider are only read"]
    assert_caught("gap_filler", record, promises, ["read-only", "bars.close[:] = bars.open"])


@pytest.mark.parametrize("cls", FILLERS, ids=lambda cls: cls.__name__)
def test_a_broken_gap_filler_is_caught(cls):
    assert_caught("gap_filler", filler(cls), *FILLERS[cls])
