"""Alpaca's trading socket: JSON in binary frames."""

from __future__ import annotations

import json
from typing import Any

from mismartera_core.testing.venue.alpaca.payloads import trade_update
from mismartera_core.testing.venue.events import OrderEvent
from mismartera_core.testing.venue.fake_venue import FakeVenue
from mismartera_core.testing.venue.sockets import Line


class TradeStream:
    """Changes of orders, to whoever listens.

    Attributes:
        name: What faults call it: "trades".
        lines: Connections that have signed in.

    Args:
        venue: The venue.
        credentials: Key and secret.
    """

    name = "trades"

    def __init__(self, venue: FakeVenue, credentials: tuple[str, str]) -> None:
        self._venue, self._credentials = venue, credentials
        self.lines: list[Line] = []
        self._last: tuple[str, dict[str, Any]] | None = None
        venue.on_order(self._changed)

    def opened(self, line: Line) -> None:
        """Say nothing: the client speaks first."""
        line.state["streams"] = []

    def received(self, line: Line, data: bytes | str) -> None:
        """Sign in, listen."""
        try:
            message = json.loads(data)
            action = str(message["action"])
        except (ValueError, KeyError, TypeError):
            _send(line, "error", "error", {"error_message": "invalid message"})
            return
        fault = line.fault(action)
        if fault is not None and fault.drops:
            line.drop()
        elif fault is not None and fault.answers:
            for answer in fault.answers:
                line.send(str(answer.get("stream")), answer, _written)
        elif fault is None or not fault.lost:
            with self._venue.lock:
                self._act(line, action, message)

    def closed(self, line: Line) -> None:
        """Forget a connection."""
        with self._venue.lock:
            if line in self.lines:
                self.lines.remove(line)

    @property
    def listeners(self) -> int:
        """How many connections listen to trade_updates."""
        with self._venue.lock:
            return sum("trade_updates" in line.state["streams"] for line in self.lines)

    def push(self, event: str, order: dict[str, Any], **fields: Any) -> None:
        """Send an update of the test's own making to whoever listens.

        Args:
            event: Any word.
            order: The order, in Alpaca's form.
            **fields: Beside event and order.
        """
        with self._venue.lock:
            message = {
                "stream": "trade_updates",
                "data": {"event": event, "order": order, **fields},
            }
            self._tell(f"{event} {order.get('symbol', '')}", message)

    def repeat(self) -> None:
        """Send the last update once more, to whoever listens."""
        with self._venue.lock:
            if self._last is not None:
                self._tell(*self._last)

    def _act(self, line: Line, action: str, message: dict[str, Any]) -> None:
        if action in ("auth", "authenticate"):
            data = message.get("data") or message
            found = data.get("key_id", data.get("key")), data.get("secret_key", data.get("secret"))
            good = found == self._credentials
            if good and line not in self.lines:
                self.lines.append(line)
            status = "authorized" if good else "unauthorized"
            answer = {"action": "authenticate", "status": status}
            _send(line, "authorization", "authorization", answer)
        elif action == "listen" and line in self.lines:
            line.state["streams"] = list(message.get("data", {}).get("streams", []))
            _send(line, "listening", "listening", {"streams": line.state["streams"]})
        else:
            answer = {"action": action, "status": "unauthorized"}
            _send(line, "authorization", "authorization", answer)

    def _changed(self, event: OrderEvent) -> None:
        if self.lines:
            message = trade_update(event)
            self._tell(f"{message['data']['event']} {event.order.symbol}", message)

    def _tell(self, kind: str, message: dict[str, Any]) -> None:
        self._last = kind, message
        for line in list(self.lines):
            if "trade_updates" in line.state["streams"]:
                line.send(kind, message, _written)


def _send(line: Line, kind: str, stream: str, data: dict[str, Any]) -> None:
    line.send(kind, {"stream": stream, "data": data}, _written)


def _written(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()
