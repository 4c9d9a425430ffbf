"""Orders and executions, from our words to Alpaca's and back."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from mismartera_alpaca.times import to_ns
from mismartera_core import (
    Executed,
    Execution,
    OrderChanged,
    OrderTerms,
    OrderType,
    Side,
    StreamNoise,
    VenueEvent,
    VenueOrder,
    VenuePosition,
    VenueStatus,
)

Raw = dict[str, Any]

_STATUS = {
    "accepted": VenueStatus.PENDING,
    "pending_new": VenueStatus.PENDING,
    "accepted_for_bidding": VenueStatus.PENDING,
    "pending_review": VenueStatus.PENDING,
    "held": VenueStatus.PENDING,
    "partially_filled": VenueStatus.PARTIALLY_FILLED,
    "filled": VenueStatus.FILLED,
    "canceled": VenueStatus.CANCELLED,
    "expired": VenueStatus.EXPIRED,
    "rejected": VenueStatus.REJECTED,
    "replaced": VenueStatus.REPLACED,
}
"""Whatever else there is, or will be, is not final: working, or partially filled."""
_TYPES = {kind.value: kind for kind in OrderType}
_EXECUTIONS = ("fill", "partial_fill")
_UNDONE = ("trade_bust", "trade_correct")
_NEVER = 0


def body(terms: OrderTerms) -> Raw:
    """An order as Alpaca takes it; amounts are texts, for a float would change them.

    Args:
        terms: The order.
    """
    found: Raw = {
        "symbol": terms.symbol,
        "side": terms.side.value,
        "type": terms.type.value,
        "time_in_force": terms.time_in_force.value,
        "client_order_id": terms.client_id,
    }
    found |= _amounts(
        qty=terms.quantity,
        notional=terms.notional,
        limit_price=terms.limit_price,
        stop_price=terms.stop_price,
        trail_price=terms.trail_amount,
    )
    if terms.extended_hours:
        found["extended_hours"] = True
    legs: Raw = {}
    if terms.take_profit is not None:
        legs["take_profit"] = _amounts(limit_price=terms.take_profit)
    if terms.stop_loss is not None:
        legs["stop_loss"] = _amounts(stop_price=terms.stop_loss)
    if legs:
        found["order_class"] = "bracket" if len(legs) == 2 else "oto"
    return found | legs


def change(terms: OrderTerms) -> Raw:
    """A change of a working order as Alpaca takes it.

    Args:
        terms: The order as it is to be.
    """
    found = {
        "client_order_id": terms.client_id,
        "time_in_force": terms.time_in_force.value,
    }
    return found | _amounts(
        qty=terms.quantity,
        limit_price=terms.limit_price,
        stop_price=terms.stop_price,
        trail=terms.trail_amount,
    )


def order(raw: Raw, reason: str = "") -> VenueOrder:
    """An order of Alpaca's; unknown words in it do no harm.

    Args:
        raw: As Alpaca sends it.
        reason: Why it ended, where that came beside it.

    Raises:
        KeyError: It is no order.
        ValueError: It is no order.
        TypeError: It is no order.
    """
    filled = amount(raw.get("filled_qty")) or Decimal(0)
    return VenueOrder(
        venue_id=_text(raw["id"]),
        client_id=str(raw.get("client_order_id") or ""),
        symbol=_text(raw["symbol"]),
        side=_side(raw["side"]),
        type=_TYPES.get(str(raw.get("type") or raw.get("order_type")), OrderType.MARKET),
        quantity=amount(raw.get("qty")),
        filled_quantity=filled,
        average_price=amount(raw.get("filled_avg_price")) if filled else None,
        status=_status(str(raw["status"]), filled),
        reason=reason or str(raw.get("reject_reason") or ""),
        limit_price=amount(raw.get("limit_price")),
        stop_price=amount(raw.get("stop_price")),
        submitted_ns=_when(raw.get("submitted_at") or raw.get("created_at")),
        updated_ns=_when(raw.get("updated_at")),
        legs=tuple(order(leg) for leg in raw.get("legs") or ()),
        replaces=str(raw.get("replaces") or ""),
        replaced_by=str(raw.get("replaced_by") or ""),
    )


def events(data: Raw) -> list[VenueEvent]:
    """What an update of the order stream says.

    Args:
        data: Its `data`.

    Raises:
        KeyError: It is no update.
        ValueError: It is no update.
        TypeError: It is no update.
    """
    kind = _text(data["event"])
    now = order(data["order"], str(data.get("reason") or data.get("reject_reason") or ""))
    if kind in _EXECUTIONS:
        return [Executed(_streamed(data, now), now)]
    changed: list[VenueEvent] = [OrderChanged(now)]
    if kind in _UNDONE:
        changed.append(StreamNoise(f"{kind} of {now.symbol}: an execution was taken back"))
    return changed


def activity(raw: Raw) -> Execution:
    """An execution of the account's activities.

    Its id ends with the id that the stream has for the same execution.

    Args:
        raw: An activity of type FILL.

    Raises:
        KeyError: It is no execution.
        ValueError: It is no execution.
        TypeError: It is no execution.
    """
    return Execution(
        execution_id=_text(raw["id"]).rpartition("::")[2],
        venue_id=_text(raw["order_id"]),
        client_id="",
        symbol=_text(raw["symbol"]),
        side=_side(raw["side"]),
        quantity=_certain(raw["qty"]),
        price=_certain(raw["price"]),
        at_ns=to_ns(raw["transaction_time"]),
        cumulative=amount(raw.get("cum_qty")),
    )


def position(raw: Raw) -> VenuePosition:
    """A position; short ones are negative.

    Args:
        raw: As Alpaca sends it.

    Raises:
        KeyError: It is no position.
        ValueError: It is no position.
        TypeError: It is no position.
    """
    held = abs(_certain(raw["qty"]))
    short = str(raw.get("side")) == "short" or _certain(raw["qty"]) < 0
    price = _certain(raw["avg_entry_price"])
    return VenuePosition(
        symbol=_text(raw["symbol"]), quantity=-held if short else held, average_price=price
    )


def amount(value: Any) -> Decimal | None:
    """A number of Alpaca's as a Decimal; None where there is none.

    Raises:
        ValueError: It is no finite number.
    """
    if value is None or value == "":
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"expected a number, was {value!r}") from error
    if not found.is_finite():
        raise ValueError(f"expected a finite number, was {value!r}")
    return found


def _streamed(data: Raw, now: VenueOrder) -> Execution:
    return Execution(
        execution_id=_text(data["execution_id"]),
        venue_id=now.venue_id,
        client_id=now.client_id,
        symbol=now.symbol,
        side=now.side,
        quantity=_certain(data["qty"]),
        price=_certain(data["price"]),
        at_ns=to_ns(data.get("timestamp") or data["at"]),
        cumulative=now.filled_quantity,
    )


def _amounts(**values: Decimal | None) -> Raw:
    return {name: format(value, "f") for name, value in values.items() if value is not None}


def _status(word: str, filled: Decimal) -> VenueStatus:
    found = _STATUS.get(word, VenueStatus.WORKING)
    return VenueStatus.PARTIALLY_FILLED if filled and found is VenueStatus.WORKING else found


def _side(word: Any) -> Side:
    """ "sell_short" is a sale, too."""
    text = _text(word)
    if not text.startswith(("buy", "sell")):
        raise ValueError(f"expected buy or sell, was {word!r}")
    return Side.BUY if text.startswith("buy") else Side.SELL


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"expected a text, was {value!r}")
    return value


def _certain(value: Any) -> Decimal:
    found = amount(value)
    if found is None:
        raise ValueError("expected a number, was none")
    return found


def _when(stamp: Any) -> int:
    return to_ns(stamp) if stamp else _NEVER
