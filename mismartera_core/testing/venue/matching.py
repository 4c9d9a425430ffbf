"""The matching rule of docs/order-semantics.md, written on Decimal, apart from the core's.

Tests hold the two to the same fills.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from mismartera_core.model.orders import OrderType, Side
from mismartera_core.testing.venue.amounts import to_price
from mismartera_core.testing.venue.orders import BookOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBar:
    """A bar as orders are matched with it.

    Attributes:
        ts: Its open, nanoseconds UTC.
        known_ns: Its close.
        open: First price.
        high: Highest price.
        low: Lowest price.
        close: Last price.
        volume: Units traded; None where unknown.
    """

    ts: int
    known_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None


class When(Enum):
    """What a bar does to an order."""

    NEVER = 0
    """Nothing."""
    AT_OPEN = 1
    """It fills at the bar's first trade."""
    INSIDE = 2
    """It fills later within the bar."""
    TRIGGERED = 3
    """It has become a limit order, but does not fill."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a bar does to an order, and at what price.

    Attributes:
        when: What happens.
        price: Of the fill; None without one.
    """

    when: When
    price: Decimal | None = None

    @property
    def fills(self) -> bool:
        """Whether there is a fill."""
        return self.price is not None


NOTHING = Outcome(When.NEVER)
_TRIGGERED = {
    OrderType.STOP: OrderType.MARKET,
    OrderType.TRAILING_STOP: OrderType.MARKET,
    OrderType.STOP_LIMIT: OrderType.LIMIT,
}
"""What a triggered stop is from the next bar on."""


def outcome(order: BookOrder, bar: PriceBar) -> Outcome:
    """What a bar does to an order. The order is not changed.

    Args:
        order: A live order.
        bar: The bar.
    """
    if order.inside_ts != bar.ts:
        return _outcome(order, bar, bar.open)
    if _kind(order) is OrderType.LIMIT:
        return NOTHING  # whether the price came after the entry filled is not known
    found = _outcome(order, bar, order.inside_price)
    return Outcome(When.INSIDE, found.price) if found.when is When.AT_OPEN else found


def trailed(order: BookOrder, bar: PriceBar) -> Decimal:
    """The stop of a trailing order after a bar that did not fill it.

    Args:
        order: A trailing stop.
        bar: The bar.
    """
    assert order.stop is not None  # noqa: S101 - made with one
    assert order.terms.trail is not None  # noqa: S101
    if order.side is Side.SELL:
        return max(order.stop, to_price(bar.high - order.terms.trail))
    return min(order.stop, to_price(bar.low + order.terms.trail))


def worse(order: BookOrder, one: Decimal, other: Decimal) -> bool:
    """Whether a price is worse than another for whoever placed the order.

    Args:
        order: Says the side.
        one: A price.
        other: Another price.
    """
    return one > other if order.side is Side.BUY else one < other


def _kind(order: BookOrder) -> OrderType:
    """What an order is by now."""
    kind = order.terms.type
    return _TRIGGERED.get(kind, kind) if order.triggered else kind


def _outcome(order: BookOrder, bar: PriceBar, opening: Decimal) -> Outcome:
    kind = _kind(order)
    if kind is OrderType.MARKET:
        return Outcome(When.AT_OPEN, opening)
    if kind is OrderType.LIMIT:
        return _limit(order, bar, opening)
    assert order.stop is not None  # noqa: S101 - checked when it was taken
    buys, stop = order.side is Side.BUY, order.stop
    at_open = opening >= stop if buys else opening <= stop
    inside = bar.high >= stop if buys else bar.low <= stop
    if not at_open and not inside:
        return NOTHING
    if kind is not OrderType.STOP_LIMIT:
        return Outcome(When.AT_OPEN, opening) if at_open else Outcome(When.INSIDE, stop)
    if at_open:
        found = _limit(order, bar, opening)
        return found if found.fills else Outcome(When.TRIGGERED)
    limit = order.terms.limit
    assert limit is not None  # noqa: S101 - checked when it was taken
    within = stop <= limit if buys else stop >= limit
    return Outcome(When.INSIDE, stop) if within else Outcome(When.TRIGGERED)


def _limit(order: BookOrder, bar: PriceBar, opening: Decimal) -> Outcome:
    limit = order.terms.limit
    assert limit is not None  # noqa: S101 - checked when it was taken
    buys = order.side is Side.BUY
    if opening <= limit if buys else opening >= limit:
        return Outcome(When.AT_OPEN, opening)
    if bar.low <= limit if buys else bar.high >= limit:
        return Outcome(When.INSIDE, limit)
    return NOTHING
