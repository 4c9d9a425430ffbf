"""What a venue in memory keeps: orders, executions, positions, and a stream that tells of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import count
from threading import RLock

from mismartera_core.contracts.stream import StreamChanged, StreamState
from mismartera_core.contracts.venue import (
    EmitVenue,
    Executed,
    OrderChanged,
    VenueCapabilities,
    VenueEvent,
)
from mismartera_core.errors import OrderExists, OrderRejected
from mismartera_core.model.orders import OrderType, Side
from mismartera_core.model.venue import Execution, OrderTerms, VenueOrder, VenueStatus


class ScriptedBook:
    """The half of a `ScriptedVenue` that tests talk to.

    Args:
        now_ns: Its clock.
        capabilities: What it can do.
        cash: What the account has at the start.

    Attributes:
        orders: By the venue's id; legs beside their entries.
        booked: Executions, oldest first.
        held: Units by symbol.
        cancels: Ids of the orders that it was asked to cancel.
    """

    def __init__(
        self, now_ns: Callable[[], int], capabilities: VenueCapabilities, cash: str
    ) -> None:
        self.capabilities = capabilities
        self.orders: dict[str, VenueOrder] = {}
        self.booked: list[Execution] = []
        self.held: dict[str, Decimal] = {}
        self.cancels: list[str] = []
        self._now_ns = now_ns
        self._cash = Decimal(cash)
        self._ids = count(1)
        self._emit: EmitVenue | None = None
        self._waiting: list[VenueEvent] | None = None
        self._lose = 0
        self._up = True
        self._lock = RLock()

    # what a test calls

    def working(self, symbol: str = "") -> list[VenueOrder]:
        """Orders that can be filled, oldest first."""
        return [
            o
            for o in self.orders.values()
            if not o.status.is_final
            and o.status is not VenueStatus.PENDING
            and symbol in ("", o.symbol)
        ]

    def fill(
        self,
        which: str,
        quantity: int | str | None = None,
        price: str = "100",
        *,
        told_quantity: str = "",
    ) -> Execution:
        """Execute an order.

        Args:
            which: Its id of the venue's, or a symbol: the oldest working order of it.
            quantity: Units; all that is left where left out.
            price: Of a unit.
            told_quantity: What the stream says instead of the quantity.
        """
        with self._lock:
            order = self.orders.get(which) or self.working(which)[0]
            assert order.quantity is not None  # noqa: S101 - this venue has no notional orders
            left = order.quantity - order.filled_quantity
            units = left if quantity is None else Decimal(quantity)
            filled = order.filled_quantity + units
            done = filled == order.quantity
            execution = Execution(
                execution_id=f"E-{next(self._ids)}",
                venue_id=order.venue_id,
                client_id=order.client_id,
                symbol=order.symbol,
                side=order.side,
                quantity=units,
                price=Decimal(price),
                at_ns=self._now_ns(),
                cumulative=filled,
            )
            after = replace(
                order,
                filled_quantity=filled,
                average_price=self._average(order, units, Decimal(price)),
                status=VenueStatus.FILLED if done else VenueStatus.PARTIALLY_FILLED,
                updated_ns=self._now_ns(),
            )
            self.orders[order.venue_id] = after
            self._book(execution)
            told = replace(execution, quantity=Decimal(told_quantity or units))
            self._tell(Executed(told, self._with_legs(after)))
            if done:
                self._filled(after)
            return execution

    def end(self, venue_id: str, status: VenueStatus, reason: str = "") -> None:
        """End an order, and its legs with it where it has not filled at all."""
        with self._lock:
            order = self.orders[venue_id]
            for leg in order.legs:
                if self.orders[leg.venue_id].status is VenueStatus.PENDING:
                    if order.filled_quantity:
                        self._work(leg.venue_id, order.filled_quantity)
                    else:
                        self._set(replace(self.orders[leg.venue_id], status=VenueStatus.CANCELLED))
            self._set(replace(self.orders[venue_id], status=status, reason=reason))

    def confirm_cancels(self) -> None:
        """Cancel what it was asked to and is not final."""
        for venue_id in dict.fromkeys(self.cancels):
            order = self.orders.get(venue_id)
            if order is not None and not order.status.is_final:
                self.end(venue_id, VenueStatus.CANCELLED)

    def foreign(self, symbol: str, side: Side, quantity: int, client_id: str = "web") -> VenueOrder:
        """An order that somebody else places."""
        order = self._order(
            OrderTerms(
                client_id=client_id,
                symbol=symbol,
                side=side,
                type=OrderType.MARKET,
                quantity=Decimal(quantity),
            )
        )
        self._set(order)
        return order

    def lose(self, events: int) -> None:
        """The stream stays up and does not tell of the next so many events."""
        self._lose = events

    def hold(self) -> None:
        """Keep events until `release`."""
        self._waiting = []

    def release(
        self,
        order: Callable[[list[VenueEvent]], list[VenueEvent]] = lambda events: events,
    ) -> None:
        """Tell of what was kept.

        Args:
            order: Gives the events as they are to be told: shuffled, doubled, cut.
        """
        waiting, self._waiting = self._waiting or [], None
        for event in order(waiting):
            self._tell(event)

    def lose_stream(self) -> None:
        """The stream goes down: nothing that happens from now on is told."""
        self._tell(StreamChanged(StreamState.LOST, "connection reset"))
        self._up = False

    def restore_stream(self) -> None:
        """The stream is back; what happened meanwhile is not told."""
        self._up = True
        self._tell(StreamChanged(StreamState.LIVE))

    def tell(self, event: VenueEvent) -> None:
        """Tell of something that has not happened."""
        self._tell(event)

    # within

    def _take(self, terms: OrderTerms) -> VenueOrder:
        known = [o for o in self.orders.values() if o.client_id == terms.client_id]
        if known and self.capabilities.client_ids:
            raise OrderExists("client_order_id must be unique")
        order = self._order(terms)
        legs = []
        for price, kind in (
            (terms.take_profit, OrderType.LIMIT),
            (terms.stop_loss, OrderType.STOP),
        ):
            if price is not None:
                leg = replace(
                    self._order(terms),
                    client_id=f"leg of {order.venue_id}",
                    side=Side.SELL if terms.side is Side.BUY else Side.BUY,
                    type=kind,
                    status=VenueStatus.PENDING,
                    limit_price=price if kind is OrderType.LIMIT else None,
                    stop_price=price if kind is OrderType.STOP else None,
                )
                self.orders[leg.venue_id] = leg
                legs.append(leg)
        order = replace(order, legs=tuple(legs))
        self.orders[order.venue_id] = order
        self._tell(OrderChanged(order))
        return order

    def _replace(self, venue_id: str, terms: OrderTerms, what: str) -> VenueOrder:
        """Put an order in the place of another."""
        old = self.orders[venue_id]
        whole, filled = terms.quantity, old.filled_quantity
        assert whole is not None  # noqa: S101 - this venue has no notional orders
        if old.status.is_final or old.status is VenueStatus.PENDING:
            raise OrderRejected(f"order {venue_id} is {old.status.value}")
        before = filled if what == "rest" else Decimal(0)
        if whole <= filled:
            raise OrderRejected("qty must be > filled_qty")
        new = replace(
            self._order(terms),
            replaces=venue_id,
            quantity=whole - before,
            filled_quantity=filled if what == "whole" else Decimal(0),
            legs=old.legs,
        )
        self.orders[new.venue_id] = new
        for entry in list(self.orders.values()):
            if any(leg.venue_id == venue_id for leg in entry.legs):
                legs = tuple(new if leg.venue_id == venue_id else leg for leg in entry.legs)
                self.orders[entry.venue_id] = replace(entry, legs=legs)
        for leg in old.legs:
            if self.orders[leg.venue_id].status is VenueStatus.PENDING:
                self.orders[leg.venue_id] = replace(self.orders[leg.venue_id], quantity=whole)
        self._set(replace(old, status=VenueStatus.REPLACED, replaced_by=new.venue_id, legs=()))
        self._tell(OrderChanged(self._with_legs(new)))
        return self._with_legs(new)

    def _order(self, terms: OrderTerms) -> VenueOrder:
        return VenueOrder(
            venue_id=f"V-{next(self._ids)}",
            client_id=terms.client_id if self.capabilities.client_ids else "",
            symbol=terms.symbol,
            side=terms.side,
            type=terms.type,
            quantity=terms.quantity,
            filled_quantity=Decimal(0),
            average_price=None,
            status=VenueStatus.WORKING,
            limit_price=terms.limit_price,
            stop_price=terms.stop_price,
            submitted_ns=self._now_ns(),
            updated_ns=self._now_ns(),
        )

    def _with_legs(self, order: VenueOrder) -> VenueOrder:
        return replace(order, legs=tuple(self.orders[leg.venue_id] for leg in order.legs))

    def _filled(self, order: VenueOrder) -> None:
        """Legs of a filled entry work; the other leg of a filled one ends."""
        for leg in order.legs:
            if self.orders[leg.venue_id].status is VenueStatus.PENDING:
                self._work(leg.venue_id, order.filled_quantity)
        for entry in list(self.orders.values()):
            ids = [leg.venue_id for leg in entry.legs]
            if order.venue_id in ids:
                for other in ids:
                    if not self.orders[other].status.is_final:
                        self._set(replace(self.orders[other], status=VenueStatus.CANCELLED))

    def _work(self, venue_id: str, quantity: Decimal) -> None:
        self._set(replace(self.orders[venue_id], status=VenueStatus.WORKING, quantity=quantity))

    @staticmethod
    def _average(order: VenueOrder, units: Decimal, price: Decimal) -> Decimal:
        paid = order.filled_quantity * (order.average_price or 0) + units * price
        return paid / (order.filled_quantity + units)

    def _cost(self, symbol: str) -> Decimal:
        """What a unit that is held has cost, sales taken off."""
        signed = ((it, 1 if it.side is Side.BUY else -1) for it in self.booked)
        paid = sum(sign * it.quantity * it.price for it, sign in signed if it.symbol == symbol)
        return paid / self.held[symbol]

    def _book(self, execution: Execution) -> None:
        self.booked.append(execution)
        units = execution.quantity if execution.side is Side.BUY else -execution.quantity
        self.held[execution.symbol] = self.held.get(execution.symbol, Decimal(0)) + units
        self._cash -= units * execution.price + execution.commission

    def _set(self, order: VenueOrder) -> None:
        self.orders[order.venue_id] = order
        self._tell(OrderChanged(self._with_legs(order)))

    def _tell(self, event: VenueEvent) -> None:
        if self._waiting is not None:
            self._waiting.append(event)
        elif not self._up:
            return
        elif self._lose:
            self._lose -= 1
        elif self._emit is not None:
            self._emit(event)
