"""An order of ours at the venue: what was sent, what the venue says, what is booked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from mismartera_core.contracts.broker import Replacement, WorkingOrder
from mismartera_core.model.journal import OrderEventKind
from mismartera_core.model.venue import OrderTerms, VenueOrder


class Stage(Enum):
    """How much is known of an order."""

    WAITING = auto()
    """Not sent yet: it leaves a position, and waits for what is in its way."""
    SENT = auto()
    """Being sent."""
    UNKNOWN = auto()
    """The venue may have it, or not."""
    LIVE = auto()
    """The venue has it."""
    DONE = auto()
    """It has ended."""


@dataclass(slots=True)
class Change:
    """A change that the venue was asked for, and has not answered yet.

    Attributes:
        client_id: The id under which the changed order is to be there.
        terms: What was sent.
        wanted: The same as the engine has it.
        born: The monotonic timer when it was sent.
        due: The monotonic timer at which to look for it.
        checks: How often the venue has said that there is none.
    """

    client_id: str
    terms: OrderTerms
    wanted: Replacement
    born: float = 0.0
    due: float = 0.0
    checks: int = 0


class Tracked:
    """One order.

    Args:
        client_id: Our id; of a leg that of its entry with an ending.
        order: What the engine sees.
        quantity: Units, exact.
        terms: What is sent; None for a leg, which travels with its entry.
        born: The monotonic timer when it was decided.

    Attributes:
        stage: How much is known.
        venue_id: The venue's id; "" where it is not known.
        booked: Units of all booked executions.
        seen: Most units that the venue has said are filled.
        ending: How the venue says it ended, until every execution before is booked.
        entry: The entry, of a leg.
        is_leg: Whether it is a leg, whose pair the venue itself holds together.
        legs: Its legs.
        cancelling: Why it is to be cancelled; "" where it is not.
        cancel_sent: Whether the venue has heard of it.
        due: The monotonic timer at which to look for it, or to ask for its end again.
        checks: How often the venue has said that there is none.
        resent: Whether it was sent a second time, under the same id.
        exists: Whether the venue has said that it has one with this id.
        recovered: Whether an earlier process sent it.
        journaled: Whether the journal has its intent.
        was: Ids of the venue's that it had before it was replaced.
        change: A change that is on its way; None where none is.
        is_changed: Whether what the venue has is a change that we asked for: it is for the rest.
        before: Units that had filled under earlier ids and that the venue's newest does not count.
    """

    __slots__ = (
        "before",
        "booked",
        "born",
        "cancel_sent",
        "cancelling",
        "change",
        "checks",
        "client_id",
        "due",
        "ending",
        "entry",
        "exists",
        "is_changed",
        "is_leg",
        "journaled",
        "legs",
        "order",
        "quantity",
        "recovered",
        "resent",
        "seen",
        "stage",
        "terms",
        "venue_id",
        "was",
    )

    def __init__(
        self,
        client_id: str,
        order: WorkingOrder,
        quantity: Decimal,
        terms: OrderTerms | None,
        born: float,
    ) -> None:
        self.client_id = client_id
        self.order = order
        self.quantity = quantity
        self.terms = terms
        self.born = born
        self.stage = Stage.SENT
        self.venue_id = ""
        self.was: set[str] = set()
        self.booked = Decimal(0)
        self.seen = Decimal(0)
        self.ending: tuple[OrderEventKind, str] | None = None
        self.entry: Tracked | None = None
        self.is_leg = False
        self.legs: tuple[Tracked, ...] = ()
        self.cancelling = ""
        self.cancel_sent = False
        self.due = 0.0
        self.checks = 0
        self.resent = False
        self.exists = False
        self.recovered = False
        self.journaled = False
        self.change: Change | None = None
        self.is_changed = False
        self.before = Decimal(0)

    @property
    def symbol(self) -> str:
        """Ticker."""
        name: str = self.order.owner.symbol_name
        return name

    @property
    def asked(self) -> Decimal | None:
        """Units of the whole order as we have changed it; None where it was not changed by us."""
        return self.terms.quantity if self.is_changed and self.terms is not None else None

    def hear(self, said: VenueOrder) -> None:
        """Take how much the venue says is filled of the whole order, under its newest id."""
        if self.asked is not None and said.quantity is not None:
            self.before = max(Decimal(0), self.asked - said.quantity)
        self.seen = max(self.seen, said.filled_quantity + self.before)

    def stretch(self) -> bool:
        """Be for all that has filled, where that is more than was asked for."""
        if self.booked <= self.quantity:
            return False
        self.quantity = self.booked
        self.order.quantity = float(self.booked)
        return True

    @property
    def is_unclear(self) -> bool:
        """Whether the venue may have it without our knowing."""
        return self.stage in (Stage.SENT, Stage.UNKNOWN)
