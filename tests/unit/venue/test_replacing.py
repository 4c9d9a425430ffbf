"""A working order is changed at the venue: once, written before, and never for more than asked."""

from dataclasses import replace
from decimal import Decimal

import pytest
from dying import halted_at, kinds, left, read_only

from mismartera_core import OrderChanged, VenueCapabilities
from mismartera_core.model.orders import OrderStatus, OrderType
from mismartera_core.model.venue import VenueStatus
from mismartera_core.testing import Answer

RIGHT = ("rest", "whole")
UNCLEAR = (Answer.DO_THEN_FAIL, Answer.GARBLED, Answer.WRONG)


def rows(rig):
    """What the signals say of changes: made or not, and why."""
    return [(str(row.status), row.reason) for row in rig.engine.ledger.refused]


@pytest.fixture(params=RIGHT)
def counting(request, venue):
    venue.replacing = request.param
    return venue


def test_a_limit_is_moved(rig, counting):
    order = rig.order(10, limit=99.0)
    rig.change(order, limit=98.5)
    rig.poll()
    (now,) = counting.working()
    assert (now.limit_price, order.limit, order.id) == (Decimal("98.5"), 98.5, 1)
    assert rows(rig) == [("replaced", "order 1: limit 99 to 98.5")]
    counting.fill(now.venue_id, price="98.5")
    rig.wait(70)
    assert (order.status, rig.held(), rig.verdicts) == (OrderStatus.FILLED, 10.0, [])


@pytest.mark.parametrize("quantity", [5, 8, 20])
def test_what_has_filled_is_part_of_the_quantity(rig, counting, quantity):
    order = rig.order(10, limit=99.0)
    counting.fill("AAPL", 4)
    rig.poll()
    rig.change(order, quantity=quantity)
    assert left(counting) == order.remaining == quantity - 4
    counting.fill("AAPL", 1)
    counting.lose(1)
    rig.wait(0)
    if quantity > 5:
        counting.fill("AAPL")
    rig.wait(70)
    assert (order.status, rig.held(), rig.verdicts) == (OrderStatus.FILLED, quantity, [])
    assert rig.heard("distrust") == 0


def test_a_fill_that_was_not_told_before_is_no_more_than_was_asked(rig, counting):
    order = rig.order(10, limit=99.0)
    counting.lose(1)
    counting.fill("AAPL", 4)
    rig.change(order, quantity=6)
    assert left(counting) == 2
    counting.fill("AAPL")
    rig.wait(70)
    assert (order.status, rig.held(), rig.verdicts) == (OrderStatus.FILLED, 6.0, [])


def test_a_venue_that_would_fill_the_whole_anew_is_stopped(rig, venue):
    venue.replacing = "anew"
    order = rig.order(10, limit=99.0)
    venue.fill("AAPL", 4)
    rig.poll()
    rig.change(order, limit=98.0)
    assert (left(venue), rig.heard("distrust")) == (0, 1)
    rig.wait(70)
    assert (order.status, order.filled_quantity, rig.held()) == (OrderStatus.CANCELLED, 4.0, 4.0)
    assert rig.verdicts == []


def test_what_the_venue_refuses_leaves_the_order_as_it_was(rig, venue):
    order = rig.order(10, limit=99.0)
    venue.script_changes(Answer.REFUSE)
    rig.change(order, limit=98.0)
    rig.wait(70)
    assert (order.limit, order.status) == (99.0, OrderStatus.WORKING)
    assert order.reason == "not changed: insufficient buying power"
    assert rows(rig) == [("rejected", "order 1 not changed: insufficient buying power")]
    assert rig.desk.frozen == {}
    rig.change(order, limit=98.5)
    assert (order.limit, order.reason) == (98.5, "")


@pytest.mark.parametrize("told", [True, False])
def test_a_fill_wins_over_a_change(rig, venue, told):
    order = rig.order(10, limit=99.0)
    venue.lose(0 if told else 1)
    venue.script_changes(Answer.FILL_FIRST)
    rig.change(order, limit=98.0)
    rig.wait(31)
    assert (order.status, rig.held(), order.limit) == (OrderStatus.FILLED, 10.0, 99.0)
    assert [status for status, _ in rows(rig)] == ["rejected"]


