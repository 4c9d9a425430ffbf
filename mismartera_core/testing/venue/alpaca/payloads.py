"""Alpaca's words: what its REST calls and sockets say of orders, executions and the account."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from mismartera_core.model.orders import OrderType, Side
from mismartera_core.testing.venue.amounts import ZERO, shown
from mismartera_core.testing.venue.events import Change, OrderEvent
from mismartera_core.testing.venue.fake_venue import FakeVenue
from mismartera_core.testing.venue.orders import BookOrder, Fill, Status

EASTERN = ZoneInfo("America/New_York")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ASSETS = uuid.UUID("b0b6dd9d-8b9b-48a9-ba46-b9d54906e415")

STATUSES = {
    Status.HELD: "held",
    Status.ACCEPTED: "accepted",
    Status.WORKING: "new",
    Status.PARTIALLY_FILLED: "partially_filled",
    Status.FILLED: "filled",
    Status.CANCELLED: "canceled",
    Status.EXPIRED: "expired",
    Status.REJECTED: "rejected",
    Status.REPLACED: "replaced",
}
EVENTS = {
    Change.NEW: "new",
    Change.PARTIAL_FILL: "partial_fill",
    Change.FILL: "fill",
    Change.CANCELLED: "canceled",
    Change.EXPIRED: "expired",
    Change.REJECTED: "rejected",
    Change.REPLACED: "replaced",
}
_ENDED = {
    Status.FILLED: "filled_at",
    Status.EXPIRED: "expired_at",
    Status.CANCELLED: "canceled_at",
    Status.REJECTED: "failed_at",
    Status.REPLACED: "replaced_at",
}


def instant(ns: int) -> str:
    """An instant as Alpaca writes it: UTC, to the nanosecond, without zeros at the end."""
    seconds, rest = divmod(ns, 1_000_000_000)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09d}".rstrip("0").rstrip(".") + "Z"


def eastern(ns: int) -> datetime:
    """An instant in New York, to the microsecond."""
    return (_EPOCH + timedelta(microseconds=ns // 1000)).astimezone(EASTERN)


def asset_id(symbol: str) -> str:
    """Alpaca's id of a symbol."""
    return str(uuid.uuid5(_ASSETS, symbol))


def amount(value: Decimal | None) -> str | None:
    """A number as Alpaca writes it: in a string."""
    return None if value is None else shown(value)


def order(found: BookOrder, *, nested: bool = True) -> dict[str, Any]:
    """An order.

    Args:
        found: The order.
        nested: Whether its legs are in it.
    """
    terms = found.terms
    stamped = _stamp(found.updated_ns)
    made: dict[str, Any] = {
        "id": found.id,
        "client_order_id": found.client_id,
        "created_at": _stamp(found.submitted_ns),
        "updated_at": stamped,
        "submitted_at": _stamp(found.submitted_ns),
        **dict.fromkeys(_ENDED.values()),
        "replaced_by": found.replaced_by or None,
        "replaces": found.replaces or None,
        "asset_id": asset_id(found.symbol),
        "symbol": found.symbol,
        "asset_class": "us_equity",
        "notional": amount(terms.notional),
        "qty": amount(found.quantity) if terms.notional is None else None,
        "filled_qty": shown(found.filled),
        "filled_avg_price": _average(found),
        "order_class": terms.order_class,
        "order_type": terms.type.value,
        "type": terms.type.value,
        "side": terms.side.value,
        "position_intent": _intent(found),
        "time_in_force": terms.time_in_force.value,
        "limit_price": amount(terms.limit),
        "stop_price": amount(found.stop),
        "status": STATUSES[found.status],
        "extended_hours": terms.extended_hours,
        "legs": [order(leg) for leg in found.legs] if nested and found.legs else None,
        "trail_percent": amount(terms.trail_percent),
        "trail_price": amount(terms.trail) if terms.trail_percent is None else None,
        "hwm": amount(found.high_water) if terms.type is OrderType.TRAILING_STOP else None,
        "subtag": None,
        "source": None,
        "expires_at": None,
    }
    if found.ended_ns:
        made[_ENDED[found.status]] = _stamp(found.ended_ns)
    return made


def as_taken(found: BookOrder) -> dict[str, Any]:
    """An order as it was when it was taken, whatever has happened since."""
    made = order(found)
    made.update(filled_qty="0", filled_avg_price=None, updated_at=made["submitted_at"])
    made.update(dict.fromkeys(_ENDED.values()))
    if found.status is not Status.ACCEPTED:
        made["status"] = "pending_new"
    for leg in made["legs"] or ():
        leg.update(filled_qty="0", filled_avg_price=None, **dict.fromkeys(_ENDED.values()))
        leg["status"] = "held" if found.terms.exits else "pending_new"
    return made


