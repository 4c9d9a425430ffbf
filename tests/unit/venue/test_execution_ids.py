"""A venue that lists executions under other ids than it tells them by doubles and loses none."""

import itertools
from decimal import Decimal

import pytest

from mismartera_core.model.orders import OrderStatus, Side
from mismartera_core.model.venue import Execution
from mismartera_core.repositories.booked import BookedExecutions

PARTS = (2, 3, 5)


@pytest.fixture
def rig(make_rig):
    rig = make_rig()
    rig.venue.listed_ids = False
    return rig


@pytest.fixture
def venue(rig):
    return rig.venue


def agree(rig):
    """The books are the venue's, and nothing was found odd."""
    assert rig.engine.units() == {s: q for s, q in rig.venue.held.items() if q}
    assert len(rig.journal.executions()) == len(rig.venue.booked)
    assert rig.cash == rig.venue.account().cash
    assert (rig.verdicts, rig.heard("distrust"), rig.desk.external_positions) == ([], 0, {})


@pytest.mark.parametrize("lost", list(itertools.product([False, True], repeat=3)))
def test_whatever_the_stream_does_not_tell_of_is_fetched_once(rig, venue, lost):
    order = rig.order(10)
    for units, is_lost in zip(PARTS, lost, strict=True):
        venue.lose(1 if is_lost else 0)
        venue.fill("AAPL", units)
        rig.poll()
    rig.wait(70)
    assert (order.status, len(rig.fills)) == (OrderStatus.FILLED, 3)
    agree(rig)


@pytest.mark.parametrize("turn", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("fetched_after", [0, 1, 2, 3])
def test_telling_and_listing_may_come_in_any_order(rig, venue, turn, fetched_after):
    order = rig.order(10)
    venue.hold()
    for units in PARTS:
        venue.fill("AAPL", units)
    told = []
    venue.release(lambda events: told.extend(events[i] for i in turn) or [])
    for event in told[:fetched_after]:
        venue.tell(event)
        rig.poll()
    rig.wait(31)
    for event in told[fetched_after:]:
        venue.tell(event)
    rig.wait(70)
    assert (order.status, len(rig.fills)) == (OrderStatus.FILLED, 3)
    agree(rig)


@pytest.mark.parametrize("ended", ["filled", "cancelled", "working"])
@pytest.mark.parametrize("while_away", [0, 1])
def test_a_restart_books_what_it_missed_and_nothing_else(rig, venue, ended, while_away):
    rig.order(10)
    for units in PARTS[: 3 - while_away] if ended == "filled" else PARTS[: 2 - while_away]:
        venue.fill("AAPL", units)
        rig.poll()
    which = next(iter(venue.orders))
    if ended == "cancelled" and not while_away:
        venue.end(which, venue.orders[which].status.CANCELLED)
    rig.poll()
    rig.desk.close()
    if while_away:
        venue.fill("AAPL", 5 if ended == "filled" else 3)
        if ended == "cancelled":
            venue.end(which, venue.orders[which].status.CANCELLED)
    for _ in range(3):
        rig.begin()
        rig.wait(70)
    agree(rig)
    kept = [booked.execution.quantity for booked in rig.journal.executions()]
    assert sum(kept) == sum(execution.quantity for execution in venue.booked) > 0


def test_equal_parts_are_as_many_as_there_were(rig, venue):
    order = rig.order(9)
    for number in range(9):
        venue.lose(number % 2)
        venue.fill("AAPL", 1)
        rig.wait(number)
    rig.wait(70)
    assert (order.status, len(rig.fills)) == (OrderStatus.FILLED, 9)
    agree(rig)


def test_what_is_not_ours_is_counted_once(rig, venue):
    other = venue.foreign("AAPL", Side.BUY, 3)
    venue.fill(other.venue_id)
    for _ in range(2):
        rig.wait(70)
        rig.begin()
    assert rig.desk.external_positions == {"AAPL": Decimal(3)}
    assert (len(rig.journal.executions()), rig.verdicts) == (1, [])


def executed(number, units, cumulative, venue_id="V-1"):
    reach = None if cumulative is None else Decimal(cumulative)
    return Execution(
        execution_id=f"E-{number}",
        venue_id=venue_id,
        client_id="",
        symbol="AAPL",
        side=Side.BUY,
        quantity=Decimal(units),
        price=Decimal(100),
        cumulative=reach,
    )


@pytest.mark.parametrize(
    ("booked", "asked", "known"),
    [
        ([], executed(9, 4, 4), False),
        ([executed(1, 4, 4)], executed(9, 4, 4), True),
        ([executed(1, 4, 4)], executed(9, 4, 4, "V-2"), False),
        ([executed(1, 4, 4)], executed(9, 3, 7), False),
        ([executed(1, 4, 4)], executed(9, 4, None), False),
        ([executed(1, 4, 4)], executed(1, 4, None), True),
        ([executed(1, 4, None)], executed(9, 4, 4), True),
        ([executed(1, 4, 4), executed(2, 3, 7)], executed(9, 7, 7), True),
        ([executed(2, 3, 7)], executed(9, 4, 4), False),
        ([executed(2, 3, 7)], executed(9, 3, 7), True),
        ([executed(2, 3, 10)], executed(9, 4, 10), False),
    ],
)
def test_an_execution_is_known_by_its_id_or_by_what_had_filled_with_it(booked, asked, known):
    books = BookedExecutions()
    for execution in booked:
        books.add(execution)
    assert (asked in books) is known
