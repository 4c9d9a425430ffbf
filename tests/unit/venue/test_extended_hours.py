"""In a session with extended hours, what a venue is told of them, and when such an order ends."""

from dataclasses import replace

import pytest

from mismartera_core.model.orders import OrderStatus, Side
from mismartera_core.testing.desk_rig import SECOND, START_NS
from mismartera_core.testing.scripted_venue import EVERYTHING

OPENS, CLOSES = START_NS + 60 * SECOND, START_NS + 600 * SECOND


@pytest.fixture
def rig(make_rig):
    rig = make_rig(capabilities=replace(EVERYTHING, extended_hours=True))
    rig.engine.regular_hours(OPENS, CLOSES)
    return rig


def test_plain_limit_orders_for_the_day_say_so_and_no_others_do(rig, venue):
    rig.order(10, limit=99.0)
    assert rig.order(10).reason.startswith("outside of regular hours only limit orders")
    rig.clock.now_ns = OPENS
    rig.order(11, limit=99.0)
    rig.order(12)
    rig.order(13, limit=99.0, gtc=True)
    rig.order(14, limit=99.0, stop_loss=90.0)
    said = {int(terms.quantity): terms.extended_hours for terms in venue.sent}
    assert said == {10: True, 11: True, 12: False, 13: False, 14: False}


def test_in_a_session_without_such_hours_nothing_says_so(make_rig):
    rig = make_rig()
    rig.order(10, limit=99.0)
    assert [terms.extended_hours for terms in rig.venue.sent] == [False]


def test_it_ends_at_the_regular_close_though_the_venue_would_go_on(rig, venue):
    order, later = rig.order(10, limit=99.0), rig.order(11, limit=99.0, gtc=True)
    assert later.status is OrderStatus.REJECTED
    rig.desk.end_session(CLOSES)
    rig.poll()
    assert (order.status, venue.working()) == (OrderStatus.CANCELLED, [])


def test_it_is_known_for_what_it_is_after_a_restart(rig, venue):
    rig.order(10, limit=99.0)
    rig.begin()
    (order,) = rig.desk.working_symbols()[0]
    rig.change(order, limit=98.0)
    assert [terms.extended_hours for terms in (*venue.sent, *venue.changed)] == [True, True]


def test_a_human_may_leave_a_position_outside_of_them_and_it_waits_for_the_open(rig, venue):
    rig.clock.now_ns = OPENS
    rig.order(10)
    venue.fill("AAPL", price="100")
    rig.poll()
    rig.clock.now_ns = CLOSES + SECOND
    rig.engine.flatten("flatten: by hand")
    told = venue.sent[-1]
    assert (told.side, told.quantity, told.extended_hours) == (Side.SELL, 10, False)
    assert rig.verdicts == []
