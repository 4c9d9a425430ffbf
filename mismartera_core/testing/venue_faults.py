"""What the suite of venue brokers asks of the fake venue that a plugin's author gives it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mismartera_core.testing.stream_faults import StreamRefusal

if TYPE_CHECKING:
    from decimal import Decimal

    from mismartera_core.model.orders import Side
    from mismartera_core.model.venue import OrderTerms


class VenueCall(StrEnum):
    """Kinds of requests."""

    SUBMIT = "submit"
    CANCEL = "cancel"
    REPLACE = "replace"
    READ = "read"
    """Every request that changes nothing."""


class CallFault(StrEnum):
    """What goes wrong with a request."""

    GATEWAY_TIMEOUT = "done, then 504"
    SILENT = "done, never answered"
    RESET = "done, then the connection is reset"
    UNREADABLE = "done, answered by what is no message of the venue's"
    SILENT_UNDONE = "not done, never answered"
    RESET_UNDONE = "not done, the connection is reset"
    SERVER_ERROR = "not done, 500"
    TOO_MANY = "not done, 429"
    WRONG_KEY = "not done, the key is refused"
    NO_FUNDS = "refused for want of funds"

    @property
    def is_done(self) -> bool:
        """Whether the venue does what was asked all the same."""
        return self.value.startswith("done")


class VenueFaults(Protocol):
    """The hand on a fake venue: it plays the market, and fails as it is told.

    Every method may be called from any thread, and returns when what it asks for has been done.
    Nothing fills by itself: orders rest until `execute`.
    """

    @property
    def account_id(self) -> str:
        """The number of the account."""

    @property
    def now_ns(self) -> int:
        """The venue's clock, nanoseconds UTC."""

    @property
    def connections(self) -> int:
        """Event connections that are open now."""

    def arrived(self, call: VenueCall) -> int:
        """How many requests of a kind have arrived so far, well or not."""

    def fail(self, call: VenueCall, fault: CallFault, *, always: bool = False) -> None:
        """Let the next request of a kind meet a fault, or all of them from now on."""

    def heal(self) -> None:
        """Let every request go well again, and take everyone who connects."""

    def taken(self, client_id: str) -> OrderTerms | None:
        """What the venue has understood of an order; None where it has none of that id."""

    def count(self, client_id: str) -> int:
        """How many orders the venue has under a client id."""

    def execute(self, venue_id: str, quantity: Decimal, price: Decimal) -> str:
        """Execute a part of an order, or all of it.

        Returns:
            The id of the execution.
        """

    def reject(self, venue_id: str, reason: str) -> None:
        """Reject an order that was taken, with the venue's words."""

    def expire(self, venue_id: str) -> None:
        """Let an order expire."""

    def foreign_order(self, symbol: str, side: Side, quantity: Decimal, limit: Decimal) -> str:
        """Place an order by other hands in the same account.

        Returns:
            The venue's id of it.
        """

    def repeat(self) -> None:
        """Send the last event once more."""

    def noise(self) -> int:
        """Send events that no client knows or can read, and say how many."""

    def drop(self) -> None:
        """Break every event connection off, without a word."""

    def hang_up(self) -> None:
        """End every event connection as the protocol says."""

    def mute(self) -> None:
        """Send nothing more over the event connections that are open; new ones are well."""

    def restart(self) -> None:
        """Go away with all connections, refuse new ones for a while, and come back."""

    def go_away(self) -> None:
        """Take no connections any more, for requests or events, until `come_back`."""

    def come_back(self) -> None:
        """Be there again, at the same place, with the same orders."""

    def refuse(self, reason: StreamRefusal | None) -> None:
        """Refuse those who connect for events from now on; None takes them again."""