@pytest.mark.parametrize("answer", UNCLEAR)
@pytest.mark.parametrize("told", [True, False])
def test_a_change_of_unclear_fate_is_looked_up(rig, counting, answer, told):
    order = rig.order(10, limit=99.0)
    counting.fill("AAPL", 4)
    rig.poll()
    counting.script_changes(answer)
    counting.lose(0 if told else 2)
    rig.change(order, limit=98.0, quantity=8)
    assert "AAPL" in rig.desk.frozen
    rig.wait(3)
    assert (order.limit, order.remaining, len(counting.changed)) == (98.0, 4.0, 1)
    assert rig.desk.frozen == {}
    counting.fill("AAPL")
    rig.wait(70)
    assert (order.status, rig.held(), rig.verdicts) == (OrderStatus.FILLED, 8.0, [])


@pytest.mark.parametrize("made", [True, False])
def test_an_unclear_change_at_a_venue_without_ids_of_ours_is_found_by_the_order(make_rig, made):
    rig = make_rig(capabilities=VenueCapabilities(replace=True, client_ids=False))
    order = rig.order(10, limit=99.0)
    rig.venue.script_changes(Answer.DO_THEN_FAIL if made else Answer.FAIL)
    rig.venue.lose(2)
    rig.change(order, limit=98.0)
    rig.wait(40)
    assert (order.limit, len(rig.venue.changed)) == (98.0 if made else 99.0, 1)
    assert (rig.desk.frozen, left(rig.venue), rig.verdicts) == ({}, 10, [])


def test_a_change_that_never_arrived_leaves_the_order_as_it_was(rig, venue):
    order = rig.order(10, limit=99.0)
    venue.script_changes(Answer.FAIL)
    rig.change(order, limit=98.0)
    rig.wait(5)
    assert "AAPL" in rig.desk.frozen
    rig.wait(30)
    assert (order.limit, len(venue.changed), rig.desk.frozen) == (99.0, 1, {})
    assert [status for status, _ in rows(rig)] == ["rejected"]


def test_what_never_left_leaves_the_order_as_it_was(rig, venue):
    order = rig.order(10, limit=99.0)
    venue.script_changes(Answer.NOT_SENT)
    rig.change(order, limit=98.0)
    assert (order.limit, rig.desk.frozen) == (99.0, {})
    assert kinds(rig, venue.sent[0].client_id)[-2:] == ["replace_requested", "not_replaced"]


@pytest.mark.parametrize("answer", [Answer.TAKE, *UNCLEAR, Answer.FAIL])
def test_a_cancel_after_a_change_ends_it(rig, venue, answer):
    order = rig.order(10, limit=99.0)
    venue.script_changes(answer)
    rig.change(order, limit=98.0)
    rig.engine.cancel(order, "out")
    rig.wait(40)
    assert (order.status, venue.working()) == (OrderStatus.CANCELLED, [])
    assert rig.desk.working_symbols() == {}


def test_a_leg_is_moved(rig, venue):
    entry = rig.order(10, take_profit=110.0, stop_loss=90.0)
    venue.fill(venue.working()[0].venue_id)
    rig.poll()
    profit, loss = entry.legs
    rig.change(loss, stop=95.0)
    rig.wait(31)
    assert [o.stop_price for o in venue.working() if o.type is OrderType.STOP] == [Decimal(95)]
    assert (loss.stop, loss.status) == (95.0, OrderStatus.WORKING)
    venue.fill(next(o.venue_id for o in venue.working() if o.type is OrderType.STOP), price="95")
    rig.wait(70)
    assert (loss.status, profit.status) == (OrderStatus.FILLED, OrderStatus.CANCELLED)
    assert (rig.held(), rig.verdicts, rig.desk.external_orders) == (0.0, [], ())


