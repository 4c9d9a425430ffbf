"""Which orders of a venue may open a position, and what leaves every position."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from decimal import Decimal

from mismartera_core.model.orders import OrderType, Side
from mismartera_core.model.venue import OrderTerms, VenueOrder, VenuePosition

OURS = "mm-"
"""What the client ids of our orders begin with."""


def is_ours(order: VenueOrder) -> bool:
    """Whether an order has a client id of ours; all others are left alone."""
    return order.client_id.startswith(OURS)


def entries(orders: Iterable[VenueOrder], held: Iterable[VenuePosition]) -> list[VenueOrder]:
    """Orders of ours that may open, enlarge or turn a position.

    Args:
        orders: Orders that are not final.
        held: Positions that are not flat.
    """
    units = {position.symbol: position.quantity for position in held}
    return [
        order
        for order in orders
        if is_ours(order)
        and not order.status.is_final
        and not _only_reduces(order, units.get(order.symbol, Decimal(0)))
    ]


def _only_reduces(order: VenueOrder, held: Decimal) -> bool:
    sign = 1 if order.side is Side.BUY else -1
    if order.quantity is None or sign * held >= 0:
        return False
    return order.quantity - order.filled_quantity <= abs(held)


def leaving(held: Sequence[VenuePosition], account: str, asked_ns: int) -> list[OrderTerms]:
    """Market orders that leave every position; asked again, they have the same ids.

    Args:
        held: Positions.
        account: The account.
        asked_ns: When a human asked for it, nanoseconds UTC.
    """
    return [
        OrderTerms(
            client_id=_id(account, position.symbol, asked_ns),
            symbol=position.symbol,
            side=Side.SELL if position.quantity > 0 else Side.BUY,
            type=OrderType.MARKET,
            quantity=abs(position.quantity),
        )
        for position in held
        if position.quantity != 0
    ]


def _id(account: str, symbol: str, asked_ns: int) -> str:
    whole = hashlib.sha256(f"flatten\0{account}\0{symbol}\0{asked_ns}".encode()).hexdigest()
    return f"{OURS}flatten-{whole[:24]}"
