"""A venue on this machine for the suite of venue brokers: its words are those of a subclass."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Self

from mismartera_core.contracts.venue import Executed, OrderChanged, VenueEvent
from mismartera_core.model.orders import Side
from mismartera_core.model.venue import OrderTerms, VenueStatus
from mismartera_core.testing.http_messages import Fault, Reply, Request
from mismartera_core.testing.loopback import LoopbackServer
from mismartera_core.testing.scripted_venue import ScriptedVenue
from mismartera_core.testing.stream_faults import StreamRefusal
from mismartera_core.testing.venue.faults import Faults
from mismartera_core.testing.venue.sockets import Line, SocketServer
from mismartera_core.testing.venue_faults import CallFault, VenueCall

_CALLS = {
    "POST": VenueCall.SUBMIT,
    "DELETE": VenueCall.CANCEL,
    "PATCH": VenueCall.REPLACE,
    "PUT": VenueCall.REPLACE,
}
_NOISE = ("no JSON {", "[1]", '{"type": "weather"}')
_START_NS = 1_720_000_000_000_000_000
_STEP_NS = 1_000_000
_AWAY_SECONDS = 0.2


class VenueStand(ABC):
    """The fake of a venue that takes requests by HTTP and tells of orders by a WebSocket, in JSON.

    A subclass says what goes over both, and no more; the rest of `VenueFaults` is here. Orders
    are kept by a `ScriptedVenue`: they rest until `execute`.

    Attributes:
        account_id: The number of the account.
        met: What a client meets that meets a fault; override it where the venue has other words.
        book: Takes orders, and knows what became of them.
    """

    account_id = "PA1"
    met: ClassVar[Mapping[CallFault, Fault]] = {
        CallFault.GATEWAY_TIMEOUT: Fault.status(504).after_acting(),
        CallFault.SILENT: Fault.silence().after_acting(),
        CallFault.RESET: Fault.dropped().after_acting(),
        CallFault.UNREADABLE: Fault.garbled().after_acting(),
        CallFault.SILENT_UNDONE: Fault.silence(),
        CallFault.RESET_UNDONE: Fault.dropped(),
        CallFault.SERVER_ERROR: Fault.status(500),
        CallFault.TOO_MANY: Fault.too_many(1),
        CallFault.WRONG_KEY: Fault.status(401, "wrong key"),
        CallFault.NO_FUNDS: Fault.status(403, "insufficient buying power"),
    }

    def __init__(self) -> None:
        self._clock_ns = _START_NS
        self.book = ScriptedVenue(lambda: self._clock_ns)
        self._arrived: Counter[VenueCall] = Counter()
        self._failing: dict[VenueCall, tuple[CallFault, bool]] = {}
        self._refusal: StreamRefusal | None = None
        self._last = ""
        self._http = LoopbackServer({"": self.answer}, faults=self._fault)
        self._sockets = SocketServer({"/": _Events(self._greet)}, Faults())

    # what a subclass says

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """The reply to a request, by what the book says; called by one thread at a time."""

    @abstractmethod
    def welcome(self, headers: Mapping[str, str]) -> tuple[bool, Any]:
        """Whether a client is told of orders, and the message that says so.

        Args:
            headers: What it has said, by name in lower case; none where it is to be refused.
        """

    @abstractmethod
    def told(self, event: Executed | OrderChanged) -> Any:
        """The message that tells of an event."""

    def call_of(self, request: Request) -> VenueCall:
        """What kind of request it is: by its method, unless the venue does it otherwise."""
        return _CALLS.get(request.method, VenueCall.READ)

    # where it is

    @property
    def url(self) -> str:
        """Where requests go, without a slash at the end."""
        return self._http.url

    @property
    def events_url(self) -> str:
        """Where events come from."""
        return f"ws://127.0.0.1:{self._sockets.port}/"

    def __enter__(self) -> Self:
        self.book.listen(self._tell)
        self.come_back()
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self._sockets.stop()
        finally:
            self._http.stop()
        self._http.raise_error()

    # the hand of the suite

    @property
    def now_ns(self) -> int:
        """The venue's clock, nanoseconds UTC."""
        return self._clock_ns

    @property
    def connections(self) -> int:
        """Event connections that are open now."""
        return len(self._sockets.lines())

    def arrived(self, call: VenueCall) -> int:
        """How many requests of a kind have arrived so far."""
        return self._arrived[call]

    def fail(self, call: VenueCall, fault: CallFault, *, always: bool = False) -> None:
        """Let the next request of a kind meet a fault, or all of them."""
        self._failing[call] = fault, always

    def heal(self) -> None:
        """Let every request go well again, and take everyone who connects."""
        self._failing.clear()
        self._refusal = None

    def taken(self, client_id: str) -> OrderTerms | None:
        """What the venue has understood of an order."""
        return next((it for it in self.book.sent if it.client_id == client_id), None)

    def count(self, client_id: str) -> int:
        """How many orders the venue has under a client id."""
        return sum(it.client_id == client_id for it in self.book.orders.values())

    def turn_to(self, now_ns: int) -> None:
        """Set the venue's clock.

        Args:
            now_ns: Nanoseconds UTC.
        """
        self._clock_ns = now_ns

    def execute(self, venue_id: str, quantity: Decimal, price: Decimal) -> str:
        """Execute a part of an order, or all of it."""
        self._clock_ns += _STEP_NS
        return self.book.fill(venue_id, str(quantity), str(price)).execution_id

    def reject(self, venue_id: str, reason: str) -> None:
        """Reject an order that was taken."""
        self.book.end(venue_id, VenueStatus.REJECTED, reason)

    def expire(self, venue_id: str) -> None:
        """Let an order expire."""
        self.book.end(venue_id, VenueStatus.EXPIRED, "the session has ended")

    def foreign_order(
        self,
        symbol: str,
        side: Side,
        quantity: Decimal,
        limit: Decimal,  # noqa: ARG002 - nothing fills by itself, whatever the limit
    ) -> str:
        """Place an order by other hands."""
        return self.book.foreign(symbol, side, int(quantity)).venue_id

    def repeat(self) -> None:
        """Send the last event once more."""
        self._send(self._last)

    def noise(self) -> int:
        """Send what no client knows or can read."""
        for frame in _NOISE:
            self._send(frame)
        return len(_NOISE)

    def drop(self) -> None:
        """Break every event connection off."""
        for line in self._sockets.lines():
            line.drop()

    def hang_up(self) -> None:
        """End every event connection as the protocol says."""
        for line in self._sockets.lines():
            line.hang_up()

    def mute(self) -> None:
        """Send nothing more over the event connections that are open."""
        for line in self._sockets.lines():
            line.is_mute = True

    def restart(self) -> None:
        """Go away, and come back a little later."""
        self.go_away()
        threading.Event().wait(_AWAY_SECONDS)
        self.come_back()

    def go_away(self) -> None:
        """Take no connections any more."""
        self._sockets.go_down()
        self._http.go_down()

    def come_back(self) -> None:
        """Take connections again, at the same ports."""
        self._http.come_up()
        self._sockets.come_up()

    def refuse(self, reason: StreamRefusal | None) -> None:
        """Refuse those who connect for events from now on."""
        self._refusal = reason

    # within

    def _fault(self, request: Request) -> Fault | None:
        call = self.call_of(request)
        self._arrived[call] += 1
        fault, always = self._failing.get(call, (None, False))
        if not always:
            self._failing.pop(call, None)
        return None if fault is None else self.met[fault]

    def _greet(self, line: Line) -> None:
        if self._refusal is StreamRefusal.NO_ANSWER:
            return
        line.state["listens"], message = self.welcome({} if self._refusal else line.headers)
        line.send_raw(json.dumps(message))

    def _tell(self, event: VenueEvent) -> None:
        if isinstance(event, Executed | OrderChanged):
            self._last = json.dumps(self.told(event))
            self._send(self._last)

    def _send(self, frame: str) -> None:
        for line in self._sockets.lines():
            if line.state.get("listens"):
                line.send_raw(frame)


class _Events:
    """The socket of events: who connects is greeted, and says nothing."""

    name = "events"

    def __init__(self, greet: Callable[[Line], None]) -> None:
        self._greet = greet

    def opened(self, line: Line) -> None:
        self._greet(line)

    def received(self, line: Line, data: bytes | str) -> None:
        """Nothing is expected."""

    def closed(self, line: Line) -> None:
        """The server forgets it."""
