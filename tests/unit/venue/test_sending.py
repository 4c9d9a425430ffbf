"""An order leaves once, after it was written down, and only the venue's word ends it."""

import math

import pytest
import sqlalchemy as sa
from dying import halted_at, read_only

from mismartera_core import VenueCapabilities
from mismartera_core.model.journal import OrderEventKind
from mismartera_core.model.orders import OrderStatus, OrderType, TimeInForce
from mismartera_core.testing import Answer

LOST = [Answer.DO_THEN_FAIL, Answer.GARBLED, Answer.WRONG]


def kinds(rig, order):
    """What the journal has of the newest order of a rig."""
    return [e.kind.value for e in rig.journal.orders_since(0)[-1].events]


def test_it_is_written_down_before_it_leaves(rig, venue):
    seen = []
    submit = venue.submit
    venue.submit = lambda terms: seen.append(kinds(rig, terms)) or submit(terms)
    order = rig.order(10)
    assert seen == [["intent", "sent"]]
    assert kinds(rig, order) == ["intent", "sent", "acked"]
    assert (order.status, order.reason) == (OrderStatus.WORKING, "")


def test_the_same_decision_has_the_same_id(make_rig):
    ids = []
    for _ in range(2):
        rig = make_rig(account=f"PA{len(ids)}", begin=False)
        rig._run = f"run {len(ids)}"
        rig.begin().order(10)
        ids.append(rig.venue.sent[0].client_id)
    assert len(ids[0]) <= 40
    assert ids[0] != ids[1]
    assert ids[0][:12] == ids[1][:12]


def test_a_decision_that_is_made_again_after_a_restart_is_not_sent_again(rig, venue):
    rig.order(10)
    rig.begin()
    again = rig.order(10)
    assert again.status is OrderStatus.REJECTED
    assert "decided on before" in again.reason
    assert len(venue.sent) == len(venue.orders) == 1
    assert len(rig.desk.working_symbols()[0]) == 1


def test_two_orders_of_one_instant_are_two(rig, venue):
    rig.order(10), rig.order(10), rig.order(-10)
    assert len({terms.client_id for terms in venue.sent}) == len(venue.orders) == 3


def test_a_gate_that_closes_after_the_intent_keeps_it_here(rig, venue):
    rig.gate = "halted"
    order = rig.order(10)
    assert (order.status, order.reason) == (OrderStatus.REJECTED, "halted")
    assert venue.sent == []
    assert kinds(rig, order) == ["intent", "denied"]


def test_a_gate_that_closes_while_it_is_written_keeps_it_here(rig, venue):
    halted_at(rig, "sent.committed", lambda: rig.order(10))
    assert venue.sent == []
    assert kinds(rig, None) == ["intent", "sent", "not_sent"]
    assert rig.desk.frozen == {}


def test_in_a_storm_of_orders_nothing_leaves_after_the_gate_has_closed(rig, venue):
    for number in range(20):
        rig.gate = "" if number < 7 else "killed"
        rig.order(1)
    assert len(venue.sent) == 7


@pytest.mark.parametrize(
    ("answer", "words"),
    [(Answer.REFUSE, "insufficient buying power"), (Answer.NOT_SENT, "connection was refused")],
)
def test_a_refusal_ends_it_in_the_venue_s_words(rig, venue, answer, words):
    venue.script(answer)
    order = rig.order(10)
    assert order.status is OrderStatus.REJECTED
    assert words in order.reason
    assert venue.orders == {}
    assert rig.engine._reserved == 0


@pytest.mark.parametrize("answer", LOST)
def test_a_lost_answer_is_looked_up_and_adopted(rig, venue, answer):
    venue.script(answer)
    order = rig.order(10)
    assert "unclear" in order.reason
    assert "AAPL" in rig.desk.frozen
    rig.wait(1)
    assert (order.status, order.reason, rig.desk.frozen) == (OrderStatus.WORKING, "", {})
    assert len(venue.sent) == len(venue.orders) == 1
    assert rig.heard("unknown") == rig.heard("adopted") == 1


def test_what_never_arrived_is_sent_again_under_the_same_id_while_it_is_fresh(rig, venue):
    venue.script(Answer.FAIL)
    order = rig.order(10)
    rig.wait(1)
    assert order.status is OrderStatus.WORKING
    assert [terms.client_id for terms in venue.sent] == [venue.sent[0].client_id] * 2
    assert len(venue.orders) == 1


