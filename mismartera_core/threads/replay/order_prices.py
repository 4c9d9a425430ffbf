"""What strategies give for an order: its prices, the legs of a bracket, tickets of others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from mismartera_core.contracts.broker import Replacement, WorkingOrder
from mismartera_core.contracts.views import OrderTicket, Price
from mismartera_core.errors import ConfigError
from mismartera_core.model.orders import OrderType
from mismartera_core.model.quantities import on_grid
from mismartera_core.services.matching import (
    LIMIT,
    MARKET,
    STOP,
    STOP_LIMIT,
    TRAILING,
    to_price,
)

_TYPES = {
    (False, False): (OrderType.MARKET, MARKET),
    (True, False): (OrderType.LIMIT, LIMIT),
    (False, True): (OrderType.STOP, STOP),
    (True, True): (OrderType.STOP_LIMIT, STOP_LIMIT),
}
"""Order type and kind by (has a limit price, has a stop price)."""

_CHANGEABLE = {
    OrderType.MARKET: (),
    OrderType.LIMIT: ("limit",),
    OrderType.STOP: ("stop",),
    OrderType.STOP_LIMIT: ("limit", "stop"),
    OrderType.TRAILING_STOP: ("trail",),
}
"""Prices that a strategy may change, by type."""
_WITH_STOP = (STOP, STOP_LIMIT, TRAILING)
"""Kinds whose stop has not been triggered."""


def put_prices(
    order: WorkingOrder,
    limit: Price | None,
    stop: Price | None,
    trail: Price | None,
    last_close: Callable[[int], float],
) -> None:
    """Give an order its type and its prices.

    Args:
        order: The order.
        limit: Limit price.
        stop: Trigger price.
        trail: Distance of a trailing stop, which goes before the others.
        last_close: Last known close by symbol row: where a trailing stop begins.
    """
    if trail is not None:
        order.type, order.kind = OrderType.TRAILING_STOP, TRAILING
        order.trail = _rounded(trail)
        order.stop = _rounded(last_close(order.symbol) + order.side * order.trail)
        return
    order.type, order.kind = _TYPES[limit is not None, stop is not None]
    order.limit = math.nan if limit is None else _rounded(limit)
    order.stop = math.nan if stop is None else _rounded(stop)


def make_legs(
    entry: WorkingOrder, stop_loss: Price | None, take_profit: Price | None
) -> tuple[WorkingOrder, ...]:
    """The legs of a bracket, the take-profit first; none where no price is given."""
    legs = []
    for price, type_, kind in (
        (take_profit, OrderType.LIMIT, LIMIT),
        (stop_loss, OrderType.STOP, STOP),
    ):
        if price is None:
            continue
        leg = WorkingOrder(
            entry.owner,
            entry.symbol,
            -entry.side,
            entry.quantity,
            entry.submitted_ns,
            type=type_,
            kind=kind,
            gtc=True,
            tag=entry.tag,
        )
        if kind == LIMIT:
            leg.limit = _rounded(price)
        else:
            leg.stop = _rounded(price)
        legs.append(leg)
    return tuple(legs)


def new_terms(
    order: WorkingOrder,
    quantity: Price | None,
    limit: Price | None,
    stop: Price | None,
    trail: Price | None,
    last_close: Callable[[int], float],
) -> tuple[Replacement, str]:
    """What an order is to be, and why it cannot be changed so; "" where it can.

    Args:
        order: The order.
        quantity: Units of the whole order; as it is where None, as are the others.
        limit: Limit price.
        stop: Trigger price.
        trail: Distance of a trailing stop, which begins anew at the last close.
        last_close: Last known close by symbol row.
    """
    was, wrong = order.terms, ""
    for name, price in (("limit", limit), ("stop", stop), ("trail", trail)):
        if price is not None and name not in _CHANGEABLE[order.type]:
            wrong = f"a {order.type.value.replace('_', ' ')} order has no {name} to change"
        elif price is not None and name != "limit" and order.kind not in _WITH_STOP:
            wrong = "its stop has been triggered"
    made = Replacement(
        was.quantity if quantity is None else on_grid(float(quantity)),
        was.limit if limit is None else _rounded(limit),
        was.stop if stop is None else _rounded(stop),
        was.trail if trail is None else _rounded(trail),
    )
    if trail is not None:
        begun = _rounded(last_close(order.symbol) + order.side * made.trail)
        made = replace(made, stop=begun)
    return made, wrong


def _rounded(price: Price) -> float:
    """A price as orders carry it; what is no number is left for the refusal to name."""
    value = float(price)
    return to_price(value) if math.isfinite(value) else value


def order_of(word: str, ticket: OrderTicket) -> WorkingOrder:
    """The order of a ticket.

    Args:
        word: What a strategy gave it to, for the message.
        ticket: What it gave.

    Raises:
        ConfigError: It is something else.
    """
    if not isinstance(ticket, WorkingOrder):
        raise ConfigError(f"{word}: expected what buy or sell returned, was {ticket!r}")
    return ticket
