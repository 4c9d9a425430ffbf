"""What a live session makes of a stream that is not as it should be."""

from __future__ import annotations

import types
from datetime import date
from threading import Event

import numpy as np
import pytest
from engine_sessions import session
from live_sessions import MINUTE, SECOND, STREAMS, Scripted, VenueClock, in_time, one_bar

from mismartera_core import (
    BarColumns,
    BrokerError,
    ConfigError,
    DataError,
    GapFillerReg,
    ProviderCapabilities,
    RiskCheckReg,
    Strategy,
    StreamChanged,
    StreamedBars,
    StreamedQuotes,
    StreamedTicks,
    StreamState,
    TickColumns,
    hookimpl,
)
from mismartera_core.errors import UsageError
from mismartera_core.model.columns import QuoteColumns
from mismartera_core.testing import session_table, walk_bars
from mismartera_core.threads.derivation import Derivation

DAY, HALF_DAY = date(2024, 3, 5), date(2024, 7, 3)
RISK = [{"name": "max_orders_per_session", "config": {"limit": 1000}}]


@pytest.fixture(autouse=True)
def _own_runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))


class Diary(Strategy):
    """Writes down what it is told and when."""

    seen: list

    def setup(self):
        self.mean = self.indicator("mean", length=3)
        self.five = self.indicator("mean", length=1, interval="5m")

    def on_bar(self, bar):
        minute = (bar.timestamp.hour - 9) * 60 + bar.timestamp.minute - 30
        self.seen.append((minute, self.now.isoformat(), len(self.bars()), self.mean.value))

    def on_quote(self, quote):
        self.seen.append(("quote", quote.bid, self.now.isoformat()))

    def on_tick(self, tick):
        self.seen.append(("tick", tick.price, self.now.isoformat()))


def run(script, bars, mean_plugin, *, began=None, day=DAY, filler=None, strategy=Diary, **changes):
    """A live session of one symbol; returns what the strategy saw, and the run."""
    table = session_table(day, day)
    open_ns, close_ns = int(table.open_ns[0]), int(table.close_ns[0])
    clock = VenueClock(open_ns - MINUTE if began is None else began)
    diary = type("Diary", (strategy,), {"seen": []})
    made = Scripted({"X": bars}, script(open_ns), clock, close_ns + 2 * SECOND)
    plugins = dict(mean_plugin)
    data = {"symbols": ["X"], **changes.pop("data", {})}
    if filler is not None:
        plugins["filler"] = filler
        data["gap_filler"] = {"name": "again", "retry_interval_seconds": 0.01}
    done = session(
        diary, None, (lambda config, context: made, STREAMS), wall=clock, plugins=plugins,
        data=data, **{"risk": RISK, **changes},
    ).run()  # fmt: skip
    return diary.seen, done


@pytest.fixture
def bars():
    return walk_bars(session_table(DAY, DAY), seed=1)


def only(bars, *minutes):
    """A script of some minutes, in time."""
    return in_time({"X": bars.take(np.array(minutes))})


def clock_of(ns_after_open: int, day=DAY) -> str:
    from zoneinfo import ZoneInfo

    from mismartera_core.model.market import from_ns

    table = session_table(day, day)
    return from_ns(int(table.open_ns[0]) + ns_after_open, ZoneInfo("America/New_York")).isoformat()


def test_a_strategy_sees_each_bar_when_it_is_known(bars, mean_plugin):
    seen, _ = run(lambda _: only(bars, 0, 1, 2), bars.take(np.arange(0)), mean_plugin)
    assert [entry[:3] for entry in seen] == [
        (minute, clock_of((minute + 1) * MINUTE), minute + 1) for minute in (0, 1, 2)
    ]
    assert seen[-1][3] == pytest.approx(bars.close[:3].mean())


def test_a_late_bar_is_handed_over_when_it_comes(bars, mean_plugin):
    def script(open_ns):
        late = (open_ns + MINUTE + 20 * SECOND, StreamedBars("X", one_bar(bars, 0)))
        return [late, *only(bars, 1)]

    seen, _ = run(script, bars.take(np.arange(0)), mean_plugin)
    assert [entry[:2] for entry in seen] == [
        (0, clock_of(MINUTE + 20 * SECOND)),
        (1, clock_of(2 * MINUTE)),
    ]


