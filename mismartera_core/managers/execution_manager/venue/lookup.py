"""Orders whose fate is unclear: looked up by our id until the venue has said what it knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mismartera_core.managers.execution_manager.venue.changes import Changes
from mismartera_core.managers.execution_manager.venue.core import DeskCore
from mismartera_core.managers.execution_manager.venue.notices import NoticeKind
from mismartera_core.managers.execution_manager.venue.tracked import Stage, Tracked
from mismartera_core.model.journal import OrderEventKind
from mismartera_core.model.venue import VenueOrder

NOT_THERE = "the venue, asked by our id, has no such order"


class LookUp:
    """Looks for orders.

    Args:
        core: What the desk shares.
        changes: Takes what is found.
        send_again: Sends an order once more, under the same id.
    """

    def __init__(
        self, core: DeskCore, changes: Changes, send_again: Callable[[Tracked], None]
    ) -> None:
        self._core = core
        self._changes = changes
        self._send_again = send_again
        self._asked: set[str] = set()

    def look(self, now: float) -> None:
        """Ask for every order whose time has come."""
        for tracked in list(self._core.books.open.values()):
            mine = tracked.stage is Stage.UNKNOWN and tracked.entry is None
            if mine and now >= tracked.due and tracked.client_id not in self._asked:
                self._asked.add(tracked.client_id)
                self._ask(tracked)

    def _ask(self, tracked: Tracked) -> None:
        core, client_id = self._core, tracked.client_id
        if core.venue.capabilities.client_ids:
            core.fetcher.ask(
                lambda: core.venue.find(client_id),
                lambda said, error: self._found(tracked, said, error),
            )
        else:
            core.fetcher.ask(
                core.venue.open_orders, lambda said, error: self._polled(tracked, said, error)
            )

    def _found(self, tracked: Tracked, said: VenueOrder | None, error: Exception | None) -> None:
        core = self._core
        self._asked.discard(tracked.client_id)
        if error is not None:
            core.notice(NoticeKind.FAILED, f"not found out: {error}", tracked)
        if tracked.stage is not Stage.UNKNOWN:
            return
        if error is not None:
            tracked.due = core.ask_again()
            return
        core.answered()
        if said is not None:
            self._changes.apply(said)
        else:
            self._absent(tracked, core.timer())

    def _absent(self, tracked: Tracked, now: float) -> None:
        """The venue has none by our id: send it again while that is still wanted, or wait."""
        core, timing = self._core, self._core.timing
        fresh = now - tracked.born <= timing.fresh
        again = fresh and not (tracked.resent or tracked.recovered or tracked.exists)
        if again and not tracked.cancelling:
            tracked.stage = Stage.SENT
            self._send_again(tracked)
            if tracked.stage is not Stage.SENT:
                return
            tracked.stage = Stage.UNKNOWN
        counted_from = tracked.born + timing.in_flight
        if now < counted_from:
            tracked.due = counted_from
            return
        tracked.checks += 1
        tracked.due = now + timing.every
        if tracked.checks < timing.checks:
            return
        if tracked.exists:
            if tracked.checks == timing.checks:
                words = "the venue says that it has the order and does not find it"
                core.notice(NoticeKind.HUMAN, words, tracked)
            return
        core.notice(NoticeKind.ABSENT, NOT_THERE, tracked)
        core.end(tracked, OrderEventKind.ABSENT, NOT_THERE)

    def _polled(
        self, tracked: Tracked, said: Sequence[VenueOrder] | None, error: Exception | None
    ) -> None:
        """A venue without ids of ours: the one order that can only be this one, or a human."""
        core = self._core
        self._asked.discard(tracked.client_id)
        if error is not None:
            core.notice(NoticeKind.FAILED, f"not found out: {error}", tracked)
        if tracked.stage is not Stage.UNKNOWN:
            return
        if said is None:
            tracked.due = core.ask_again()
            return
        core.answered()
        tracked.due = core.timer() + core.timing.every
        alike = [o for o in said if self._could_be(tracked, o)]
        rivals = [
            t
            for t in core.books.unclear(tracked.symbol)
            if t is not tracked and any(self._could_be(t, o) for o in alike)
        ]
        if len(alike) == 1 and not rivals:
            core.books.name(tracked, alike[0].venue_id)
            self._changes.apply(alike[0])
            return
        tracked.checks += 1
        if tracked.checks == core.timing.checks:
            words = "it is unclear whether the venue has it, and it cannot be asked by our id"
            core.notice(NoticeKind.HUMAN, words, tracked)

    def _could_be(self, tracked: Tracked, said: VenueOrder) -> bool:
        """Whether an order at the venue may be one that we have sent."""
        terms = tracked.terms
        if terms is None or self._core.books.by_venue(said.venue_id) is not None:
            return False
        ours = (terms.symbol, terms.side, terms.type, terms.quantity, terms.limit_price)
        same = ours == (said.symbol, said.side, said.type, said.quantity, said.limit_price)
        return same and said.submitted_ns >= tracked.order.submitted_ns
