"""The venue's order desk: takes, changes and cancels orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from mismartera_core.model.orders import OrderType, Side
from mismartera_core.testing.venue.amounts import ZERO, to_price, to_units
from mismartera_core.testing.venue.book import OrderBook
from mismartera_core.testing.venue.checks import Checks
from mismartera_core.testing.venue.orders import BookOrder, Status, Terms
from mismartera_core.testing.venue.refusals import Refused, Why


class OrderDesk:
    """Takes orders into a book.

    Args:
        book: Where they are kept.
        checks: What they are tested with.
        last_price: The last price of a symbol.
        make_id: Makes an id of what it is for and a number.
    """

    def __init__(
        self,
        book: OrderBook,
        checks: Checks,
        last_price: Callable[[str], Decimal],
        make_id: Callable[[str, int], str],
    ) -> None:
        self._book, self._checks = book, checks
        self._last_price, self._make_id = last_price, make_id
        self._number = 0

    def submit(self, terms: Terms, now_ns: int, from_ns: int, *, is_open: bool) -> BookOrder:
        """Take an order.

        Args:
            terms: The order.
            now_ns: The venue's clock.
            from_ns: It fills on bars that open at this instant or later.
            is_open: Whether the market is open.

        Raises:
            Refused: It is not taken.
        """
        self._unused(terms.client_id)
        self._checks.terms(terms)
        for part in (*terms.exits, *([terms.other] if terms.other else [])):
            self._checks.terms(part)
        mark = self._mark(terms)
        enlarges = self._checks.account(terms, mark)
        order = self._made(terms, now_ns, from_ns)
        order.mark, order.enlarges = mark, enlarges
        if not is_open:
            order.status = Status.ACCEPTED
        self._with_legs(order, now_ns, from_ns)
        for made in (order, *order.legs):
            self._book.add(made)
        return order

    def replace(
        self, order: BookOrder, changes: dict[str, Any], now_ns: int, from_ns: int
    ) -> BookOrder:
        """Put a new order in the place of one that works.

        Args:
            order: The order to change.
            changes: Fields of `Terms` that are to be different; quantity is of the whole order,
                what has filled included.
            now_ns: The venue's clock.
            from_ns: It fills on bars that open at this instant or later.

        Returns:
            The new order; what had filled of the old one is no part of it.

        Raises:
            Refused: The order is final, or the new one is not taken.
        """
        if order.is_final or order.status is Status.HELD:
            raise Refused(Why.FINAL, f"order is {order.status}", status=order.status)
        client_id = str(changes.get("client_id", ""))
        self._unused(client_id)
        whole = changes.get("quantity", order.quantity)
        if whole is not None and whole <= order.filled:
            raise Refused(Why.INVALID, "qty must be > filled_qty")
        rest = None if whole is None else whole - order.filled
        terms = replace(order.terms, **{**changes, "quantity": rest, "client_id": client_id})
        self._checks.terms(terms)
        mark = self._mark(terms)
        enlarges = self._checks.account(terms, mark, without=order)
        new = self._made(terms, now_ns, from_ns)
        new.mark, new.enlarges, new.replaces = mark, enlarges, order.id
        _inherit(new, order, keeps_stop="trail" not in changes)
        order.replaced_by = new.id
        self._book.end(order, Status.REPLACED, "replaced", now_ns)
        self._book.add(new)
        return new

    def _with_legs(self, order: BookOrder, now_ns: int, from_ns: int) -> None:
        for exit_terms in order.terms.exits:
            leg = self._made(exit_terms, now_ns, from_ns)
            leg.status, leg.entry = Status.HELD, order
            order.legs.append(leg)
        if order.terms.other is not None:
            other = self._made(order.terms.other, now_ns, from_ns)
            order.sibling, other.sibling = other, order
            order.legs.append(other)
        elif len(order.legs) > 1:
            order.legs[0].sibling, order.legs[1].sibling = order.legs[1], order.legs[0]

    def _made(self, terms: Terms, now_ns: int, from_ns: int) -> BookOrder:
        self._number += 1
        number = self._number
        order = BookOrder(
            number=number,
            id=self._make_id("order", number),
            client_id=terms.client_id or self._make_id("client", number),
            terms=terms,
            quantity=None if terms.quantity is None else to_units(terms.quantity),
            submitted_ns=now_ns,
            updated_ns=now_ns,
            from_ns=from_ns,
            stop=terms.stop,
        )
        if terms.type is OrderType.TRAILING_STOP:
            self._trail(order)
        return order

    def _trail(self, order: BookOrder) -> None:
        last, terms = self._last_price(order.symbol), order.terms
        trail = terms.trail
        if trail is None or terms.trail_percent is not None:
            trail = to_price(last * (terms.trail_percent or ZERO) / 100)
        order.terms = replace(terms, trail=trail)
        order.high_water = last
        order.stop = to_price(last + trail if order.side is Side.BUY else last - trail)

    def _mark(self, terms: Terms) -> Decimal:
        return terms.limit or terms.stop or self._last_price(terms.symbol)

    def _unused(self, client_id: str) -> None:
        if client_id and client_id in self._book.by_client_id:
            raise Refused(Why.DUPLICATE, "client_order_id must be unique")


def _inherit(new: BookOrder, order: BookOrder, *, keeps_stop: bool) -> None:
    """Give an order what belonged to the one whose place it takes: legs, sibling, entry."""
    new.triggered, new.before = order.triggered, order.before + order.filled
    if keeps_stop and new.terms.type is OrderType.TRAILING_STOP:
        new.stop = order.stop
    new.legs, order.legs = order.legs, []
    for leg in new.legs:
        leg.entry = new if leg.entry is order else leg.entry
        if leg.status is Status.HELD and new.quantity is not None:
            leg.quantity = new.before + new.quantity
    new.entry, new.sibling = order.entry, order.sibling
    if new.entry is not None:
        new.entry.legs = [new if leg is order else leg for leg in new.entry.legs]
    if new.sibling is not None:
        new.sibling.sibling, order.sibling = new, None
