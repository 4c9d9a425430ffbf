"""The order book: orders, and what bars do to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from mismartera_core.model.orders import OrderType, Side
from mismartera_core.testing.venue.amounts import UNIT_STEP, ZERO, to_units
from mismartera_core.testing.venue.events import Change, OrderEvent, OrderListener
from mismartera_core.testing.venue.ledger import Ledger
from mismartera_core.testing.venue.matching import Outcome, PriceBar, When, outcome, trailed, worse
from mismartera_core.testing.venue.orders import BookOrder, Fill, Status

ONE_CANCELS_OTHER = "one cancels other"
ENTRY_ENDED = "the entry of the bracket did not fill"
_STAMP_NS = 1_000_000
"""A fill is stamped so long before the close of its bar: within it, and not before it is told."""

FeeRule = Callable[[Side, Decimal, Decimal], Decimal]
"""Fee of one fill: side, units and price."""


@dataclass(frozen=True, slots=True)
class BookRules:
    """How a book fills orders.

    Attributes:
        participation: Share of a bar's volume that may fill; None for no limit.
        lot: Partial fills are whole multiples of it.
        fee: Fee of each fill; None for none.
    """

    participation: Decimal | None = None
    lot: Decimal = Decimal(1)
    fee: FeeRule | None = None


class OrderBook:
    """Every order and every execution of an account.

    Attributes:
        orders: All orders by id, in the order in which they were taken.
        fills: All executions, oldest first.
        by_client_id: Orders by their sender's id.

    Args:
        ledger: Where executions are booked.
        rules: How orders fill.
        tell: Takes each change of an order.
        make_id: Makes an id of what it is for and a number.
    """

    def __init__(
        self,
        ledger: Ledger,
        rules: BookRules,
        tell: OrderListener,
        make_id: Callable[[str, int], str],
    ) -> None:
        self.orders: dict[str, BookOrder] = {}
        self.fills: list[Fill] = []
        self.by_client_id: dict[str, BookOrder] = {}
        self._open: dict[str, list[BookOrder]] = {}
        self._ledger, self._rules, self._tell, self._make_id = ledger, rules, tell, make_id
        self._room: Decimal | None = None

    def add(self, order: BookOrder) -> None:
        """Keep an order; whether it is live is its status.

        Args:
            order: A new order.
        """
        self.orders[order.id] = order
        self.by_client_id[order.client_id] = order
        self._open.setdefault(order.symbol, []).append(order)

    def open(self, symbol: str | None = None) -> list[BookOrder]:
        """Orders that are not final, held legs among them, in the order they were taken.

        Args:
            symbol: Of one symbol only.
        """
        if symbol is not None:
            return list(self._open.get(symbol, ()))
        found = [order for orders in self._open.values() for order in orders]
        return sorted(found, key=lambda order: order.number)

    def start(self, order: BookOrder, now_ns: int) -> None:
        """Say that an order works now.

        Args:
            order: A live order.
            now_ns: The venue's clock.
        """
        order.status = Status.WORKING
        order.updated_ns = now_ns
        self._tell(OrderEvent(Change.NEW, order, now_ns))

    def end(self, order: BookOrder, status: Status, reason: str, now_ns: int) -> None:
        """End an order that is not final; what depends on it follows.

        Args:
            order: Any order.
            status: A final one.
            reason: Why.
            now_ns: The venue's clock.
        """
        if order.is_final:
            return
        order.status, order.reason = status, reason
        order.updated_ns = order.ended_ns = now_ns
        self._remove(order)
        self._tell(OrderEvent(_CHANGES[status], order, now_ns))
        if status is Status.REPLACED:
            return
        for leg in order.legs:
            if leg.status is Status.HELD:
                self._release(leg, order, now_ns)

    def match(
        self, bar: PriceBar, eligible: Callable[[BookOrder], bool], symbol: str, now_ns: int
    ) -> None:
        """Fill the orders of a symbol from a bar that has closed.

        Args:
            bar: The bar.
            eligible: Whether an order may fill in this bar, if it works.
            symbol: Ticker.
            now_ns: The venue's clock.
        """
        if bar.volume == ZERO:
            return
        self._room = self._room_in(bar)
        waiting = [order for order in self.open(symbol) if eligible(order)]
        self._fill_all(waiting, eligible, bar, now_ns, (When.AT_OPEN, When.INSIDE))
        for order in waiting:
            if order.terms.type is OrderType.TRAILING_STOP and order.is_live:
                order.stop = trailed(order, bar)

    def match_open(
        self,
        orders: list[BookOrder],
        bar: PriceBar,
        eligible: Callable[[BookOrder], bool],
        now_ns: int,
    ) -> None:
        """Fill what fills at the open of a bar that has just opened.

        Only where participation is not limited: then it is the same as what `match` would do.

        Args:
            orders: Orders that have just been taken.
            bar: The bar.
            eligible: Whether an order may fill in this bar, if it works.
            now_ns: The venue's clock.
        """
        if bar.volume == ZERO:
            return
        self._room = None
        waiting = [order for order in orders if eligible(order)]
        self._fill_all(waiting, eligible, bar, now_ns, (When.AT_OPEN,))

    def _fill_all(
        self,
        waiting: list[BookOrder],
        eligible: Callable[[BookOrder], bool],
        bar: PriceBar,
        now_ns: int,
        whens: tuple[When, ...],
    ) -> None:
        """Fill orders one after another, of an OCO pair one at most."""
        done: set[int] = set()
        for order in waiting:
            if order.number in done or not order.is_live:
                continue
            done.add(order.number)
            looked = [(order, outcome(order, bar))]
            other = order.sibling
            if other is not None and other.is_live and eligible(other):
                done.add(other.number)
                looked.append((other, outcome(other, bar)))
            if When.INSIDE in whens:
                for one, found in looked:
                    one.triggered |= found.when is not When.NEVER
            chosen, found = _first(looked)
            if found.when in whens:
                self._fill(chosen, found, bar, now_ns)

    def _room_in(self, bar: PriceBar) -> Decimal | None:
        if self._rules.participation is None or bar.volume is None:
            return None
        lots = bar.volume * self._rules.participation / self._rules.lot
        return to_units(lots.to_integral_value(ROUND_FLOOR) * self._rules.lot)

    def _fill(self, order: BookOrder, found: Outcome, bar: PriceBar, now_ns: int) -> None:
        assert found.price is not None  # noqa: S101 - the caller has looked
        price = found.price
        if order.quantity is None:
            wanted = self._units_for(order, price)
            if not wanted:
                self.end(order, Status.CANCELLED, "nothing can be had for the amount", now_ns)
                return
            order.quantity = wanted
        units = order.quantity - order.filled
        if self._room is not None:
            units = min(units, self._room)
            self._room -= units
        if units <= ZERO:
            return
        self.execute(order, units, price, min(now_ns, bar.known_ns - _STAMP_NS), bar.ts)
        inside = (bar.ts, price) if found.when is When.INSIDE else None
        self.follow(order, inside, now_ns)

    def _units_for(self, order: BookOrder, price: Decimal) -> Decimal:
        """Units of an order by notional; one that closes a position does not go beyond it."""
        assert order.terms.notional is not None  # noqa: S101 - checked when it was taken
        units = (order.terms.notional / price).quantize(UNIT_STEP, ROUND_FLOOR)
        if order.enlarges:
            return units
        return min(units, max(ZERO, -order.sign * self._ledger.position(order.symbol)))

    def execute(
        self,
        order: BookOrder,
        units: Decimal,
        price: Decimal,
        at_ns: int,
        bar_ts: int = 0,
    ) -> Fill:
        """Book an execution and tell of it.

        Args:
            order: A live order.
            units: At most what is left of it.
            price: Of each unit.
            at_ns: When it happened.
            bar_ts: Open of the bar it came from.
        """
        assert order.quantity is not None  # noqa: S101 - the caller has set it
        fee = self._rules.fee(order.side, units, price) if self._rules.fee else ZERO
        order.filled += units
        order.paid += units * price
        left = order.quantity - order.filled
        order.status = Status.PARTIALLY_FILLED if left else Status.FILLED
        order.updated_ns = at_ns = max(at_ns, order.submitted_ns)
        if not left:
            order.ended_ns = at_ns
            self._remove(order)
        self._ledger.book(order.symbol, order.side, units, price, fee)
        number = len(self.fills) + 1
        fill = Fill(
            id=self._make_id("execution", number),
            number=number,
            order_id=order.id,
            client_id=order.client_id,
            symbol=order.symbol,
            side=order.side,
            quantity=units,
            price=price,
            fee=fee,
            at_ns=at_ns,
            cumulative=order.filled,
            left=left,
            position=self._ledger.position(order.symbol),
            bar_ts=bar_ts,
        )
        self.fills.append(fill)
        change = Change.PARTIAL_FILL if left else Change.FILL
        self._tell(OrderEvent(change, order, fill.at_ns, fill))
        return fill

    def follow(self, order: BookOrder, inside: tuple[int, Decimal] | None, now_ns: int) -> None:
        """What follows from an execution: the other of a pair ends, exits begin to work.

        Args:
            order: The order that was executed.
            inside: Open of the bar within which it filled, and the price; None where it filled at
                an open, or outside of the bars.
            now_ns: The venue's clock.
        """
        if order.sibling is not None:
            self.end(order.sibling, Status.CANCELLED, ONE_CANCELS_OTHER, now_ns)
        if order.status is not Status.FILLED:
            return
        for leg in order.legs:
            if leg.status is not Status.HELD:
                continue
            if leg.quantity is None:
                leg.quantity = order.filled
            if inside is not None:
                leg.inside_ts, leg.inside_price = inside
            self.start(leg, now_ns)

    def _release(self, leg: BookOrder, entry: BookOrder, now_ns: int) -> None:
        """A leg whose entry ended early: cancelled, or set to work for what the entry filled."""
        filled = entry.before + entry.filled
        if filled:
            leg.quantity, leg.from_ns = filled, now_ns
            self.start(leg, now_ns)
        else:
            self.end(leg, Status.CANCELLED, ENTRY_ENDED, now_ns)

    def _remove(self, order: BookOrder) -> None:
        orders = self._open[order.symbol]
        orders.remove(order)
        if not orders:
            del self._open[order.symbol]


_CHANGES = {
    Status.CANCELLED: Change.CANCELLED,
    Status.EXPIRED: Change.EXPIRED,
    Status.REJECTED: Change.REJECTED,
    Status.REPLACED: Change.REPLACED,
}


def _first(looked: list[tuple[BookOrder, Outcome]]) -> tuple[BookOrder, Outcome]:
    """Which order of a pair fills: the one at the open, else the worse for who placed them."""
    filling = [(order, found) for order, found in looked if found.price is not None]
    if len(filling) < 2:
        return filling[0] if filling else looked[0]
    (one, found), (other, beside) = filling
    if found.when is not beside.when:
        return filling[0] if found.when is When.AT_OPEN else filling[1]
    assert found.price is not None  # noqa: S101 - both fill
    assert beside.price is not None  # noqa: S101
    both = one.side is other.side
    return filling[1] if both and worse(one, beside.price, found.price) else filling[0]