def trade_update(event: OrderEvent) -> dict[str, Any]:
    """A message of the stream trade_updates.

    Args:
        event: What has happened.
    """
    data: dict[str, Any] = {
        "event": EVENTS[event.change],
        "timestamp": _stamp(event.at_ns),
        "order": order(event.order, nested=False),
    }
    if event.fill is not None:
        data.update(
            execution_id=event.fill.id,
            price=shown(event.fill.price),
            qty=shown(event.fill.quantity),
            position_qty=shown(event.fill.position),
        )
    return {"stream": "trade_updates", "data": data}


def activity(venue: FakeVenue, fill: Fill) -> dict[str, Any]:
    """An execution among the activities of the account.

    Args:
        venue: The venue.
        fill: The execution.
    """
    return {
        "id": activity_id(venue, fill),
        "activity_type": "FILL",
        "transaction_time": _stamp(fill.at_ns),
        "type": "partial_fill" if fill.left else "fill",
        "price": shown(fill.price),
        "qty": shown(fill.quantity),
        "side": fill.side.value,
        "symbol": fill.symbol,
        "leaves_qty": shown(fill.left),
        "order_id": fill.order_id,
        "cum_qty": shown(fill.cumulative),
        "order_status": "partially_filled" if fill.left else "filled",
    }


def activity_id(venue: FakeVenue, fill: Fill) -> str:
    """Alpaca's id of an activity: the instant, and an id, as a rule that of the execution."""
    stamp = (_EPOCH + timedelta(milliseconds=fill.at_ns // 1_000_000)).strftime("%Y%m%d%H%M%S")
    name = fill.id if venue.activity_ids else venue.make_id("activity", fill.number)
    return f"{stamp}{fill.at_ns // 1_000_000 % 1000:03d}::{name}"


def position(venue: FakeVenue, symbol: str) -> dict[str, Any]:
    """A position.

    Args:
        venue: The venue.
        symbol: Ticker.
    """
    held = venue.ledger.holdings[symbol]
    price = venue.last_price(symbol) or held.average
    value, profit = held.quantity * price, held.quantity * price - held.cost
    part = shown(_ratio(profit, abs(held.cost)))
    return {
        "asset_id": asset_id(symbol),
        "symbol": symbol,
        "exchange": "NASDAQ",
        "asset_class": "us_equity",
        "asset_marginable": True,
        "qty": shown(held.quantity),
        "qty_available": shown(
            venue.checks.available(symbol) * (1 if held.quantity > ZERO else -1)
        ),
        "avg_entry_price": shown(_rounded(held.average)),
        "side": "long" if held.quantity > ZERO else "short",
        "market_value": shown(value),
        "cost_basis": shown(held.cost),
        "unrealized_pl": shown(profit),
        "unrealized_plpc": part,
        "unrealized_intraday_pl": shown(profit),
        "unrealized_intraday_plpc": part,
        "current_price": shown(price),
        "lastday_price": shown(price),
        "change_today": "0",
    }


def account(venue: FakeVenue) -> dict[str, Any]:
    """The account.

    Args:
        venue: The venue.
    """
    ledger, rules = venue.ledger, venue.rules
    values = {
        symbol: held.quantity * (venue.last_price(symbol) or held.average)
        for symbol, held in ledger.holdings.items()
    }
    long = sum((value for value in values.values() if value > ZERO), ZERO)
    short = sum((value for value in values.values() if value < ZERO), ZERO)
    equity, power = shown(venue.equity()), shown(venue.checks.buying_power())
    return {
        "id": str(uuid.uuid5(_ASSETS, venue.account_id)),
        "account_number": venue.account_id,
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "currency": "USD",
        "buying_power": power,
        "regt_buying_power": power,
        "non_marginable_buying_power": power,
        "cash": shown(ledger.cash),
        "accrued_fees": shown(ledger.fees),
        "portfolio_value": equity,
        "equity": equity,
        "last_equity": equity,
        "long_market_value": shown(long),
        "short_market_value": shown(short),
        "initial_margin": "0",
        "maintenance_margin": "0",
        "last_maintenance_margin": "0",
        "sma": "0",
        "trading_blocked": bool(rules.blocked),
        "transfers_blocked": False,
        "account_blocked": False,
        "trade_suspended_by_user": False,
        "created_at": "2024-01-02T14:30:00Z",
        "multiplier": shown(rules.multiplier or Decimal(1)),
        "shorting_enabled": rules.shorting,
    }


def _stamp(ns: int) -> str:
    """Order stamps have microseconds."""
    return instant(ns // 1000 * 1000)


def _average(found: BookOrder) -> str | None:
    return None if found.average is None else shown(_rounded(found.average))


def _rounded(value: Decimal) -> Decimal:
    """A quotient to nine decimals; one that is exact stays exact."""
    return round(value, 9)


def _ratio(part: Decimal, whole: Decimal) -> Decimal:
    return _rounded(part / whole) if whole else ZERO


def _intent(found: BookOrder) -> str:
    closes = found.entry is not None or found.enlarges == ZERO
    way = "buy" if found.side is Side.BUY else "sell"
    return f"{way}_to_{'close' if closes else 'open'}"
