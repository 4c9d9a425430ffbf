"""The words of the venue: what it says as values of the core, and orders as it wants them.

Money, prices and quantities are Decimal made of text; a float would lose digits.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mismartera_core import (
    Executed,
    Execution,
    OrderChanged,
    OrderTerms,
    OrderType,
    Side,
    VenueAccount,
    VenueEvent,
    VenueOrder,
    VenuePosition,
    VenueStatus,
)

UNREADABLE = (KeyError, TypeError, ValueError, ArithmeticError)
"""What reading a message raises that the venue has never promised."""

STATUS = {
    "held": VenueStatus.PENDING,
    "open": VenueStatus.WORKING,
    "partly_filled": VenueStatus.PARTIALLY_FILLED,
    "filled": VenueStatus.FILLED,
    "cancelled": VenueStatus.CANCELLED,
    "expired": VenueStatus.EXPIRED,
    "rejected": VenueStatus.REJECTED,
    "replaced": VenueStatus.REPLACED,
}
"""Every word that the venue has for where an order is; one that is not here is unreadable."""


def sent(terms: OrderTerms) -> dict[str, Any]:
    """An order as the venue wants it.

    Args:
        terms: What is to be sent.
    """
    return {
        "client_id": terms.client_id,
        "symbol": terms.symbol,
        "side": terms.side.value,
        "type": terms.type.value,
        "time_in_force": terms.time_in_force.value,
        "quantity": _text(terms.quantity),
        "limit": _text(terms.limit_price),
        "stop": _text(terms.stop_price),
        "trail": _text(terms.trail_amount),
        "take_profit": _text(terms.take_profit),
        "stop_loss": _text(terms.stop_loss),
    }


def order(found: Any) -> VenueOrder:
    """An order as the venue has it; of its legs, too.

    Args:
        found: JSON of it.
    """
    return VenueOrder(
        venue_id=found["id"],
        client_id=found["client_id"],
        symbol=found["symbol"],
        side=Side(found["side"]),
        type=OrderType(found["type"]),
        quantity=_amount(found["quantity"]),
        filled_quantity=Decimal(found["filled"]),
        average_price=_amount(found["average"]),
        status=STATUS[found["status"]],
        reason=found["reason"],
        limit_price=_amount(found["limit"]),
        stop_price=_amount(found["stop"]),
        submitted_ns=int(found["submitted"]),
        updated_ns=int(found["updated"]),
        legs=tuple(order(leg) for leg in found["legs"]),
        replaces=found["replaces"],
        replaced_by=found["replaced_by"],
    )


def execution(found: Any) -> Execution:
    """One execution; its id is the venue's, so that it is booked once however often it is told.

    Args:
        found: JSON of it: of this execution, not of the order so far.
    """
    return Execution(
        execution_id=found["id"],
        venue_id=found["order_id"],
        client_id=found["client_id"],
        symbol=found["symbol"],
        side=Side(found["side"]),
        quantity=Decimal(found["quantity"]),
        price=Decimal(found["price"]),
        commission=Decimal(found["fee"]),
        at_ns=int(found["at"]),
    )


def event(found: Any) -> VenueEvent:
    """What the venue tells of an order.

    Args:
        found: JSON of it.
    """
    after = order(found["order"])
    if found["type"] == "execution":
        return Executed(execution(found["execution"]), after)
    if found["type"] == "order":
        return OrderChanged(after)
    raise ValueError(f"an event of type {found['type']!r}")


def position(found: Any) -> VenuePosition:
    """What the account holds of a symbol.

    Args:
        found: JSON of it.
    """
    return VenuePosition(
        symbol=found["symbol"],
        quantity=Decimal(found["quantity"]),
        average_price=Decimal(found["average"]),
    )


def account(found: Any) -> VenueAccount:
    """The account, by the number that its owner knows.

    Args:
        found: JSON of it.
    """
    return VenueAccount(
        account_id=found["number"],
        paper=found["paper"] is True,
        currency=found["currency"],
        cash=Decimal(found["cash"]),
        equity=Decimal(found["equity"]),
        buying_power=Decimal(found["buying_power"]),
        multiplier=Decimal(found["multiplier"]),
        shorting=found["shorting"] is True,
        blocked=found["blocked"],
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
