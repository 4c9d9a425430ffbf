"""A small but real stream over a socket, a JSON message a line, and the fake of its service."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import suppress

import numpy as np
from pydantic import BaseModel, ConfigDict, SecretStr

from mismartera_core import (
    BarColumns,
    BrokerError,
    DataError,
    DataProvider,
    DataProviderReg,
    ProviderCapabilities,
    StreamChanged,
    StreamedBars,
    StreamedQuotes,
    StreamedTicks,
    StreamNoise,
    StreamState,
)
from mismartera_core.model.columns import QuoteColumns, TickColumns
from mismartera_core.model.intervals import MINUTE
from mismartera_core.testing import StreamRefusal

KEY = "k3y-of-the-line"
BAR = ("ts", "open", "high", "low", "close", "volume")
TICK = ("ts", "price", "size")
QUOTE = ("ts", "bid", "ask", "bid_size", "ask_size")
RESET = struct.pack("ii", 1, 0)
BEAT = 0.1
KINDS = {"bar": BAR, "revised": BAR, "tick": TICK, "quote": QUOTE}


class LineServer:
    """The fake: takes connections, sends what it is told, and fails as it is told."""

    def __init__(self):
        self.refusal = None
        self.lock = threading.Lock()
        self.subscribers = {}
        self.muted = set()
        self.open = set()
        self.stopped = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept, name="line server")]

    def __enter__(self):
        self.threads[0].start()
        self.threads.append(threading.Thread(target=self.beat, name="line server's pulse"))
        self.threads[1].start()
        return self

    def __exit__(self, *error):
        self.stopped.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()
        for thread in self.threads:
            thread.join()

    def accept(self):
        while not self.stopped.is_set():
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            if self.refusal == "away":
                self.reset(connection)
                continue
            with self.lock:
                self.open.add(connection)
            thread = threading.Thread(target=self.serve, args=[connection], name="line client")
            self.threads.append(thread)
            thread.start()

    def serve(self, connection):
        with suppress(OSError), connection.makefile("r") as lines:
            for line in lines:
                self.hear(connection, json.loads(line))
        with self.lock:
            self.subscribers.pop(connection, None)
            self.open.discard(connection)
        connection.close()

    def hear(self, connection, message):
        if self.refusal is StreamRefusal.NO_ANSWER:
            return
        if self.refusal is not None:
            self.say(connection, {"type": "error", "why": self.refusal.value})
            return
        if message["key"] != KEY:
            self.say(connection, {"type": "error", "why": "wrong key"})
            return
        with self.lock:
            self.subscribers[connection] = message
        self.say(connection, {"type": "subscribed", "symbols": message["symbols"]})

    def say(self, connection, message):
        if connection not in self.muted:
            with suppress(OSError):
                connection.sendall(json.dumps(message).encode() + b"\n")

    def beat(self):
        while not self.stopped.wait(BEAT):
            for connection in self.connected():
                self.say(connection, {"type": "beat"})

    def connected(self):
        with self.lock:
            return list(self.subscribers)

    @property
    def connections(self):
        with self.lock:
            return len(self.open)

    @property
    def subscribed(self):
        with self.lock:
            return frozenset(name for it in self.subscribers.values() for name in it["symbols"])

    def send(self, kind, symbol, columns):
        wanted = {"tick": "ticks", "quote": "quotes"}.get(kind, "interval")
        for row in range(len(columns)):
            values = [getattr(columns, name)[row].item() for name in KINDS[kind]]
            for connection in self.connected():
                asked = self.subscribers.get(connection, {"symbols": ()})
                if symbol in asked["symbols"] and asked[wanted]:
                    self.say(connection, {"type": kind, "symbol": symbol, "values": values})

    def send_bars(self, symbol, bars):
        self.send("bar", symbol, bars)

    def revise(self, symbol, bars):
        self.send("revised", symbol, bars)

    def send_ticks(self, symbol, ticks):
        self.send("tick", symbol, ticks)

    def send_quotes(self, symbol, quotes):
        self.send("quote", symbol, quotes)

    def noise(self):
        for connection in self.connected():
            self.say(connection, {"type": "weather"})
            self.say(connection, {"type": "bar", "symbol": "AAA", "values": ["ten"] * len(BAR)})
            self.say(connection, ["not", "a", "message"])
        return 3

    def drop(self):
        with self.lock:
            gone, self.open = self.open, set()
            self.subscribers.clear()
        for connection in gone:
            self.reset(connection)

    def reset(self, connection):
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            connection.shutdown(socket.SHUT_RD)
            connection.close()

    def hang_up(self):
        with self.lock:
            gone = list(self.open)
            self.subscribers.clear()
        for connection in gone:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def mute(self):
        self.muted.update(self.connected())

    def restart(self):
        self.refusal = "away"
        self.drop()
        self.stopped.wait(0.3)
        self.refusal = None

    def refuse(self, reason):
        self.refusal = reason


class LineConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int
    key: SecretStr


class Connected:
    """One call of `stream`."""

    def __init__(self, owner, wanted, emit, stop):
        self.owner, self.wanted, self.emit, self.stop = owner, wanted, emit, stop
        self.said = None
        self.fails = 0
        self.kept = []

    def run(self):
        while not self.stop.is_set():
            try:
                self.connect()
            except OSError as error:
                self.lost(f"the connection is gone: {error!r}")
                waits = self.owner.waits
                self.stop.wait(waits[min(self.fails, len(waits) - 1)])
                self.fails += 1

    def connect(self):
        with socket.create_connection(
            ("127.0.0.1", self.owner.config.port), self.owner.connect_seconds
        ) as connection:
            wanted = self.wanted
            asked = {
                "key": self.owner.config.key.get_secret_value(),
                "symbols": wanted.symbols,
                "interval": wanted.interval,
                "ticks": wanted.ticks,
                "quotes": wanted.quotes,
            }
            connection.sendall(json.dumps(asked).encode() + b"\n")
            self.read(connection)

    def read(self, connection):
        connection.settimeout(0.02)
        kept, silent = b"", 0.0
        while not self.stop.is_set():
            try:
                got = connection.recv(65536)
            except TimeoutError:
                silent += 0.02
                if silent >= self.owner.silence:
                    raise ConnectionError("it says nothing") from None
                continue
            if not got:
                raise ConnectionError("it was closed")
            silent = 0.0
            *lines, kept = (kept + got).split(b"\n")
            for line in lines:
                if self.stop.is_set():
                    return
                self.take(line)

    def take(self, line):
        message = json.loads(line)
        try:
            kind = message["type"]
            if kind in KINDS:
                self.data(kind, message)
            elif kind == "subscribed":
                self.live()
            elif kind == "error":
                self.refused(message["why"])
            elif kind != "beat":
                self.noise(message)
        except (KeyError, TypeError, ValueError):
            self.noise(message)

    def data(self, kind, message):
        values = [[value] for value in message["values"]]
        symbol = message["symbol"]
        if kind == "tick":
            self.emit(StreamedTicks(symbol, columns(TickColumns, values)))
        elif kind == "quote":
            self.emit(StreamedQuotes(symbol, columns(QuoteColumns, values)))
        else:
            bars = BarColumns.build(*values, interval_ns=MINUTE)
            self.emit(StreamedBars(symbol, bars, revised=kind == "revised"))

    def live(self):
        self.fails = 0
        self.said = StreamState.LIVE
        self.emit(StreamChanged(StreamState.LIVE))

    def lost(self, why):
        if self.said is not StreamState.LOST and not self.stop.is_set():
            self.said = StreamState.LOST
            self.emit(StreamChanged(StreamState.LOST, why))

    def refused(self, why):
        if why == "connection limit":
            raise ConnectionError(why)
        raise BrokerError(f"the line refuses: {why}")

    def noise(self, message):
        self.emit(StreamNoise(repr(message)[:80]))


class LineStream(DataProvider):
    """Connects, subscribes, reads; begins anew when the connection is gone."""

    connect_seconds = 0.5
    silence = 0.5
    waits = (0.05, 0.1, 0.2)
    Made = Connected

    def __init__(self, config, context):
        self.config = config
        self.kept = []
        self.over = threading.Event()

    def let_go(self):
        """End what broken ones have left behind."""
        self.over.set()
        for left in self.kept:
            left.close()

    def symbols(self):
        return []

    def get_bars(self, symbol, interval, start_ns, end_ns):
        raise DataError("it only streams")

    def stream(self, wanted, emit, stop):
        self.Made(self, wanted, emit, stop).run()


def columns(kind, values):
    made = [[int(values[0][0])], *([float(it[0])] for it in values[1:])]
    return kind(np.array(made[0]), *(np.array(it) for it in made[1:]))


def registered(factory):
    return DataProviderReg(
        name="line",
        factory=factory,
        config_model=LineConfig,
        summary="A stream of lines",
        capabilities=ProviderCapabilities(bars=("1m",), stream=True, ticks=True, quotes=True),
    )
