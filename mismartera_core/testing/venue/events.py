"""What happens at a venue, as listeners are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from mismartera_core.testing.venue.orders import BookOrder, Fill


class Change(StrEnum):
    """What has become of an order."""

    NEW = "new"
    PARTIAL_FILL = "partial_fill"
    FILL = "fill"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """An order has changed.

    Attributes:
        change: How.
        order: The order; read it at once, it will change again.
        at_ns: When, nanoseconds UTC.
        fill: The execution, where it is one.
    """

    change: Change
    order: BookOrder
    at_ns: int
    fill: Fill | None = None


@dataclass(frozen=True, slots=True)
class MarketEvent:
    """Something that the venue publishes about a symbol.

    Attributes:
        kind: "bar", "revised", "quote", "trade" or "status".
        symbol: Ticker.
        ts: Open of the bar, or the instant, nanoseconds UTC.
        values: Numbers by name: open, high, low, close, volume of bars; bid, ask, bid_size,
            ask_size of quotes; price, size of trades; halted (1 or 0) of a status.
    """

    kind: str
    symbol: str
    ts: int
    values: dict[str, float]


OrderListener: TypeAlias = Callable[[OrderEvent], None]
"""Told of each change of an order, under the venue's lock; it never blocks."""
MarketListener: TypeAlias = Callable[[list[MarketEvent]], None]
"""Told of what is published at one instant, under the venue's lock; it never blocks."""
