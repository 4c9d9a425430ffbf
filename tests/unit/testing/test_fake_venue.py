"""What a fake venue promises whoever drives it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from mismartera_core.errors import UsageError
from mismartera_core.testing import FakeVenue, Refused, Terms, session_table, to_frame, walk_bars
from mismartera_core.testing.venue.orders import Status
from mismartera_core.testing.venue.refusals import Why

MINUTE = 60_000_000_000
DAYS = session_table(date(2026, 11, 20), date(2026, 11, 23))
BARS = walk_bars(DAYS, seed=7)
OPEN, CLOSE = int(DAYS.open_ns[0]), int(DAYS.close_ns[0])


def order(**words):
    return Terms(**{"symbol": "A", "side": "buy", "quantity": 10, **words})


def venue(bars=BARS, **words):
    return FakeVenue({"A": bars}, **{"sessions": DAYS, **words})


def test_bars_may_be_a_data_frame():
    columns, frame = venue(), venue(to_frame(BARS, "America/New_York"))
    for one in (columns, frame):
        one.submit(order())
        one.advance(CLOSE)
    assert columns.book.fills == frame.book.fills


def test_the_same_venue_gives_the_same_ids_and_another_does_not():
    ids = [venue(name=name).submit(order()).id for name in ("one", "one", "two")]
    assert ids[0] == ids[1] != ids[2]


def test_sessions_are_read_off_the_bars_where_nobody_says():
    found = venue(sessions=None).hours.table
    assert found.open_ns.tolist() == DAYS.open_ns.tolist()
    assert found.close_ns.tolist() == DAYS.close_ns.tolist()


def test_what_participation_leaves_is_filled_by_the_bars_that_follow():
    made = venue(replace(BARS, volume=np.full(len(BARS), 100.0)), participation="0.04")
    placed = made.submit(order())
    made.advance(OPEN + 3 * MINUTE)
    assert [fill.quantity for fill in made.book.fills] == [4, 4, 2]
    assert [fill.bar_ts for fill in made.book.fills] == [OPEN + n * MINUTE for n in range(3)]
    assert placed.average == sum(f.quantity * f.price for f in made.book.fills) / 10


def test_a_prompt_venue_cannot_know_what_participation_leaves():
    with pytest.raises(UsageError, match="participation"):
        venue(prompt=True, participation="0.1")


def test_a_prompt_venue_fills_at_once_what_fills_at_the_open():
    made = venue(prompt=True)
    made.advance(OPEN + 5 * MINUTE + 2_000_000_000)
    placed = made.submit(order())
    assert placed.status is Status.FILLED
    assert made.book.fills[0].price == Decimal(str(BARS.open[5]))
    assert made.book.fills[0].at_ns == made.clock.now_ns
    resting = made.submit(order(type="limit", limit=Decimal(str(BARS.low[6])), side="buy"))
    assert resting.status is Status.WORKING


def test_an_order_by_notional_that_finds_its_position_closed_ends_without_a_quantity():
    made = venue(crossing=True)
    made.submit(order(side="sell", quantity=1))
    made.advance(OPEN + MINUTE)
    closes, late = made.submit(order(quantity=1)), made.submit(order(quantity=None, notional=1))
    made.advance(OPEN + 2 * MINUTE)
    assert (closes.status, closes.left) == (Status.FILLED, 0)
    assert (late.status, late.quantity, late.left) == (Status.CANCELLED, None, None)


def test_orders_of_regular_hours_do_not_fill_before_them():
    early = replace(BARS, ts=BARS.ts - 60 * MINUTE, available_at=BARS.available_at - 60 * MINUTE)
    made = venue(early)
    waits = made.submit(order())
    fills = made.submit(order(type="limit", limit=1000, extended_hours=True))
    assert (waits.status, fills.status) == (Status.ACCEPTED, Status.WORKING)
    made.advance(OPEN)
    assert (waits.filled, fills.filled) == (0, 10)
    assert waits.status is Status.WORKING
    made.advance(OPEN + MINUTE)
    assert made.book.fills[-1].bar_ts == OPEN
    assert waits.status is Status.FILLED


def test_a_day_order_for_extended_hours_ends_with_the_post_market():
    made = venue()
    regular, extended = (
        made.submit(order(type="limit", side="buy", limit=1, extended_hours=hours))
        for hours in (False, True)
    )
    seen = []
    for end in (DAYS.close_ns, DAYS.post_close_ns):
        made.advance(int(end[0]))
        seen.append((regular.status, extended.status))
    assert seen == [(Status.EXPIRED, Status.WORKING), (Status.EXPIRED, Status.EXPIRED)]


def test_replacing_a_bracket_takes_its_exits_along():
    made = venue(participation="0.01", multiplier=None)
    exits = (order(side="sell", type="limit", limit=900), order(side="sell", type="stop", stop=1))
    entry = made.submit(order(quantity=50, exits=exits))
    while not entry.filled:
        made.advance(made.next_ns)
    new = made.replace(entry.id, quantity=entry.filled + 3)
    made.cancel(new.id)
    assert [leg.status for leg in new.legs] == [Status.WORKING] * 2
    assert [leg.quantity for leg in new.legs] == [entry.filled] * 2


def test_buying_power_is_what_orders_and_positions_leave_of_equity():
    made = venue(cash=10_000, multiplier=2)
    made.submit(order(type="limit", limit=50, quantity=100))
    assert made.checks.buying_power() == 15_000
    bought = made.submit(order(quantity=100, type="limit", limit=100))
    made.execute(bought.id, 100, "99.5")
    assert made.checks.buying_power() == 20_000 - 5_000 - 9_950
    with pytest.raises(Refused) as refused:
        made.submit(order(type="limit", limit=50, quantity=102))
    assert refused.value.why is Why.BUYING_POWER
    assert refused.value.details == {"buying_power": 5_050, "cost_basis": 5_100}


def test_fees_are_charged_for_each_fill():
    made = venue(fee=lambda side, units, price: units * Decimal("0.01"))
    made.submit(order())
    made.advance(OPEN + MINUTE)
    assert (made.book.fills[0].fee, made.ledger.fees) == (Decimal("0.10"), Decimal("0.10"))
    assert made.ledger.cash == 100_000 - 10 * made.book.fills[0].price - Decimal("0.10")


def test_a_clock_stands_until_it_is_moved_and_never_goes_back():
    made = venue()
    made.advance(OPEN + MINUTE)
    made.advance(OPEN)
    assert made.clock.now_ns == OPEN + MINUTE


def test_events_come_in_one_order():
    made, seen = venue(), []
    made.on_order(lambda event: seen.append(event.change.value))
    made.on_market(lambda events: seen.extend(event.kind for event in events))
    made.submit(order())
    made.at(OPEN + MINUTE, lambda: seen.append("script"))
    made.advance(OPEN + MINUTE)
    assert seen == ["new", "fill", "bar", "script"]


def test_a_symbol_without_trades_in_a_bar_fills_nothing():
    silent = replace(BARS, volume=np.where(BARS.ts < OPEN + 3 * MINUTE, 0.0, BARS.volume))
    made = venue(silent)
    made.submit(order())
    made.advance(CLOSE)
    assert made.book.fills[0].bar_ts == OPEN + 3 * MINUTE
