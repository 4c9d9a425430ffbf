"""A venue in memory that does what a test tells it: the fake that the order path is tested with.

It keeps orders, executions and positions as a venue does, refuses a second order with one client
id, and goes on when the process that talks to it is gone. What goes wrong is scripted:

    venue = ScriptedVenue()
    venue.script(Answer.DO_THEN_FAIL)         # the next order is taken, and the answer is lost
    venue.fill("AAPL", 10, "100.25")          # the oldest working order of AAPL is executed
    venue.hold(); ...; venue.release(order=lambda events: events[::-1])

Nothing happens by itself, and every call is safe from any thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum, auto

from mismartera_core.contracts.venue import (
    EmitVenue,
    VenueBroker,
    VenueCapabilities,
)
from mismartera_core.errors import (
    BrokerError,
    OrderExists,
    OrderNotSent,
    OrderRejected,
    OrderUnclear,
)
from mismartera_core.model.venue import (
    Execution,
    OrderTerms,
    VenueAccount,
    VenueOrder,
    VenuePosition,
    VenueStatus,
)
from mismartera_core.testing.scripted_book import ScriptedBook

EVERYTHING = VenueCapabilities(brackets=True, fractional=False, replace=True)


class Answer(Enum):
    """What an order that is sent comes to."""

    TAKE = auto()
    """It is taken and answered."""
    REFUSE = auto()
    """The venue's word: there is no such order."""
    DO_THEN_FAIL = auto()
    """It is taken, and the answer is lost."""
    FAIL = auto()
    """It is not taken, and the answer is lost."""
    LATE = auto()
    """The answer is lost, and it is taken only when `arrive` is called."""
    NOT_SENT = auto()
    """It provably never left."""
    GARBLED = auto()
    """It is taken, and the adapter does not understand the answer."""
    WRONG = auto()
    """It is taken, and answered with another order."""
    FILL_FIRST = auto()
    """It is filled, and told to be, before it is answered."""


