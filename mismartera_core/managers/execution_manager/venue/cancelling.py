"""Cancels: written, asked for, asked for again where that was unclear; the venue ends the order."""

from __future__ import annotations

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.contracts.crashpoints import crashpoint
from mismartera_core.errors import OrderRejected
from mismartera_core.managers.execution_manager.venue.changes import Changes
from mismartera_core.managers.execution_manager.venue.core import DeskCore
from mismartera_core.managers.execution_manager.venue.notices import NoticeKind
from mismartera_core.managers.execution_manager.venue.tracked import Stage, Tracked
from mismartera_core.model.journal import OrderEventKind
from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.venue import VenueOrder


class Cancelling:
    """Cancels orders.

    Args:
        core: What the desk shares.
        changes: Takes what the venue says of an order that it does not cancel.
    """

    def __init__(self, core: DeskCore, changes: Changes) -> None:
        self._core = core
        self._changes = changes
        changes.cancel = self._send
        changes.withdraw = self.ask

    def cancel(self, order: WorkingOrder, reason: str) -> None:
        """Ask for the end of an order; it comes when the venue says so."""
        tracked = self._core.books.of(order)
        if tracked is None or tracked.stage is Stage.DONE:
            return
        if tracked.cancelling:
            return
        self.ask(tracked, reason)

    def ask(self, tracked: Tracked, reason: str) -> None:
        """Ask for the end of an order that is tracked."""
        tracked.cancelling = reason
        if tracked.stage is Stage.WAITING:
            self._core.end(tracked, OrderEventKind.CANCELLED, reason)
            return
        self._core.note(tracked, OrderEventKind.CANCEL_REQUESTED, reason)
        if tracked.venue_id and not self._with_entry(tracked):
            self._send(tracked)

    def again(self, now: float) -> None:
        """Ask once more for every cancel of which it is unclear whether the venue heard it."""
        for tracked in self._core.books.live():
            due = tracked.cancelling and not tracked.cancel_sent and now >= tracked.due
            if due and not self._with_entry(tracked):
                self._send(tracked)

    def _with_entry(self, tracked: Tracked) -> bool:
        """Whether a leg ends with its entry, which is being cancelled."""
        entry = tracked.entry
        held = tracked.order.status is OrderStatus.HELD
        return held and entry is not None and bool(entry.cancelling)

    def _send(self, tracked: Tracked) -> None:
        core = self._core
        crashpoint("cancel.before_send")
        try:
            core.venue.cancel(tracked.venue_id)
        except OrderRejected as error:
            tracked.cancel_sent = True
            core.answered()
            core.notice(NoticeKind.FAILED, f"not cancelled: {error}", tracked)
            self._look(tracked)
        except Exception as error:  # noqa: BLE001 - asking again is harmless, so whatever it was
            words = f"it is unclear whether the venue heard of the cancel: {error}"
            tracked.due = core.ask_again()
            core.notice(NoticeKind.FAILED, words, tracked)
        else:
            core.answered()
            tracked.cancel_sent = True
        crashpoint("cancel.after_send")

    def _look(self, tracked: Tracked) -> None:
        """Ask what became of an order that cannot be cancelled."""
        venue_id = tracked.venue_id

        def then(said: VenueOrder | None, error: Exception | None) -> None:
            if said is not None:
                self._changes.apply(said)
            elif error is not None:
                tracked.cancel_sent = False
                tracked.due = self._core.ask_again()
                self._core.notice(NoticeKind.FAILED, f"not found out: {error}", tracked)

        self._core.fetcher.ask(lambda: self._core.venue.order(venue_id), then)
