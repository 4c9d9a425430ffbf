"""The stream of market data."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import Any

import msgpack

from mismartera_alpaca import rows, wire
from mismartera_alpaca.config import DataConfig
from mismartera_alpaca.keeper import Denied, Line, Lost
from mismartera_alpaca.keys import Keys
from mismartera_alpaca.sdk import BaseURL, StockDataStream
from mismartera_core import (
    Emit,
    StreamedBars,
    StreamedQuotes,
    StreamedStatus,
    StreamedTicks,
    StreamNoise,
    StreamRequest,
)

Message = dict[str, Any]
_SHORT = 120
_SILENT = frozenset({"success", "subscription", "d", "s", "l", "c", "x", "i"})
"""Types of messages that are understood and say nothing that was asked for."""
_DENIED = {
    400: "is a symbol misspelt?",
    402: wire.KEYS_HINT,
    405: "fewer symbols, or a plan that allows more",
    409: 'the plan does not include this feed: "feed": "iex"',
    410: "this version of the plugin does not fit Alpaca's stream any more",
}
"""Errors that stay, and what to do."""
_HARMLESS = 403
_TRADING = frozenset({"T", "7"})
"""Codes of a status in which a symbol trades (UTP "T"; CTA "7"): every other one is a halt."""
_KINDS = {"bars": "b", "updatedBars": "u", "trades": "t", "quotes": "q", "statuses": "s"}
"""Types of messages by channel."""


class DataLine(Line):
    """Bars, trades and quotes of the symbols that are wanted.

    Args:
        config: Feed and addresses.
        keys: Of the account.
        wanted: Symbols and kinds of data.
        emit: Takes what comes.
    """

    def __init__(self, config: DataConfig, keys: Keys, wanted: StreamRequest, emit: Emit) -> None:
        self.name = f"alpaca {config.feed} stream"
        self.open_seconds = config.connect_seconds + config.read_seconds
        self.answer_seconds = config.read_seconds
        self.mute_seconds = config.mute_seconds
        self._keys = keys
        self._symbols = frozenset(wanted.symbols)
        self._channels = _channels(wanted)
        self._kinds = frozenset(_KINDS[name] for name in self._channels)
        self._emit = emit
        self._url = config.stream_url or f"{BaseURL.MARKET_DATA_STREAM.value}/v2/{config.feed}"
        self._stream: Any = None

    async def open(self) -> None:
        """Connect, log in, subscribe, and wait for the confirmation of all that is wanted."""
        stream = self._stream = StockDataStream(
            *self._keys.pair(),
            raw_data=True,
            url_override=self._url,
            websocket_params=dict(wire.SETTINGS),
        )
        for subscribe in self._channels.values():
            getattr(stream, subscribe)(_nothing, *sorted(self._symbols))
        await wire.connect(stream)
        await self._log_in()
        await stream._send_subscribe_msg()  # noqa: SLF001 - its public run() never tells what failed
        while not await self._confirmed():
            continue

    async def hear(self) -> None:
        """Take frames until the connection ends."""
        async for frame in wire.socket(self._stream):
            self.heard_at = time.monotonic()
            self._take(self._messages(frame))

    async def probe(self) -> None:
        """Subscribe once more: Alpaca confirms it, and nothing changes."""
        await self._stream._send_subscribe_msg()  # noqa: SLF001 - there is no other message

    async def close(self) -> None:
        """Close the socket."""
        if self._stream is not None:
            await wire.close(self._stream)

    async def _log_in(self) -> None:
        key, secret = self._keys.pair()
        socket = wire.socket(self._stream)
        await socket.send(msgpack.packb({"action": "auth", "key": key, "secret": secret}))
        while True:
            for message in self._messages(await socket.recv()):
                if message.get("T") == "error":
                    self._refused(message)
                if message.get("msg") == "authenticated" or message.get("code") == _HARMLESS:
                    return

    async def _confirmed(self) -> bool:
        """Take one frame; whether it confirms everything that is wanted."""
        messages = self._messages(await wire.socket(self._stream).recv())
        self._take(messages)
        return any(
            message.get("T") == "subscription"
            and all(self._symbols <= set(message.get(name) or ()) for name in self._channels)
            for message in messages
        )

    def _messages(self, frame: Any) -> list[Message]:
        """The messages of a frame; what is none is noise."""
        try:
            found = msgpack.unpackb(frame) if isinstance(frame, bytes) else None
        except Exception:  # noqa: BLE001 - msgpack raises many things at a damaged frame
            found = None
        if not isinstance(found, list):
            self._noise(frame)
            return []
        for odd in (message for message in found if not isinstance(message, dict)):
            self._noise(odd)
        return [message for message in found if isinstance(message, dict)]

    def _take(self, messages: Iterable[Message]) -> None:
        """Emit what a frame says, the rows of a symbol together, in the order of the first."""
        groups: dict[tuple[str, str], list[Message]] = {}
        errors: list[Message] = []
        for message in messages:
            kind, symbol = message.get("T"), message.get("S")
            if kind == "error":
                errors.append(message)
            elif kind in self._kinds and symbol in self._symbols:
                groups.setdefault((str(kind), str(symbol)), []).append(message)
            elif kind not in _SILENT:
                self._noise(message)
        for (kind, symbol), some in groups.items():
            self._rows(kind, symbol, some)
        for error in errors:
            self._refused(error)

    def _rows(self, kind: str, symbol: str, messages: list[Message]) -> None:
        """Emit rows together; where one of them is damaged, one by one."""
        try:
            event = _ROWS[kind](symbol, messages)
        except Exception:  # noqa: BLE001 - one bad message must not take the others along
            event = None
        if event is not None:
            self._emit(event)
        elif len(messages) == 1:
            self._noise(messages[0])
        else:
            for message in messages:
                self._rows(kind, symbol, [message])

    def _refused(self, message: Message) -> None:
        """Sort out an error that Alpaca has sent.

        Raises:
            Denied: It stays.
            Lost: It passes.
        """
        code, text = message.get("code"), message.get("msg")
        if code == _HARMLESS:
            return
        reason = f"Alpaca says: {text} ({code})"
        if code in _DENIED:
            raise Denied(reason, _DENIED[code])
        raise Lost(reason)

    def _noise(self, what: Any) -> None:
        self._emit(StreamNoise(repr(what)[:_SHORT]))


def _channels(wanted: StreamRequest) -> dict[str, str]:
    """Channels by Alpaca's name, and how each is subscribed."""
    found: dict[str, str] = {}
    if wanted.interval:
        found |= {"bars": "subscribe_bars", "updatedBars": "subscribe_updated_bars"}
    if wanted.ticks:
        found["trades"] = "subscribe_trades"
    if wanted.quotes:
        found["quotes"] = "subscribe_quotes"
    if wanted.statuses:
        found["statuses"] = "subscribe_trading_statuses"
    return found


