"""A venue fills more of a changed order than was asked for: it is so, and the books have it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from dying import killed_at, kinds, left

from mismartera_core.model.orders import OrderStatus


def begun(rig):
    """An order that is filled in part, at a venue that counts changes anew and hears no cancel."""
    rig.venue.replacing, rig.venue.unheard = "anew", True
    order = rig.order(10, limit=99.0)
    rig.venue.fill("AAPL", 4)
    rig.poll()
    return order


@pytest.fixture
def overfilling(rig):
    """The order, changed: the venue would fill 14 of it."""
    order = begun(rig)
    rig.change(order, limit=98.0)
    return order


@pytest.mark.parametrize("told", [True, False])
def test_what_is_filled_beyond_what_was_asked_for_is_booked_and_told(rig, venue, overfilling, told):
    venue.lose(0 if told else 1)
    venue.fill("AAPL")
    rig.wait(31)
    assert (overfilling.status, overfilling.filled_quantity) == (OrderStatus.FILLED, 14.0)
    assert overfilling.reason == "14 units were filled, 10 were asked for"
    assert (rig.held(), rig.heard("overfilled")) == (14.0, 1)
    assert sum(units for *_, units in rig.fills) == 14.0
    rig.wait(70)
    assert (rig.verdicts, rig.desk.frozen, rig.desk.external_positions) == ([], {}, {})


@pytest.mark.parametrize("more", [0, 3])
def test_a_filled_order_that_the_venue_works_on_is_cancelled(rig, venue, overfilling, more):
    venue.fill("AAPL", 6)
    rig.poll()
    assert (overfilling.status, left(venue)) == (OrderStatus.FILLED, 4)
    if more:
        venue.fill("AAPL", more)
    venue.unheard = False
    rig.wait(70)
    assert (overfilling.filled_quantity, left(venue), rig.held()) == (10.0, 0, 10.0 + more)
    assert (rig.verdicts, rig.heard("late")) == ([], int(more > 0))


@pytest.mark.usefixtures("overfilling")
def test_a_process_that_is_killed_as_it_books_what_was_not_asked_for_has_it_afterwards(rig, venue):
    venue.fill("AAPL")
    assert not killed_at("fill.committed", lambda: rig.wait(1))
    rig.begin()
    rig.wait(70)
    assert (rig.held(), rig.heard("overfilled"), rig.verdicts) == (14.0, 1, [])
    assert kinds(rig, venue.sent[0].client_id)[-1] == "filled"
    (order,) = rig.engine.ledger.orders
    assert (order.status, order.quantity, order.remaining) == (OrderStatus.FILLED, 14.0, 0.0)
    assert order.reason == "14 units were filled, 10 were asked for"


def test_wherever_a_process_is_killed_what_was_not_asked_for_is_booked_once(make_rig):
    """At every crash point of such a change, one after the other, until there is none left."""
    number, lived = 0, False
    while not lived:
        number += 1
        rig = make_rig(account=f"killed at {number}", run=f"run {number}")
        trade, fill = overfilled(rig)
        lived = killed_at(number, trade)
        if not lived:
            fill()
            rig.begin()
        rig.wait(70)
        assert (rig.held(), rig.verdicts, rig.desk.frozen) == (rig.venue.held["AAPL"], [], {})
        assert len(rig.journal.executions()) == len(rig.venue.booked)
    assert number > 10


def overfilled(rig):
    """A change of an order, and its fill at the venue; which comes once, whoever asks for it."""
    venue, order = rig.venue, begun(rig)

    def fill():
        for working in venue.working():
            venue.fill(working.venue_id)

    def trade():
        rig.change(order, limit=98.0)
        fill()
        rig.wait(1)

    return trade, fill


@pytest.mark.wrong_for_good
@pytest.mark.parametrize("counting", ["rest", "whole"])
def test_a_venue_that_insists_on_more_than_a_changed_order_can_fill_halts(rig, venue, counting):
    venue.replacing = counting
    order = rig.order(10, limit=99.0)
    rig.change(order, limit=98.0)
    venue.fill("AAPL", 4)
    rig.poll()
    venue.booked[0] = replace(
        venue.booked[0], execution_id="E-other", quantity=Decimal(9), cumulative=Decimal(13)
    )
    rig.wait(31)
    assert "executions" in [v.limit for v in rig.verdicts]
    assert (rig.held(), rig.heard("overfilled")) == (4.0, 0)
