"""Executions are booked once each, whatever order and how often they are told in."""

import itertools
from dataclasses import replace
from decimal import Decimal

import pytest

from mismartera_core import Executed, OrderChanged
from mismartera_core.model.orders import OrderStatus, Side
from mismartera_core.model.venue import VenueStatus
from mismartera_core.testing import Answer


def agree(rig):
    """Positions, executions and cash are the venue's."""
    held = {s: q for s, q in rig.venue.held.items() if q}
    assert rig.engine.units() == held
    assert {e.execution.execution_id for e in rig.journal.executions()} == {
        e.execution_id for e in rig.venue.booked
    }
    assert rig.cash == rig.venue.account().cash


def test_a_fill_before_its_answer_is_booked_once(rig, venue):
    venue.script(Answer.FILL_FIRST)
    order = rig.order(10)
    rig.poll()
    assert (order.status, rig.held(), len(rig.fills)) == (OrderStatus.FILLED, 10.0, 1)
    agree(rig)


def test_a_fill_of_an_order_whose_answer_was_lost_is_the_answer(rig, venue):
    venue.script(Answer.DO_THEN_FAIL)
    order = rig.order(10)
    venue.fill("AAPL", 4)
    rig.poll()
    assert (order.status, order.remaining) == (OrderStatus.PARTIALLY_FILLED, 6.0)
    agree(rig)


def test_an_execution_without_our_id_waits_for_its_order(rig, venue):
    venue.script(Answer.DO_THEN_FAIL)
    venue.hold()
    rig.order(10)
    execution = venue.fill("AAPL", 4)
    bare = replace(execution, client_id="", cumulative=None)
    rig.desk._booking.take(bare, None)
    rig.desk._booking.take(bare, None)
    assert rig.fills == []
    rig.wait(1)
    assert rig.held() == 4.0
    assert rig.desk.external_positions == {}
    agree(rig)


def test_what_waited_for_an_order_that_never_was_is_not_ours(rig, venue):
    venue.script(Answer.FAIL, Answer.FAIL)
    rig.order(10)
    other = venue.foreign("AAPL", Side.BUY, 3)
    venue.fill(other.venue_id)
    rig.poll()
    assert rig.desk.external_positions == {}
    rig.wait(40)
    assert rig.desk.external_positions == {"AAPL": Decimal(3)}


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("turn", list(itertools.permutations(range(3))))
def test_the_order_of_telling_changes_nothing(rig, venue, turn, times):
    order = rig.order(10)
    venue.hold()
    for units in (2, 3, 5):
        venue.fill("AAPL", units)
    venue.release(lambda events: [events[i] for i in turn] * times)
    rig.poll()
    assert (order.status, order.remaining, len(rig.fills)) == (OrderStatus.FILLED, 0.0, 3)
    agree(rig)


def test_a_fill_that_was_not_told_is_fetched(rig, venue):
    order = rig.order(10)
    venue.lose(1)
    venue.fill("AAPL")
    rig.wait(29)
    assert not order.is_done
    rig.wait(2)
    assert order.status is OrderStatus.FILLED
    assert rig.heard("missed") == 1
    agree(rig)


def test_what_the_venue_counts_and_has_not_told_is_fetched_at_once(rig, venue):
    order = rig.order(10)
    venue.lose(1)
    venue.fill("AAPL", 4)
    venue.fill("AAPL", 6)
    rig.wait(0.5)
    assert order.status is OrderStatus.FILLED
    agree(rig)


def test_a_running_total_told_as_a_fill_is_not_booked_as_one(rig, venue):
    order = rig.order(10)
    venue.fill("AAPL", 4)
    venue.fill("AAPL", 3, told_quantity="7")
    rig.poll()
    assert (order.remaining, rig.heard("distrust")) == (3.0, 1)
    agree(rig)