async def _nothing(message: Message) -> None:
    """Stands where alpaca-py wants a handler: frames are taken before it."""


def _bars(symbol: str, messages: list[Message], *, revised: bool = False) -> StreamedBars | None:
    bars = rows.minute_bars(messages, "1m")
    return StreamedBars(symbol, bars, revised) if len(bars) == len(messages) else None


def _revised(symbol: str, messages: list[Message]) -> StreamedBars | None:
    return _bars(symbol, messages, revised=True)


def _ticks(symbol: str, messages: list[Message]) -> StreamedTicks | None:
    found = rows.ticks(messages)
    return StreamedTicks(symbol, found) if len(found) == len(messages) else None


def _quotes(symbol: str, messages: list[Message]) -> StreamedQuotes | None:
    found = rows.quotes(messages)
    quoted = not all(math.isnan(price) for price in (*found.bid, *found.ask))
    return StreamedQuotes(symbol, found) if quoted else None


def _status(symbol: str, messages: list[Message]) -> StreamedStatus:
    """The newest status; what resumes trading, or only quotes it, is told apart by its code."""
    last = messages[-1]
    code, words = str(last["sc"]), str(last.get("sm") or last["sc"])
    return StreamedStatus(symbol, "" if code in _TRADING else f"{words} ({last.get('rc') or code})")


_ROWS = {"b": _bars, "u": _revised, "t": _ticks, "q": _quotes, "s": _status}
