"""The hand of the suite of venue brokers on the fake venue in Alpaca's dialect."""

from __future__ import annotations

import threading

from mismartera_core import OrderTerms, OrderType
from mismartera_core.model.intervals import MINUTE
from mismartera_core.testing import (
    AlpacaVenue,
    CallFault,
    Fault,
    FrameFault,
    Reply,
    StreamRefusal,
    Terms,
    VenueCall,
    sessions_of,
    walk_bars,
)
from mismartera_core.testing.venue.orders import Status

CALLS = {
    VenueCall.SUBMIT: "POST /orders",
    VenueCall.CANCEL: "DELETE /orders/*",
    VenueCall.REPLACE: "PATCH /orders/*",
    VenueCall.READ: "GET /*",
}
FUNDS = {"code": 40310000, "message": "insufficient buying power"}
FAULTS = {
    CallFault.GATEWAY_TIMEOUT: Fault.status(504).after_acting(),
    CallFault.SILENT: Fault.silence().after_acting(),
    CallFault.RESET: Fault.dropped().after_acting(),
    CallFault.UNREADABLE: Fault(reply=Reply(body=b"<html>Bad gateway</html>")).after_acting(),
    CallFault.SILENT_UNDONE: Fault.silence(),
    CallFault.RESET_UNDONE: Fault.dropped(),
    CallFault.SERVER_ERROR: Fault.status(500),
    CallFault.TOO_MANY: Fault.too_many(1),
    CallFault.WRONG_KEY: Fault(reply=Reply.json({"message": "forbidden."}, 403)),
    CallFault.NO_FUNDS: Fault(reply=Reply.json(FUNDS, 403)),
}
DENIED = {"stream": "authorization", "data": {"action": "auth", "status": "unauthorized"}}
REFUSALS = {
    StreamRefusal.WRONG_KEY: ("trades authenticate", FrameFault.answered(DENIED)),
    StreamRefusal.NO_ANSWER: ("trades listen", FrameFault.silence()),
}
STEP = 1_000_000


class AlpacaHand:
    """Plays the market of a fake Alpaca, and lets it fail.

    Args:
        key: API key that is taken.
        secret: Its secret.
    """

    def __init__(self, key, secret):
        bars = walk_bars(sessions_of([390]), seed=3)
        self.venue = AlpacaVenue({"AAA": bars}, key=key, secret=secret, multiplier=4, cash=10**7)
        self.venue.limit.per_minute = 100_000
        self.venue.advance(int(bars.ts[30]) + MINUTE // 2)
        self.last = None
        self.venue.on_order(self.note)

    def __enter__(self):
        self.venue.come_up()
        return self

    def __exit__(self, *error):
        self.venue.close()

    def note(self, event):
        self.last = event

    @property
    def account_id(self):
        return self.venue.account_id

    @property
    def now_ns(self):
        return self.venue.clock.now_ns

    @property
    def connections(self):
        return len(self.venue.trades.lines)

    def arrived(self, call):
        return self.venue.faults.seen(CALLS[call])

    def fail(self, call, fault, *, always=False):
        self.venue.faults.on(CALLS[call], FAULTS[fault], times=None if always else 1)

    def heal(self):
        self.venue.faults.off()

    def orders(self, client_id):
        with self.venue.lock:
            return [it for it in self.venue.book.orders.values() if it.client_id == client_id]

    def taken(self, client_id):
        found = self.orders(client_id)
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

    def count(self, client_id):
        return len(self.orders(client_id))

    def execute(self, venue_id, quantity, price):
        self.venue.advance(self.now_ns + STEP)
        with self.venue.lock:
            done = self.venue.execute(venue_id, quantity, price)
            order = self.venue.order(venue_id)
            for leg in order.legs if order.is_final else ():
                if leg.status is Status.HELD:
                    self.venue.book.start(leg, self.now_ns)
            if order.sibling is not None:
                self.venue.book.end(order.sibling, Status.CANCELLED, "", self.now_ns)
        return done.id

    def reject(self, venue_id, reason):
        self.venue.reject(venue_id, reason)

    def expire(self, venue_id):
        with self.venue.lock:
            order = self.venue.order(venue_id)
            self.venue.book.end(order, Status.EXPIRED, "the session has ended", self.now_ns)

    def foreign_order(self, symbol, side, quantity, limit):
        terms = Terms(
            symbol=symbol, side=side, type=OrderType.LIMIT, quantity=quantity, limit=limit
        )
        return self.venue.submit(terms).id

    def repeat(self):
        with self.venue.lock:
            for told in list(self.venue._order_listeners):
                told(self.last)

    def noise(self):
        self.venue.trades.push("fill", {"id": 7})
        self.venue.trades.push("weather", {})
        return 2

    def drop(self):
        self.venue.drop("trades")

    def hang_up(self):
        for line in self.venue.trades.lines:
            line._connection.close()

    def mute(self):
        """The order stream has no sign of life: the suite asks for no silence."""

    def restart(self):
        self.go_away()
        threading.Event().wait(0.2)
        self.come_back()

    def go_away(self):
        self.venue.go_down()

    def come_back(self):
        self.venue.come_up()

    def refuse(self, reason):
        for what, _ in REFUSALS.values():
            self.venue.faults.off(what)
        if reason is not None:
            what, fault = REFUSALS[reason]
            self.venue.faults.on(what, fault, times=None)
