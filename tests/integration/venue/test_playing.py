"""The venue's clock, run ahead of real time."""

from __future__ import annotations

import threading

import pytest
import venue_streams
from alpaca.trading.requests import MarketOrderRequest
from venue_streams import BARS, DAYS

from mismartera_core.testing import FakeVenue, Terms

MINUTE_NS = 60_000_000_000
OPEN_NS, CLOSE_NS = int(DAYS.open_ns[0]), int(DAYS.close_ns[0])


def test_a_session_is_streamed_to_its_end(venue, data):
    venue.play(minute_seconds=0.001, until_ns=CLOSE_NS)
    assert venue.wait_for_end(venue_streams.PATIENCE)
    assert venue.clock.now_ns == CLOSE_NS
    bars = data.take(390)
    assert [bar.close for bar in bars] == BARS["AAPL"].close[:390].tolist()


def test_orders_fill_while_it_runs(venue, trading, updates):
    venue.play(minute_seconds=0.05, until_ns=OPEN_NS + 20 * MINUTE_NS)
    placed = MarketOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="day")
    while not venue.wait_for_end(0.02):
        trading.submit_order(placed)
    opens = {int(ts): float(o) for ts, o in zip(BARS["AAPL"].ts, BARS["AAPL"].open, strict=True)}
    fills = venue.book.fills
    assert fills
    assert all(float(fill.price) == opens[fill.bar_ts] for fill in fills)
    for fill in fills:  # told of after it was placed, within the bar it came from
        order = venue.order(fill.order_id)
        assert order.submitted_ns <= fill.at_ns < fill.bar_ts + MINUTE_NS


def test_the_clock_never_passes_what_has_not_happened():
    seen = []
    venue = FakeVenue(BARS, sessions=DAYS)
    venue.on_market(lambda events: seen.append((venue.clock.now_ns, events[0].ts)))
    venue.play(minute_seconds=0.002, until_ns=OPEN_NS + 50 * MINUTE_NS)
    stamps = []
    while not venue.wait_for_end(0.001):
        with venue.lock:
            stamps.append((venue.clock.now_ns, len(seen)))
    assert all(now == ts + MINUTE_NS for now, ts in seen)
    assert stamps == sorted(stamps)
    for now, count in stamps:
        closed = (now - OPEN_NS) // MINUTE_NS
        assert closed - 1 <= count <= closed  # one that is due may be waiting for the lock


def test_what_is_scripted_is_done_on_its_instant():
    with FakeVenue(BARS, sessions=DAYS) as venue:
        at, done = [], threading.Event()
        venue.play(minute_seconds=60.0)
        venue.at(venue.clock.now_ns, lambda: (at.append(venue.clock.now_ns), done.set()))
        assert done.wait(venue_streams.PATIENCE)
        venue.pause()
        stood = venue.clock.now_ns
        assert OPEN_NS <= at[0] <= stood < OPEN_NS + MINUTE_NS
        assert venue.clock.now_ns == stood


def test_what_goes_wrong_is_raised_by_whoever_waits():
    with FakeVenue(BARS, sessions=DAYS) as venue:
        venue.at(OPEN_NS + 1, lambda: 1 / 0)
        venue.play(minute_seconds=0.001)
        with pytest.raises(ZeroDivisionError):
            venue.wait_for_end(venue_streams.PATIENCE)


def test_orders_come_so_late_that_they_wait_for_the_next_bar():
    venue = FakeVenue(BARS, sessions=DAYS, grace_seconds=10.0)
    fills = {}
    for seconds in (10, 11):
        venue.advance(OPEN_NS + seconds * 1_000_000_000)
        fills[seconds] = venue.submit(Terms(symbol="AAPL", side="buy", quantity=1)).id
    venue.advance(OPEN_NS + 2 * MINUTE_NS)
    opened = {fill.order_id: fill.bar_ts for fill in venue.book.fills}
    assert [opened[fills[s]] - OPEN_NS for s in (10, 11)] == [0, MINUTE_NS]