def test_what_never_arrived_is_not_sent_again_when_it_is_stale(rig, venue):
    venue.script(Answer.FAIL)
    order = rig.order(10)
    venue.down = True
    rig.wait(6)
    venue.down = False
    rig.wait(20)
    assert len(venue.sent) == 1
    assert (order.status, venue.orders) == (OrderStatus.REJECTED, {})
    assert "has no such order" in order.reason


def test_it_is_not_sent_again_when_the_gate_has_closed(rig, venue):
    venue.script(Answer.FAIL)
    rig.order(10)
    rig.gate = "halted"
    rig.wait(30)
    assert len(venue.sent) == 1


def test_it_is_not_sent_again_when_the_gate_closes_while_that_is_written(rig, venue):
    venue.script(Answer.FAIL)
    order = rig.order(10)
    halted_at(rig, "resent.committed", lambda: rig.wait(60))
    assert "resent" in kinds(rig, order)
    assert (len(venue.sent), order.status) == (1, OrderStatus.REJECTED)


def test_it_is_given_up_only_after_that_many_answers(rig, venue):
    venue.script(Answer.FAIL, Answer.FAIL)
    order = rig.order(10)
    rig.wait(8)
    venue.down = True
    rig.wait(60)
    assert not order.is_done
    venue.down = False
    rig.wait(25)
    assert order.is_done
    assert rig.heard("absent") == 1


def test_a_second_order_with_one_id_means_that_there_is_one(rig, venue):
    terms = []
    submit = venue.submit
    venue.submit = lambda one: terms.append(one) or (submit(one), submit(one))[1]
    order = rig.order(10)
    venue.submit = submit
    assert order.status is OrderStatus.WORKING
    rig.wait(1)
    assert (order.reason, len(venue.orders)) == ("", 1)


def test_where_the_venue_says_that_there_is_one_and_finds_none_a_human_looks(rig, venue):
    submit = venue.submit
    venue.submit = lambda one: (submit(one), submit(one))[1]
    venue.lose(1)
    order = rig.order(10)
    venue.submit = submit
    venue.orders.clear()
    rig.wait(60)
    assert not order.is_done
    assert "AAPL" in rig.desk.frozen
    assert rig.heard("human") == 1
    assert len(venue.sent) == 2


def test_a_frozen_symbol_takes_no_entry_but_a_reduction(rig, venue):
    rig.order(10)
    venue.fill("AAPL")
    rig.poll()
    venue.script(Answer.FAIL)
    rig.order(5)
    entry, exit_, too_much = rig.order(1), rig.order(-6), rig.order(-6)
    other = rig.order(1, "MSFT")
    assert "frozen" in entry.reason
    assert "frozen" in too_much.reason
    assert not exit_.is_done
    assert not other.is_done


def test_an_order_that_arrives_after_it_was_given_up_is_cancelled_and_its_fills_are_booked(
    rig, venue
):
    venue.script(Answer.LATE, Answer.FAIL)
    order = rig.order(10)
    rig.wait(20)
    assert order.status is OrderStatus.REJECTED
    venue.at_once = False
    venue.arrive()
    rig.poll()
    assert rig.heard("late") == 1
    assert venue.cancels == [next(iter(venue.orders))]
    venue.fill("AAPL", 4)
    venue.confirm_cancels()
    rig.wait(1)
    assert (rig.held(), rig.desk.working_symbols()) == (4.0, {})
    assert (order.status, order.filled_quantity) == (OrderStatus.REJECTED, 0.0)
    assert rig.engine.units() == venue.held


@pytest.mark.parametrize("filled", [False, True])
def test_an_order_that_arrives_late_while_the_journal_fails_is_ours_once_it_works(
    rig, venue, filled
):
    venue.listed_ids = False
    venue.script(Answer.LATE, Answer.FAIL)
    order = rig.order(10)
    rig.wait(20)
    assert order.is_done
    read_only(rig)
    venue.lose(9)
    venue.arrive()
    if filled:
        venue.fill("AAPL")
    rig.wait(40)
    assert rig.held() == 0.0
    read_only(rig, on=False)
    rig.wait(70)
    assert (rig.held(), venue.working()) == (10.0 if filled else 0.0, [])
    assert (rig.desk.external_positions, rig.heard("external")) == ({}, 0)


def test_a_venue_without_ids_of_ours_has_answered_with_its_own(make_rig):
    rig = make_rig(capabilities=VenueCapabilities(client_ids=False))
    order = rig.order(10)
    rig.wait(31)
    assert (kinds(rig, order)[-1], rig.desk.frozen, rig.desk.external_orders) == ("acked", {}, ())
    rig.venue.fill("AAPL")
    rig.wait(70)
    assert (order.status, rig.held(), rig.verdicts) == (OrderStatus.FILLED, 10.0, [])