def test_legs_are_for_as_much_as_their_entry(rig, venue):
    entry = rig.order(10, limit=99.0, take_profit=110.0, stop_loss=90.0)
    rig.change(entry, quantity=6)
    assert [leg.quantity for leg in entry.legs] == [6.0, 6.0]
    venue.fill(venue.working()[0].venue_id)
    rig.wait(31)
    assert [leg.remaining for leg in entry.legs] == [6.0, 6.0]
    assert rig.heard("distrust") == 0


@pytest.mark.parametrize(
    ("why", "act"),
    [
        ("being cancelled", lambda rig, order: rig.engine.cancel(order, "out")),
        ("on its way", lambda rig, order: rig.change(order, limit=97.0)),
        ("a gate", lambda rig, order: setattr(rig, "gate", "a gate")),
        ("is down", lambda rig, order: (rig.venue.lose_stream(), rig.poll())),
    ],
)
def test_what_may_not_leave_is_not_asked_for(rig, venue, why, act):
    venue.at_once = False
    order = rig.order(10, limit=99.0)
    venue.script_changes(Answer.FAIL)
    act(rig, order)
    asked = len(venue.changed)
    rig.change(order, limit=98.0)
    assert (len(venue.changed), order.limit) == (asked, 99.0)
    assert why in rows(rig)[-1][1]


def test_no_journal_no_change(rig, venue):
    order = rig.order(10, limit=99.0)
    read_only(rig)
    rig.change(order, limit=98.0)
    assert (venue.changed, order.limit) == ([], 99.0)
    assert "journal failed before it was sent" in order.reason
    read_only(rig, on=False)


def test_a_halt_while_a_change_is_written_keeps_it_here(rig, venue):
    order = rig.order(10, limit=99.0)
    halted_at(rig, "replace_requested.committed", lambda: rig.change(order, limit=98.0))
    assert (venue.changed, order.limit, rig.desk.frozen) == ([], 99.0, {})
    assert kinds(rig, venue.sent[0].client_id)[-2:] == ["replace_requested", "not_replaced"]
    assert rows(rig)[-1] == ("rejected", "order 1 not changed: halted")


def test_a_venue_that_cannot_change_orders_says_so(make_rig):
    rig = make_rig(capabilities=VenueCapabilities(replace=False))
    order = rig.order(10, limit=99.0)
    rig.change(order, limit=98.0)
    assert "cannot change a working order" in order.reason
    assert rig.venue.changed == []


@pytest.mark.parametrize("wanted", [{"limit": 98.001}, {"quantity": 2.5}, {"quantity": 4}])
def test_what_the_venue_could_not_take_is_not_asked_for(rig, venue, wanted):
    order = rig.order(10, limit=99.0)
    venue.fill("AAPL", 4)
    rig.poll()
    rig.change(order, **wanted)
    assert (venue.changed, order.limit, order.quantity) == ([], 99.0, 10.0)


@pytest.mark.parametrize("answer", [Answer.TAKE, Answer.DO_THEN_FAIL, Answer.FAIL, Answer.REFUSE])
@pytest.mark.parametrize("filled", [0, 4])
def test_a_restart_goes_on_with_what_the_venue_has(rig, counting, answer, filled):
    order = rig.order(10, limit=99.0)
    if filled:
        counting.fill("AAPL", filled)
        rig.poll()
    counting.script_changes(answer)
    counting.lose(9)
    rig.change(order, limit=98.0, quantity=8)
    counting.lose(0)
    for _ in range(2):
        rig.begin()
        rig.wait(31)
    made = answer in (Answer.TAKE, Answer.DO_THEN_FAIL)
    (order,) = [o for book in rig.desk.working_symbols().values() for o in book]
    assert (order.limit, order.quantity) == ((98.0, 8.0) if made else (99.0, 10.0))
    assert (order.remaining, rig.desk.frozen) == (left(counting), {})
    counting.fill("AAPL")
    rig.wait(70)
    assert (rig.held(), rig.verdicts) == (8.0 if made else 10.0, [])
    assert len(rig.journal.executions()) == len(counting.booked)


