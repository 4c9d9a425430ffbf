"""A fake of the venue on this machine, to test with: its words, on a book of the core's.

Orders, executions, faults and both connections are `VenueStand`'s, in mismartera_core.testing.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mismartera_core import (
    Executed,
    Execution,
    OrderChanged,
    OrderExists,
    OrderRejected,
    OrderTerms,
    OrderType,
    Side,
    TimeInForce,
    VenueOrder,
)
from mismartera_core.testing import Reply, Request, VenueStand

from {{ cookiecutter.name }}.messages import STATUS

KEY = "k3y-of-the-fake"
PAGE = 20
"""Executions of an answer."""

_WORD = {status: word for word, status in STATUS.items()}


class Fake{{ cookiecutter.__class }}(VenueStand):
    """Speaks as the venue does."""

    def answer(self, request: Request) -> Reply:
        """The reply to a request.

        Args:
            request: What arrived.
        """
        if request.headers.get("x-api-key") != KEY:
            return Reply.json({"message": "wrong key"}, 401)
        try:
            return Reply.json(self._done(request))
        except OrderExists as error:
            return Reply.json({"message": str(error)}, 409)
        except OrderRejected as error:
            return Reply.json({"message": str(error)}, 422)
        except KeyError:
            return Reply.json({"message": "there is no such order"}, 404)

    def welcome(self, headers: Mapping[str, str]) -> tuple[bool, Any]:
        """Whether a client is told of orders, and what it hears first.

        Args:
            headers: What it has said.
        """
        if headers.get("x-api-key") != KEY:
            return False, {"type": "error", "message": "wrong key"}
        return True, {"type": "listening"}

    def told(self, event: Executed | OrderChanged) -> Any:
        """The message that tells of an event.

        Args:
            event: What has happened.
        """
        if isinstance(event, Executed):
            row = _execution(event.execution)
            return {"type": "execution", "execution": row, "order": _order(event.order)}
        return {"type": "order", "order": _order(event.order)}

    def _done(self, request: Request) -> Any:
        _, what, *more = request.path.split("/")
        if request.method == "POST":
            return _order(self.book.submit(_terms(request.json())))
        if request.method == "DELETE":
            return self.book.cancel(more[0])
        if request.method == "PATCH":
            return _order(self.book.replace(more[0], _terms(request.json())))
        return getattr(self, f"_get_{what}")(request.query, *more)

    def _get_account(self, query: Mapping[str, str]) -> Any:
        found = self.book.account()
        return {
            "number": found.account_id,
            "paper": found.paper,
            "currency": found.currency,
            "cash": str(found.cash),
            "equity": str(found.equity),
            "buying_power": str(found.buying_power),
            "multiplier": str(found.multiplier),
            "shorting": found.shorting,
            "blocked": found.blocked,
        }

    def _get_clock(self, query: Mapping[str, str]) -> Any:
        return {"now": self.now_ns}

    def _get_orders(self, query: Mapping[str, str], venue_id: str = "") -> Any:
        if not venue_id and "client_id" not in query:
            return [_order(it) for it in self.book.open_orders()]
        found = self.book.order(venue_id) if venue_id else self.book.find(query["client_id"])
        if found is None:
            raise KeyError(venue_id)
        return _order(found)

    def _get_executions(self, query: Mapping[str, str]) -> Any:
        rows = self.book.executions(int(query["since"]))
        page = int(query["page"])
        first, beyond = page * PAGE, (page + 1) * PAGE
        following = page + 1 if beyond < len(rows) else None
        return {"rows": [_execution(it) for it in rows[first:beyond]], "next": following}

    def _get_positions(self, query: Mapping[str, str]) -> Any:
        return [
            {"symbol": it.symbol, "quantity": str(it.quantity), "average": str(it.average_price)}
            for it in self.book.positions()
        ]


def _terms(found: Any) -> OrderTerms:
    return OrderTerms(
        client_id=found["client_id"],
        symbol=found["symbol"],
        side=Side(found["side"]),
        type=OrderType(found["type"]),
        time_in_force=TimeInForce(found["time_in_force"]),
        quantity=_amount(found["quantity"]),
        limit_price=_amount(found["limit"]),
        stop_price=_amount(found["stop"]),
        trail_amount=_amount(found["trail"]),
        take_profit=_amount(found["take_profit"]),
        stop_loss=_amount(found["stop_loss"]),
    )


def _order(order: VenueOrder) -> dict[str, Any]:
    return {
        "id": order.venue_id,
        "client_id": order.client_id,
        "symbol": order.symbol,
        "side": order.side.value,
        "type": order.type.value,
        "quantity": _text(order.quantity),
        "filled": str(order.filled_quantity),
        "average": _text(order.average_price),
        "status": _WORD[order.status],
        "reason": order.reason,
        "limit": _text(order.limit_price),
        "stop": _text(order.stop_price),
        "submitted": order.submitted_ns,
        "updated": order.updated_ns,
        "legs": [_order(leg) for leg in order.legs],
        "replaces": order.replaces,
        "replaced_by": order.replaced_by,
    }


def _execution(execution: Execution) -> dict[str, Any]:
    return {
        "id": execution.execution_id,
        "order_id": execution.venue_id,
        "client_id": execution.client_id,
        "symbol": execution.symbol,
        "side": execution.side.value,
        "quantity": str(execution.quantity),
        "price": str(execution.price),
        "fee": str(execution.commission),
        "at": execution.at_ns,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