def test_an_older_bar_is_seen_by_later_values_and_calls_nobody(bars, mean_plugin):
    def script(open_ns):
        older = (open_ns + 2 * MINUTE + 20 * SECOND, StreamedBars("X", one_bar(bars, 0)))
        return sorted([*only(bars, 1, 2), older], key=lambda each: each[0])

    seen, _ = run(script, bars.take(np.arange(0)), mean_plugin)
    assert [(entry[0], entry[2]) for entry in seen] == [(1, 1), (2, 3)]
    assert seen[-1][3] == pytest.approx(bars.close[:3].mean())


def test_a_revision_changes_what_follows_and_no_call(bars, mean_plugin):
    def script(open_ns):
        revised = one_bar(bars, 0)
        revised = BarColumns.build(revised.ts, *([300.0],) * 4, [1.0], interval_ns=MINUTE)
        return sorted(
            [
                *only(bars, 0, 1, 2),
                (open_ns + MINUTE + 30 * SECOND, StreamedBars("X", revised, revised=True)),
            ],
            key=lambda each: each[0],
        )

    seen, _ = run(script, bars.take(np.arange(0)), mean_plugin)
    assert [entry[0] for entry in seen] == [0, 1, 2]
    assert seen[-1][3] == pytest.approx((300.0 + bars.close[1] + bars.close[2]) / 3)


def test_who_starts_in_the_middle_is_shown_the_morning_and_called_from_then_on(bars, mean_plugin):
    open_ns = int(bars.ts[0])
    began = open_ns + 60 * MINUTE + SECOND
    morning = bars.slice(0, 60)
    seen, _ = run(lambda _: only(bars, 60, 61), morning, mean_plugin, began=began)
    assert [(entry[0], entry[2]) for entry in seen] == [(60, 61), (61, 62)]


def test_a_half_day_ends_at_its_close(mean_plugin):
    bars = walk_bars(session_table(HALF_DAY, HALF_DAY), seed=2)
    assert len(bars) == 210
    seen, done = run(
        lambda _: in_time({"X": bars}), bars.take(np.arange(0)), mean_plugin, day=HALF_DAY
    )
    assert seen[-1][:2] == (209, clock_of(210 * MINUTE, HALF_DAY))
    assert done.record.bars == 210


def test_trades_and_quotes_come_between_the_bars(bars, mean_plugin):
    def script(open_ns):
        one, came = np.ones(1), open_ns + 90 * SECOND
        events = [
            (came, StreamedTicks("X", TickColumns(np.array([came]), one * 5, one))),
            (came + 1, StreamedQuotes("X", QuoteColumns(np.array([came + 1]), one, one, one, one))),
        ]
        return sorted([*only(bars, 0, 1), *events], key=lambda each: each[0])

    data = {"streams": ["bars_1m", "ticks", "quotes"]}
    seen, _ = run(script, bars.take(np.arange(0)), mean_plugin, data=data)
    assert [entry[0] for entry in seen] == [0, "tick", "quote", 1]
    assert seen[1] == ("tick", 5.0, clock_of(90 * SECOND))


class SeesQuotes:
    """A risk check that writes down bid and age of the newest quote."""

    wants_facts = True

    def __init__(self):
        self.seen = []

    def check(self, order, account):
        self.seen.append((account.facts.bid, account.facts.quote_age))


def test_a_quote_is_still_there_when_later_bars_are_decided_on(bars, mean_plugin):
    def script(open_ns):
        one, came = np.ones(1), open_ns + 118 * SECOND
        quote = StreamedQuotes("X", QuoteColumns(np.array([came]), one * 7, one * 8, one, one))
        return sorted([*only(bars, 0, 1, 2), (came, quote)], key=lambda each: each[0])

    class Buyer(Diary):
        def on_bar(self, bar):
            self.buy(1)

    check, plugin = SeesQuotes(), types.ModuleType("sees")

    @hookimpl
    def mismartera_risk_checks():
        return [RiskCheckReg(name="sees", factory=lambda config, context: check)]

    plugin.mismartera_risk_checks = mismartera_risk_checks
    data = {"streams": ["bars_1m", "quotes"]}
    plugins = {**mean_plugin, "sees": plugin}
    run(
        script, bars.take(np.arange(0)), plugins, strategy=Buyer, data=data, risk=[{"name": "sees"}]
    )
    assert np.isnan(check.seen[0][0])
    assert check.seen[1:] == [(7.0, 2.0), (7.0, 62.0)]


