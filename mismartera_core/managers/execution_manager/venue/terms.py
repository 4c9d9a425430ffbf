"""What is sent for an order, and what a venue cannot take."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from decimal import Decimal
from typing import Any

from mismartera_core.contracts.broker import WorkingOrder, decimal
from mismartera_core.contracts.venue import VenueCapabilities
from mismartera_core.model.journal import Intent
from mismartera_core.model.orders import OrderType, Side, TimeInForce
from mismartera_core.model.venue import OrderTerms
from mismartera_core.services.matching import LIMIT, MARKET, STOP, STOP_LIMIT, TRAILING
from mismartera_core.services.order_validation import OrderFacts, invalid

KINDS = {
    OrderType.MARKET: MARKET,
    OrderType.LIMIT: LIMIT,
    OrderType.STOP: STOP,
    OrderType.STOP_LIMIT: STOP_LIMIT,
    OrderType.TRAILING_STOP: TRAILING,
}
"""How an order is matched, by its type."""

SMALLEST_LOT = Decimal("0.000000001")
"""Of a unit, where a venue takes fractions."""
LEG_ENDINGS = {OrderType.LIMIT: "-tp", OrderType.STOP: "-sl"}
"""What the id of a leg ends with: the take-profit, the stop-loss."""


def terms_of(order: WorkingOrder, client_id: str) -> OrderTerms:
    """An order, with its legs, as it is sent.

    Args:
        order: The order.
        client_id: Our id of it.
    """
    legs = {leg.type: leg for leg in order.legs}
    profit, loss = legs.get(OrderType.LIMIT), legs.get(OrderType.STOP)
    trailing = order.type is OrderType.TRAILING_STOP
    return OrderTerms(
        client_id=client_id,
        symbol=order.owner.symbol_name,
        side=side_of(order),
        type=order.type,
        quantity=decimal(order.quantity),
        limit_price=price_of(order.limit),
        stop_price=None if trailing else price_of(order.stop),
        trail_amount=price_of(order.trail),
        time_in_force=TimeInForce.GTC if order.gtc else TimeInForce.DAY,
        extended_hours=order.extended,
        take_profit=None if profit is None else price_of(profit.limit),
        stop_loss=None if loss is None else price_of(loss.stop),
    )


def intent_of(
    order: WorkingOrder,
    client_id: str,
    terms: OrderTerms | None,
    *,
    parent: str = "",
    oco: str = "",
) -> Intent:
    """What the journal keeps of an order.

    Args:
        order: The order, or a leg.
        client_id: Our id of it.
        terms: What is sent; None for a leg.
        parent: Client id of the entry, for a leg.
        oco: Client id of the order that ends when this one fills.
    """
    return Intent(
        client_id=client_id,
        strategy=order.owner.strategy,
        symbol=order.owner.symbol_name,
        side=side_of(order),
        type=order.type,
        quantity=decimal(order.quantity),
        limit_price=price_of(order.limit),
        stop_price=price_of(order.stop),
        trail_amount=price_of(order.trail),
        gtc=order.gtc,
        closing=order.closing,
        tag=order.tag,
        parent=parent,
        oco=oco,
        terms="" if terms is None else to_json(terms),
        created_ns=order.submitted_ns,
    )


def cannot_take(can: VenueCapabilities, order: WorkingOrder, client_id: str) -> str:
    """Why a venue could not take an order; "" where it could.

    Args:
        can: What the venue can do.
        order: The order, with its legs.
        client_id: Our id of it.
    """
    for leg in order.legs:
        if leg.type not in LEG_ENDINGS:
            return f"a leg is a limit or a stop order, was {leg.type.value.replace('_', '-')}"
    if len({leg.type for leg in order.legs}) < len(order.legs):
        return f"an order has at most one take-profit and one stop-loss, has {len(order.legs)} legs"
    lot = SMALLEST_LOT if can.fractional else Decimal(1)
    # What the order costs has been held to the account before, by the engine and by risk.
    return invalid(terms_of(order, client_id), can, OrderFacts(lot=lot))


def side_of(order: WorkingOrder) -> Side:
    """The side of an order in the venue's word."""
    return Side.BUY if order.side > 0 else Side.SELL


def price_of(value: float) -> Decimal | None:
    """A price, exact; None for NaN."""
    return None if math.isnan(value) else decimal(value)


def to_json(terms: OrderTerms) -> str:
    """Terms as JSON, numbers as texts."""
    values = {f.name: getattr(terms, f.name) for f in fields(terms)}
    said = {k: v if isinstance(v, bool) else str(v) for k, v in values.items() if v is not None}
    return json.dumps(said, sort_keys=True)


def from_json(text: str) -> OrderTerms:
    """The terms that `to_json` wrote."""
    said: dict[str, Any] = json.loads(text)
    for name in ("quantity", "notional", "limit_price", "stop_price", "trail_amount"):
        said[name] = Decimal(said[name]) if name in said else None
    for name in ("take_profit", "stop_loss"):
        said[name] = Decimal(said[name]) if name in said else None
    said["side"], said["type"] = Side(said["side"]), OrderType(said["type"])
    said["time_in_force"] = TimeInForce(said["time_in_force"])
    return OrderTerms(**said)
