"""A small but real venue: orders by HTTP, events by a WebSocket; its words on the public stand."""

from __future__ import annotations

from decimal import Decimal

from mismartera_core import (
    Executed,
    OrderExists,
    OrderRejected,
    OrderTerms,
    OrderType,
    Side,
    TimeInForce,
)
from mismartera_core.testing import Reply, VenueStand

KEY = "k3y-of-the-venue"
PAGE = 20
DECIMALS = ("quantity", "notional", "limit_price", "stop_price", "trail_amount")
DECIMALS += ("take_profit", "stop_loss")


class VenueServer(VenueStand):
    @property
    def config(self):
        return {"url": self.url, "events_url": self.events_url, "key": KEY}

    def welcome(self, headers):
        if headers.get("x-key") != KEY:
            return False, {"type": "error", "why": "wrong key"}
        return True, {"type": "listening"}

    def told(self, event):
        if isinstance(event, Executed):
            row = execution_row(event.execution)
            return {"type": "fill", "execution": row, "order": order_row(event.order)}
        return {"type": "order", "order": order_row(event.order)}

    def answer(self, request):
        if request.headers.get("x-key") != KEY:
            return Reply.json({"message": "wrong key"}, 401)
        try:
            return Reply.json(self.done(request))
        except OrderExists as error:
            return Reply.json({"message": str(error), "code": "exists"}, 422)
        except OrderRejected as error:
            return Reply.json({"message": str(error)}, 422)
        except KeyError:
            return Reply.json({"message": "no such order"}, 404)

    def done(self, request):
        _, what, *name = request.path.split("/")
        if request.method == "POST":
            return order_row(self.book.submit(terms_of(request.json())))
        if request.method == "DELETE":
            return self.book.cancel(*name)
        if request.method == "PATCH":
            return order_row(self.book.replace(*name, terms_of(request.json())))
        return getattr(self, f"get_{what}")(request.query, *name)

    def get_orders(self, query, name=None):
        if name is None and "client_id" not in query:
            return [order_row(it) for it in self.book.open_orders()]
        found = self.book.order(name) if name else self.book.find(query["client_id"])
        if found is None:
            raise KeyError(name)
        return order_row(found)

    def get_executions(self, query):
        rows = [execution_row(it) for it in self.book.executions(int(query["since"]))]
        first = int(query["from"])
        more = first + PAGE if first + PAGE < len(rows) else None
        return {"rows": rows[first : first + PAGE], "next": more}

    def get_positions(self, query):
        return [
            {"symbol": it.symbol, "quantity": str(it.quantity), "average": str(it.average_price)}
            for it in self.book.positions()
        ]

    def get_account(self, query):
        found = self.book.account()
        money = ("cash", "equity", "buying_power", "multiplier")
        row = {it: str(getattr(found, it)) for it in money}
        return {"id": found.account_id, "paper": found.paper, **row}

    def get_clock(self, query):
        return {"now": self.now_ns}


def terms_of(sent):
    return OrderTerms(
        client_id=sent["client_id"],
        symbol=sent["symbol"],
        side=Side(sent["side"]),
        type=OrderType(sent["type"]),
        time_in_force=TimeInForce(sent["time_in_force"]),
        extended_hours=sent["extended_hours"],
        **{it: sent[it] and Decimal(sent[it]) for it in DECIMALS},
    )


def order_row(order):
    return {
        "id": order.venue_id,
        "client_id": order.client_id,
        "symbol": order.symbol,
        "side": order.side.value,
        "type": order.type.value,
        "quantity": text_of(order.quantity),
        "limit_price": text_of(order.limit_price),
        "stop_price": text_of(order.stop_price),
        "filled": str(order.filled_quantity),
        "average": text_of(order.average_price),
        "status": order.status.value,
        "reason": order.reason,
        "legs": [order_row(leg) for leg in order.legs],
        "replaces": order.replaces,
        "replaced_by": order.replaced_by,
    }


def execution_row(execution):
    return {
        "id": execution.execution_id,
        "order": execution.venue_id,
        "client_id": execution.client_id,
        "symbol": execution.symbol,
        "side": execution.side.value,
        "quantity": str(execution.quantity),
        "price": str(execution.price),
        "at": execution.at_ns,
    }


def text_of(value):
    return None if value is None else str(value)
