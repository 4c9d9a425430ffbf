"""How Alpaca says no: status, code and words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mismartera_core.testing.http_messages import Reply
from mismartera_core.testing.venue.amounts import shown
from mismartera_core.testing.venue.refusals import Refused, Why

_CODES = {
    Why.INVALID: (422, 40010001),
    Why.DUPLICATE: (422, 40010001),
    Why.UNKNOWN_SYMBOL: (422, 42210000),
    Why.SUB_PENNY: (422, 42210000),
    Why.EXTENDED_HOURS: (422, 42210000),
    Why.HALTED: (422, 42210000),
    Why.SHORTING: (403, 40310000),
    Why.QUANTITY: (403, 40310000),
    Why.WASH_TRADE: (403, 40310000),
    Why.BUYING_POWER: (403, 40310000),
    Why.BLOCKED: (403, 40310000),
    Why.NOT_FOUND: (404, 40410000),
    Why.FINAL: (422, 42210000),
}
_NAMES = {"existing": "existing_qty", "held": "held_for_orders", "reason": "reject_reason"}


def refusal(error: Refused) -> Reply:
    """What is answered to a request that is refused.

    Args:
        error: Why.
    """
    status, code = _CODES[error.why]
    body: dict[str, Any] = {"code": code, "message": _words(error)}
    for name, value in error.details.items():
        if name not in ("field", "price", "status"):
            text = shown(value) if isinstance(value, Decimal) else str(value)
            body[_NAMES.get(name, name)] = text
    return Reply.json(body, status)


def _words(error: Refused) -> str:
    if error.why is Why.SUB_PENNY:
        name, price = error.details["field"], error.details["price"]
        return (
            f"invalid {name} {shown(price)}. sub-penny increment does not fulfill minimum pricing "
            "criteria"
        )
    if error.why is Why.EXTENDED_HOURS:
        return "extended hours order must be DAY or GTC limit orders"
    if error.why is Why.FINAL and "status" in error.details:
        word = "canceled" if error.details["status"] == "cancelled" else error.details["status"]
        return f'order is already in "{word}" state'
    return str(error)