class ScriptedVenue(ScriptedBook, VenueBroker):
    """A venue.

    Args:
        now_ns: Its clock.
        capabilities: What it can do.
        cash: What the account has at the start.

    Attributes:
        sent: Terms of every order that has reached the venue or was on its way, in order.
        down: While true, every question is answered by a BrokerError.
        unheard: While true, cancels are lost on their way.
        at_once: Whether a cancel is confirmed at once; else by `confirm_cancels`.
        changed: Terms of every change that has reached the venue or was on its way, in order.
        replacing: What a changed order is for: the "rest"; the "whole", and goes on counting what
            had filled; or, wrongly, all of it "anew".
        listed_ids: Whether an execution is listed under the id that the stream has for it; else
            under one of its own.
    """

    def __init__(
        self,
        now_ns: Callable[[], int] = lambda: 0,
        capabilities: VenueCapabilities = EVERYTHING,
        cash: str = "100000",
    ) -> None:
        ScriptedBook.__init__(self, now_ns, capabilities, cash)
        self.sent: list[OrderTerms] = []
        self.down = False
        self.unheard = False
        self.at_once = True
        self.listed_ids = True
        self.changed: list[OrderTerms] = []
        self.replacing = "rest"
        self._answers: deque[Answer] = deque()
        self._change_answers: deque[Answer] = deque()
        self._on_the_way: list[OrderTerms] = []

    # what the core calls

    def account(self) -> VenueAccount:
        """The account now."""
        self._answering()
        return VenueAccount(
            account_id="PA1",
            paper=True,
            currency="USD",
            cash=self._cash,
            equity=self._cash,
            buying_power=self._cash,
            shorting=True,
        )

    def now_ns(self) -> int:
        """The venue's clock."""
        self._answering()
        return self._now_ns()

    def listen(self, emit: EmitVenue) -> None:
        """Start to tell."""
        self._answering()
        self._emit = emit
        self._up = True

    def submit(self, terms: OrderTerms) -> VenueOrder:
        """Take an order, as scripted."""
        with self._lock:
            self.sent.append(terms)
            answer = self._answers.popleft() if self._answers else Answer.TAKE
            if answer is Answer.NOT_SENT:
                raise OrderNotSent("the connection was refused")
            if answer is Answer.FAIL:
                raise OrderUnclear("no answer within 10 s")
            if answer is Answer.LATE:
                self._on_the_way.append(terms)
                raise OrderUnclear("no answer within 10 s")
            if answer is Answer.REFUSE:
                raise OrderRejected("insufficient buying power")
            order = self._take(terms)
            if answer is Answer.DO_THEN_FAIL:
                raise OrderUnclear("504 after 10 s")
            if answer is Answer.GARBLED:
                raise ValueError("Expecting value: line 1 column 1")
            if answer is Answer.WRONG:
                return replace(order, client_id="another", venue_id="V-0")
            if answer is Answer.FILL_FIRST:
                self.fill(order.venue_id)
            return order

    def cancel(self, venue_id: str) -> None:
        """Cancel an order, or lose the request."""
        with self._lock:
            self.cancels.append(venue_id)
            if self.down or self.unheard:
                raise OrderUnclear("no answer within 10 s")
            order = self.orders.get(venue_id)
            if order is None or order.status.is_final:
                raise OrderRejected(f"order {venue_id} is not cancelable")
            if self.at_once:
                self.end(venue_id, VenueStatus.CANCELLED)

    def replace(self, venue_id: str, terms: OrderTerms) -> VenueOrder:
        """Change an order, as scripted; it goes on under another id."""
        with self._lock:
            self.changed.append(terms)
            answer = self._change_answers.popleft() if self._change_answers else Answer.TAKE
            if answer is Answer.NOT_SENT:
                raise OrderNotSent("the connection was refused")
            if answer is Answer.FAIL:
                raise OrderUnclear("no answer within 10 s")
            if answer is Answer.FILL_FIRST and any(
                order.venue_id == venue_id for order in self.working()
            ):
                self.fill(venue_id)
            if answer is Answer.REFUSE:
                raise OrderRejected("insufficient buying power")
            new = self._replace(venue_id, terms, self.replacing)
            if answer is Answer.DO_THEN_FAIL:
                raise OrderUnclear("504 after 10 s")
            if answer is Answer.GARBLED:
                raise ValueError("Expecting value: line 1 column 1")
            if answer is Answer.WRONG:
                return replace(new, client_id="another", venue_id="V-0", replaces="")
            return new

    def find(self, client_id: str) -> VenueOrder | None:
        """The order with a client id."""
        self._answering()
        found = [o for o in self.orders.values() if o.client_id == client_id]
        return self._with_legs(found[-1]) if found else None

    def order(self, venue_id: str) -> VenueOrder | None:
        """The order with an id of the venue's."""
        self._answering()
        found = self.orders.get(venue_id)
        return None if found is None else self._with_legs(found)

    def open_orders(self) -> Sequence[VenueOrder]:
        """Every order that is not final."""
        self._answering()
        legs = {leg.venue_id for o in self.orders.values() for leg in o.legs}
        alive = [o for o in self.orders.values() if not o.status.is_final]
        whole = [o for o in alive if o.legs]
        inside = {leg.venue_id for o in whole for leg in o.legs}
        return [
            self._with_legs(o) for o in alive if o.venue_id not in legs or o.venue_id not in inside
        ]

    def executions(self, since_ns: int) -> Sequence[Execution]:
        """Every execution at or after an instant."""
        self._answering()
        found = [e for e in self.booked if e.at_ns >= since_ns]
        if self.listed_ids:
            return found
        return [replace(e, execution_id=f"listed {e.execution_id}", client_id="") for e in found]

    def positions(self) -> Sequence[VenuePosition]:
        """Every position that is not flat."""
        self._answering()
        return [
            VenuePosition(symbol=s, quantity=q, average_price=self._cost(s))
            for s, q in self.held.items()
            if q
        ]

    def close(self) -> None:
        """Stop telling; the venue goes on."""
        self._emit = None

    # what a test calls beside

    def script(self, *answers: Answer) -> None:
        """What the next orders come to; afterwards they are taken."""
        self._answers.extend(answers)

    def script_changes(self, *answers: Answer) -> None:
        """What the next changes come to; afterwards they are made."""
        self._change_answers.extend(answers)

    def arrive(self) -> None:
        """Orders that were late arrive; one with a known client id is dropped."""
        with self._lock:
            for terms in self._on_the_way:
                try:
                    self._take(terms)
                except OrderExists:
                    continue
            self._on_the_way = []

    # within

    def _answering(self) -> None:
        if self.down:
            raise BrokerError("the venue does not answer")
