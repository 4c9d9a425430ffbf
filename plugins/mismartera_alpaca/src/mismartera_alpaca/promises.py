"""The suites by which `mismartera plugins check` tests this plugin, on the fake Alpaca.

Needs the extra `testing` of the core; nothing of it is imported elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest

from mismartera_core import OrderTerms, OrderType, PluginContext, Side
from mismartera_core.testing import (
    AlpacaVenue,
    CallFault,
    Fault,
    FrameFault,
    Reply,
    StreamRefusal,
    Terms,
    VenueBrokerConformance,
    VenueCall,
    plugin_context,
    sessions_of,
    walk_bars,
)
from mismartera_core.testing.venue.alpaca.payloads import trade_update
from mismartera_core.testing.venue.events import OrderEvent
from mismartera_core.testing.venue.orders import BookOrder, Status

KEY, SECRET = "PKTEST-OF-THE-SUITE", "s3cr3t-of-the-suite"

_CALLS = {
    VenueCall.SUBMIT: "POST /orders",
    VenueCall.CANCEL: "DELETE /orders/*",
    VenueCall.REPLACE: "PATCH /orders/*",
    VenueCall.READ: "GET /*",
}
_FUNDS = {"code": 40310000, "message": "insufficient buying power"}
_FAULTS = {
    CallFault.GATEWAY_TIMEOUT: Fault.status(504).after_acting(),
    CallFault.SILENT: Fault.silence().after_acting(),
    CallFault.RESET: Fault.dropped().after_acting(),
    CallFault.UNREADABLE: Fault(reply=Reply(body=b"<html>Bad gateway</html>")).after_acting(),
    CallFault.SILENT_UNDONE: Fault.silence(),
    CallFault.RESET_UNDONE: Fault.dropped(),
    CallFault.SERVER_ERROR: Fault.status(500),
    CallFault.TOO_MANY: Fault.too_many(1),
    CallFault.WRONG_KEY: Fault(reply=Reply.json({"message": "forbidden."}, 403)),
    CallFault.NO_FUNDS: Fault(reply=Reply.json(_FUNDS, 403)),
}
_DENIED = {"stream": "authorization", "data": {"action": "auth", "status": "unauthorized"}}
_REFUSALS = {
    StreamRefusal.WRONG_KEY: ("trades authenticate", FrameFault.answered(_DENIED)),
    StreamRefusal.NO_ANSWER: ("trades listen", FrameFault.silence()),
}
_STEP = 1_000_000
_HALF_A_MINUTE = 30_000_000_000
_AWAY = 0.2


class AlpacaHand:
    """Plays the market of a fake Alpaca, and lets it fail; a `VenueFaults`.

    Attributes:
        venue: The fake.
    """

    def __init__(self) -> None:
        bars = walk_bars(sessions_of([390]), seed=3)
        self.venue = AlpacaVenue({"AAA": bars}, key=KEY, secret=SECRET, multiplier=4, cash=10**7)
        self.venue.advance(int(bars.ts[30]) + _HALF_A_MINUTE)
        self._last: OrderEvent | None = None
        self.venue.on_order(self._note)

    def __enter__(self) -> Self:
        self.venue.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.venue.close()

    @property
    def account_id(self) -> str:
        """The number of the account."""
        return self.venue.account_id

    @property
    def now_ns(self) -> int:
        """The venue's clock, nanoseconds UTC."""
        return self.venue.clock.now_ns

    @property
    def connections(self) -> int:
        """Order streams that are open now."""
        return len(self.venue.trades.lines)

    def arrived(self, call: VenueCall) -> int:
        """How many requests of a kind have arrived so far."""
        return self.venue.faults.seen(_CALLS[call])

    def fail(self, call: VenueCall, fault: CallFault, *, always: bool = False) -> None:
        """Let the next request of a kind meet a fault, or all of them."""
        self.venue.faults.on(_CALLS[call], _FAULTS[fault], times=None if always else 1)

    def heal(self) -> None:
        """Let everything go well again."""
        self.venue.faults.off()

    def taken(self, client_id: str) -> OrderTerms | None:
        """What the venue has understood of an order."""
        found = self._orders(client_id)
        if not found:
            return None
        sent = found[0].terms
        up = [it.limit for it in sent.exits if it.type is OrderType.LIMIT]
        down = [it.stop for it in sent.exits if it.type is not OrderType.LIMIT]
        return OrderTerms(
            client_id=sent.client_id,
            symbol=sent.symbol,
            side=sent.side,
            type=sent.type,
            quantity=sent.quantity,
            notional=sent.notional,
            limit_price=sent.limit,
            stop_price=sent.stop,
            trail_amount=sent.trail,
            time_in_force=sent.time_in_force,
            extended_hours=sent.extended_hours,
            take_profit=next(iter(up), None),
            stop_loss=next(iter(down), None),
        )

    def count(self, client_id: str) -> int:
        """How many orders the venue has under a client id."""
        return len(self._orders(client_id))

    def execute(self, venue_id: str, quantity: Decimal, price: Decimal) -> str:
        """Execute a part of an order, or all of it; its legs work then, its sibling ends."""
        self.venue.advance(self.now_ns + _STEP)
        with self.venue.lock:
            done = self.venue.execute(venue_id, quantity, price)
            order = self.venue.order(venue_id)
            for leg in order.legs if order.is_final else ():
                if leg.status is Status.HELD:
                    self.venue.book.start(leg, self.now_ns)
            if order.sibling is not None:
                self.venue.book.end(order.sibling, Status.CANCELLED, "", self.now_ns)
        return done.id

    def reject(self, venue_id: str, reason: str) -> None:
        """Reject an order that was taken."""
        self.venue.reject(venue_id, reason)

    def expire(self, venue_id: str) -> None:
        """Let an order expire."""
        with self.venue.lock:
            order = self.venue.order(venue_id)
            self.venue.book.end(order, Status.EXPIRED, "the session has ended", self.now_ns)

    def foreign_order(self, symbol: str, side: Side, quantity: Decimal, limit: Decimal) -> str:
        """Place an order by other hands."""
        terms = Terms(
            symbol=symbol, side=side, type=OrderType.LIMIT, quantity=quantity, limit=limit
        )
        return self.venue.submit(terms).id

    def repeat(self) -> None:
        """Send the last update once more."""
        if self._last is not None:
            data = dict(trade_update(self._last)["data"])
            self.venue.trades.push(data.pop("event"), data.pop("order"), **data)

    def noise(self) -> int:
        """Send two updates that cannot be read."""
        self.venue.trades.push("fill", {"id": 7})
        self.venue.trades.push("weather", {})
        return 2

    def drop(self) -> None:
        """Break the order streams off."""
        self.venue.drop("trades")

    def hang_up(self) -> None:
        """End the order streams as the protocol says."""
        self.venue.hang_up("trades")

    def mute(self) -> None:
        """The order stream has no sign of life: nothing is asked of its silence."""

    def restart(self) -> None:
        """Go away, and come back a little later."""
        self.go_away()
        threading.Event().wait(_AWAY)
        self.come_back()

    def go_away(self) -> None:
        """Take no connections any more."""
        self.venue.go_down()

    def come_back(self) -> None:
        """Take connections again, on the same ports."""
        self.venue.come_up()

    def refuse(self, reason: StreamRefusal | None) -> None:
        """Refuse those who ask for order updates from now on."""
        for what, _ in _REFUSALS.values():
            self.venue.faults.off(what)
        if reason is not None:
            what, fault = _REFUSALS[reason]
            self.venue.faults.on(what, fault, times=None)

    def _orders(self, client_id: str) -> list[BookOrder]:
        with self.venue.lock:
            return [it for it in self.venue.book.orders.values() if it.client_id == client_id]

    def _note(self, event: OrderEvent) -> None:
        self._last = event


class BrokerPromises(VenueBrokerConformance):
    """The broker on the real alpaca-py."""

    deadline: ClassVar[float] = 6.0
    reconnect_seconds: ClassVar[float] = 8.0
    says_why: ClassVar[bool] = False

    @pytest.fixture
    def faults(self) -> Iterator[AlpacaHand]:
        """The fake Alpaca."""
        with AlpacaHand() as hand:
            yield hand

    @pytest.fixture
    def plugin_config(self, faults: AlpacaHand) -> Mapping[str, Any]:
        """Points to the fake, with short time limits."""
        return {
            "trading_url": faults.venue.url,
            "trading_stream_url": faults.venue.trading_url,
            "connect_seconds": 1.0,
            "read_seconds": 1.0,
            "deadline_seconds": 2.5,
            "requests_per_minute": 10_000,
        }

    @pytest.fixture
    def context(self, tmp_path: Path) -> PluginContext:
        """Knows the keys of the fake."""
        secrets = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
        return plugin_context(tmp_path, secrets=secrets)

    @pytest.fixture
    def secrets(self) -> list[str]:
        """The keys of the fake."""
        return [KEY, SECRET]
