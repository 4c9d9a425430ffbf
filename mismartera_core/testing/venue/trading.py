"""Orders and the account of a venue, as whoever has access to it sees them."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

from mismartera_core.testing.venue.amounts import ZERO, exact
from mismartera_core.testing.venue.book import OrderBook
from mismartera_core.testing.venue.clock import VenueClock
from mismartera_core.testing.venue.desk import OrderDesk
from mismartera_core.testing.venue.hours import Hours
from mismartera_core.testing.venue.ledger import Ledger
from mismartera_core.testing.venue.orders import BookOrder, Fill, Status, Terms
from mismartera_core.testing.venue.refusals import Refused, Why
from mismartera_core.testing.venue.replaying import Replaying
from mismartera_core.testing.venue.tape import Tape


class Trading:
    """What can be done in the account of a venue.

    Attributes:
        book: All orders and executions.
        clock: The venue's clock.
        hours: When the market is open.
        ledger: Cash and positions.
        lock: Held while anything changes.
        tape: The bars.
    """

    book: OrderBook
    clock: VenueClock
    hours: Hours
    ledger: Ledger
    lock: threading.RLock
    tape: Tape
    _desk: OrderDesk
    _grace_ns: int
    _halted: set[str]
    _prompt: bool
    _replaying: Replaying

    def last_price(self, symbol: str) -> Decimal:
        """The last close that is known; before the first bar has closed its open.

        Args:
            symbol: Ticker.
        """
        return self.tape.last_price(symbol, self.clock.now_ns)

    # ---- orders

    def submit(self, terms: Terms) -> BookOrder:
        """Take an order.

        Args:
            terms: The order.

        Raises:
            Refused: It is not taken.
        """
        with self.lock:
            if terms.symbol not in self.tape.bars:
                raise Refused(Why.UNKNOWN_SYMBOL, f"could not find asset {terms.symbol!r}")
            if terms.symbol in self._halted:
                raise Refused(Why.HALTED, f"trading in {terms.symbol} is halted")
            now = self.clock.now_ns
            is_open = self._works(terms, now)
            order = self._desk.submit(terms, now, now - self._grace_ns, is_open=is_open)
            if is_open:
                self._start(order)
                if self._prompt:
                    self._replaying.fill_at_open(order)
            return order

    def replace(self, order_id: str, **changes: Any) -> BookOrder:
        """Change a working order: a new one takes its place.

        Args:
            order_id: The venue's id.
            **changes: Fields of `Terms` that are to be different.

        Raises:
            Refused: There is no such order, it is final, or the new one is not taken.
        """
        with self.lock:
            order, now = self.order(order_id), self.clock.now_ns
            new = self._desk.replace(order, changes, now, now - self._grace_ns)
            self.book.start(new, now)
            if self._prompt:
                self._replaying.fill_at_open(new)
            return new

    def cancel(self, order_id: str, reason: str = "cancelled") -> None:
        """Cancel an order.

        Args:
            order_id: The venue's id.
            reason: Why.

        Raises:
            Refused: There is no such order, or it is final.
        """
        with self.lock:
            order = self.order(order_id)
            if order.is_final:
                raise Refused(Why.FINAL, f"order is {order.status}", status=order.status)
            now = self.clock.now_ns
            self.book.end(order, Status.CANCELLED, reason, now)
            if order.sibling is not None:
                self.book.end(order.sibling, Status.CANCELLED, reason, now)

    def cancel_all(self) -> list[BookOrder]:
        """Cancel every order that is not final; returns those that it cancelled."""
        with self.lock:
            ended = [order for order in self.book.open() if order.entry is None]
            for order in self.book.open():
                self.book.end(order, Status.CANCELLED, "cancelled", self.clock.now_ns)
            return ended

    def expire(self, order_id: str) -> None:
        """Let an order expire now.

        Args:
            order_id: The venue's id.
        """
        with self.lock:
            reason = "the session ended"
            self.book.end(self.order(order_id), Status.EXPIRED, reason, self.clock.now_ns)

    def reject(self, order_id: str, reason: str) -> None:
        """Reject an order that was taken before, as an exchange may.

        Args:
            order_id: The venue's id.
            reason: Why.
        """
        with self.lock:
            self.book.end(self.order(order_id), Status.REJECTED, reason, self.clock.now_ns)

    def execute(self, order_id: str, quantity: Decimal | int | str, price: Decimal | str) -> Fill:
        """Fill an order now, whatever the bars say.

        Args:
            order_id: The venue's id.
            quantity: Units, at most what is left.
            price: Of each.

        Raises:
            Refused: There is no such order, or it cannot fill so much.
        """
        with self.lock:
            order, units, now = self.order(order_id), exact(quantity), self.clock.now_ns
            if not order.is_live or order.left is None or units > order.left:
                raise Refused(Why.FINAL, f"order is {order.status}", status=order.status)
            fill = self.book.execute(order, units, exact(price), now)
            self.book.follow(order, None, now)
            return fill

    def order(self, order_id: str) -> BookOrder:
        """An order by the venue's id.

        Raises:
            Refused: There is none.
        """
        with self.lock:
            found = self.book.orders.get(order_id)
            if found is None:
                raise Refused(Why.NOT_FOUND, f"order not found for {order_id}")
            return found

    def find(self, client_id: str) -> BookOrder | None:
        """An order by its sender's id; None where there is none."""
        with self.lock:
            return self.book.by_client_id.get(client_id)

    # ---- the account

    def foreign_position(self, symbol: str, quantity: Decimal | int, price: Decimal | str) -> None:
        """Have a position that no order explains, such as a transfer; cash stays as it is.

        Args:
            symbol: Ticker.
            quantity: Units, negative when short; zero for none.
            price: What each is said to have cost.
        """
        with self.lock:
            self.ledger.set_position(symbol, exact(quantity), exact(price))

    def equity(self) -> Decimal:
        """Cash, and positions at last closes; at cost where nothing has traded."""
        with self.lock:
            values = (
                held.quantity * (self.last_price(symbol) or held.average)
                for symbol, held in self.ledger.holdings.items()
            )
            return self.ledger.cash + sum(values, ZERO)

    def _works(self, terms: Terms, now: int) -> bool:
        return terms.extended_hours or self.hours.is_regular(now)

    def _start(self, order: BookOrder) -> None:
        self.book.start(order, self.clock.now_ns)
        if order.terms.other is not None and order.sibling is not None:
            self.book.start(order.sibling, self.clock.now_ns)

    def start_accepted(self) -> None:
        """Let orders work that were taken while the market was closed."""
        for order in self.book.open():
            if order.status is Status.ACCEPTED:
                self._start(order)