@pytest.mark.wrong_for_good
def test_a_venue_that_insists_on_more_than_was_ordered_halts(rig, venue):
    rig.order(10)
    venue.fill("AAPL", 4)
    venue.booked[0] = replace(
        venue.booked[0], execution_id="E-other", quantity=Decimal(9), cumulative=Decimal(13)
    )
    rig.wait(31)
    assert "executions" in [v.limit for v in rig.verdicts]
    assert rig.held() == 4.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"symbol": "MSFT"},
        {"side": Side.SELL},
        {"quantity": Decimal(-1)},
        {"quantity": Decimal("NaN")},
        {"price": Decimal(0)},
    ],
)
def test_an_execution_that_cannot_be_is_not_booked(rig, venue, wrong):
    rig.order(10)
    venue.hold()
    execution = venue.fill("AAPL", 4)
    venue.release(lambda events: [])
    told = replace(execution, execution_id="E-odd", **wrong)
    venue.tell(Executed(told, next(iter(venue.orders.values()))))
    rig.wait(0.5)
    assert rig.heard("distrust") == 1
    assert rig.held() == 4.0


def test_a_fill_wins_over_a_cancel(rig, venue):
    venue.at_once = False
    order = rig.order(10)
    rig.engine.cancel(order, "no longer wanted")
    assert not order.is_done
    venue.fill("AAPL", 4)
    venue.hold()
    venue.fill("AAPL", 2)
    venue.confirm_cancels()
    venue.release(lambda events: events[::-1])
    rig.wait(1)
    assert (order.status, order.filled_quantity) == (OrderStatus.CANCELLED, 6.0)
    assert order.reason == "no longer wanted"
    agree(rig)


def test_a_cancelled_order_waits_for_executions_that_were_not_told(rig, venue):
    order = rig.order(10)
    venue.lose(1)
    venue.fill("AAPL", 4)
    rig.engine.cancel(order, "enough")
    rig.wait(0)
    assert order.status is OrderStatus.CANCELLED
    assert (order.filled_quantity, rig.held()) == (4.0, 4.0)


def test_an_order_that_the_venue_calls_filled_with_less_is_cancelled_in_these_words(rig, venue):
    order = rig.order(10)
    venue.fill("AAPL", 4)
    venue.end(next(iter(venue.orders)), VenueStatus.FILLED)
    rig.wait(1)
    assert (order.status, order.filled_quantity) == (OrderStatus.CANCELLED, 4.0)
    assert order.reason == "the venue calls it filled with 4 of 10"


def test_an_order_that_is_filled_after_it_was_said_to_be_cancelled(rig, venue):
    order = rig.order(10)
    venue.tell(
        OrderChanged(replace(next(iter(venue.orders.values())), status=VenueStatus.CANCELLED))
    )
    rig.poll()
    assert order.status is OrderStatus.CANCELLED
    venue.fill("AAPL", 10)
    rig.wait(1)
    assert (order.status, order.filled_quantity) == (OrderStatus.CANCELLED, 0.0)
    assert (rig.held(), rig.heard("late")) == (10.0, 1)
    agree(rig)


def test_the_bar_of_a_fill_is_the_interval_in_which_it_happened(rig, venue):
    told = []
    rig.holdings["one", "AAPL"].on_fill = lambda *fill: told.append(fill)
    rig.order(10)
    rig.clock.now_ns += 95_000_000_000
    venue.fill("AAPL", price="101.5")
    rig.poll()
    _order, units, price, fee, bar = told[0]
    assert (units, price, fee) == (10.0, 101.5, 0)
    assert bar.ts == rig.clock.now_ns // 60_000_000_000 * 60_000_000_000
    assert (bar.open, bar.high, bar.low, bar.close) == (101.5,) * 4
    assert bar.volume != bar.volume


def test_a_hundred_thousand_events_are_all_taken(rig, venue):
    order = rig.order(10)
    changed = OrderChanged(next(iter(venue.orders.values())))
    for _ in range(100_000):
        venue.tell(changed)
    venue.fill("AAPL")
    rig.poll()
    assert order.status is OrderStatus.FILLED


def test_what_a_strategy_raises_leaves_the_books_whole(rig, venue):
    def raises(*fill):
        raise RuntimeError("a strategy's mistake")

    rig.holdings["one", "AAPL"].on_fill = raises
    rig.order(10)
    venue.fill("AAPL")
    with pytest.raises(RuntimeError):
        rig.poll()
    rig.poll()
    agree(rig)
