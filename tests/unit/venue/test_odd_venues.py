"""What a venue may say at odd times, in odd words or never, and what is made of it."""

import threading
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from dying import read_only

from mismartera_core import OrderChanged, VenueCapabilities
from mismartera_core.managers.execution_manager.venue import InlineFetcher
from mismartera_core.managers.execution_manager.venue.fetching import ThreadFetcher
from mismartera_core.managers.execution_manager.venue.terms import cannot_take
from mismartera_core.model.orders import OrderStatus, OrderType, Side
from mismartera_core.model.risk import RiskState, RiskVerdict
from mismartera_core.model.venue import VenueStatus
from mismartera_core.testing import Answer


class Patient(InlineFetcher):
    """Asks only when it is told to."""

    def __init__(self):
        self.questions = []

    def ask(self, call, then):
        self.questions.append((call, then))

    def answer(self):
        questions, self.questions = self.questions, []
        for question in questions:
            super().ask(*question)


def only(venue, **what):
    """The one order of a venue with such values."""
    (found,) = [
        o for o in venue.orders.values() if all(getattr(o, k) == v for k, v in what.items())
    ]
    return found


def replaced(venue, order, **changes):
    """An order that a human has changed at the venue's own site."""
    new = replace(order, venue_id="V-new", client_id="web", replaces=order.venue_id, **changes)
    old = replace(order, status=VenueStatus.REPLACED, replaced_by="V-new")
    venue.orders |= {new.venue_id: new, old.venue_id: old}
    return old, new


def test_of_a_replaced_order_the_new_one_says_enough(rig, venue):
    order = rig.order(10, limit=99.0)
    old, new = replaced(venue, only(venue), limit_price=Decimal(98))
    for said in (new, old, only(venue, venue_id=old.venue_id), replace(old, replaced_by="")):
        venue.tell(OrderChanged(said))
    rig.poll()
    assert (order.limit, order.status) == (98.0, OrderStatus.WORKING)
    rig.engine.cancel(order, "out")
    rig.poll()
    assert venue.cancels == ["V-new"]


def test_an_order_that_is_said_to_be_replaced_by_nothing_works_on(rig, venue):
    order = rig.order(10, stop=101.0)
    venue.tell(OrderChanged(replace(only(venue), status=VenueStatus.REPLACED)))
    rig.poll()
    assert (order.status, order.stop) == (OrderStatus.WORKING, 101.0)


def test_a_leg_may_be_replaced(rig, venue):
    entry = rig.order(10, take_profit=110.0, stop_loss=90.0)
    venue.fill(entry and only(venue, side=Side.BUY).venue_id)
    rig.poll()
    _old, new = replaced(venue, only(venue, type=OrderType.STOP), stop_price=Decimal(95))
    whole = replace(only(venue, side=Side.BUY), legs=(new,))
    venue.tell(OrderChanged(whole))
    rig.poll()
    assert entry.legs[1].stop == 95.0
    assert rig.desk.external_orders == ()
    venue.fill("V-new", price="95")
    rig.poll()
    assert (rig.held(), entry.legs[1].status) == (0.0, OrderStatus.FILLED)


def test_a_second_leg_of_a_kind_is_one_too_many(rig, venue):
    venue.at_once = False
    rig.order(10, take_profit=110.0, stop_loss=90.0)
    entry = only(venue, side=Side.BUY)
    third = replace(only(venue, type=OrderType.STOP), venue_id="V-third")
    venue.orders["V-third"] = third
    venue.tell(OrderChanged(replace(entry, legs=(*entry.legs, third))))
    rig.poll()
    assert (rig.heard("twin"), venue.cancels) == (1, ["V-third"])


@pytest.mark.parametrize("answer", [Answer.REFUSE, Answer.TAKE])
@pytest.mark.wrong_for_good
def test_a_rejected_order_with_our_id_is_no_second_order(rig, venue, answer):
    venue.script(answer)
    rig.order(10)
    said = venue.foreign("AAPL", Side.BUY, 10, client_id=venue.sent[0].client_id)
    rig.desk._changes.apply(replace(said, venue_id="V-no", status=VenueStatus.REJECTED))
    rig.desk._changes.apply(replace(said, venue_id="V-no", status=VenueStatus.REJECTED))
    assert rig.heard("twin") == rig.heard("late") == 0


