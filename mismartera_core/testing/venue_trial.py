"""What the promises of a venue broker are tested with: a fake venue, orders, and what is told."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from mismartera_core.contracts.stream import StreamChanged, StreamNoise, StreamState
from mismartera_core.contracts.venue import (
    Executed,
    OrderChanged,
    VenueBroker,
    VenueCapabilities,
    VenueEvent,
)
from mismartera_core.errors import BrokerError
from mismartera_core.model.orders import OrderType, Side
from mismartera_core.model.venue import OrderTerms, VenueOrder, VenueStatus
from mismartera_core.registrations import BrokerReg
from mismartera_core.registry import config_model
from mismartera_core.registry.attributes import one_line
from mismartera_core.testing.remote_calls import Call
from mismartera_core.testing.shown import secrets_of
from mismartera_core.testing.stream_faults import StreamRefusal
from mismartera_core.testing.suite import MadeConformance, breach, expect, not_applicable
from mismartera_core.testing.venue_faults import VenueFaults

TEN, HUNDRED = Decimal(10), Decimal(100)


class VenueNews:
    """Takes what a venue broker tells, from any thread."""

    def __init__(self) -> None:
        self._events: list[VenueEvent] = []
        self._changed = threading.Condition()

    def emit(self, event: VenueEvent) -> None:
        """Take an event.

        Args:
            event: What is told.
        """
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    @property
    def events(self) -> list[VenueEvent]:
        """Everything so far."""
        with self._changed:
            return list(self._events)

    @property
    def executed(self) -> list[Executed]:
        """Executions so far."""
        return [it for it in self.events if isinstance(it, Executed)]

    @property
    def noise(self) -> list[str]:
        """What it could not understand so far."""
        return [it.what for it in self.events if isinstance(it, StreamNoise)]

    @property
    def states(self) -> list[StreamState]:
        """What it said of its connection so far."""
        return [it.state for it in self.events if isinstance(it, StreamChanged)]

    def of(self, venue_id: str) -> list[VenueOrder]:
        """How an order was told of, oldest first.

        Args:
            venue_id: The order.
        """
        orders = [it.order for it in self.events if isinstance(it, Executed | OrderChanged)]
        return [it for it in orders if it.venue_id == venue_id]

    def until(self, happened: Callable[[], object], seconds: float) -> bool:
        """Wait for something that an event brings about.

        Args:
            happened: Whether it has.
            seconds: Longest wait.
        """
        until = time.monotonic() + seconds
        with self._changed:
            while not happened():
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True


class VenueTrial(MadeConformance):
    """A broker of a venue, and the fake in its place.

    Attributes:
        deadline: Seconds within which every call ends, whatever the venue does.
        reconnect_seconds: Within so many seconds a lost event connection is live again.
        mute_seconds: Within so many seconds an event connection that says nothing is lost; None
            where the venue has no sign of life.
        symbol: What is traded; the fake has to know it.
        price: About what it costs.
        page: Executions that the venue says at once; the suite makes some more.
        refusals: What the venue may refuse event connections with.
        says_why: Whether the venue says why it rejects an order that it had taken.
    """

    kind = "broker"
    deadline: ClassVar[float] = 5.0
    reconnect_seconds: ClassVar[float] = 5.0
    mute_seconds: ClassVar[float | None] = None
    symbol: ClassVar[str] = "AAA"
    price: ClassVar[Decimal] = HUNDRED
    page: ClassVar[int] = 100
    refusals: ClassVar[frozenset[StreamRefusal]] = frozenset(
        {StreamRefusal.WRONG_KEY, StreamRefusal.NO_ANSWER}
    )
    says_why: ClassVar[bool] = True

    @pytest.fixture
    def faults(self) -> Any:
        """The running fake of the venue, a `VenueFaults`."""
        breach(
            "a broker of a venue is tested against a fake of the venue",
            f"{type(self).__name__} does not override the fixture `faults`",
            "with MyFake() as fake: yield fake; see mismartera_core.testing.VenueFaults",
        )

    @pytest.fixture
    def plugin_config(self, registration: Any, faults: VenueFaults) -> Mapping[str, Any]:  # noqa: ARG002
        """The config that points to the fake."""
        breach(
            "the suites open no connection but to the fake",
            f"{type(self).__name__} does not override the fixture `plugin_config`",
            "def plugin_config(self, faults): return {'url': faults.url, ...}",
        )

    @pytest.fixture
    def secrets(self, registration: BrokerReg, settings: Any) -> list[str]:
        """What is shown nowhere: secrets of its config; override it for those of the context."""
        return secrets_of(config_model(registration), settings)

    @pytest.fixture
    def broker(self, made: Any) -> VenueBroker:
        """The broker."""
        expect(
            isinstance(made, VenueBroker),
            "the factory of a broker that is not `simulated` returns a VenueBroker",
            f"a {type(made).__name__}",
            "derive it from mismartera_core.VenueBroker, or register it with simulated=True",
        )
        found: VenueBroker = made
        return found

    @pytest.fixture
    def can(self, broker: VenueBroker) -> VenueCapabilities:
        """What the venue can do."""
        return broker.capabilities

    @pytest.fixture
    def numbers(self) -> itertools.count[int]:
        """Makes client ids."""
        return itertools.count(1)

    @pytest.fixture
    def order(self, numbers: itertools.count[int]) -> Callable[..., OrderTerms]:
        """Makes terms: a limit order to buy ten below the price, with a client id of its own."""

        def terms(**changes: Any) -> OrderTerms:
            made = OrderTerms(
                client_id=f"suite-{next(numbers)}",
                symbol=self.symbol,
                side=Side.BUY,
                type=OrderType.LIMIT,
                quantity=TEN,
                limit_price=self.price - 1,
            )
            return replace(made, **changes)

        return terms

    @pytest.fixture
    def news(self, broker: VenueBroker) -> VenueNews:
        """What is told from now on."""
        heard = VenueNews()
        broker.listen(heard.emit)
        return heard

    def ends(self, call: Callable[[], Any], what: str) -> Any:
        """The answer of a call.

        Args:
            call: What is called.
            what: How messages name it.
        """
        asked = self.tried(call, what)
        if asked.error is not None:
            breach(
                f"{what} works while the venue is well",
                one_line(asked.error),
                "look at what the venue answered",
            )
        return asked.answer

    def tried(self, call: Callable[[], Any], what: str) -> Call:
        """A call that has ended, by an answer or an error, within the deadline.

        Args:
            call: What is called.
            what: How messages name it.
        """
        asked = Call(call)
        expect(
            asked.ends_within(self.deadline),
            f"{what} ends within {self.deadline:g} s, whatever the venue does",
            "it goes on",
            "give every request a time limit, and all of its retries together one",
        )
        return asked

    def fails(
        self, call: Callable[[], Any], kinds: tuple[type[BaseException], ...], what: str, cure: str
    ) -> BrokerError:
        """The error that a call ends with, which is of one of these kinds and says something.

        Args:
            call: What is called.
            kinds: Errors that the contract allows.
            what: How messages name the call and its circumstances.
            cure: What to do where it ends otherwise.
        """
        asked = self.tried(call, what)
        names = " or ".join(kind.__name__ for kind in kinds)
        if asked.error is None:
            breach(f"{what} is {names}", f"an answer: {asked.answer!r}", cure)
        expect(type(asked.error) in kinds, f"{what} is {names}", one_line(asked.error), cure)
        expect(
            str(asked.error).strip(),
            "an error says what happened",
            f"{type(asked.error).__name__} without a word",
            "hand on what the venue said",
        )
        assert isinstance(asked.error, BrokerError)  # noqa: S101 - one of the kinds
        return asked.error

    def placed(self, broker: VenueBroker, terms: OrderTerms) -> VenueOrder:
        """An order that the venue has taken, and says so.

        Args:
            broker: The broker.
            terms: The order.
        """
        order: VenueOrder = self.ends(lambda: broker.submit(terms), "submit")
        same_order(order, terms)
        return order

    def told(self, news: VenueNews, venue_id: str, status: VenueStatus) -> VenueOrder:
        """An order as it was told of, once it has a status.

        Args:
            news: What is told.
            venue_id: The order.
            status: What is waited for.
        """
        found = news.until(lambda: any(it.status is status for it in news.of(venue_id)), self.wait)
        said = ", ".join(it.status for it in news.of(venue_id))
        expect(
            found,
            f"an order that is {status.value} is told of to whoever listens",
            f"of order {venue_id}: {said or 'nothing'}",
            "emit OrderChanged or Executed for every event of the venue's",
        )
        return next(it for it in news.of(venue_id) if it.status is status)

    @property
    def wait(self) -> float:
        """How long an event may take, seconds."""
        return self.deadline

    def may_refuse(self, reason: StreamRefusal) -> None:
        """Skip where the venue does not refuse so.

        Args:
            reason: With what.
        """
        if reason not in self.refusals:
            not_applicable(f"the class says that its venue knows no {reason.value!r} (refusals)")


def same_order(order: Any, terms: OrderTerms) -> None:
    """Expect that an order of a venue is what was sent.

    Args:
        order: As the venue has it.
        terms: As it was sent.
    """
    contract = "an order comes back as it was sent, in Decimal, with the venue's id"
    cure = "read every field of the venue's answer; Decimal(text), never a float"
    expect(isinstance(order, VenueOrder), contract, type(order).__name__, cure)
    expect(order.venue_id, contract, "venue_id is empty", cure)
    for name in ("client_id", "symbol", "side", "type", "quantity", "limit_price", "stop_price"):
        mine, its = getattr(terms, name), getattr(order, name)
        expect(mine == its, contract, f"{name} {its!r}, sent was {mine!r}", cure)
        if isinstance(mine, Decimal):
            expect(isinstance(its, Decimal), contract, f"{name} is {type(its).__name__}", cure)
