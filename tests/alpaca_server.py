"""A small Alpaca on this machine: REST by LoopbackServer, and both of its sockets."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import ExitStack

import msgpack
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from mismartera_core.model.intervals import MINUTE
from mismartera_core.testing import LoopbackServer, Reply, plugin_context

KEY, SECRET = "PKTESTKEYOFLOOPBACK1", "s3cr3t/of+the=loopback~and-nobody-else42"
SECRETS = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
OPEN = 1_732_113_000_000_000_000
"""2024-11-20 14:30 UTC, an open."""
NOW = OPEN + 3 * 3600 * 1_000_000_000
ACCOUNT = {
    "account_number": "PA3LOOPBACK1",
    "status": "ACTIVE",
    "currency": "USD",
    "cash": "100000.00",
    "equity": "100250.5",
    "buying_power": "400000",
    "multiplier": "4",
    "shorting_enabled": True,
    "trading_blocked": False,
}
SECONDS = 10.0
"""Longest wait of a test for something to happen."""


def text(ns):
    """RFC 3339, to the nanosecond where there is a fraction."""
    import numpy as np

    whole = str(np.datetime64(ns, "ns"))
    return whole.removesuffix(".000000000") + "Z"


def bar(ts=OPEN, close=101.0, **changes):
    """A bar of REST."""
    row = {"t": text(ts), "o": 100.0, "h": 102.0, "l": 99.5, "c": close, "v": 1200, "n": 14}
    return {**row, "vw": 100.7, **changes}


def streamed(ts=OPEN, close=101.0, symbol="AAPL", kind="b", **changes):
    """A bar of the stream."""
    stamp = msgpack.Timestamp.from_unix_nano(ts)
    return {**bar(ts, close), "T": kind, "S": symbol, "t": stamp, **changes}


def order(**changes):
    """An order of REST and of the order stream."""
    row = {
        "id": "61e69015-8549-4bfd-b9c3-01e75843f47d",
        "client_order_id": "mm-1",
        "created_at": "2024-11-20T15:00:00.123456789Z",
        "updated_at": "2024-11-20T15:00:01Z",
        "submitted_at": "2024-11-20T15:00:00.123456789Z",
        "symbol": "AAPL",
        "qty": "10",
        "notional": None,
        "filled_qty": "0",
        "filled_avg_price": None,
        "order_class": "",
        "type": "market",
        "side": "buy",
        "time_in_force": "day",
        "limit_price": None,
        "stop_price": None,
        "status": "accepted",
        "legs": None,
        "replaces": None,
        "replaced_by": None,
    }
    return {**row, **changes}


def until(true, what="it"):
    """Wait for something to become true."""
    nothing = threading.Event()
    for _ in range(int(SECONDS / 0.01)):
        if true():
            return
        nothing.wait(0.01)
    raise AssertionError(f"{what} did not come within {SECONDS:g} s")


class Socket:
    """A WebSocket server whose connections say what a test has put down.

    Attributes:
        frames: Every message received.
        logins: Connections that have logged in.
        refusal: Sent instead of a confirmed login, and instead of a subscription.
        mute: Whether nothing more is said.
        waiting: Lists of messages, a frame each, that are sent once somebody has subscribed.
    """

    def __init__(self):
        self.frames, self.logins, self.connections = [], 0, []
        self.refusal = self.subscription_refusal = None
        self.silent_subscription = self.mute = False
        self.waiting = []
        self.status = None
        logger = logging.Logger("loopback socket", logging.CRITICAL)
        self._server = serve(
            self._talk, "127.0.0.1", 0, logger=logger, process_request=self._handshake
        )
        self._thread = threading.Thread(target=self._server.serve_forever, name="loopback socket")
        self._thread.start()

    @property
    def url(self):
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def drop(self):
        """End every connection without a word."""
        import socket

        for connection in list(self.connections):
            connection.socket.shutdown(socket.SHUT_RDWR)
        until(lambda: not self.connections, "the end of the connections")

    def stop(self):
        self._server.shutdown()
        self._thread.join()

    def _handshake(self, connection, request):
        return None if self.status is None else connection.respond(self.status, "no\n")

    def _talk(self, connection):
        self.connections.append(connection)
        try:
            self.greet(connection)
            for frame in connection:
                message = self.read(frame)
                self.frames.append(message)
                if not self.mute:
                    self.answer(connection, message)
        except (ConnectionClosed, OSError):
            return
        finally:
            self.connections.remove(connection)

    def greet(self, connection):
        """Nothing is said first."""


class DataSocket(Socket):
    """The market data stream."""

    def greet(self, connection):
        self.say(connection, {"T": "success", "msg": "connected"})

    def read(self, frame):
        return msgpack.unpackb(frame)

    def say(self, connection, *messages):
        connection.send(msgpack.packb(list(messages)))

    def answer(self, connection, message):
        if message["action"] == "auth":
            good = (message["key"], message["secret"]) == (KEY, SECRET)
            wrong = {"T": "error", "code": 402, "msg": "auth failed"}
            refusal = self.refusal if good else wrong
            self.logins += refusal is None
            self.say(connection, refusal or {"T": "success", "msg": "authenticated"})
        elif self.subscription_refusal is not None:
            self.say(connection, self.subscription_refusal)
        elif not self.silent_subscription:
            self.say(connection, {**message, "T": "subscription"})
            for messages in self.waiting:
                self.say(connection, *messages)

    def push(self, *messages):
        """One frame to everybody."""
        for connection in list(self.connections):
            self.say(connection, *messages)

    def raw(self, frame):
        """One frame of bytes to everybody."""
        for connection in list(self.connections):
            connection.send(frame)


class TradingSocket(Socket):
    """The order stream: JSON in binary frames."""

    def read(self, frame):
        return json.loads(frame)

    def say(self, connection, message):
        connection.send(json.dumps(message).encode())

    def answer(self, connection, message):
        if message["action"] == "authenticate":
            data = message["data"]
            good = (data["key_id"], data["secret_key"]) == (KEY, SECRET)
            self.logins += good
            said = {"action": "authenticate", "status": "authorized" if good else "unauthorized"}
            self.say(connection, {"stream": "authorization", "data": said})
        elif not self.silent_subscription:
            said = {"streams": message["data"]["streams"]}
            self.say(connection, {"stream": "listening", "data": said})

    def push(self, event, order, **more):
        """An update to everybody."""
        data = {"event": event, "timestamp": "2024-11-20T15:00:02.5Z", "order": order, **more}
        for connection in list(self.connections):
            self.say(connection, {"stream": "trade_updates", "data": data})


class AlpacaServer:
    """All of it, while the context lasts; the routes are the test's.

    Args:
        **routes: Functions of a request by the name of a route.
    """

    def __init__(self, routes=None):
        self.routes = {
            "/v2/account": lambda request: Reply.json(ACCOUNT),
            "/v2/assets": assets,
            **(routes or {}),
        }

    def __enter__(self):
        with ExitStack() as stack:
            self.http = stack.enter_context(
                LoopbackServer({path: checked(route) for path, route in self.routes.items()})
            )
            self.data, self.trading = DataSocket(), TradingSocket()
            stack.callback(self.trading.stop)
            stack.callback(self.data.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        for socket in (self.data, self.trading):
            socket.mute = False
            socket.drop()
        self._stack.close()

    @property
    def requests(self):
        return self.http.requests

    def data_config(self, **changes):
        """Config of the provider."""
        return {
            "data_url": self.http.url,
            "trading_url": self.http.url,
            "stream_url": self.data.url,
            "connect_seconds": 1,
            "read_seconds": 0.6,
            "deadline_seconds": 2,
            "requests_per_minute": 10_000,
            **changes,
        }

    def broker_config(self, **changes):
        """Config of the broker."""
        return {
            "trading_url": self.http.url,
            "trading_stream_url": self.trading.url,
            "connect_seconds": 1,
            "read_seconds": 0.6,
            "deadline_seconds": 2,
            "requests_per_minute": 10_000,
            **changes,
        }


def checked(route):
    """A route that only right keys reach."""

    def answer(request):
        keys = (
            request.headers.get("apca-api-key-id"),
            request.headers.get("apca-api-secret-key"),
        )
        if keys != (KEY, SECRET):
            return Reply.json({"message": "forbidden."}, 403)
        return route(request)

    return answer


def assets(request):
    """Every symbol of up to five letters exists."""
    symbol = request.path.rpartition("/")[2]
    if not symbol.isalpha():
        return Reply.json({"code": 40410000, "message": f"asset not found for {symbol}"}, 404)
    return Reply.json({"symbol": symbol, "status": "active"})


def context(tmp_path, secrets=None, now=NOW):
    """What a host tells the plugin."""
    return plugin_context(
        tmp_path, secrets=SECRETS if secrets is None else secrets, now_ns=lambda: now
    )


def bars_pages(held, size):
    """A route of bars, one symbol after the other in pages; Alpaca's range has both ends."""

    def answer(request):
        asked = request.query
        step = {"1Min": 1, "5Min": 5, "15Min": 15, "30Min": 30, "1Day": 1440}[asked["timeframe"]]
        rows = [
            (name, row)
            for name in asked["symbols"].split(",")
            for ns, row in held.get((name, step * MINUTE), ())
            if ns_of(asked["start"]) <= ns <= ns_of(asked["end"])
        ]
        first = int(asked.get("page_token", 0))
        page = {}
        for name, row in rows[first : first + size]:
            page.setdefault(name, []).append(row)
        following = str(first + size) if first + size < len(rows) else None
        return Reply.json({"bars": page, "next_page_token": following})

    return answer


def ns_of(stamp):
    """Nanoseconds of RFC 3339 in UTC."""
    import numpy as np

    return int(np.datetime64(stamp.removesuffix("Z"), "ns").astype(np.int64))