def test_somebody_else_s_change_is_followed_and_ours_refused(rig, venue):
    order = rig.order(10, limit=99.0)
    by_hand = replace(venue.sent[0], client_id="by hand", limit_price=Decimal(97))
    venue.hold()
    venue.replace(next(iter(venue.orders)), by_hand)
    rig.change(order, limit=98.0)
    venue.release()
    rig.wait(1)
    assert (order.limit, [status for status, _ in rows(rig)]) == (97.0, ["rejected"])


def test_a_change_that_the_venue_takes_and_rejects_later_is_not_made(rig, venue):
    order = rig.order(10, limit=99.0)
    venue.script_changes(Answer.FAIL)
    rig.change(order, limit=98.0)
    old = venue.working()[0]
    said = replace(
        old,
        venue_id="V-no",
        client_id=venue.changed[0].client_id,
        status=VenueStatus.REJECTED,
        replaces=old.venue_id,
        reason="too late",
    )
    venue.tell(OrderChanged(said))
    rig.poll()
    assert (order.limit, order.reason, rig.desk.frozen) == (99.0, "not changed: too late", {})


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("told", [True, False])
def test_an_order_that_is_changed_again_is_for_no_more_than_was_asked(
    rig, counting, told, restarts
):
    order = rig.order(10, limit=99.0)
    counting.lose(0 if told else 1)
    counting.fill("AAPL", 4)
    rig.change(order, limit=98.0)
    counting.fill("AAPL", 1)
    rig.wait(31)
    if restarts:
        rig.begin()
        (order,) = [o for book in rig.desk.working_symbols().values() for o in book]
    rig.change(order, quantity=12)
    assert left(counting) == order.remaining == 7
    counting.fill("AAPL")
    rig.wait(70)
    assert (order.status, rig.held(), rig.verdicts) == (OrderStatus.FILLED, 12.0, [])
    assert (rig.heard("distrust"), rig.heard("overfilled")) == (0, 0)


def test_a_change_to_less_than_the_venue_says_is_filled_is_not_asked_for(rig, venue):
    order = rig.order(10, limit=99.0)
    venue.lose(1)
    venue.fill("AAPL", 4)
    rig.change(order, limit=98.0)
    rig.change(order, quantity=4)
    assert (len(venue.changed), left(venue)) == (1, 6)
    assert order.reason == "not changed: quantity must be above what has filled, 4"


def test_news_of_an_entry_tells_of_the_change_of_its_leg(rig, venue):
    (leg,) = rig.order(10, stop_loss=90.0).legs
    entry = venue.find(venue.sent[0].client_id).venue_id
    venue.fill(entry)
    rig.poll()
    venue.script_changes(Answer.DO_THEN_FAIL)
    venue.hold()
    rig.change(leg, stop=91.0)
    venue.release(order=lambda _: [OrderChanged(venue.order(entry))])
    rig.poll()
    assert (leg.stop, leg.status, rows(rig)[-1][0]) == (91.0, OrderStatus.WORKING, "replaced")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"quantity": 0.0}, "quantity must be above zero, was 0.0"),
        ({"quantity": 2.5}, "quantity must be whole lots of 1, was 2.5"),
        ({"limit": 0.0}, "limit must be a price above zero, was 0.0"),
    ],
)
def test_a_change_to_what_no_order_can_be_is_not_asked_for(rig, venue, asked, why):
    order = rig.order(10, limit=99.0)
    rig.change(order, **asked)
    assert (venue.changed, order.limit, order.quantity) == ([], 99.0, 10.0)
    assert order.reason == f"not changed: {why}"


def test_an_order_that_leaves_the_whole_position_is_not_changed(rig, venue):
    rig.order(10)
    venue.fill("AAPL", price="100")
    rig.poll()
    rig.engine.flatten("flatten: by hand")
    leaving = rig.engine.ledger.orders[-1]
    rig.change(leaving, quantity=5)
    assert (venue.changed, leaving.quantity) == ([], 10.0)
    assert leaving.reason == "not changed: it leaves the whole position"
