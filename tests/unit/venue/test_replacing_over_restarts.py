"""A change of an order, and a process that dies or begins again: it is asked for once."""

from dataclasses import replace
from decimal import Decimal

import pytest
from dying import killed_at, left

from mismartera_core import OrderChanged
from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.venue import VenueStatus
from mismartera_core.testing import Answer


@pytest.mark.parametrize(
    "point",
    [
        "replace_requested.written",
        "replace_requested.committed",
        "replace.before_send",
        "replace.after_send",
        "replaced.written",
        "replaced.committed",
    ],
)
def test_a_process_that_is_killed_within_a_change_asks_for_it_once(rig, venue, point):
    order = rig.order(10, limit=99.0)
    assert not killed_at(point, lambda: rig.change(order, limit=98.0))
    assert len(venue.changed) <= 1
    rig.begin()
    (order,) = [o for book in rig.desk.working_symbols().values() for o in book]
    rig.wait(40)
    assert (Decimal(order.limit), rig.desk.frozen) == (venue.working()[0].limit_price, {})
    venue.fill("AAPL")
    rig.wait(70)
    assert (rig.held(), rig.verdicts, len(venue.changed) <= 1) == (10.0, [], True)


def test_an_earlier_id_of_an_order_that_has_ended_is_no_second_order(rig, venue):
    order = rig.order(10, limit=99.0)
    before = venue.working()[0]
    rig.change(order, quantity=23)
    venue.fill("AAPL")
    rig.poll()
    rig.begin()
    venue.tell(OrderChanged(before))
    rig.wait(70)
    assert (rig.desk.working_symbols(), rig.heard("twin"), venue.cancels) == ({}, 0, [])
    assert (rig.held(), rig.verdicts) == (23.0, [])


@pytest.mark.parametrize("restarts", [1, 0])
def test_an_order_that_the_venue_dropped_under_the_id_of_a_change_is_no_second_one(
    rig, venue, restarts
):
    order = rig.order(10, limit=99.0)
    rig.change(order, limit=98.0)
    rig.change(order, limit=97.0)
    for _ in range(restarts):
        rig.begin()
    dropped = replace(
        venue.working()[0],
        venue_id="V-dropped",
        client_id=venue.changed[0].client_id,
        status=VenueStatus.CANCELLED,
        replaces="",
    )
    venue.tell(OrderChanged(dropped))
    rig.poll()
    (order,) = (each for book in rig.desk.working_symbols().values() for each in book)
    assert (order.limit, order.status, rig.heard("twin")) == (97.0, OrderStatus.WORKING, 0)
    assert (left(venue), rig.verdicts) == (10, [])


def test_a_change_that_was_decided_before_a_restart_is_not_sent_again(rig, venue):
    venue.script_changes(Answer.REFUSE)
    rig.change(rig.order(10, limit=99.0), limit=98.5)
    rig.desk.close()
    rig.begin()
    (order,) = (each for book in rig.desk.working_symbols().values() for each in book)
    rig.change(order, limit=98.5)
    assert (order.limit, len(venue.changed)) == (99.0, 1)
    assert "decided on before" in rig.engine.ledger.refused[-1].reason