def test_quotes_between_bars_have_nothing_computed_anew(bars, mean_plugin, monkeypatch):
    def script(open_ns):
        one = np.ones(1)
        quotes = [
            (at, StreamedQuotes("X", QuoteColumns(np.array([at]), one, one, one, one)))
            for at in range(open_ns + SECOND, open_ns + 3 * MINUTE, 20 * SECOND)
        ]
        return sorted([*only(bars, 0, 1, 2), *quotes], key=lambda each: each[0])

    computed, compute = [], Derivation._compute

    def counted(self, frame, of, *group):
        computed.append((of.interval, frame.base[of.symbols].stop))
        compute(self, frame, of, *group)

    monkeypatch.setattr(Derivation, "_compute", counted)
    data = {"streams": ["bars_1m", "quotes"]}
    seen, _ = run(script, bars.take(np.arange(0)), mean_plugin, data=data)
    assert [entry[0] for entry in seen].count("quote") == 9
    assert [rows for interval, rows in computed if interval == "1m"] == [0, 1, 2, 3]


class Again:
    """Fills gaps; the first answers of each gap are errors."""

    def __init__(self, bars, errors=0):
        self.bars, self.errors, self.asked = bars, errors, []
        self.filled = Event()

    def fill(self, symbol, interval, start_ns, end_ns):
        self.asked.append((symbol, start_ns, end_ns))
        if len(self.asked) <= self.errors:
            raise DataError("not yet")
        low, high = np.searchsorted(self.bars.ts, (start_ns, end_ns)).tolist()
        self.filled.set()
        return self.bars.slice(low, high)


def plugin_of(filler):
    plugin = types.ModuleType("filler")

    @hookimpl
    def mismartera_gap_fillers():
        return [GapFillerReg(name="again", factory=lambda config, context: filler)]

    plugin.mismartera_gap_fillers = mismartera_gap_fillers
    return plugin


class Patient(Scripted):
    """Goes on after minute 20 only when the gap has been filled."""

    filler: Again

    def stream(self, wanted, emit, stop):
        emit(StreamChanged(StreamState.LIVE))
        for at, event in self.script:
            self.clock.now_ns = at
            emit(event)
            if isinstance(event, StreamedBars) and event.bars.ts[0] == self.wait_ts:
                assert self.filler.filled.wait(20)
                Event().wait(0.2)
        self.clock.now_ns = self.end_ns
        stop.wait()


def lost_minutes(bars, mean_plugin, filler):
    """A session of which minutes 10 to 14 were lost; what was seen, what was done, its open."""
    table = session_table(DAY, DAY)
    open_ns, close_ns = int(table.open_ns[0]), int(table.close_ns[0])
    clock = VenueClock(open_ns - MINUTE)
    diary = type("Diary", (Diary,), {"seen": []})
    lost = (open_ns + 10 * MINUTE + SECOND, StreamChanged(StreamState.LOST, "reset by peer"))
    back = (open_ns + 15 * MINUTE + SECOND, StreamChanged(StreamState.LIVE))
    script = sorted(
        [*only(bars, *range(10), *range(15, 390)), lost, back], key=lambda each: each[0]
    )
    made = Patient({"X": bars.take(np.arange(0))}, script, clock, close_ns + 2 * SECOND)
    made.filler, made.wait_ts = filler, int(bars.ts[20])
    data = {"symbols": ["X"], "gap_filler": {"name": "again", "retry_interval_seconds": 0.05}}
    done = session(
        diary, None, (lambda config, context: made, STREAMS), wall=clock,
        plugins={**mean_plugin, "filler": plugin_of(filler)}, data=data, risk=RISK,
    ).run()  # fmt: skip
    return diary.seen, done, open_ns


