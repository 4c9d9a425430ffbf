"""Brokers of a venue: thin adapters. What must never go wrong is the core's, not theirs.

The core writes every intent to a journal before it is sent, sends it once, looks up what became of
it, books executions by their id and reconciles. An adapter translates, sets time limits, and tells
apart what a venue has refused, what has never left, and what is unclear.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mismartera_core.contracts.stream import StreamChanged, StreamNoise
from mismartera_core.model.orders import OrderType, TimeInForce
from mismartera_core.model.venue import (
    Execution,
    OrderTerms,
    VenueAccount,
    VenueOrder,
    VenuePosition,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueCapabilities:
    """What a venue can do; what it cannot is refused before anything is sent.

    Attributes:
        types: Order types.
        times_in_force: How long an order may work.
        brackets: Whether an order can carry a take-profit and a stop-loss leg.
        fractional: Whether quantities may have decimals.
        notional: Whether an order can be for an amount of money.
        extended_hours: Whether limit orders may fill outside of regular hours.
        replace: Whether a working order can be changed.
        client_ids: Whether the venue refuses a second order with one client id and finds an order
            by it. Without, an order whose fate is unclear is never sent again.
        tick_above: Smallest price step at one unit of currency or more.
        tick_below: Smallest price step below.
    """

    types: frozenset[OrderType] = frozenset(OrderType)
    times_in_force: frozenset[TimeInForce] = frozenset(TimeInForce)
    brackets: bool = False
    fractional: bool = False
    notional: bool = False
    extended_hours: bool = False
    replace: bool = False
    client_ids: bool = True
    tick_above: str = "0.01"
    tick_below: str = "0.0001"


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """The venue says that an order has changed, otherwise than by an execution alone.

    Attributes:
        order: As it is now.
    """

    order: VenueOrder


@dataclass(frozen=True, slots=True)
class Executed:
    """The venue says that an order has been executed, wholly or in part.

    Attributes:
        execution: The execution.
        order: The order after it.
    """

    execution: Execution
    order: VenueOrder


VenueEvent: TypeAlias = OrderChanged | Executed | StreamChanged | StreamNoise
EmitVenue: TypeAlias = Callable[[VenueEvent], None]
"""Takes an event, from any thread; only puts it into a queue."""


class VenueBroker(ABC):
    """The adapter of one account at one venue. Its calls may come from more than one thread.

    Every call has a time limit of its own (3 s to connect, 10 s to read, unless a config says
    otherwise) and no retry but for reads.

    Attributes:
        capabilities: What the venue can do.
    """

    capabilities: VenueCapabilities

    @abstractmethod
    def account(self) -> VenueAccount:
        """The account now; the first call shows whether credentials are right.

        Raises:
            BrokerError: Credentials are refused, or the venue does not answer.
        """

    @abstractmethod
    def now_ns(self) -> int:
        """The venue's clock, nanoseconds UTC.

        Raises:
            BrokerError: The venue does not answer.
        """

    @abstractmethod
    def listen(self, emit: EmitVenue) -> None:
        """Start to tell of orders and executions; returns when the venue has confirmed it.

        After a lost connection it connects again by itself and says so (`StreamChanged`); what
        happened meanwhile is for the core to fetch.

        Raises:
            BrokerError: The venue refuses, or does not confirm in time.
        """

    @abstractmethod
    def submit(self, terms: OrderTerms) -> VenueOrder:
        """Send an order, once.

        Raises:
            OrderRejected: The venue's own word: there is no such order.
            OrderExists: The venue's own word: there is an order with this client id already.
            OrderNotSent: It has provably never left.
            OrderUnclear: Anything else: it may have been taken.
        """

    @abstractmethod
    def cancel(self, venue_id: str) -> None:
        """Ask to cancel an order; what became of it comes as an event.

        Raises:
            OrderRejected: It cannot be cancelled any more (filled, cancelled, unknown).
            OrderUnclear: Whether the venue heard it is not known; asking again is harmless.
        """

    @abstractmethod
    def replace(self, venue_id: str, terms: OrderTerms) -> VenueOrder:
        """Ask to change quantity or prices of a working order: a new order takes its place.

        The new order has an id of the venue's of its own. A venue that keeps the id cannot say
        which of two terms an order has: its adapter says that it does not `replace`.

        Args:
            venue_id: The order to change.
            terms: As it is to be, with a client id of its own. The quantity is of that order at the
                venue: what has filled of it is included, what had filled before it took the place
                of another is not, unless its own `quantity` counts that, too.

        Raises:
            OrderRejected: It cannot be changed (any more).
            OrderUnclear: It may have been changed.
        """

    @abstractmethod
    def find(self, client_id: str) -> VenueOrder | None:
        """The order with a client id of ours; None where the venue says that there is none.

        Raises:
            BrokerError: The venue does not answer: nothing is known.
        """

    @abstractmethod
    def order(self, venue_id: str) -> VenueOrder | None:
        """The order with an id of the venue's; None where it says that there is none."""

    @abstractmethod
    def open_orders(self) -> Sequence[VenueOrder]:
        """Every order that is not final, ours or not; legs within their entry."""

    @abstractmethod
    def executions(self, since_ns: int) -> Sequence[Execution]:
        """Every execution at or after an instant, ours or not, oldest first."""

    @abstractmethod
    def positions(self) -> Sequence[VenuePosition]:
        """Every position that is not flat."""

    def easy_to_borrow(self, symbols: Sequence[str]) -> Sequence[str] | None:
        """Which symbols can be borrowed easily, so that they may be sold short.

        Args:
            symbols: Tickers.

        Returns:
            Those that can; None where the venue does not say.

        Raises:
            BrokerError: The venue does not answer.
        """
        del symbols
        return None

    @abstractmethod
    def close(self) -> None:
        """Stop listening and release connections, within a second; may be called twice."""
