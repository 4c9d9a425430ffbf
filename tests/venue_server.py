"""A small but real venue: orders over HTTP, events over a socket, a JSON message a line."""

from __future__ import annotations

import json
import threading
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from venue_ports import KEY, EventPort, Handler, Server

from mismartera_core.model.orders import OrderType, Side, TimeInForce
from mismartera_core.model.venue import OrderTerms
from mismartera_core.testing import CallFault, VenueCall

PAGE = 20
NOW = 1_720_000_000_000_000_000
STATUS = {
    CallFault.GATEWAY_TIMEOUT: 504,
    CallFault.SERVER_ERROR: 500,
    CallFault.TOO_MANY: 429,
    CallFault.WRONG_KEY: 401,
    CallFault.NO_FUNDS: 403,
}
WORDS = {CallFault.NO_FUNDS: "insufficient buying power", CallFault.WRONG_KEY: "wrong key"}
FINAL = ("filled", "cancelled", "expired", "rejected", "replaced")
DECIMALS = ("quantity", "notional", "limit_price", "stop_price", "trail_amount")
DECIMALS += ("take_profit", "stop_loss")


class VenueServer:
    """The fake: it plays the market, and fails as it is told."""

    account_id = "ACC-7"

    def __init__(self):
        self.refusal = None
        self.lock = threading.RLock()
        self.released = threading.Event()
        self.released.set()
        self.orders, self.done, self.counts, self.faults, self.last = {}, [], {}, {}, None
        self.clock = NOW
        self.http_port = 0
        self.events = EventPort(self)

    def __enter__(self):
        self.come_back()
        return self

    def __exit__(self, *error):
        self.go_away()

    @property
    def config(self):
        return {"http_port": self.http_port, "event_port": self.events.port, "key": KEY}

    # ---- the suite's hand

    @property
    def now_ns(self):
        return self.clock

    @property
    def connections(self):
        return len(self.events.lines)

    def arrived(self, call):
        return self.counts.get(call, 0)

    def fail(self, call, fault, *, always=False):
        self.faults[call] = (fault, always)

    def heal(self):
        self.faults.clear()
        self.refusal = None

    def taken(self, client_id):
        found = [it for it in self.orders.values() if it["client_id"] == client_id]
        if not found:
            return None
        sent = found[0]["sent"]
        numbers = {it: sent[it] and Decimal(sent[it]) for it in DECIMALS}
        return OrderTerms(
            client_id=client_id,
            symbol=sent["symbol"],
            side=Side(sent["side"]),
            type=OrderType(sent["type"]),
            time_in_force=TimeInForce(sent["time_in_force"]),
            extended_hours=sent["extended_hours"],
            **numbers,
        )

    def count(self, client_id):
        return sum(it["client_id"] == client_id for it in self.orders.values())

    def execute(self, venue_id, quantity, price):
        with self.lock:
            order = self.orders[venue_id]
            before = Decimal(order["filled"])
            order["filled"] = str(before + quantity)
            paid = before * Decimal(order["average"] or 0) + quantity * price
            order["average"] = str(paid / (before + quantity))
            whole = before + quantity == Decimal(order["quantity"])
            order["status"] = "filled" if whole else "partially_filled"
            self.clock += 1_000_000
            number = f"x{len(self.done) + 1}"
            self.done.append(
                {
                    "id": number,
                    "order": venue_id,
                    "client_id": order["client_id"],
                    "symbol": order["symbol"],
                    "side": order["side"],
                    "quantity": str(quantity),
                    "price": str(price),
                    "at": self.clock,
                }
            )
            self.tell({"type": "fill", "execution": self.done[-1], "order": order})
            if whole:
                self.follow(order)
            return number

    def follow(self, order):
        for leg in order["legs"]:
            self.change(leg, "working")
        sibling = order.get("sibling")
        if sibling:
            self.change(sibling, "cancelled")

    def change(self, venue_id, status, reason=""):
        order = self.orders[venue_id]
        order["status"], order["reason"] = status, reason
        self.tell({"type": "order", "order": order})

    def reject(self, venue_id, reason):
        self.change(venue_id, "rejected", reason)

    def expire(self, venue_id):
        self.change(venue_id, "expired")

    def foreign_order(self, symbol, side, quantity, limit):
        sent = {"symbol": symbol, "side": side.value, "quantity": str(quantity)}
        sent |= {"type": "limit", "limit_price": str(limit), "client_id": "by hand"}
        return self.take(sent)["id"]

    def tell(self, message):
        self.last = json.loads(json.dumps(self.told(message)))
        self.events.tell(self.last)

    def told(self, message):
        return {**message, "order": self.nested(message["order"])}

    def repeat(self):
        self.events.tell(self.last)

    def noise(self):
        self.events.tell({"type": "weather"})
        self.events.tell({"type": "order", "order": {"id": 7}})
        self.events.tell([1])
        return 3

    def drop(self):
        self.events.drop()

    def hang_up(self):
        self.events.drop(gently=True)

    def mute(self):
        self.events.muted.update(self.events.lines)

    def restart(self):
        self.go_away()
        threading.Event().wait(0.2)
        self.come_back()

    def go_away(self):
        if self.released.is_set():
            return
        self.released.set()
        self.http.shutdown()
        self.http.server_close()
        self.serving.join()
        self.events.stop()

    def come_back(self):
        self.released.clear()
        self.http = Server(("127.0.0.1", self.http_port), Handler)
        self.http.venue = self
        self.http_port = self.http.server_address[1]
        self.serving = threading.Thread(target=self.http.serve_forever, args=[0.02], name="http")
        self.serving.start()
        self.events.start()

    def refuse(self, reason):
        self.refusal = reason

    # ---- requests

    def request(self, method, target, headers, body):
        kinds = {"POST": VenueCall.SUBMIT, "DELETE": VenueCall.CANCEL, "PATCH": VenueCall.REPLACE}
        call = kinds.get(method, VenueCall.READ)
        with self.lock:
            self.counts[call] = self.arrived(call) + 1
            fault, always = self.faults.get(call, (None, False))
            if not always:
                self.faults.pop(call, None)
            if headers["X-Key"] != KEY:
                return 401, b'{"message": "wrong key"}'
            if fault is None or fault.is_done:
                status, answer = self.routed(method, target, body)
        if fault in (CallFault.SILENT, CallFault.SILENT_UNDONE):
            return None
        if fault in (CallFault.RESET, CallFault.RESET_UNDONE):
            return 0, b""
        if fault is CallFault.UNREADABLE:
            return 200, b"<html>Bad gateway</html>"
        if fault is not None:
            status, answer = STATUS[fault], {"message": WORDS.get(fault, "something went wrong")}
        return status, json.dumps(answer).encode()

    def routed(self, method, target, body):
        path, query = urlsplit(target).path.strip("/"), parse_qs(urlsplit(target).query)
        what, _, name = path.partition("/")
        if method == "POST":
            return self.submitted(json.loads(body))
        if method == "DELETE":
            return self.ended(name, lambda order: self.change(name, "cancelled"))
        if method == "PATCH":
            return self.ended(name, lambda order: self.replaced(order, json.loads(body)))
        return getattr(self, f"get_{what}")(name, {key: it[0] for key, it in query.items()})

    def submitted(self, sent):
        if self.count(sent["client_id"]):
            return 422, {"message": "client id is used", "code": "exists"}
        return 200, self.nested(self.take(sent))

    def take(self, sent, **more):
        number = f"v{len(self.orders) + 1}"
        order = {
            "id": number,
            "client_id": sent["client_id"],
            "symbol": sent["symbol"],
            "side": sent["side"],
            "type": sent["type"],
            "quantity": sent["quantity"],
            "limit_price": sent.get("limit_price"),
            "stop_price": sent.get("stop_price"),
            "filled": "0",
            "average": None,
            "status": "working",
            "reason": "",
            "legs": [],
            "sent": sent,
            **more,
        }
        self.orders[number] = order
        if sent.get("take_profit"):
            other = {"side": "sell", "symbol": sent["symbol"], "quantity": sent["quantity"]}
            up = self.take(
                {**other, "client_id": "", "type": "limit", "limit_price": sent["take_profit"]},
                status="held",
                leg=True,
            )
            down = self.take(
                {**other, "client_id": "", "type": "stop", "stop_price": sent["stop_loss"]},
                status="held",
                leg=True,
            )
            up["sibling"], down["sibling"] = down["id"], up["id"]
            order["legs"] = [up["id"], down["id"]]
        return order

    def ended(self, name, act):
        order = self.orders.get(name)
        if order is None:
            return 404, {"message": "no such order"}
        if order["status"] in FINAL:
            return 422, {"message": f"order is {order['status']}"}
        return 200, act(order) or {}

    def replaced(self, order, sent):
        new = self.take(sent, replaces=order["id"])
        order["replaced_by"] = new["id"]
        self.change(order["id"], "replaced")
        return self.nested(new)

    def nested(self, order):
        return {**order, "legs": [self.orders[leg] for leg in order["legs"]]}

    def get_orders(self, name, query):
        if name:
            found = self.orders.get(name)
            return (200, self.nested(found)) if found else (404, {"message": "no such order"})
        if "client_id" in query:
            for order in self.orders.values():
                if order["client_id"] == query["client_id"]:
                    return 200, self.nested(order)
            return 404, {"message": "no such order"}
        working = [it for it in self.orders.values() if it["status"] not in FINAL]
        return 200, [self.nested(it) for it in working if "leg" not in it]

    def get_executions(self, name, query):
        rows = [it for it in self.done if it["at"] >= int(query["since"])]
        first = int(query["from"])
        more = first + PAGE if first + PAGE < len(rows) else None
        return 200, {"rows": rows[first : first + PAGE], "next": more}

    def get_positions(self, name, query):
        units, cost = {}, {}
        for it in self.done:
            signed = Decimal(it["quantity"]) * (1 if it["side"] == "buy" else -1)
            units[it["symbol"]] = units.get(it["symbol"], Decimal(0)) + signed
            cost[it["symbol"]] = cost.get(it["symbol"], Decimal(0)) + signed * Decimal(it["price"])
        rows = [
            {"symbol": symbol, "quantity": str(held), "average": str(cost[symbol] / held)}
            for symbol, held in units.items()
            if held
        ]
        return 200, rows

    def get_account(self, name, query):
        money = dict.fromkeys(("cash", "equity", "buying_power"), "100000")
        return 200, {"id": self.account_id, "paper": True, "multiplier": "2", **money}

    def get_clock(self, name, query):
        return 200, {"now": self.clock}