def test_a_leg_that_is_cancelled_before_its_order_was_found_is_cancelled_then(rig, venue):
    venue.script(Answer.DO_THEN_FAIL)
    venue.lose(1)
    entry = rig.order(10, limit=99.0, take_profit=110.0, stop_loss=90.0)
    rig.engine.cancel(entry.legs[0], "no profit")
    assert venue.cancels == []
    rig.wait(1)
    assert venue.cancels == [only(venue, limit_price=Decimal(110)).venue_id]
    assert entry.legs[0].status is OrderStatus.CANCELLED
    rig.engine.cancel(entry, "no")
    rig.poll()
    assert [leg.status for leg in entry.legs] == [OrderStatus.CANCELLED] * 2


def test_unfilled_orders_of_ours_that_ended_long_ago_are_nobody_s(rig, venue):
    told = replace(
        venue.foreign("AAPL", Side.BUY, 5, client_id=f"mm-{'0' * 8}-{'0' * 24}"),
        status=VenueStatus.CANCELLED,
    )
    venue.orders.clear()
    rig.poll()
    assert rig.heard("human") == 1
    rig.desk._changes.apply(replace(told, venue_id="V-other"))
    assert rig.heard("human") == 1
    assert rig.desk.working_symbols() == {}


@pytest.mark.parametrize("wrong", [{"venue_id": ""}, {"symbol": "MSFT"}, {"side": Side.SELL}])
def test_an_answer_that_is_not_the_order_is_no_answer(rig, venue, wrong):
    submit = venue.submit
    venue.submit = lambda terms: replace(submit(terms), **wrong)
    order = rig.order(10)
    assert "unclear" in order.reason
    rig.wait(1)
    assert (order.reason, len(venue.sent)) == ("", 1)


def test_a_look_up_that_comes_too_late_changes_nothing(rig, venue):
    venue.script(Answer.DO_THEN_FAIL)
    venue.lose(1)
    order = rig.order(10)
    find = venue.find
    venue.find = lambda client_id: (venue.tell(OrderChanged(only(venue))), find(client_id))[1]
    rig.wait(1)
    assert (order.reason, rig.heard("adopted")) == ("", 1)


def test_polling_a_venue_without_ids_goes_on_until_it_answers(make_rig):
    fetcher = Patient()
    rig = make_rig(capabilities=VenueCapabilities(client_ids=False), fetcher=fetcher)
    rig.venue.script(Answer.DO_THEN_FAIL)
    order = rig.order(10)
    rig.wait(1)
    rig.venue.down = True
    fetcher.answer()
    rig.wait(3)
    assert rig.heard("failed") >= 1
    rig.venue.down = False
    known = rig.desk._core.books.by_client(rig.venue.sent[0].client_id)
    rig.desk._core.books.name(known, only(rig.venue).venue_id)
    rig.desk._changes.apply(only(rig.venue))
    fetcher.answer()
    rig.wait(1)
    assert (order.reason, rig.heard("adopted")) == ("", 1)


def test_a_venue_without_ids_has_nothing_to_look_up_at_a_start(make_rig):
    rig = make_rig(capabilities=VenueCapabilities(client_ids=False))
    rig.venue.script(Answer.FAIL)
    rig.order(10)
    rig.begin()
    assert "AAPL" in rig.desk.frozen
    assert rig.heard("unknown") == 2


def test_what_is_being_asked_is_not_asked_again_and_an_old_answer_opens_nothing(make_rig):
    fetcher = Patient()
    rig = make_rig(fetcher=fetcher)
    rig.wait(95)
    assert len(fetcher.questions) == 2
    rig.venue.lose_stream()
    rig.venue.restore_stream()
    rig.poll()
    fetcher.answer()
    rig.poll()
    assert rig.desk.blocked
    fetcher.answer()
    rig.wait(1)
    fetcher.answer()
    rig.wait(1)
    assert rig.desk.blocked == ""


