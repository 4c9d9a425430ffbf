"""A venue in another process, over a pipe: it goes on when the process that trades is killed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

from mismartera_core.contracts.venue import EmitVenue, VenueBroker, VenueCapabilities, VenueEvent
from mismartera_core.model.venue import (
    Execution,
    OrderTerms,
    VenueAccount,
    VenueOrder,
    VenuePosition,
)
from mismartera_core.testing.scripted_venue import ScriptedVenue


class PipedVenue(VenueBroker):
    """The end of the pipe in the process that trades; events come with the answers.

    Args:
        pipe: To the process that has the venue, which calls `serve`.
        capabilities: What the venue can do.
    """

    def __init__(self, pipe: Connection, capabilities: VenueCapabilities) -> None:
        self.capabilities = capabilities
        self._pipe = pipe
        self._emit: EmitVenue | None = None

    def ask(self, what: str, *words: object) -> Any:
        """Have something called at the other end.

        Args:
            what: A method of the venue, or "act".
            *words: Its arguments.
        """
        self._pipe.send((what, words))
        value, error, events = self._pipe.recv()
        for event in events:
            if self._emit is not None:
                self._emit(event)
        if error is not None:
            raise error
        return value

    def account(self) -> VenueAccount:
        """The account now."""
        found: VenueAccount = self.ask("account")
        return found

    def now_ns(self) -> int:
        """The venue's clock."""
        found: int = self.ask("now_ns")
        return found

    def listen(self, emit: EmitVenue) -> None:
        """Start to tell."""
        self._emit = emit
        self.ask("account")

    def submit(self, terms: OrderTerms) -> VenueOrder:
        """Send an order."""
        found: VenueOrder = self.ask("submit", terms)
        return found

    def cancel(self, venue_id: str) -> None:
        """Ask to cancel an order."""
        self.ask("cancel", venue_id)

    def replace(self, venue_id: str, terms: OrderTerms) -> VenueOrder:
        """Ask to change an order."""
        found: VenueOrder = self.ask("replace", venue_id, terms)
        return found

    def find(self, client_id: str) -> VenueOrder | None:
        """The order with a client id."""
        found: VenueOrder | None = self.ask("find", client_id)
        return found

    def order(self, venue_id: str) -> VenueOrder | None:
        """The order with an id of the venue's."""
        found: VenueOrder | None = self.ask("order", venue_id)
        return found

    def open_orders(self) -> Sequence[VenueOrder]:
        """Every order that is not final."""
        found: list[VenueOrder] = self.ask("open_orders")
        return found

    def executions(self, since_ns: int) -> Sequence[Execution]:
        """Every execution at or after an instant."""
        found: list[Execution] = self.ask("executions", since_ns)
        return found

    def positions(self) -> Sequence[VenuePosition]:
        """Every position that is not flat."""
        found: list[VenuePosition] = self.ask("positions")
        return found

    def close(self) -> None:
        """Stop telling."""
        self._emit = None


def serve(pipe: Connection, venue: ScriptedVenue, act: Callable[[int], None]) -> Any:
    """Answer until the other end reports or is gone.

    Args:
        pipe: To the process that trades.
        venue: The venue.
        act: Takes the number of something that is to happen at the venue.

    Returns:
        What the other end reported; None where it was killed.
    """
    events: list[VenueEvent] = []
    venue.listen(events.append)
    while True:
        try:
            what, words = pipe.recv()
        except (EOFError, ConnectionResetError):
            return None
        if what == "report":
            return words[0]
        value, error = None, None
        try:
            called = act if what == "act" else getattr(venue, what)
            value = called(*words)
        except Exception as raised:  # noqa: BLE001 - the other end gets whatever it is
            error = raised
        told = list(events)
        events.clear()
        pipe.send((value, error, told))
