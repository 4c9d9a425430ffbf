"""What the stream did not tell is found out; what does not fit is told, and never traded away."""

from dataclasses import replace
from decimal import Decimal
from functools import partial
from random import Random

import pytest

from mismartera_core import OrderChanged, StreamNoise
from mismartera_core.managers.execution_manager.venue import Timing
from mismartera_core.managers.execution_manager.venue.snapshots import OrderSnapshot
from mismartera_core.model.orders import OrderStatus, Side
from mismartera_core.model.venue import VenueStatus
from mismartera_core.testing import Answer


def test_nothing_leaves_while_the_stream_is_down_or_its_gap_is_fetched(rig, venue):
    venue.lose_stream()
    rig.poll()
    assert "stream of orders is down" in rig.order(1).reason
    venue.down = True
    venue.restore_stream()
    rig.wait(1)
    assert "reconciled" in rig.order(1).reason
    venue.down = False
    rig.wait(5)
    assert not rig.order(1).is_done
    assert len(venue.sent) == 1
    assert [n.kind.value for n in rig.notices if n.kind.value.startswith("stream")] == [
        "stream_lost",
        "stream_back",
    ]


def test_what_happened_while_the_stream_was_down_is_fetched_first(rig, venue):
    filled, ended, waits = rig.order(10), rig.order(5, limit=90.0), rig.order(3, limit=91.0)
    venue.lose_stream()
    venue.fill(next(iter(venue.orders)))
    venue.end(list(venue.orders)[1], VenueStatus.EXPIRED, "day is over")
    rig.poll()
    venue.restore_stream()
    rig.wait(1)
    assert filled.status is OrderStatus.FILLED
    assert (ended.status, ended.reason) == (OrderStatus.EXPIRED, "day is over")
    assert waits.status is OrderStatus.WORKING
    assert (rig.desk.blocked, rig.heard("reconciled")) == ("", 2)


def test_a_stream_that_goes_again_while_its_gap_is_fetched_stays_shut(rig, venue):
    venue.lose_stream()
    venue.restore_stream()
    venue.lose_stream()
    rig.wait(5)
    assert "down" in rig.desk.blocked
    venue.restore_stream()
    rig.wait(5)
    assert rig.desk.blocked == ""


def test_foreign_orders_and_positions_are_shown_and_left_alone(rig, venue):
    other = venue.foreign("AAPL", Side.SELL, 7)
    waiting = venue.foreign("MSFT", Side.BUY, 2, client_id="")
    venue.fill(other.venue_id, 4)
    rig.wait(70)
    assert rig.desk.external_positions == {"AAPL": Decimal(-4)}
    assert {o.venue_id for o in rig.desk.external_orders} == {other.venue_id, waiting.venue_id}
    assert (rig.held(), venue.cancels, rig.verdicts) == (0.0, [], [])
    venue.lose(1)
    venue.end(waiting.venue_id, VenueStatus.CANCELLED)
    rig.wait(31)
    assert {o.venue_id for o in rig.desk.external_orders} == {other.venue_id}
    assert rig.desk.counts["external"] == 3


@pytest.mark.wrong_for_good
def test_a_position_that_differs_freezes_at_once_and_halts_when_it_lasts(rig, venue):
    rig.order(10)
    venue.fill("AAPL")
    rig.wait(1)
    venue.held["AAPL"] = Decimal(12)
    rig.wait(62)
    assert "we hold 10 AAPL, the venue says 12" in rig.desk.frozen["AAPL"]
    assert rig.verdicts == []
    sent = len(venue.sent)
    rig.wait(65)
    assert [v.limit for v in rig.verdicts] == ["reconcile"]
    assert "3 times" in rig.verdicts[0].reason
    assert (len(venue.sent), venue.cancels, rig.held()) == (sent, [], 10.0)


def test_a_difference_that_goes_away_is_forgiven(rig, venue):
    venue.held["AAPL"] = Decimal(1)
    rig.wait(100)
    assert "AAPL" in rig.desk.frozen
    venue.held["AAPL"] = Decimal(0)
    rig.wait(100)
    assert (rig.desk.frozen, rig.verdicts) == ({}, [])


def test_a_symbol_that_trades_while_positions_are_asked_for_is_not_compared(rig, venue):
    rig.order(10)
    positions = venue.positions
    venue.positions = lambda: (positions(), venue.fill("AAPL", 1))[0]
    for _ in range(9):
        rig.wait(61)
    venue.positions = positions
    assert (rig.heard("mismatch"), rig.verdicts, rig.held()) == (0, [], 9.0)


def test_an_order_that_the_venue_knows_no_more_halts_when_that_lasts(rig, venue):
    order = rig.order(10)
    venue.orders.clear()
    rig.wait(31)
    assert (rig.heard("mismatch"), order.is_done) == (1, False)
    rig.wait(60)
    assert [v.limit for v in rig.verdicts] == ["reconcile"]
    assert not order.is_done


@pytest.mark.wrong_for_good
def test_a_second_order_under_one_id_is_tracked_and_cancelled(rig, venue):
    first = rig.order(10)
    rig.poll()
    venue.at_once = False
    twin = venue.foreign("AAPL", Side.BUY, 10, client_id=venue.sent[0].client_id)
    rig.poll()
    assert (rig.heard("twin"), venue.cancels) == (1, [twin.venue_id])
    assert len(rig.desk.working_symbols()[0]) == 2
    venue.fill(twin.venue_id, 3)
    rig.engine.cancel(first, "out")
    assert len(venue.cancels) == 2
    venue.confirm_cancels()
    rig.wait(1)
    assert (rig.held(), rig.desk.working_symbols()) == (3.0, {})


