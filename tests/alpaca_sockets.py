"""Both sockets of a small Alpaca on this machine."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading

import alpaca_rows
import msgpack
from alpaca_rows import streamed, until
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from mismartera_core.testing import StreamRefusal

FIELDS = ("open", "high", "low", "close", "volume")
AT_LOGIN = {
    StreamRefusal.WRONG_KEY: (402, "auth failed"),
    StreamRefusal.CONNECTION_LIMIT: (406, "connection limit exceeded"),
    StreamRefusal.NOT_ENTITLED: (409, "insufficient subscription"),
}
AT_SUBSCRIPTION = {StreamRefusal.SYMBOL_LIMIT: (405, "symbol limit exceeded")}


class Socket:
    """A WebSocket server whose connections say what a test has put down.

    Attributes:
        frames: Every message received.
        logins: Connections that have logged in.
        refusal: What is said to those who connect from now on.
        status: HTTP status of refused handshakes; None takes them.
        waiting: Lists of messages, a frame each, that are sent once somebody has subscribed.
    """

    def __init__(self):
        self.frames, self.logins, self.waiting, self.open = [], 0, [], {}
        self.refusal = self.status = None
        self.silent = set()
        self._next = threading.Event()
        self._server = self._made(0)
        self._thread = threading.Thread(target=self._run, name="loopback socket")
        self._thread.start()

    def _made(self, port):
        logger = logging.Logger("loopback socket", logging.CRITICAL)
        handshake = self._handshake
        return serve(self._talk, "127.0.0.1", port, logger=logger, process_request=handshake)

    def _run(self):
        while (server := self._server) is not None:
            server.serve_forever()
            self._next.wait()
            self._next.clear()

    @property
    def port(self):
        return self._server.socket.getsockname()[1]

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}"

    @property
    def connections(self):
        return len(self.open)

    def drop(self):
        """Break every connection off, without a word."""
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)
        until(lambda: not self.open, "the end of the connections")

    def hang_up(self):
        """End every connection as the protocol says."""
        for connection in list(self.open):
            connection.close()

    def mute(self):
        """Say nothing more to those who are connected."""
        self.silent |= set(self.open)

    def restart(self):
        """Go away, and come back at the same port."""
        port = self.port
        self._server.shutdown()
        self.drop()
        threading.Event().wait(0.3)
        self._server = self._made(port)
        self._next.set()

    def stop(self):
        server, self._server = self._server, None
        self._next.set()
        server.shutdown()
        self._thread.join()

    def everybody(self, send):
        """Send to those who have subscribed and are not kept in silence."""
        for connection in [it for it, topics in self.open.items() if topics is not None]:
            if connection not in self.silent:
                with contextlib.suppress(ConnectionClosed):
                    send(connection)

    def greet(self, connection):
        """Nothing is said first."""

    def _handshake(self, connection, request):
        return None if self.status is None else connection.respond(self.status, "no\n")

    def _talk(self, connection):
        self.open[connection] = None
        try:
            self.greet(connection)
            for frame in connection:
                message = self.read(frame)
                self.frames.append(message)
                if connection not in self.silent:
                    self.answer(connection, message)
        except (ConnectionClosed, OSError):
            return
        finally:
            del self.open[connection]


class DataSocket(Socket):
    """The market data stream, and a `StreamFaults`."""

    def greet(self, connection):
        self.say(connection, {"T": "success", "msg": "connected"})

    def read(self, frame):
        return msgpack.unpackb(frame)

    def say(self, connection, *messages):
        connection.send(msgpack.packb(list(messages)))

    def answer(self, connection, message):
        refusal = self.refusal
        logs_in = message["action"] == "auth"
        if logs_in and (message["key"], message["secret"]) != (alpaca_rows.KEY, alpaca_rows.SECRET):
            refusal = StreamRefusal.WRONG_KEY
        if refusal is StreamRefusal.NO_ANSWER and not logs_in:
            return
        if refusal in AT_LOGIN if logs_in else refusal in AT_SUBSCRIPTION:
            code, text = {**AT_LOGIN, **AT_SUBSCRIPTION}[refusal]
            self.say(connection, {"T": "error", "code": code, "msg": text})
        elif logs_in:
            self.logins += 1
            self.say(connection, {"T": "success", "msg": "authenticated"})
        else:
            self.open[connection] = set(message.get("bars") or message.get("trades") or ())
            self.say(connection, {**message, "T": "subscription"})
            for messages in self.waiting if "bars" in message else ():
                self.say(connection, *messages)

    def push(self, *messages):
        """One frame to everybody."""
        self.everybody(lambda connection: self.say(connection, *messages))

    def raw(self, frame):
        """One frame of bytes or text to everybody."""
        self.everybody(lambda connection: connection.send(frame))

    @property
    def subscribed(self):
        return frozenset().union(*(topics or () for topics in list(self.open.values())))

    def send_bars(self, symbol, bars, kind="b"):
        for row in range(len(bars)):
            prices = dict(zip("ohlcv", (float(bars.field(f)[row]) for f in FIELDS), strict=True))
            self.push(streamed(int(bars.ts[row]), symbol=symbol, kind=kind, **prices))

    def revise(self, symbol, bars):
        self.send_bars(symbol, bars, "u")

    def send_ticks(self, symbol, ticks):
        self._send(symbol, "t", ticks, {"p": ticks.price, "s": ticks.size})

    def send_quotes(self, symbol, quotes):
        columns = {"bp": quotes.bid, "ap": quotes.ask, "bs": quotes.bid_size, "as": quotes.ask_size}
        self._send(symbol, "q", quotes, columns)

    def _send(self, symbol, kind, rows, columns):
        for row, ns in enumerate(rows.ts):
            stamp = msgpack.Timestamp.from_unix_nano(int(ns))
            values = {name: float(column[row]) for name, column in columns.items()}
            self.push({"T": kind, "S": symbol, "t": stamp, **values})

    def noise(self):
        symbol = min(self.subscribed)
        for message in ({"T": "brand new"}, streamed(symbol=symbol, c="dear"), {"no": "type"}, 7):
            self.push(message)
        self.raw(b"\xc1 no msgpack")
        self.raw("a text")
        return 6

    def refuse(self, reason):
        self.refusal = reason


class TradingSocket(Socket):
    """The order stream: JSON in binary frames."""

    def read(self, frame):
        return json.loads(frame)

    def say(self, connection, message):
        connection.send(json.dumps(message).encode())

    def answer(self, connection, message):
        if message["action"] == "authenticate":
            data = message["data"]
            good = (data["key_id"], data["secret_key"]) == (alpaca_rows.KEY, alpaca_rows.SECRET)
            self.logins += good
            said = {"action": "authenticate", "status": "authorized" if good else "unauthorized"}
            self.say(connection, {"stream": "authorization", "data": said})
        elif self.refusal is None:
            self.open[connection] = message["data"]["streams"]
            said = {"streams": message["data"]["streams"]}
            self.say(connection, {"stream": "listening", "data": said})

    def push(self, event, order, **more):
        """An update to everybody."""
        data = {"event": event, "timestamp": "2024-11-20T15:00:02.5Z", "order": order, **more}
        self.everybody(lambda it: self.say(it, {"stream": "trade_updates", "data": data}))

    def raw(self, frame):
        """One frame of bytes or text to everybody."""
        self.everybody(lambda connection: connection.send(frame))
