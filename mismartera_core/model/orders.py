"""Orders, fills and positions: the field's words, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

ONE_CANCELS_OTHER = "one cancels other"
"""Why an order ends whose sibling has filled."""
ENTRY_ENDED = "the entry of the bracket did not fill"
"""Why a leg ends whose entry has ended."""
FOLLOWED = (ONE_CANCELS_OTHER, ENTRY_ENDED)
"""Reasons that follow from another order: nobody misses a fill of these."""


class Side(StrEnum):
    """Direction of an order."""

    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    """How an order is priced."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class TimeInForce(StrEnum):
    """How long an order works."""

    DAY = "day"
    GTC = "gtc"


class OrderStatus(StrEnum):
    """Where an order is in its life; the last five are final."""

    HELD = "held"
    """A leg of a bracket whose entry has not filled yet."""
    WORKING = "working"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"
    """A change of a working order that was made: the order works by these terms from then on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A snapshot of one order.

    Attributes:
        id: Number within the run, from 1, in the order of submission.
        strategy: Name of the strategy in the session config.
        symbol: Ticker.
        side: Buy or sell.
        type: Market, limit, stop, stop-limit or trailing stop.
        quantity: Units ordered.
        filled_quantity: Units filled so far.
        limit_price: Limit of limit and stop-limit orders.
        stop_price: Trigger of stop, stop-limit and trailing-stop orders.
        trail_amount: Distance of a trailing stop, in price units.
        time_in_force: Day or good till cancelled.
        status: Where it is in its life.
        reason: Why it was rejected, cancelled or expired; empty otherwise.
        tag: What the strategy said of it.
        parent_id: The entry order of a bracket leg, else None.
        submitted_at: When it was placed, in the exchange's zone.
    """

    id: int
    strategy: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    filled_quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    trail_amount: Decimal | None
    time_in_force: TimeInForce
    status: OrderStatus
    reason: str
    tag: str
    parent_id: int | None
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution, and the bar it came from.

    Attributes:
        order_id: The order it belongs to.
        strategy: Name of the strategy in the session config.
        symbol: Ticker.
        side: Buy or sell.
        quantity: Units filled.
        price: Price paid or received, after slippage.
        commission: Fee of this fill, in account currency.
        bar_timestamp: Open of the bar that filled it, in the exchange's zone.
        filled_at: When the fill became known: the close of that bar.
    """

    order_id: int
    strategy: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    commission: Decimal
    bar_timestamp: datetime
    filled_at: datetime
