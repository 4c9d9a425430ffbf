"""Cancels are asked for until the venue has heard them; legs, pairs and closing orders fit."""

import math

import pytest

from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.risk import RiskState
from mismartera_core.model.venue import VenueStatus
from mismartera_core.testing import Answer


def events(rig, client_id):
    return [e.kind.value for e in rig.journal.find(client_id).events]


def bracket(rig, units=10, **how):
    entry = rig.order(units, take_profit=110.0, stop_loss=90.0, **how)
    return entry, *entry.legs


def test_a_cancel_is_written_down_before_it_is_asked_for(rig, venue):
    order = rig.order(10, limit=90.0)
    cancel, seen = venue.cancel, []
    client_id = venue.sent[0].client_id
    venue.cancel = lambda venue_id: seen.append(events(rig, client_id)[-1]) or cancel(venue_id)
    rig.engine.cancel(order, "no")
    rig.poll()
    assert seen == ["cancel_requested"]
    assert (order.status, order.reason) == (OrderStatus.CANCELLED, "no")


def test_a_cancel_that_was_lost_is_asked_for_again(rig, venue):
    order = rig.order(10, limit=90.0)
    venue.unheard = True
    rig.engine.cancel(order, "no")
    rig.engine.cancel(order, "no")
    assert len(venue.cancels) == 1
    rig.wait(5)
    assert not order.is_done
    venue.unheard = False
    rig.wait(3)
    assert (order.status, rig.desk.working_symbols()) == (OrderStatus.CANCELLED, {})


@pytest.mark.parametrize("answer", [Answer.DO_THEN_FAIL, Answer.FAIL])
def test_an_order_whose_fate_is_unclear_is_cancelled_when_it_is_found(rig, venue, answer):
    venue.script(answer)
    venue.lose(1)
    order = rig.order(10, limit=90.0)
    rig.engine.cancel(order, "no")
    assert venue.cancels == []
    rig.wait(20)
    assert order.is_done
    assert len(venue.sent) == 1
    assert len(venue.cancels) == (answer is Answer.DO_THEN_FAIL)


def test_what_cannot_be_cancelled_any_more_is_asked_for(rig, venue):
    order = rig.order(10)
    venue.lose(1)
    venue.fill("AAPL")
    rig.engine.cancel(order, "no")
    rig.wait(1)
    assert (order.status, rig.held()) == (OrderStatus.FILLED, 10.0)


def test_what_cannot_be_cancelled_is_asked_for_until_the_venue_answers(rig, venue):
    order = rig.order(10)
    venue.lose(1)
    venue.fill("AAPL")
    look = venue.order
    venue.order = lambda venue_id: (_ for _ in ()).throw(ValueError("garbled"))
    rig.engine.cancel(order, "no")
    rig.wait(1)
    assert not order.is_done
    venue.order = look
    rig.wait(4)
    assert order.status is OrderStatus.FILLED


def test_cancelling_what_has_ended_or_is_unknown_does_nothing(rig, venue):
    order = rig.order(10)
    venue.fill("AAPL")
    rig.poll()
    rig.desk.cancel(order, "no", 0)
    assert venue.cancels == []


def test_a_bracket_travels_in_one_order_and_its_legs_are_found_again(rig, venue):
    entry, profit, loss = bracket(rig)
    assert len(venue.sent) == 1
    assert {leg.status for leg in entry.legs} == {OrderStatus.HELD}
    venue.fill("AAPL")
    rig.poll()
    assert {leg.status for leg in entry.legs} == {OrderStatus.WORKING}
    venue.fill(profit and "AAPL", price="110")
    rig.poll()
    assert (profit.status, loss.status) == (OrderStatus.FILLED, OrderStatus.CANCELLED)
    assert (rig.held(), venue.cancels) == (0.0, [])


def test_the_legs_of_an_entry_that_ends_empty_end_with_it(rig, venue):
    entry, profit, loss = bracket(rig, limit=99.0)
    rig.engine.cancel(entry, "no")
    for leg in entry.legs:
        rig.engine.cancel(leg, "no")
    rig.poll()
    assert {entry.status, profit.status, loss.status} == {OrderStatus.CANCELLED}
    assert len(venue.cancels) == 1


def test_the_legs_of_a_refused_entry_end_with_it(rig, venue):
    venue.script(Answer.REFUSE)
    entry, profit, loss = bracket(rig)
    assert (entry.status, profit.status, loss.status) == (
        OrderStatus.REJECTED,
        OrderStatus.CANCELLED,
        OrderStatus.CANCELLED,
    )
    assert rig.desk.working_symbols() == {}


def test_the_legs_of_an_entry_that_filled_in_part_are_for_that_part(rig, venue):
    entry, profit, loss = bracket(rig, limit=99.0)
    venue.fill("AAPL", 4)
    venue.end(list(venue.orders)[-1], VenueStatus.EXPIRED)
    rig.poll()
    assert (entry.status, entry.filled_quantity) == (OrderStatus.EXPIRED, 4.0)
    assert (profit.remaining, loss.remaining) == (4.0, 4.0)
    assert {profit.status, loss.status} == {OrderStatus.WORKING}