@pytest.mark.parametrize("errors", [0, 2])
def test_what_was_lost_is_filled_and_nobody_is_called_for_it(bars, mean_plugin, errors):
    filler = Again(bars, errors)
    seen, done, open_ns = lost_minutes(bars, mean_plugin, filler)
    assert [entry[0] for entry in seen] == [*range(10), *range(15, 390)]
    assert len(filler.asked) == errors + 1
    assert filler.asked[-1] == ("X", open_ns + 10 * MINUTE, open_ns + 15 * MINUTE)
    assert seen[-1][2] == 390
    (report,) = done.record.quality
    assert (report.traded, report.filled, report.missing) == (390, 5, 0)


def test_the_gaps_of_a_run_name_what_was_filled_and_by_whom(bars, mean_plugin):
    class Holed(Again):
        def fill(self, symbol, interval, start_ns, end_ns):
            found = super().fill(symbol, interval, start_ns, end_ns)
            return found.take(found.ts != self.bars.ts[12])

    _, done, open_ns = lost_minutes(bars, mean_plugin, Holed(bars))
    minutes = [(start.value - open_ns) // MINUTE for start in done.gaps["start"]]
    told = done.gaps[["bars", "state", "source"]].itertuples(index=False, name=None)
    assert dict(zip(minutes, told, strict=True)) == {
        10: (2, "filled", "again"),
        12: (1, "silent", ""),
        13: (2, "filled", "again"),
    }
    assert done.quality["filled"].tolist() == [4]


def test_a_filler_that_brings_what_was_not_asked_for_fills_nothing(bars, mean_plugin):
    class Wrong(Again):
        def fill(self, symbol, interval, start_ns, end_ns):
            self.asked.append((symbol, start_ns, end_ns))
            return self.bars.slice(0, 5)

    filler = Wrong(bars)

    def script(open_ns):
        lost = (open_ns + 10 * MINUTE + SECOND, StreamChanged(StreamState.LOST, "gone"))
        back = (open_ns + 12 * MINUTE + SECOND, StreamChanged(StreamState.LIVE))
        return sorted([*only(bars, *range(10), *range(12, 390)), lost, back], key=lambda e: e[0])

    seen, done = run(script, bars.take(np.arange(0)), mean_plugin, filler=plugin_of(filler))
    assert seen[-1][2] == 388
    (report,) = done.record.quality
    assert (report.traded, report.filled) == (388, 0)
    assert [gap.bars for gap in report.gaps] == [2]


class Refuses(Scripted):
    """A venue that does not know the key."""

    def stream(self, wanted, emit, stop):
        raise BrokerError("the key was refused", hint="look at ALPACA_API_KEY")


def test_a_stream_that_is_refused_ends_the_run_with_its_own_words(bars, mean_plugin, tmp_path):
    clock = VenueClock(int(bars.ts[0]) - MINUTE)
    made = Refuses({"X": bars}, [], clock)
    with pytest.raises(BrokerError, match="the key was refused") as error:
        session(
            type("Diary", (Diary,), {"seen": []}), None, (lambda *_: made, STREAMS), wall=clock,
            plugins=mean_plugin, data={"symbols": ["X"]}, risk=RISK,
        ).run()  # fmt: skip
    assert error.value.exit_code == 5


def test_a_provider_that_does_not_stream_is_refused_before_anything_runs(bars, mean_plugin):
    still = ProviderCapabilities(bars=("1m",))
    clock = VenueClock(int(bars.ts[0]))
    with pytest.raises(ConfigError, match="does not stream"):
        session(
            Diary, None, (lambda *_: Scripted({"X": bars}, [], clock), still), wall=clock,
            plugins=mean_plugin, data={"symbols": ["X"]}, risk=RISK,
        ).run()  # fmt: skip


def test_on_a_friday_evening_one_is_told_when_to_come_again(bars, mean_plugin):
    table = session_table(date(2024, 3, 8), date(2024, 3, 8))
    clock = VenueClock(int(table.post_close_ns[0]))
    with pytest.raises(UsageError, match="opens 2024-03-11 09:30 EDT"):
        session(
            Diary, None, (lambda *_: Scripted({"X": bars}, [], clock), STREAMS), wall=clock,
            plugins=mean_plugin, data={"symbols": ["X"]}, risk=RISK,
        ).run()  # fmt: skip
