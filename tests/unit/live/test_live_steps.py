"""What a stream brings becomes steps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mismartera_core import (
    BarColumns,
    QuoteColumns,
    StreamChanged,
    StreamedBars,
    StreamedQuotes,
    StreamedTicks,
    StreamNoise,
    StreamState,
    TickColumns,
)
from mismartera_core.store.live_bars import LiveBars
from mismartera_core.threads.live_events import MOST_QUOTES
from mismartera_core.threads.live_steps import BREATH_NS, LiveSteps

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
OPEN = 1_700_000_040 * SECOND
SETTLE = SECOND // 4
A, B = 0, 1


def bar(number: int, symbol: str = "A", close: float = 100.0, **changes) -> StreamedBars:
    """The bar of a minute of the session."""
    prices = {"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 10.0}
    prices |= {key: value for key, value in changes.items() if key in prices}
    columns = BarColumns.build(
        [OPEN + number * MINUTE], *([p] for p in prices.values()), interval_ns=MINUTE
    )
    return StreamedBars(symbol, columns, revised=changes.get("revised", False))


def steps(minutes: int = 5, began: int = OPEN - SECOND, symbols: str = "AB") -> LiveSteps:
    """A session of so many minutes that has been opened."""
    opens = OPEN + MINUTE * np.arange(minutes, dtype=np.int64)
    books = [LiveBars(BarColumns.empty(), 7) for _ in symbols]
    made = LiveSteps(list(symbols), opens, opens + MINUTE, SETTLE, books, began)
    made.due(max(OPEN, began))
    return made


def close_of(number: int) -> int:
    return OPEN + (number + 1) * MINUTE


def closed(machine: LiveSteps, now: int) -> list:
    found = []
    while (step := machine.due(now)) is not None:
        found.append(step)
    return found


def told(step) -> list[tuple[str, int, int]]:
    """Kind, symbol and minute of the changes of a step."""
    return [(c.kind.value, c.symbol, (c.bar.ts - OPEN) // MINUTE) for c in step.changes]


def test_the_session_opens_at_its_open_and_not_before():
    opens = OPEN + MINUTE * np.arange(2, dtype=np.int64)
    machine = LiveSteps(["A"], opens, opens + MINUTE, SETTLE, [LiveBars(BarColumns.empty(), 0)], 0)
    assert machine.due(OPEN - 1) is None
    step = machine.due(OPEN)
    assert (step.opens, step.ends, step.upto_ns, step.changes) == (True, False, OPEN, ())


def test_a_step_is_closed_as_soon_as_every_bar_is_there():
    machine = steps()
    at = close_of(0) + 1000
    machine.take(bar(0, "B"), at)
    assert machine.due(at) is None
    machine.take(bar(0, "A"), at + 1)
    (step,) = closed(machine, at + 1)
    assert told(step) == [("new", A, 0), ("new", B, 0)]
    assert step.upto_ns == close_of(0)
    assert {change.known_ns for change in step.changes} == {close_of(0)}


def test_a_step_waits_so_long_for_a_silent_symbol_and_no_longer():
    machine = steps()
    machine.take(bar(0), close_of(0) + 1000)
    assert machine.due(close_of(0) + SETTLE - 1) is None
    (step,) = closed(machine, close_of(0) + SETTLE)
    assert told(step) == [("new", A, 0)]


def test_a_late_bar_is_a_step_of_its_own_at_its_arrival():
    machine = steps()
    machine.take(bar(0), close_of(0))
    closed(machine, close_of(0) + SETTLE)
    came = close_of(0) + 3 * SECOND
    machine.take(bar(0, "B"), came)
    (step,) = closed(machine, came)
    assert told(step) == [("late", B, 0)]
    assert step.upto_ns == came
    assert machine.bars[B].columns.available_at.tolist() == [came]


def test_a_late_bar_that_comes_while_the_next_step_settles_comes_before_it():
    machine = steps()
    machine.take(bar(0), close_of(0))
    closed(machine, close_of(0) + SETTLE)
    came = close_of(1) + 1000
    machine.take(bar(0, "B"), came)
    late, boundary = closed(machine, close_of(1) + SETTLE)
    assert told(late) == [("late", B, 0)]
    assert late.upto_ns < boundary.upto_ns == close_of(1)


def test_two_late_bars_of_one_symbol_are_two_steps_in_order():
    machine = steps()
    closed(machine, close_of(1) + SETTLE)
    came = close_of(1) + 5 * SECOND
    machine.take(bar(1), came)
    machine.take(bar(0), came)
    first, second = closed(machine, came + 1)
    assert (told(first), told(second)) == ([("late", A, 0)], [("late", A, 1)])
    assert first.upto_ns < second.upto_ns


def test_a_bar_older_than_what_was_seen_goes_into_history():
    machine = steps(symbols="A")
    closed(machine, close_of(0) + SETTLE)
    machine.take(bar(1, close=105.0), close_of(1))
    closed(machine, close_of(1))
    machine.take(bar(0, close=95.0), close_of(1) + SECOND)
    machine.take(bar(2), close_of(2))
    (step,) = closed(machine, close_of(2))
    assert told(step) == [("filled", A, 0), ("new", A, 2)]
    columns = machine.bars[A].columns
    assert columns.close.tolist() == [95.0, 105.0, 100.0]
    assert columns.available_at.tolist() == [close_of(0), close_of(1), close_of(2)]


def test_a_filled_bar_is_never_new_however_new_it_is():
    machine = steps(symbols="A")
    closed(machine, close_of(0) + SETTLE)
    machine.take(bar(0), close_of(0) + SECOND, source="second_source")
    machine.take(bar(1), close_of(1))
    (step,) = closed(machine, close_of(1))
    assert told(step) == [("filled", A, 0), ("new", A, 1)]
    assert step.changes[0].source == "second_source"
    assert step.changes[0].known_ns <= step.seen_ns


def test_a_revision_takes_the_place_of_its_bar_and_columns_handed_out_stay():
    machine = steps(symbols="A")
    machine.take(bar(0), close_of(0))
    closed(machine, close_of(0))
    before = machine.bars[A].columns
    machine.take(bar(0, close=101.0, revised=True), close_of(0) + 30 * SECOND)
    machine.take(bar(1), close_of(1))
    (step,) = closed(machine, close_of(1))
    assert told(step) == [("revised", A, 0), ("new", A, 1)]
    assert before.close.tolist() == [100.0]
    assert machine.bars[A].columns.close.tolist() == [101.0, 100.0]
    assert machine.bars[A].revisions == 1


def test_a_revision_of_a_bar_that_waits_is_the_bar():
    machine = steps(symbols="AB")
    machine.take(bar(0), close_of(0))
    machine.take(bar(0, close=102.0, revised=True), close_of(0) + 10)
    (step,) = closed(machine, close_of(0) + SETTLE)
    assert [change.bar.prices[3] for change in step.changes] == [102.0]


@pytest.mark.parametrize(
    ("event", "count"),
    [
        (bar(0), "duplicate"),
        (bar(0, revised=True), "duplicate"),
        (bar(1, high=math.nan), "impossible"),
        (bar(1, high=math.inf), "impossible"),
        (bar(1, close=-1.0), "impossible"),
        (bar(1, low=0.0), "impossible"),
        (bar(1, low=200.0), "impossible"),
        (bar(1, volume=-1.0), "impossible"),
        (bar(9), "outside"),
        (bar(-1), "outside"),
        (bar(1, "Z"), "unknown symbol"),
        (StreamNoise("T=x"), "noise"),
    ],
)
def test_what_cannot_be_taken_is_counted_and_nothing_else(event, count):
    machine = steps(symbols="A")
    machine.take(bar(0), close_of(0))
    closed(machine, close_of(0))
    machine.take(event, close_of(0) + SECOND)
    assert machine.counts[count] == 1
    assert closed(machine, close_of(0) + 2 * SECOND) == []


def test_volume_may_be_unknown():
    machine = steps(symbols="A")
    machine.take(bar(0, volume=math.nan), close_of(0))
    assert [told(step) for step in closed(machine, close_of(0))] == [[("new", A, 0)]]


def test_the_last_step_ends_the_session_whatever_came():
    machine = steps(minutes=2)
    found = closed(machine, close_of(1) + SETTLE)
    assert [step.ends for step in found] == [False, True]
    assert machine.due(close_of(9)) is None


def test_who_begins_in_the_middle_has_the_steps_before_as_history():
    machine = steps(began=close_of(1) + SECOND)
    machine.take(bar(1), close_of(1) + 2 * SECOND)
    late, boundary = closed(machine, close_of(2) + SETTLE)
    assert told(late) == [("late", A, 1)]
    assert boundary.upto_ns == close_of(2)


def test_trades_and_quotes_are_stamped_when_they_were_known():
    machine = steps()
    came = OPEN + 5 * SECOND
    one = np.ones(2)
    stamps = np.array([came - SECOND, came + 5 * MINUTE])
    machine.take(StreamedTicks("A", TickColumns(stamps, one, one)), came)
    machine.take(StreamedQuotes("B", QuoteColumns(stamps, one, one, one, one)), came)
    (step,) = closed(machine, came + 1)
    ((row, ticks),) = step.ticks
    ((other, quotes),) = step.quotes
    assert (row, other) == (A, B)
    assert ticks.ts.tolist() == quotes.ts.tolist() == [came - SECOND, came]
    assert step.upto_ns == came


def test_events_that_come_while_a_step_settles_come_after_it():
    machine = steps()
    one = np.ones(1)
    came = close_of(0) + 1000
    machine.take(StreamedTicks("A", TickColumns(np.array([came]), one, one)), came)
    assert machine.due(came) is None
    boundary, after = closed(machine, close_of(0) + SETTLE)
    assert (boundary.ticks, boundary.upto_ns) == ((), close_of(0))
    assert len(after.ticks) == 1


def test_of_a_storm_the_quotes_of_ten_milliseconds_come_together():
    machine = steps()
    one = np.ones(1)
    first = OPEN + SECOND
    found = []
    for late in range(0, 21_000_000, 1_000_000):
        came = first + late
        machine.take(StreamedQuotes("A", QuoteColumns(np.array([came]), one, one, one, one)), came)
        assert machine.due_ns <= max(came, found[-1].upto_ns + BREATH_NS if found else 0)
        found += closed(machine, came)
    assert [step.upto_ns - first for step in found] == [0, BREATH_NS, 2 * BREATH_NS]
    assert [len(step.quotes[0][1]) for step in found] == [1, 10, 10]


def test_no_step_of_quotes_waits_beyond_the_bar():
    machine = steps()
    one, close = np.ones(1), close_of(0)
    for came in (close - 2_000_000, close - 1_000_000):
        machine.take(StreamedQuotes("A", QuoteColumns(np.array([came]), one, one, one, one)), came)
        closed(machine, came)
    machine.take(bar(0), close)
    machine.take(bar(0, "B"), close)
    quotes, bars = closed(machine, close)
    assert (len(quotes.quotes[0][1]), len(bars.changes)) == (1, 2)


def test_of_too_many_quotes_the_newest_stay_and_of_trades_all():
    machine = steps()
    many = 3 * MOST_QUOTES
    stamps = OPEN + np.arange(many, dtype=np.int64)
    values = np.arange(many, dtype=float)
    machine.take(StreamedQuotes("A", QuoteColumns(stamps, *[values] * 4)), OPEN + SECOND)
    machine.take(StreamedTicks("A", TickColumns(stamps, values, values)), OPEN + SECOND)
    (step,) = closed(machine, OPEN + SECOND)
    assert step.quotes[0][1].bid.tolist() == values[-MOST_QUOTES:].tolist()
    assert len(step.ticks[0][1]) == many


def test_a_lost_stream_is_said_and_its_range_is_kept():
    machine = steps(symbols="A")
    machine.take(StreamChanged(StreamState.LIVE), OPEN + 1)
    machine.take(bar(0), close_of(0) + 5)
    closed(machine, close_of(0) + 5)
    machine.take(StreamChanged(StreamState.LOST, "reset by peer"), close_of(0) + SECOND)
    (lost,) = closed(machine, close_of(0) + SECOND)
    assert (lost.feed.live, lost.feed.reason) == (False, "reset by peer")
    machine.take(StreamChanged(StreamState.LIVE), close_of(0) + 9 * SECOND)
    (back,) = closed(machine, close_of(0) + 9 * SECOND)
    assert back.feed.live
    assert back.feed.lost == ((close_of(0) + 5, close_of(0) + 9 * SECOND),)


@given(st.randoms(use_true_random=False))
def test_whatever_the_order_and_the_delays_nothing_is_lost_doubled_or_known_too_early(chance):
    minutes, symbols = 8, "ABC"
    arrivals = []
    for number in range(minutes):
        for symbol in symbols:
            close = 100.0 + chance.random()
            at = close_of(number) + int(chance.uniform(0.0, chance.choice([0.2, 150.0])) * SECOND)
            arrivals.append((at, bar(number, symbol, close)))
            if chance.random() < 0.2:
                arrivals.append((at + chance.randrange(90 * SECOND), bar(number, symbol, close)))
    arrivals.sort(key=lambda each: each[0])
    machine = steps(minutes=minutes, symbols=symbols)
    first_came: dict[tuple[int, int], int] = {}
    seen, handed = [], []
    last = OPEN

    def look(now: int) -> None:
        nonlocal last
        for step in closed(machine, now):
            assert step.seen_ns == last < step.upto_ns <= now
            last = step.upto_ns
            seen.append(step)
            for change in step.changes:
                came = first_came[change.symbol, change.bar.ts]
                assert came <= now
                if change.kind.value in ("new", "late"):
                    assert step.seen_ns < change.known_ns <= step.upto_ns
                    handed.append((change.symbol, change.bar.ts))
                    # Of what came in time the close counts; of what came late the arrival, or the
                    # step that was settling then.
                    assert change.known_ns >= came - SETTLE
                else:
                    assert change.known_ns <= step.seen_ns

    for at, event in arrivals:
        look(at)
        first_came.setdefault((symbols.index(event.symbol), int(event.bars.ts[0])), at)
        machine.take(event, at)
        if chance.random() < 0.3:
            look(at)
    look(close_of(minutes) + 10 * MINUTE)
    assert seen[-1].ends
    assert len(handed) == len(set(handed))
    in_columns = {
        (row, ts) for row, book in enumerate(machine.bars) for ts in book.columns.ts.tolist()
    }
    in_time = {key for key, at in first_came.items() if at < close_of(minutes - 1)}
    assert in_time <= in_columns
    for book in machine.bars:
        assert np.all(np.diff(book.columns.ts) > 0)
        assert np.all(np.diff(book.columns.available_at) >= 0)
