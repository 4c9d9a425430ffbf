"""A broker of the small venue, by the rules; tests make it worse."""

from __future__ import annotations

import http.client
import json
import logging
import threading
from contextlib import ExitStack, suppress
from decimal import Decimal
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr
from venue_server import DECIMALS
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from mismartera_core import (
    BrokerError,
    BrokerReg,
    Executed,
    Execution,
    OrderChanged,
    OrderExists,
    OrderNotSent,
    OrderRejected,
    OrderType,
    OrderUnclear,
    Side,
    StreamChanged,
    StreamNoise,
    StreamState,
    VenueAccount,
    VenueBroker,
    VenueCapabilities,
    VenueOrder,
    VenuePosition,
    VenueStatus,
)

GONE = (OSError, WebSocketException)
QUIET = logging.getLogger("venue adapter")
QUIET.setLevel(logging.INFO)  # at debug the library would write the key


class VenueConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    events_url: str
    key: SecretStr


class AdaptedVenue(VenueBroker):
    capabilities = VenueCapabilities(
        brackets=True, fractional=True, notional=True, extended_hours=True, replace=True
    )
    read_seconds = 0.4

    def __init__(self, config, context):
        self.config = config
        self.stop = threading.Event()
        self.thread = None
        self.line = None

    # ---- requests

    def ask(self, method, path, body=None):
        """Status and answer; OrderNotSent where no connection could be made."""
        key = self.config.key.get_secret_value()
        connection = http.client.HTTPConnection(
            urlsplit(self.config.url).netloc, timeout=self.read_seconds
        )
        try:
            try:
                connection.connect()
            except OSError as error:
                raise OrderNotSent(f"the venue takes no connection: {error}") from error
            words = None if body is None else json.dumps(body)
            connection.request(method, path, words, {"X-Key": key})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def sends(self, method, path, body=None):
        try:
            status, answer = self.ask(method, path, body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self.unclear(error) from error
        if status >= 500:
            raise OrderUnclear(f"the venue says {status}")
        if status == 422 and answer.get("code") == "exists":
            raise OrderExists(answer["message"])
        if status >= 400:
            raise OrderRejected(answer["message"])
        return answer

    def unclear(self, error):
        return OrderUnclear(f"no answer: {error!r}")

    def reads(self, path, **query):
        try:
            status, answer = self.ask("GET", f"{path}?{urlencode(query)}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise BrokerError(f"the venue cannot be read: {error!r}") from error
        if status == 404:
            return None
        if status != 200:
            raise BrokerError(f"the venue says {status}: {answer['message']}")
        return answer

    def account(self):
        found = self.reads("/account")
        money = {it: Decimal(found[it]) for it in ("cash", "equity", "buying_power", "multiplier")}
        return VenueAccount(account_id=found["id"], paper=found["paper"], currency="USD", **money)

    def now_ns(self):
        return self.reads("/clock")["now"]

    def submit(self, terms):
        return order_of(self.sends("POST", "/orders", self.written(terms)))

    def written(self, terms):
        sent = {it: self.number(getattr(terms, it)) for it in DECIMALS}
        return sent | {
            "client_id": terms.client_id,
            "symbol": terms.symbol,
            "side": terms.side.value,
            "type": terms.type.value,
            "time_in_force": terms.time_in_force.value,
            "extended_hours": terms.extended_hours,
        }

    def number(self, value):
        return None if value is None else format(value, "f")

    def cancel(self, venue_id):
        self.sends("DELETE", f"/orders/{venue_id}")

    def replace(self, venue_id, terms):
        return order_of(self.sends("PATCH", f"/orders/{venue_id}", self.written(terms)))

    def find(self, client_id):
        found = self.reads("/orders", client_id=client_id)
        return None if found is None else order_of(found)

    def order(self, venue_id):
        found = self.reads(f"/orders/{venue_id}")
        return None if found is None else order_of(found)

    def open_orders(self):
        return [order_of(it) for it in self.reads("/orders")]

    def executions(self, since_ns):
        rows, first = [], 0
        while first is not None:
            page = self.reads("/executions", since=since_ns, **{"from": first})
            rows, first = rows + page["rows"], page["next"]
        return [execution_of(it) for it in rows]

    def positions(self):
        return [
            VenuePosition(
                symbol=it["symbol"],
                quantity=Decimal(it["quantity"]),
                average_price=Decimal(it["average"]),
            )
            for it in self.reads("/positions")
        ]

    # ---- events

    def listen(self, emit):
        self.emit = emit
        try:
            self.connect()
        except GONE as error:
            raise BrokerError(f"the venue does not confirm: {error!r}") from error
        self.thread = threading.Thread(target=self.run, name="venue events")
        self.thread.start()

    def connect(self):
        opened = connect(
            self.config.events_url,
            additional_headers={"X-Key": self.config.key.get_secret_value()},
            open_timeout=self.read_seconds,
            close_timeout=0.2,
            logger=QUIET,
        )
        self.line = ExitStack().enter_context(opened)  # `close` and `lost` end it
        try:
            self.confirmed()
        except BaseException:
            self.line.close()
            raise

    def confirmed(self):
        answer = json.loads(self.line.recv(timeout=self.read_seconds))
        if answer["type"] != "listening":
            raise BrokerError(f"the venue refuses events: {answer['why']}")

    def run(self):
        while not self.stop.is_set():
            try:
                self.read()
            except GONE as error:
                self.lost(error)
            while not self.stop.wait(0.05):
                with suppress(*GONE, BrokerError):
                    self.connect()
                    self.live()
                    break

    def live(self):
        self.emit(StreamChanged(StreamState.LIVE))

    def lost(self, error):
        self.line.close()
        self.emit(StreamChanged(StreamState.LOST, f"gone: {error!r}"))

    def read(self):
        while not self.stop.is_set():
            try:
                frame = self.line.recv(timeout=0.02)
            except TimeoutError:
                continue
            try:
                self.take(json.loads(frame))
            except (KeyError, TypeError, ValueError):
                self.noise(frame)

    def noise(self, message):
        self.emit(StreamNoise(repr(message)[:80]))

    def take(self, message):
        order = order_of(message["order"])
        if message["type"] == "fill":
            self.emit(Executed(execution_of(message["execution"]), order))
        else:
            self.emit(OrderChanged(order))

    def close(self):
        self.stop.set()
        if self.thread is not None:
            self.thread.join()
        if self.line is not None:
            self.line.close()


def order_of(found):
    return VenueOrder(
        venue_id=found["id"],
        client_id=found["client_id"],
        symbol=found["symbol"],
        side=Side(found["side"]),
        type=OrderType(found["type"]),
        quantity=amount(found["quantity"]),
        filled_quantity=Decimal(found["filled"]),
        average_price=amount(found["average"]),
        status=VenueStatus(found["status"]),
        reason=found["reason"],
        limit_price=amount(found["limit_price"]),
        stop_price=amount(found["stop_price"]),
        legs=tuple(map(order_of, found["legs"])),
        replaces=found["replaces"],
        replaced_by=found["replaced_by"],
    )


def execution_of(found):
    return Execution(
        execution_id=found["id"],
        venue_id=found["order"],
        client_id=found["client_id"],
        symbol=found["symbol"],
        side=Side(found["side"]),
        quantity=Decimal(found["quantity"]),
        price=Decimal(found["price"]),
        at_ns=found["at"],
    )


def amount(text):
    return None if text is None else Decimal(text)


def registered(factory, **more):
    return BrokerReg(
        name="adapted",
        factory=factory,
        config_model=VenueConfig,
        summary="An account at the small venue",
        **more,
    )
