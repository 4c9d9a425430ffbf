"""Alpaca's market data socket: arrays of messages, in msgpack or JSON."""

from __future__ import annotations

import json
from typing import Any

import msgpack

from mismartera_core.testing.venue.alpaca.aggregation import merge
from mismartera_core.testing.venue.alpaca.market_payloads import CHANNELS, KINDS, event_values
from mismartera_core.testing.venue.alpaca.payloads import eastern, instant
from mismartera_core.testing.venue.events import MarketEvent
from mismartera_core.testing.venue.fake_venue import FakeVenue
from mismartera_core.testing.venue.sockets import Line

_ACKED = (
    *("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds"),
    *("corrections", "cancelErrors"),
)


class DataStream:
    """What is published, to whoever has subscribed.

    Attributes:
        name: What faults call it: "data".
        lines: Connections that have signed in.
        most_sockets: So many connections at once; more are refused with 406.
        most_symbols: So many symbols in a subscription; None for no limit.

    Args:
        venue: The venue.
        credentials: Key and secret.
        most_sockets: First value of the attribute.
        most_symbols: First value of the attribute.
    """

    name = "data"

    def __init__(
        self,
        venue: FakeVenue,
        credentials: tuple[str, str],
        most_sockets: int,
        most_symbols: int | None,
    ) -> None:
        self._venue, self._credentials = venue, credentials
        self.most_sockets, self.most_symbols = most_sockets, most_symbols
        self.lines: list[Line] = []
        self._days: dict[str, tuple[str, dict[str, float]]] = {}
        self._numbers: dict[str, int] = {}
        venue.on_market(self._published)

    def opened(self, line: Line) -> None:
        """Greet."""
        line.state.update(packed="msgpack" in line.headers.get("content-type", ""), subs={})
        _send(line, "success", {"T": "success", "msg": "connected"})

    def received(self, line: Line, data: bytes | str) -> None:
        """Sign in, subscribe, unsubscribe."""
        try:
            message = msgpack.unpackb(data) if isinstance(data, bytes) else json.loads(data)
            action = str(message["action"])
        except (ValueError, KeyError, TypeError):
            _error(line, 400, "invalid syntax")
            return
        fault = line.fault(action)
        if fault is not None and fault.drops:
            line.drop()
        elif fault is not None and fault.answers:
            for answer in fault.answers:
                _send(line, str(answer.get("T")), answer)
        elif fault is None or not fault.lost:
            with self._venue.lock:
                self._act(line, action, message)

    def closed(self, line: Line) -> None:
        """Forget a connection."""
        with self._venue.lock:
            if line in self.lines:
                self.lines.remove(line)

    def subscribed(self, channel: str) -> set[str]:
        """Symbols that somebody is subscribed to.

        Args:
            channel: "bars", "updatedBars", "quotes" ...
        """
        with self._venue.lock:
            return {s for line in self.lines for s in line.state["subs"].get(channel, ())}

    def noise(self) -> int:
        """Send what no client knows or can read to whoever has signed in.

        Returns:
            How many messages each gets.
        """
        bar = {"T": "b", "S": "AAPL", **dict.fromkeys("ohl", 1.0), "c": "dear", "v": 1, "t": 0}
        unknown = ({"T": "brand new"}, bar, {"no": "type"})
        with self._venue.lock:
            for line in self.lines:
                for message in unknown:
                    _send(line, "noise", {**message, "S": min(self.subscribed("bars"), default="")})
                line.send_raw(b"\xc1 no msgpack")
                line.send_raw("a text")
        return len(unknown) + 2

    def _act(self, line: Line, action: str, message: dict[str, Any]) -> None:
        if action == "auth":
            self._sign_in(line, message)
        elif line not in self.lines:
            _error(line, 401, "not authenticated")
        elif action in ("subscribe", "unsubscribe"):
            self._subscribe(line, action, message)
        else:
            _error(line, 400, "invalid syntax")

    def _sign_in(self, line: Line, message: dict[str, Any]) -> None:
        if line in self.lines:
            _error(line, 403, "already authenticated")
        elif (message.get("key"), message.get("secret")) != self._credentials:
            _error(line, 402, "auth failed")
        elif len(self.lines) >= self.most_sockets:
            _error(line, 406, "connection limit exceeded")
        else:
            self.lines.append(line)
            _send(line, "success", {"T": "success", "msg": "authenticated"})

    def _subscribe(self, line: Line, action: str, message: dict[str, Any]) -> None:
        wanted = {name: set(symbols) for name, symbols in line.state["subs"].items()}
        for name, symbols in message.items():
            if name == "action":
                continue
            if name not in _ACKED:
                _error(line, 410, "invalid subscribe action for this feed")
                return
            found = wanted.setdefault(name, set())
            (found.update if action == "subscribe" else found.difference_update)(symbols)
        every = set().union(*wanted.values()) if wanted else set()
        if self.most_symbols is not None and len(every) > self.most_symbols:
            _error(line, 405, "symbol limit exceeded")
            return
        line.state["subs"] = wanted
        extra = {name: wanted.get("trades", set()) for name in ("corrections", "cancelErrors")}
        acked = {name: sorted({**wanted, **extra}.get(name, ())) for name in _ACKED}
        _send(line, "subscription", {"T": "subscription", **acked})

    def _published(self, events: list[MarketEvent]) -> None:
        messages = [self._message(event) for event in events]
        messages += [self._daily(event) for event in events if event.kind == "bar"]
        for line in list(self.lines):
            subs = line.state["subs"]
            mine = [m for m in messages if {m["S"], "*"} & subs.get(CHANNELS[m["T"]], set())]
            for message in mine:
                _send(line, f"{message['T']} {message['S']}", message)

    def _message(self, event: MarketEvent) -> dict[str, Any]:
        number = self._numbers.get(event.kind, 0)
        self._numbers[event.kind] = number + 1
        kind = KINDS[event.kind]
        return {"T": kind, "S": event.symbol, **event_values(event, number), "t": event.ts}

    def _daily(self, event: MarketEvent) -> dict[str, Any]:
        """The bar of the day so far, which comes with every bar of a minute."""
        day = eastern(event.ts)
        name = day.date().isoformat()
        before = self._days.get(event.symbol)
        values = dict(event.values)
        if before is not None and before[0] == name:
            values = before[1]
            merge(values, event.values)
        self._days[event.symbol] = (name, values)
        midnight = int(day.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())
        made = event_values(MarketEvent("bar", event.symbol, event.ts, values), 0)
        return {"T": "d", "S": event.symbol, **made, "t": midnight * 1_000_000_000}


def _error(line: Line, code: int, text: str) -> None:
    _send(line, "error", {"T": "error", "code": code, "msg": text})


def _send(line: Line, kind: str, message: dict[str, Any]) -> None:
    packed = line.state["packed"]
    line.send(kind, message, _packed if packed else _written)


def _packed(message: dict[str, Any]) -> bytes:
    if isinstance(message.get("t"), int):
        message = {**message, "t": msgpack.Timestamp.from_unix_nano(message["t"])}
    found: bytes = msgpack.packb([message])
    return found


def _written(message: dict[str, Any]) -> str:
    if isinstance(message.get("t"), int):
        message = {**message, "t": instant(message["t"])}
    return json.dumps([message])
