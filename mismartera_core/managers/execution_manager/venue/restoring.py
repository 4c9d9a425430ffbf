"""Orders as the journal has them, made into what the engine and the desk hold."""

from __future__ import annotations

import math
from decimal import Decimal

from mismartera_core.contracts.broker import Replacement, WorkingOrder
from mismartera_core.managers.execution_manager.positions import Holding
from mismartera_core.managers.execution_manager.venue.terms import KINDS, from_json
from mismartera_core.managers.execution_manager.venue.tracked import Change, Stage, Tracked
from mismartera_core.model.journal import JournaledOrder, OrderEventKind
from mismartera_core.model.orders import OrderStatus, Side
from mismartera_core.model.quantities import on_grid


def restored(
    one: JournaledOrder, holding: Holding, booked: Decimal, entry: Tracked | None, now: float
) -> Tracked:
    """An order that an earlier process sent.

    Args:
        one: As the journal has it.
        holding: Books of its strategy in its symbol.
        booked: Units of its booked executions.
        entry: Its entry, of a leg whose entry still works.
        now: The monotonic timer.
    """
    intent = one.intent
    order = WorkingOrder(
        holding,
        holding.symbol,
        1 if intent.side is Side.BUY else -1,
        float(intent.quantity),
        intent.created_ns,
        type=intent.type,
        kind=KINDS[intent.type],
        limit=_float(intent.limit_price),
        stop=_float(intent.stop_price),
        trail=_float(intent.trail_amount),
        gtc=intent.gtc,
        tag=intent.tag,
    )
    order.closing = intent.closing
    quantity, terms = intent.quantity, from_json(intent.terms) if intent.terms else None
    change, is_changed = None, False
    for event in one.events:
        if event.kind is OrderEventKind.REPLACE_REQUESTED:
            change = _change(order, event.words, now)
        elif event.kind is OrderEventKind.NOT_REPLACED:
            change = None
        elif event.kind is OrderEventKind.REPLACED:
            is_changed = change is not None and event.words == change.client_id
            if is_changed and change is not None:
                order.take(change.wanted)
                terms = change.terms
                quantity, change = terms.quantity or quantity, None
    order.extended = terms is not None and terms.extended_hours
    if booked:
        order.status = OrderStatus.PARTIALLY_FILLED
    tracked = Tracked(intent.client_id, order, quantity, terms, now)
    tracked.change, tracked.is_changed = change, is_changed
    tracked.was = {event.venue_id for event in one.events} - {"", one.venue_id}
    tracked.journaled = tracked.recovered = True
    tracked.booked = tracked.seen = booked
    tracked.stretch()
    order.remaining = on_grid(float(tracked.quantity - booked))
    tracked.stage = Stage.LIVE if one.venue_id else Stage.UNKNOWN
    tracked.due = now
    tracked.cancelling = next(
        (e.words for e in one.events if e.kind is OrderEventKind.CANCEL_REQUESTED), ""
    )
    if intent.parent:
        tracked.is_leg = True
        _hang(tracked, entry)
    return tracked


def _change(order: WorkingOrder, words: str, now: float) -> Change:
    """A change as it was asked for."""
    terms = from_json(words)
    limit, stop, trail = map(_float, (terms.limit_price, terms.stop_price, terms.trail_amount))
    if terms.stop_price is None:
        stop = order.stop  # a trailing stop's place is the venue's to say
    wanted = Replacement(float(terms.quantity or 0), limit, stop, trail)
    return Change(terms.client_id, terms, wanted, born=now, due=now)


def _hang(leg: Tracked, entry: Tracked | None) -> None:
    """Give a leg its entry back; where that has ended, it works."""
    leg.stage = Stage.LIVE
    if entry is None:
        return
    leg.entry, leg.order.entry = entry, entry.order
    leg.order.status = OrderStatus.HELD
    if not leg.venue_id and entry.stage is Stage.UNKNOWN:
        leg.stage = Stage.SENT
    entry.legs = (*entry.legs, leg)
    entry.order.legs = (*entry.order.legs, leg.order)


def _float(price: Decimal | None) -> float:
    return math.nan if price is None else float(price)
