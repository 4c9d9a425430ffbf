"""The stream of what happens to orders."""

from __future__ import annotations

import json
import time
from typing import Any

from mismartera_alpaca import orders, wire
from mismartera_alpaca.config import BrokerConfig
from mismartera_alpaca.keeper import Denied, Line
from mismartera_alpaca.keys import Keys
from mismartera_alpaca.sdk import TradingStream
from mismartera_core import EmitVenue, StreamNoise

_SHORT = 120


class TradeLine(Line):
    """Orders and executions of an account.

    Args:
        config: Paper or live, and addresses.
        keys: Of the account.
        emit: Takes what comes.
    """

    name = "alpaca order stream"

    def __init__(self, config: BrokerConfig, keys: Keys, emit: EmitVenue) -> None:
        self.open_seconds = config.connect_seconds + config.read_seconds
        self.answer_seconds = config.read_seconds
        self._config = config
        self._keys = keys
        self._emit = emit
        self._stream: Any = None

    async def open(self) -> None:
        """Connect, log in, ask for order updates, and wait for the confirmation."""
        stream = self._stream = TradingStream(
            *self._keys.pair(),
            paper=self._config.paper,
            raw_data=True,
            url_override=self._config.trading_stream_url or "",
            websocket_params=dict(wire.SETTINGS),
        )
        await wire.connect(stream)
        key, secret = self._keys.pair()
        login = {"action": "authenticate", "data": {"key_id": key, "secret_key": secret}}
        answer = await self._asked(login, "authorization")
        if answer.get("status") != "authorized":
            raise Denied("the keys are refused", wire.KEYS_HINT)
        await self._asked({"action": "listen", "data": {"streams": ["trade_updates"]}}, "listening")

    async def hear(self) -> None:
        """Take frames until the connection ends."""
        async for frame in wire.socket(self._stream):
            self.heard_at = time.monotonic()
            self._take(frame)

    async def close(self) -> None:
        """Close the socket."""
        if self._stream is not None:
            await wire.close(self._stream)

    async def _asked(self, question: dict[str, Any], answer: str) -> dict[str, Any]:
        """Send a message and wait for its answer; what comes before it is taken."""
        socket = wire.socket(self._stream)
        await socket.send(json.dumps(question))
        while True:
            frame = await socket.recv()
            message = _message(frame)
            data = message.get("data")
            if message.get("stream") != answer:
                self._take(frame)
            elif isinstance(data, dict):
                return data

    def _take(self, frame: Any) -> None:
        message = _message(frame)
        if message.get("stream") in ("authorization", "listening"):
            return
        try:
            events = orders.events(message["data"])
        except Exception:  # noqa: BLE001 - one bad message must not take the others along
            events = [StreamNoise(repr(frame)[:_SHORT])]
        for event in events:
            self._emit(event)


def _message(frame: Any) -> dict[str, Any]:
    """A frame as an object; empty where it is none."""
    try:
        found = json.loads(frame)
    except (ValueError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
