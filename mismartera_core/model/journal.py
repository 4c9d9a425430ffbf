"""What the order journal holds, as frozen values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from mismartera_core.model.orders import OrderType, Side
from mismartera_core.model.venue import Execution


class OrderEventKind(StrEnum):
    """What happened to an order, one after the other; the last seven end it."""

    INTENT = "intent"
    """It was decided on, and may now be sent."""
    SENT = "sent"
    """It is about to be sent: from here on only the venue knows."""
    ACKED = "acked"
    """The venue has answered that it has it."""
    UNKNOWN = "unknown"
    """The venue's answer was none, or unclear: it is looked up."""
    ADOPTED = "adopted"
    """It was found at the venue."""
    RESENT = "resent"
    """The venue had none by our id, and it is sent again under the same id."""
    WORKING = "working"
    """It can be filled."""
    FILL = "fill"
    """A part of it was executed."""
    CANCEL_REQUESTED = "cancel_requested"
    """The venue is about to be asked to cancel it."""
    REPLACE_REQUESTED = "replace_requested"
    """The venue is about to be asked to change it."""
    REPLACED = "replaced"
    """It goes on under another id of the venue's; changed by us where ours is named."""
    NOT_REPLACED = "not_replaced"
    """It works on as it was."""
    LATE = "late"
    """It had ended for us, and the venue said otherwise."""
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    """By the venue's own word."""
    DENIED = "denied"
    """By a gate, before it was sent."""
    NOT_SENT = "not_sent"
    """It never left."""
    ABSENT = "absent"
    """The venue, asked again and again by our id, has no such order."""

    @property
    def is_final(self) -> bool:
        """Whether the order has ended with it."""
        return self in _FINAL


_FINAL = frozenset(
    {
        OrderEventKind.FILLED,
        OrderEventKind.CANCELLED,
        OrderEventKind.EXPIRED,
        OrderEventKind.REJECTED,
        OrderEventKind.DENIED,
        OrderEventKind.NOT_SENT,
        OrderEventKind.ABSENT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """An order that was decided on.

    Attributes:
        client_id: Our id.
        strategy: Name of the strategy in the session config.
        symbol: Ticker.
        side: Buy or sell.
        type: How it is priced.
        quantity: Units.
        limit_price: None where it has none.
        stop_price: None where it has none.
        trail_amount: None where it has none.
        gtc: Whether it works beyond the day.
        closing: Whether it leaves a position.
        tag: What the strategy said of it.
        parent: Client id of the entry, for a leg.
        oco: Client id of the order that ends when this one fills; "" for none.
        terms: What is sent, as JSON; "" for a leg.
        run: The run that decided.
        created_ns: When it was decided, nanoseconds UTC.
    """

    client_id: str
    strategy: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    gtc: bool = False
    closing: bool = False
    tag: str = ""
    parent: str = ""
    oco: str = ""
    terms: str = ""
    run: str = ""
    created_ns: int = 0


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One line of an order's life.

    Attributes:
        client_id: The order.
        kind: What happened.
        at_ns: When it was written, nanoseconds UTC.
        venue_id: The venue's id; "" where it is not known.
        words: The venue's words, or ours.
    """

    client_id: str
    kind: OrderEventKind
    at_ns: int
    venue_id: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class JournaledOrder:
    """An intent with what became of it, oldest event first."""

    intent: Intent
    events: tuple[OrderEvent, ...]

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return any(event.kind.is_final for event in self.events)

    @property
    def was_sent(self) -> bool:
        """Whether it may be at the venue."""
        return any(event.kind is OrderEventKind.SENT for event in self.events)

    @property
    def client_ids(self) -> tuple[str, ...]:
        """Our ids of it: its own, and those of its changes."""
        asked = (e for e in self.events if e.kind is OrderEventKind.REPLACE_REQUESTED)
        return (self.intent.client_id, *(json.loads(e.words)["client_id"] for e in asked))

    @property
    def venue_id(self) -> str:
        """The venue's newest id of it; "" where none is known."""
        named = [event for event in self.events if event.venue_id]
        # A fill may be booked late, under the id from before a change; it may also come first.
        told = [event for event in named if event.kind is not OrderEventKind.FILL]
        return (told or named)[-1].venue_id if named else ""


@dataclass(frozen=True, slots=True)
class BookedExecution:
    """An execution as it was booked.

    Attributes:
        execution: The execution; its `client_id` is ours.
        strategy: Name of the strategy; "" where the order is not ours.
    """

    execution: Execution
    strategy: str