def test_of_two_orders_that_cancel_each_other_a_fill_ends_the_other(rig, venue):
    high = rig.order(10, stop=105.0)
    low = rig.order(10, limit=95.0, oco=high)
    venue.fill(next(iter(venue.orders)), 3)
    rig.poll()
    assert (low.status, low.reason) == (OrderStatus.CANCELLED, "one cancels other")
    assert high.status is OrderStatus.PARTIALLY_FILLED


def close(rig):
    for book in list(rig.desk.working_symbols().values()):
        for order in tuple(book):
            rig.engine.cancel(order, "closing the position")
    return rig.order(-rig.held(), closing=True)


def test_a_closing_order_waits_until_nothing_else_can_sell_the_same(rig, venue):
    _entry, _profit, _loss = bracket(rig)
    venue.fill("AAPL")
    rig.poll()
    venue.at_once = False
    leaving = close(rig)
    rig.wait(1)
    assert (len(venue.sent), leaving.is_done) == (1, False)
    venue.confirm_cancels()
    rig.wait(1)
    venue.fill("AAPL")
    rig.poll()
    assert (leaving.status, rig.held()) == (OrderStatus.FILLED, 0.0)


@pytest.mark.parametrize(("sold", "left"), [(10, 0), (4, 6)])
def test_a_closing_order_leaves_for_what_is_still_held(rig, venue, sold, left):
    bracket(rig)
    venue.fill("AAPL")
    rig.poll()
    venue.at_once = False
    leaving = close(rig)
    venue.fill(next(iter(venue.orders)), sold, price="110")
    venue.confirm_cancels()
    rig.wait(1)
    assert [str(terms.quantity) for terms in venue.sent[1:]] == ([str(left)] if left else [])
    assert leaving.is_done is (left == 0)
    if left == 0:
        assert leaving.reason == "nothing is left to close"


def test_a_closing_order_waits_for_the_stream(rig, venue):
    rig.order(10)
    venue.fill("AAPL")
    rig.poll()
    venue.lose_stream()
    rig.poll()
    leaving = close(rig)
    rig.wait(1)
    assert (len(venue.sent), leaving.is_done) == (1, False)
    venue.restore_stream()
    rig.wait(1)
    assert len(venue.sent) == 2


def test_a_closing_order_that_waits_can_be_cancelled_and_expires(rig, venue):
    rig.order(10)
    venue.fill("AAPL")
    rig.poll()
    venue.lose_stream()
    rig.poll()
    one, other = close(rig), rig.order(-10, closing=True)
    rig.engine.cancel(one, "no")
    rig.clock.now_ns += 1
    rig.desk.end_session(rig.clock.now_ns)
    assert (one.status, other.status) == (OrderStatus.CANCELLED, OrderStatus.EXPIRED)
    assert len(venue.sent) == 1


def test_a_position_that_cannot_be_left_halts_after_three_orders(rig, venue):
    rig.order(10)
    venue.fill("AAPL")
    rig.poll()
    for number in range(1, 4):
        venue.script(Answer.REFUSE)
        assert rig.order(-10, closing=True).status is OrderStatus.REJECTED
        assert (rig.engine.control.record.limit == "liquidation") is (number == 3)
        rig.clock.now_ns += 60_000_000_000
    assert "AAPL cannot be left, after 3 orders" in rig.engine.control.record.reason
    assert rig.held() == 10.0


def test_orders_that_are_refused_between_fills_do_not_add_up(rig, venue):
    rig.order(10)
    venue.fill("AAPL")
    for _ in range(4):
        rig.poll()
        venue.script(Answer.REFUSE)
        rig.order(-1, closing=True)
        rig.clock.now_ns += 1
        rig.order(-1, closing=True)
        venue.fill("AAPL")
    assert rig.engine.control.state is RiskState.ACTIVE


def test_a_human_s_flattening_leaves_what_is_held_and_nothing_else(rig, venue):
    rig.order(10)
    venue.fill("AAPL")
    rig.poll()
    waiting = rig.order(5, limit=90.0)
    rig.engine.control.ask_flatten("a human", rig.clock.now_ns)
    rig.engine.attend(rig.clock.now_ns)
    rig.wait(1)
    assert waiting.status is OrderStatus.CANCELLED
    rig.engine.cancel(waiting, "once more")
    assert len(venue.cancels) == 1
    assert [(t.symbol, t.side.value, int(t.quantity)) for t in venue.sent[2:]] == [
        ("AAPL", "sell", 10)
    ]
    assert rig.holdings["one", "AAPL"].position.average_price == 100.0
    venue.fill("AAPL")
    rig.wait(1)
    assert rig.held() == 0.0
    assert math.isnan(rig.holdings["one", "AAPL"].position.average_price)
