"""Alpaca's requests, read: orders, changes of orders, instants and ranges."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from mismartera_core.model.orders import OrderType, Side, TimeInForce
from mismartera_core.testing.venue.amounts import exact
from mismartera_core.testing.venue.orders import Terms
from mismartera_core.testing.venue.refusals import Refused, Why

LONGEST_CLIENT_ID = 128
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def terms_of(body: dict[str, Any]) -> Terms:
    """An order as the venue takes it.

    Args:
        body: The JSON of POST /orders, numbers exact.

    Raises:
        Refused: A word is not known, or something is missing.
    """
    kind = str(body.get("order_class") or "")
    if kind not in ("", "simple", "bracket", "oco", "oto"):
        raise Refused(Why.INVALID, f"invalid order_class: {kind}")
    if len(str(body.get("client_order_id") or "")) > LONGEST_CLIENT_ID:
        raise Refused(Why.INVALID, "client_order_id must be no more than 128 characters")
    whole = _single(body, kind)
    exits = _exits(body, whole, kind)
    if kind == "oco":
        return _one_cancels_other(whole, exits)
    if kind == "bracket" and len(exits) < 2:
        raise Refused(Why.INVALID, "bracket orders require take_profit and stop_loss")
    if kind == "oto" and len(exits) != 1:
        raise Refused(Why.INVALID, "oto orders require one of take_profit and stop_loss")
    return replace(whole, exits=tuple(exits))


def changes_of(body: dict[str, Any]) -> dict[str, Any]:
    """What a replacement changes, by the field of `Terms`.

    Args:
        body: The JSON of PATCH /orders, numbers exact.
    """
    names = {"qty": "quantity", "limit_price": "limit", "stop_price": "stop", "trail": "trail"}
    found: dict[str, Any] = {
        ours: _number(body, theirs) for theirs, ours in names.items() if body.get(theirs)
    }
    if body.get("time_in_force"):
        found["time_in_force"] = _in_force(body)
    if body.get("client_order_id"):
        found["client_id"] = str(body["client_order_id"])
    return found


def instant_of(text: str) -> int:
    """Nanoseconds UTC of an instant or a date as it stands in a query.

    Args:
        text: ISO 8601; without a zone it is UTC.

    Raises:
        Refused: It is neither.
    """
    plain, dot, rest = text.strip().replace("Z", "+00:00").replace(" ", "+").partition(".")
    digits = "".join(c for c in rest.split("+")[0].split("-")[0]) if dot else ""
    zone = rest[len(digits) :] if dot else ""
    try:
        at = datetime.fromisoformat(plain + zone)
        fraction = int(f"{digits:0<9}"[:9]) if digits else 0
    except ValueError as error:
        raise Refused(Why.INVALID, f"invalid instant: {text}") from error
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    passed = aware - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000_000 + fraction


def whole_number(query: dict[str, str], name: str, default: int, most: int) -> int:
    """A whole number of a query.

    Args:
        query: The query.
        name: Of the parameter.
        default: Where it is left out.
        most: Larger ones are refused.

    Raises:
        Refused: It is not one, or too large.
    """
    text = query.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) <= most:
        raise Refused(Why.INVALID, f"invalid {name}: {text}")
    return int(text)


def _single(body: dict[str, Any], kind: str) -> Terms:
    for name in ("symbol", "side", "type", "time_in_force"):
        if not body.get(name):
            raise Refused(Why.INVALID, f"{name} is required")
    try:
        side, how = Side(body["side"]), OrderType(body["type"])
    except ValueError as error:
        raise Refused(Why.INVALID, f"invalid order: {error}") from error
    return Terms(
        symbol=str(body["symbol"]),
        side=side,
        type=how,
        quantity=_number(body, "qty"),
        notional=_number(body, "notional"),
        limit=_number(body, "limit_price"),
        stop=_number(body, "stop_price"),
        trail=_number(body, "trail_price") or (body.get("trail_percent") and Decimal(1)) or None,
        trail_percent=_number(body, "trail_percent"),
        time_in_force=_in_force(body),
        extended_hours=bool(body.get("extended_hours")),
        client_id=str(body.get("client_order_id") or ""),
        order_class="" if kind == "simple" else kind,
    )


def _exits(body: dict[str, Any], whole: Terms, kind: str) -> list[Terms]:
    if kind in ("", "simple"):
        return []
    away = whole.side if kind == "oco" else (Side.SELL if whole.side is Side.BUY else Side.BUY)
    common = replace(
        whole, side=away, limit=None, stop=None, trail=None, client_id="", extended_hours=False
    )
    found = []
    profit, loss = body.get("take_profit") or {}, body.get("stop_loss") or {}
    if profit:
        limit = _number(profit, "limit_price")
        found.append(replace(common, type=OrderType.LIMIT, limit=limit))
    if loss:
        how = OrderType.STOP_LIMIT if loss.get("limit_price") else OrderType.STOP
        limit, stop = _number(loss, "limit_price"), _number(loss, "stop_price")
        found.append(replace(common, type=how, limit=limit, stop=stop))
    return found


def _one_cancels_other(whole: Terms, exits: list[Terms]) -> Terms:
    """The limit order of an OCO pair, with the stop order as the other one."""
    limits = [one for one in exits if one.type is OrderType.LIMIT]
    stops = [one for one in exits if one.type is not OrderType.LIMIT]
    limit = limits[0].limit if limits else whole.limit
    if limit is None or not stops:
        raise Refused(Why.INVALID, "oco orders require take_profit and stop_loss")
    return replace(whole, limit=limit, other=stops[0])


def _in_force(body: dict[str, Any]) -> TimeInForce:
    try:
        return TimeInForce(body["time_in_force"])
    except ValueError as error:
        raise Refused(Why.INVALID, f"invalid time_in_force: {body['time_in_force']}") from error


def _number(body: dict[str, Any], name: str) -> Decimal | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    try:
        return exact(value)
    except ArithmeticError as error:
        raise Refused(Why.INVALID, f"invalid {name}: {value}") from error