def test_a_replaced_order_goes_on_under_its_new_id(rig, venue):
    order = rig.order(10, limit=99.0)
    venue.fill("AAPL", 4)
    rig.poll()
    terms = replace(venue.sent[0], client_id="by hand", limit_price=Decimal(98))
    venue.replace(next(iter(venue.orders)), terms)
    rig.poll()
    assert (order.limit, order.remaining, rig.desk.external_orders) == (98.0, 6.0, ())
    rig.engine.cancel(order, "out")
    rig.wait(1)
    assert venue.cancels == [list(venue.orders)[-1]]
    assert (order.status, order.filled_quantity) == (OrderStatus.CANCELLED, 4.0)


@pytest.mark.wrong_for_good
def test_a_replaced_order_never_fills_beyond_its_intent(rig, venue):
    order = rig.order(10, limit=99.0)
    venue.fill("AAPL", 4)
    new = venue.replace(next(iter(venue.orders)), replace(venue.sent[0], client_id="by hand"))
    venue.orders[new.venue_id] = replace(venue.orders[new.venue_id], filled_quantity=Decimal(0))
    venue.fill(new.venue_id, 10)
    rig.wait(31)
    assert order.filled_quantity == 4.0
    assert "executions" in [v.limit for v in rig.verdicts]


def test_a_venue_that_is_gone_for_hours_is_asked_a_few_times_a_minute(rig, venue):
    leaving = rig.order(10, limit=99.0)
    venue.lose(1)
    venue.script(Answer.DO_THEN_FAIL)
    unclear = rig.order(5, "MSFT")
    asked = []
    for what in ("find", "open_orders", "executions", "cancel"):
        setattr(venue, what, partial(_counted, getattr(venue, what), asked))
    venue.down = venue.unheard = True
    rig.engine.cancel(leaving, "out")
    rig.wait(3600)
    assert all(200 < asked.count(what) < 300 for what in set(asked))
    assert len(set(asked)) == 4
    venue.down = venue.unheard = False
    rig.wait(20)
    assert (leaving.status, unclear.reason) == (OrderStatus.CANCELLED, "")
    assert (len(venue.sent), rig.desk.blocked, rig.verdicts) == (2, "", [])


def _counted(call, asked, *words):
    asked.append(call.__name__)
    return call(*words)


def test_noise_is_counted_and_what_comes_after_it_is_taken(rig, venue):
    order = rig.order(10)
    venue.tell(StreamNoise("T=?"))
    venue.fill("AAPL")
    rig.poll()
    assert rig.desk.counts["noise"] == rig.heard("noise") == 1
    assert order.status is OrderStatus.FILLED


@pytest.mark.parametrize("number", ["NaN", "-1"])
def test_an_order_that_has_filled_what_cannot_be_is_not_followed(rig, venue, number):
    order = rig.order(10)
    odd = replace(next(iter(venue.orders.values())), filled_quantity=Decimal(number))
    venue.tell(OrderChanged(replace(odd, status=VenueStatus.FILLED)))
    rig.poll()
    assert (order.status, rig.heard("distrust")) == (OrderStatus.WORKING, 1)


def test_the_session_s_end_leaves_day_orders_to_the_venue(rig, venue):
    order = rig.order(10, limit=90.0)
    rig.clock.now_ns += 10
    rig.desk.end_session(rig.clock.now_ns)
    rig.poll()
    assert not order.is_done
    venue.lose(1)
    venue.end(next(iter(venue.orders)), VenueStatus.EXPIRED)
    rig.desk.end_session(rig.clock.now_ns)
    rig.wait(0.5)
    assert order.status is OrderStatus.EXPIRED


@pytest.mark.parametrize("seed", range(10))
def test_reconciling_is_idempotent_and_knows_no_order(rig, venue, seed):
    """Whatever is fetched, in whatever order and however often, comes to the same."""
    dice = Random(seed)  # noqa: S311 - not a secret
    venue.lose(100)
    entry = rig.order(10, take_profit=110.0, stop_loss=90.0)
    orders = [entry, rig.order(5), rig.order(-4, "MSFT")]
    ids = list(venue.orders)
    venue.fill(ids[2], 10)
    venue.fill("MSFT", 2)
    venue.fill(ids[0], 10)
    venue.end(ids[3], VenueStatus.CANCELLED)
    everything = list(venue.orders.values())
    for _ in range(3):
        dice.shuffle(everything)
        booked = dice.sample(venue.booked, len(venue.booked))
        rig.desk._reconciling.take(
            OrderSnapshot(tuple(map(venue._with_legs, everything)), (), (), tuple(booked))
        )
    assert [o.status for o in orders] == [
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.PARTIALLY_FILLED,
    ]
    assert rig.engine.units() == {s: q for s, q in venue.held.items() if q}
    assert len(rig.fills) == 3


def test_times_are_a_desk_s_own(make_rig):
    rig = make_rig(timing=Timing(first_look=0.01, in_flight=0.02, every=0.01, fresh=0.0))
    rig.venue.script(Answer.FAIL)
    order = rig.order(10)
    rig.wait(0.2, 0.01)
    assert order.status is OrderStatus.REJECTED


@pytest.mark.wrong_for_good
def test_an_order_that_is_filled_without_executions_halts_in_the_end(rig, venue):
    order = rig.order(10)
    (there,) = venue.working()
    filled = replace(there, status=VenueStatus.FILLED, filled_quantity=Decimal(10))
    venue.orders[there.venue_id] = filled
    venue.tell(OrderChanged(filled))
    rig.wait(200, 5.0)
    assert (order.is_done, rig.held()) == (False, 0.0)
    (verdict,) = rig.verdicts
    assert "its executions are missing" in verdict.reason