def test_what_cannot_be_cancelled_and_is_not_known_stays_until_it_halts(rig, venue):
    order = rig.order(10)
    venue.orders.clear()
    rig.engine.cancel(order, "no")
    rig.wait(100)
    assert not order.is_done
    assert [v.limit for v in rig.verdicts] == ["reconcile"]


def test_legs_are_a_limit_and_a_stop(rig):
    order = rig.order(10, take_profit=110.0, stop_loss=90.0)
    profit, loss = order.legs
    order.legs = (profit, profit)
    can = VenueCapabilities(brackets=True)
    assert "at most one take-profit" in cannot_take(can, order, "mm-1")
    loss.type = OrderType.STOP_LIMIT
    order.legs = (profit, loss)
    assert "was stop-limit" in cannot_take(can, order, "mm-1")


def test_what_is_taken_over_waits_for_the_journal(rig, venue):
    venue.hold()
    rig.order(1)
    ours = venue.sent[0].client_id[:12] + "0" * 24
    terms = replace(venue.sent[0], client_id=ours, take_profit=Decimal(110))
    venue.submit(terms)
    said = only(venue, client_id=ours)
    with unwritable(rig):
        rig.desk._changes.apply(said)
    assert [v.limit for v in rig.verdicts] == ["journal"]
    rig.desk._changes.apply(replace(said, legs=()))
    with unwritable(rig):
        rig.desk._changes.apply(said)
    rig.desk._changes.apply(said)
    assert len(rig.desk.working_symbols()[0]) == 3


@pytest.mark.wrong_for_good
def test_numbers_behind_an_id_are_never_used_twice(rig, venue):
    rig.order(10)
    for units in (3, 4):
        twin = venue.foreign("AAPL", Side.BUY, units, client_id=venue.sent[0].client_id)
        venue.fill(twin.venue_id)
        rig.poll()
        rig.begin()
    assert {o.intent.client_id[-2:] for o in rig.journal.orders_since(0)[1:]} == {"~2", "~3"}
    assert rig.held() == 7.0


def test_an_exit_leaves_while_only_exits_may(rig, venue):
    rig.order(10)
    venue.fill("AAPL")
    rig.poll()
    verdict = RiskVerdict(state=RiskState.REDUCING, limit="daily_loss", reason="lost 2 %")
    rig.engine.control.escalate(verdict, rig.clock.now_ns)
    rig.desk._core.gate = rig.engine.gate
    out, more = rig.order(-6), rig.order(-6)
    assert (out.status, more.status) == (OrderStatus.WORKING, OrderStatus.REJECTED)


def test_the_venue_is_asked_on_a_thread_that_ends_with_the_desk(make_rig):
    rig = make_rig(fetcher=ThreadFetcher())
    woken = threading.Event()
    rig.desk.on_news(woken.set)
    rig.venue.script(Answer.DO_THEN_FAIL)
    rig.venue.lose(1)
    order = rig.order(10)
    rig.wait(0.5)
    assert woken.wait(30)
    while order.reason:
        woken.wait(0.05)
        rig.poll()
    assert order.status is OrderStatus.WORKING
    assert any(t.name == "venue questions" for t in threading.enumerate())
    rig.desk.close()
    assert not any(t.name == "venue questions" for t in threading.enumerate())


def test_a_fetcher_that_never_began_can_be_closed():
    fetcher = ThreadFetcher()
    fetcher.close()
    fetcher.close()
    assert not any(t.name == "venue questions" for t in threading.enumerate())


@contextmanager
def unwritable(rig):
    """The journal cannot be written within."""
    read_only(rig)
    yield
    read_only(rig, on=False)


@pytest.mark.wrong_for_good
def test_a_second_order_under_one_id_waits_for_the_journal(rig, venue):
    rig.order(10)
    rig.poll()
    with unwritable(rig):
        twin = venue.foreign("AAPL", Side.BUY, 5, client_id=venue.sent[0].client_id)
        rig.poll()
        assert (venue.cancels, rig.heard("twin")) == ([], 0)
    rig.wait(31)
    assert (venue.cancels, rig.heard("twin")) == ([twin.venue_id], 1)