def test_a_venue_without_ids_of_ours_is_polled_and_never_sent_to_again(make_rig):
    rig = make_rig(capabilities=VenueCapabilities(client_ids=False))
    rig.venue.script(Answer.DO_THEN_FAIL)
    found = rig.order(10)
    rig.venue.script(Answer.FAIL)
    rig.order(7, "MSFT")
    rig.wait(30)
    assert (found.reason, "AAPL" in rig.desk.frozen) == ("", False)
    assert "MSFT" in rig.desk.frozen
    assert len(rig.venue.sent) == 2
    assert rig.heard("human") == 1


def test_two_orders_that_look_alike_are_left_to_a_human(make_rig):
    rig = make_rig(capabilities=VenueCapabilities(client_ids=False), strategies=("one", "two"))
    rig.venue.script(Answer.DO_THEN_FAIL, Answer.FAIL)
    rig.order(10)
    rig.venue.foreign("AAPL", rig.venue.sent[0].side, 10)
    rig.wait(30)
    assert "AAPL" in rig.desk.frozen
    assert rig.heard("human") == 1


@pytest.mark.parametrize(
    ("how", "can", "words"),
    [
        ({"limit": 9.0, "stop": 9.0}, {"types": frozenset({OrderType.MARKET})}, "stop-limit"),
        ({"gtc": True}, {"times_in_force": frozenset({TimeInForce.DAY})}, "'gtc'"),
        ({"take_profit": 110.0}, {"brackets": False}, "take-profit"),
    ],
)
def test_what_the_venue_cannot_do_is_refused_here(make_rig, how, can, words):
    rig = make_rig(capabilities=VenueCapabilities(**can))
    order = rig.order(10, **how)
    assert order.status is OrderStatus.REJECTED
    assert words in order.reason
    assert rig.venue.sent == []


def test_parts_of_a_unit_are_refused_where_the_venue_takes_none(rig, venue):
    order = rig.order(10)
    order.quantity = 0.5
    rig.desk.submit(order)
    assert rig.order(0.5).status is OrderStatus.REJECTED
    assert len(venue.sent) == 1


def test_no_journal_no_order(rig, venue):
    read_only(rig)
    order = rig.order(10)
    assert order.status is OrderStatus.REJECTED
    assert "journal" in order.reason
    assert venue.sent == []
    assert [v.limit for v in rig.verdicts] == ["journal"]
    read_only(rig, on=False)
    rig.clock.now_ns += 1
    assert not rig.order(10).is_done


def test_a_journal_that_fails_between_intent_and_sending_keeps_the_order_here(rig, venue):
    note = rig.journal.note

    def fails(client_id, kind, *more):
        if kind is OrderEventKind.SENT:
            read_only(rig)
        note(client_id, kind, *more)

    rig.journal.note = fails
    order = rig.order(10)
    assert order.status is OrderStatus.REJECTED
    assert venue.sent == []


def test_an_execution_waits_for_the_journal(rig, venue):
    rig.order(10)
    read_only(rig)
    venue.fill("AAPL")
    rig.wait(5)
    assert (rig.held(), rig.fills) == (0.0, [])
    read_only(rig, on=False)
    rig.wait(1)
    assert (rig.held(), len(rig.fills)) == (10.0, 1)
    assert [v.limit for v in rig.verdicts] == ["journal"]


def test_executions_that_wait_for_the_journal_are_not_missing(rig, venue):
    order = rig.order(10)
    with rig.database.engine.connect() as connection:
        connection.execute(sa.text("PRAGMA query_only = ON"))
    venue.fill("AAPL")
    rig.wait(120)
    assert [v.limit for v in rig.verdicts] == ["journal"]
    with rig.database.engine.connect() as connection:
        connection.execute(sa.text("PRAGMA query_only = OFF"))
    rig.wait(1)
    assert (order.status, rig.held()) == (OrderStatus.FILLED, 10.0)
    assert rig.heard("mismatch") == 0


def test_nothing_leaves_before_the_account_was_reconciled(make_rig):
    rig = make_rig(begin=False).begin(recover=False)
    assert "reconciled" in rig.order(10).reason
    assert rig.venue.sent == []


def test_nothing_leaves_when_the_run_has_ended(rig, venue):
    rig.desk.close()
    assert "ended" in rig.order(10).reason
    rig.desk.close()
    assert venue.sent == []


@pytest.mark.parametrize("price", [0.0, -1.0, math.inf])
def test_what_is_no_price_never_leaves(rig, venue, price):
    order = rig.order(10, limit=price)
    assert order.reason == f"limit must be a price above zero, was {price}"
    assert venue.sent == []
