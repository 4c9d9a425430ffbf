"""What the venue says when it is asked for everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from mismartera_core.contracts.venue import VenueBroker
from mismartera_core.model.venue import (
    Execution,
    OrderSnapshot,
    PositionSnapshot,
    VenuePosition,
)


def look_at_orders(
    venue: VenueBroker,
    since_ns: int,
    live: Sequence[str],
    known: Callable[[Execution], bool],
) -> OrderSnapshot:
    """Ask for orders, then for executions, then for what is missing in them.

    Args:
        venue: The adapter.
        since_ns: From when on executions are wanted.
        live: The venue's ids of our orders that work.
        known: Whether it is known whose an execution is.
    """
    found = tuple(venue.open_orders())
    executions = tuple(venue.executions(since_ns))
    seen = {o.venue_id for entry in found for o in (entry, *entry.legs)}
    wanted = [i for i in live if i not in seen]
    wanted += [e.venue_id for e in executions if e.venue_id not in seen and not known(e)]
    others, absent = [], []
    for venue_id in dict.fromkeys(wanted):
        order = venue.order(venue_id)
        if order is None:
            absent.append(venue_id)
        else:
            others.append(order)
    return OrderSnapshot(found, tuple(others), tuple(absent), executions)


def look_at_positions(
    venue: VenueBroker, since_ns: int, *, with_cash: bool = False
) -> PositionSnapshot:
    """Ask for executions, positions and executions.

    Args:
        venue: The adapter.
        since_ns: From when on executions are wanted.
        with_cash: Whether cash is wanted that fits to the executions.
    """
    before = tuple(venue.executions(since_ns))
    positions = units_of(venue.positions())
    cash = venue.account().cash if with_cash else None
    return PositionSnapshot(before, positions, cash, tuple(venue.executions(since_ns)))


def units_of(positions: Sequence[VenuePosition]) -> dict[str, Decimal]:
    """Units by symbol."""
    return {p.symbol: p.quantity for p in positions if p.quantity}