def test_an_execution_after_the_end_waits_for_the_journal(rig, venue):
    rig.order(10)
    venue.tell(OrderChanged(replace(only(venue), status=VenueStatus.CANCELLED)))
    rig.poll()
    with unwritable(rig):
        venue.fill("AAPL")
        rig.wait(2)
        assert rig.held() == 0.0
    rig.wait(1)
    assert (rig.held(), rig.heard("late")) == (10.0, 1)


def test_the_legs_of_an_entry_that_ended_in_part_work_although_nobody_said_so(rig, venue):
    entry = rig.order(10, limit=99.0, take_profit=110.0, stop_loss=90.0)
    venue.fill("AAPL", 4)
    rig.poll()
    bare = replace(only(venue, side=Side.BUY), status=VenueStatus.EXPIRED, legs=())
    venue.tell(OrderChanged(bare))
    rig.poll()
    assert entry.status is OrderStatus.EXPIRED
    assert [leg.status for leg in entry.legs] == [OrderStatus.WORKING] * 2


def test_a_leg_is_never_for_less_than_it_has_filled(rig, venue):
    entry = rig.order(10, take_profit=110.0, stop_loss=90.0)
    venue.fill(only(venue, side=Side.BUY).venue_id)
    profit = only(venue, type=OrderType.LIMIT).venue_id
    venue.fill(profit, 4, price="110")
    rig.poll()
    venue.tell(OrderChanged(replace(only(venue, venue_id=profit), quantity=Decimal(3))))
    rig.poll()
    assert (entry.legs[0].quantity, entry.legs[0].remaining) == (10.0, 6.0)


def test_an_order_that_replaces_one_of_somebody_else_is_not_ours(rig, venue):
    other = venue.foreign("AAPL", Side.BUY, 5)
    venue.orders.clear()
    venue.tell(OrderChanged(replace(other, venue_id="V-9", replaces="V-8")))
    rig.poll()
    assert {o.venue_id for o in rig.desk.external_orders} == {other.venue_id, "V-9"}


def test_an_order_that_ended_unseen_is_found_at_the_next_start(rig, venue):
    venue.script(Answer.DO_THEN_FAIL)
    venue.lose(2)
    rig.order(10)
    venue.end(only(venue).venue_id, VenueStatus.CANCELLED, "by hand")
    rig.begin()
    assert rig.desk.working_symbols() == {}
    assert [(o.status, o.reason) for o in rig.engine.ledger.orders] == [
        (OrderStatus.CANCELLED, "by hand")
    ]


def test_what_was_held_for_long_before_the_first_start_is_not_ours(make_rig):
    rig = make_rig(begin=False)
    rig.venue.held["AAPL"] = Decimal(-7)
    rig.begin()
    assert rig.desk.external_positions == {"AAPL": Decimal(-7)}
    assert rig.begin().desk.frozen == {}


def test_an_account_in_which_something_always_moves_is_recovered_all_the_same(rig, venue):
    rig.order(100)
    account = venue.account
    rig.begin(recover=False)
    venue.account = lambda: (venue.fill("AAPL", 1), account())[1]
    rig.desk.recover(rig.engine)
    venue.account = account
    rig.wait(100)
    assert (rig.held(), rig.verdicts, rig.desk.blocked) == (6.0, [], "")


@pytest.mark.wrong_for_good
def test_a_second_order_that_has_filled_already_is_booked_and_not_cancelled(rig, venue):
    rig.order(10)
    rig.poll()
    venue.hold()
    twin = venue.foreign("AAPL", Side.BUY, 5, client_id=venue.sent[0].client_id)
    venue.fill(twin.venue_id)
    venue.release(lambda events: events[-1:])
    rig.wait(1)
    assert (rig.held(), venue.cancels, rig.heard("twin")) == (5.0, [], 1)
