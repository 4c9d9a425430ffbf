"""Changes of working orders: written, asked for once, and looked up where the answer is unclear."""

from __future__ import annotations

from dataclasses import replace

from mismartera_core.contracts.broker import Replacement, WorkingOrder
from mismartera_core.contracts.crashpoints import crashpoint
from mismartera_core.errors import OrderNotSent, OrderRejected
from mismartera_core.managers.execution_manager.venue.changes import Changes
from mismartera_core.managers.execution_manager.venue.core import DeskCore
from mismartera_core.managers.execution_manager.venue.ids import change_id
from mismartera_core.managers.execution_manager.venue.lookup import NOT_THERE
from mismartera_core.managers.execution_manager.venue.notices import NoticeKind
from mismartera_core.managers.execution_manager.venue.terms import cannot_take, terms_of, to_json
from mismartera_core.managers.execution_manager.venue.tracked import Change, Stage, Tracked
from mismartera_core.model.journal import OrderEventKind
from mismartera_core.model.venue import VenueOrder

DECIDED_BEFORE = "this change was decided on before, by this run or before a restart"


class Replacing:
    """Changes orders.

    Args:
        core: What the desk shares.
        changes: Takes what the venue answers.
    """

    def __init__(self, core: DeskCore, changes: Changes) -> None:
        self._core = core
        self._changes = changes
        self._counted: dict[str, int] = {}
        self._asking: set[str] = set()
        changes.look_for = self._ask

    def replace(self, order: WorkingOrder, terms: Replacement, now_ns: int) -> str:
        """Ask for a change; why it is not asked for, or "". What became of it is told."""
        tracked = self._core.books.of(order)
        if tracked is None or tracked.stage is not Stage.LIVE:
            return "the venue has not confirmed it yet"
        number = self._counted[tracked.client_id] = self._counted.get(tracked.client_id, 0) + 1
        was = order.terms
        order.take(terms)
        client_id = change_id(tracked.client_id, now_ns, number)
        change = Change(client_id, terms_of(order, client_id), terms)
        reason = self._cannot(tracked, change)
        shut = self._core.kept_back(order)  # another thread may have halted while it was written
        order.take(was)
        if reason:
            return reason
        tracked.change = change
        self._core.books.alias(change.client_id, tracked)
        if shut:
            self._changes.keep(tracked, change, shut)
        else:
            self._post(tracked, change)
        return ""

    def look(self, now: float) -> None:
        """Ask for every change whose time has come."""
        for tracked in list(self._core.books.open.values()):
            change = tracked.change
            if change is not None and now >= change.due:
                self._ask(tracked)

    def _cannot(self, tracked: Tracked, change: Change) -> str:
        """Why a change is not asked for; the order has the terms that it is to have."""
        core, order = self._core, tracked.order
        can = core.venue.capabilities
        if not can.replace:
            return "the venue cannot change a working order: cancel it and place another"
        if tracked.cancelling:
            return "it is being cancelled"
        if order.quantity <= tracked.before:
            return f"quantity must be above what has filled, {tracked.before}"
        reason = core.kept_back(order) or core.frozen(tracked.symbol)
        reason = reason or cannot_take(can, order, change.client_id)
        if reason:
            return reason
        known = core.journal.find(tracked.client_id)
        if known is not None and change.client_id in known.client_ids:
            return DECIDED_BEFORE
        words = to_json(change.terms)
        if not core.note(tracked, OrderEventKind.REPLACE_REQUESTED, words):
            return "the journal failed before it was sent"
        return ""

    def _post(self, tracked: Tracked, change: Change) -> None:
        """The one send, and what the venue made of it."""
        core = self._core
        change.born = core.timer()
        change.due = change.born + core.timing.first_look
        terms = change.terms
        if tracked.before and terms.quantity is not None:  # the venue goes by its own count
            terms = replace(terms, quantity=terms.quantity - tracked.before)
        crashpoint("replace.before_send")
        try:
            answer = core.venue.replace(tracked.venue_id, terms)
        except (OrderRejected, OrderNotSent) as error:
            self._changes.keep(tracked, change, str(error))
            if isinstance(error, OrderRejected):
                self._changes.missing()  # most likely it has filled
        except Exception as error:  # noqa: BLE001 - whatever else happened: only the venue knows
            crashpoint("replace.unclear")
            words = f"a change of it is unclear: {str(error) or type(error).__name__}"
            core.notice(NoticeKind.UNKNOWN, words, tracked)
        else:
            crashpoint("replace.after_send")
            if answer.client_id == change.client_id or answer.replaces == tracked.venue_id:
                self._changes.apply(answer)
            else:
                core.notice(NoticeKind.UNKNOWN, "the venue answered with another order", tracked)

    def _ask(self, tracked: Tracked) -> None:
        """Ask what became of a change: by our id of it, or else by what the order says."""
        core, change = self._core, tracked.change
        if change is None or change.client_id in self._asking:
            return
        self._asking.add(change.client_id)
        wanted, venue_id, can = change.client_id, tracked.venue_id, core.venue.capabilities

        def look() -> VenueOrder | None:
            if can.client_ids:
                return core.venue.find(wanted)
            was = core.venue.order(venue_id)
            return core.venue.order(was.replaced_by) if was and was.replaced_by else None

        core.fetcher.ask(look, lambda said, error: self._found(tracked, change, said, error))

    def _found(
        self, tracked: Tracked, change: Change, said: VenueOrder | None, error: Exception | None
    ) -> None:
        core = self._core
        self._asking.discard(change.client_id)
        if error is not None:
            core.notice(NoticeKind.FAILED, f"not found out: {error}", tracked)
        if tracked.change is not change:
            return
        change.due = core.timer() + core.timing.every
        if said is not None:
            self._changes.apply(said)
        elif error is None and core.timer() >= change.born + core.timing.in_flight:
            change.checks += 1
            if change.checks >= core.timing.checks:
                core.notice(NoticeKind.ABSENT, f"a change: {NOT_THERE}", tracked)
                self._changes.keep(tracked, change, NOT_THERE)
