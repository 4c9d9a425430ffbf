"""Alpaca's trading REST: account, orders, positions, activities, clock, calendar, assets."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from mismartera_core.model.orders import Side
from mismartera_core.testing.http_messages import Reply, Request
from mismartera_core.testing.venue.alpaca import payloads
from mismartera_core.testing.venue.alpaca.errors import refusal
from mismartera_core.testing.venue.alpaca.parsing import (
    changes_of,
    instant_of,
    terms_of,
    whole_number,
)
from mismartera_core.testing.venue.alpaca.routes import Routes
from mismartera_core.testing.venue.amounts import ZERO, exact
from mismartera_core.testing.venue.fake_venue import FakeVenue
from mismartera_core.testing.venue.orders import BookOrder, Fill, Terms
from mismartera_core.testing.venue.refusals import Refused, Why

_MOST_ORDERS, _USUAL_ORDERS, _MOST_ACTIVITIES = 500, 50, 100


class TradingRest:
    """Answers the calls of alpaca-py's TradingClient.

    Args:
        venue: The venue.
    """

    def __init__(self, venue: FakeVenue) -> None:
        self._venue = venue

    def routes(self) -> Routes:
        """What is answered, by method and path."""
        found = Routes()
        found.add("GET", "/account", self._account)
        found.add("GET", "/account/activities", self._activities)
        found.add("GET", "/account/activities/{kind}", self._activities)
        found.add("POST", "/orders", self._submit)
        found.add("GET", "/orders", self._orders)
        found.add("DELETE", "/orders", self._cancel_all)
        found.add("GET", "/orders:by_client_order_id", self._by_client_id)
        found.add("GET", "/orders/{id}", self._order)
        found.add("PATCH", "/orders/{id}", self._replace)
        found.add("DELETE", "/orders/{id}", self._cancel)
        found.add("GET", "/positions", self._positions)
        found.add("DELETE", "/positions", self._close_all)
        found.add("GET", "/positions/{symbol}", self._position)
        found.add("DELETE", "/positions/{symbol}", self._close)
        found.add("GET", "/assets", self._assets)
        found.add("GET", "/assets/{symbol}", self._asset)
        return found

    def _account(self, _: Request) -> Reply:
        return Reply.json(payloads.account(self._venue))

    # ---- orders

    def _submit(self, request: Request) -> Reply:
        return Reply.json(payloads.as_taken(self._venue.submit(terms_of(_body(request)))))

    def _orders(self, request: Request) -> Reply:
        query = request.query
        nested = query.get("nested", "").lower() == "true"
        found = [o for o in self._venue.book.orders.values() if _wanted(o, query, nested=nested)]
        if query.get("direction", "desc") != "asc":
            found.reverse()
        most = whole_number(query, "limit", _USUAL_ORDERS, _MOST_ORDERS)
        return Reply.json([payloads.order(one, nested=nested) for one in found[:most]])

    def _order(self, request: Request, id: str) -> Reply:  # noqa: A002 - the path's word
        nested = request.query.get("nested", "").lower() == "true"
        return Reply.json(payloads.order(self._venue.order(id), nested=nested))

    def _by_client_id(self, request: Request) -> Reply:
        client_id = request.query.get("client_order_id", "")
        found = self._venue.find(client_id)
        if found is None:
            raise Refused(Why.NOT_FOUND, f"order not found for {client_id}")
        return Reply.json(payloads.order(found))

    def _replace(self, request: Request, id: str) -> Reply:  # noqa: A002 - the path's word
        made = self._venue.replace(id, **changes_of(_body(request)))
        return Reply.json(payloads.as_taken(made))

    def _cancel(self, _: Request, id: str) -> Reply:  # noqa: A002 - the path's word
        self._venue.cancel(id)
        return Reply(status=204)

    def _cancel_all(self, _: Request) -> Reply:
        ended = self._venue.cancel_all()
        return Reply.json([{"id": order.id, "status": 200} for order in ended], 207)

    # ---- positions

    def _positions(self, _: Request) -> Reply:
        held = sorted(self._venue.ledger.holdings)
        return Reply.json([payloads.position(self._venue, symbol) for symbol in held])

    def _position(self, _: Request, symbol: str) -> Reply:
        return Reply.json(payloads.position(self._venue, self._held(symbol)))

    def _close(self, request: Request, symbol: str) -> Reply:
        return Reply.json(payloads.as_taken(self._closing(self._held(symbol), request.query)))

    def _close_all(self, request: Request) -> Reply:
        if request.query.get("cancel_orders", "").lower() == "true":
            self._venue.cancel_all()
        made: list[dict[str, Any]] = []
        for symbol in sorted(self._venue.ledger.holdings):
            try:
                body: Any = payloads.as_taken(self._closing(symbol, {}))
                made.append({"symbol": symbol, "status": 200, "body": body})
            except Refused as error:
                reply = refusal(error)
                body = json.loads(reply.body)
                made.append({"symbol": symbol, "status": reply.status, "body": body})
        return Reply.json(made, 207)

    def _closing(self, symbol: str, query: dict[str, str]) -> BookOrder:
        held = self._venue.ledger.position(symbol)
        share = exact(query["percentage"]) / 100 if query.get("percentage") else Decimal(1)
        units = exact(query["qty"]) if query.get("qty") else abs(held) * share
        side = Side.SELL if held > ZERO else Side.BUY
        return self._venue.submit(Terms(symbol=symbol, side=side, quantity=units))

    def _held(self, name: str) -> str:
        for symbol in self._venue.ledger.holdings:
            if name in (symbol, payloads.asset_id(symbol)):
                return symbol
        raise Refused(Why.NOT_FOUND, "position does not exist")

    # ---- activities and assets

    def _activities(self, request: Request, kind: str = "") -> Reply:
        query = request.query
        kinds = kind or query.get("activity_types", "FILL")
        if "FILL" not in kinds.split(","):
            return Reply.json([])
        found = [fill for fill in self._venue.book.fills if _within(fill, query)]
        found.sort(key=lambda fill: (fill.at_ns, fill.number))
        if query.get("direction", "desc") != "asc":
            found.reverse()
        token = query.get("page_token")
        if token:
            ids = [payloads.activity_id(self._venue, fill) for fill in found]
            found = found[ids.index(token) + 1 :] if token in ids else []
        most = whole_number(query, "page_size", _MOST_ACTIVITIES, _MOST_ACTIVITIES)
        return Reply.json([payloads.activity(self._venue, fill) for fill in found[:most]])

    def _assets(self, _: Request) -> Reply:
        return Reply.json([self._made(symbol) for symbol in sorted(self._venue.tape.bars)])

    def _made(self, symbol: str) -> dict[str, Any]:
        return _asset(symbol) | {"easy_to_borrow": symbol not in self._venue.hard_to_borrow}

    def _asset(self, _: Request, symbol: str) -> Reply:
        for name in self._venue.tape.bars:
            if symbol in (name, payloads.asset_id(name)):
                return Reply.json(self._made(name))
        raise Refused(Why.NOT_FOUND, f"asset not found for {symbol}")


def _body(request: Request) -> dict[str, Any]:
    """The JSON of a request, numbers exact."""
    try:
        found = json.loads(request.body, parse_float=Decimal)
    except ValueError as error:
        raise Refused(Why.INVALID, "request body format is invalid") from error
    if not isinstance(found, dict):
        raise Refused(Why.INVALID, "request body format is invalid")
    return found


def _wanted(order: BookOrder, query: dict[str, str], *, nested: bool) -> bool:
    status = query.get("status", "open")
    if status != "all" and (status == "closed") != order.is_final:
        return False
    if nested and (order.entry is not None or _is_second(order)):
        return False
    symbols = [name for name in query.get("symbols", "").split(",") if name]
    if symbols and order.symbol not in symbols:
        return False
    if query.get("side") and query["side"] != order.side.value:
        return False
    after, until = query.get("after"), query.get("until")
    if after and order.submitted_ns <= instant_of(after):
        return False
    return not (until and order.submitted_ns >= instant_of(until))


def _is_second(order: BookOrder) -> bool:
    """Whether an order is the leg of an OCO pair."""
    pair = order.sibling
    return pair is not None and order in pair.legs


def _within(fill: Fill, query: dict[str, str]) -> bool:
    after, until, day = query.get("after"), query.get("until"), query.get("date")
    if day:
        return payloads.instant(fill.at_ns).startswith(day[:10])
    if after and fill.at_ns <= instant_of(after):
        return False
    return not (until and fill.at_ns >= instant_of(until))


def _asset(symbol: str) -> dict[str, Any]:
    return {
        "id": payloads.asset_id(symbol),
        "class": "us_equity",
        "exchange": "NASDAQ",
        "symbol": symbol,
        "name": f"{symbol} Common Stock",
        "status": "active",
        "tradable": True,
        "marginable": True,
        "shortable": True,
        "easy_to_borrow": True,
        "fractionable": True,
        "maintenance_margin_requirement": 30,
        "attributes": [],
    }
