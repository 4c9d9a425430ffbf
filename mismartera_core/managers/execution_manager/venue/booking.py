"""Executions: by their id, journal first, then the books, then the strategy."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.contracts.crashpoints import crashpoint
from mismartera_core.managers.execution_manager.venue.changes import Changes
from mismartera_core.managers.execution_manager.venue.core import DeskCore
from mismartera_core.managers.execution_manager.venue.external import External
from mismartera_core.managers.execution_manager.venue.notices import NoticeKind
from mismartera_core.managers.execution_manager.venue.strays import Strays
from mismartera_core.managers.execution_manager.venue.terms import side_of
from mismartera_core.managers.execution_manager.venue.tracked import Stage, Tracked
from mismartera_core.model.journal import OrderEventKind
from mismartera_core.model.market import Bar, Series
from mismartera_core.model.orders import ONE_CANCELS_OTHER, OrderStatus
from mismartera_core.model.quantities import on_grid
from mismartera_core.model.venue import Execution, VenueOrder


class Booking:
    """Books executions.

    Args:
        core: What the desk shares.
        changes: Takes the order that an execution comes with.
        strays: Carries executions of orders that have ended for us.
        external: Books what is not ours.
        cancel: Cancels the other of two orders of which one is to be filled.

    Attributes:
        booked: Symbol by id of the executions that were booked since a comparison began.
    """

    def __init__(
        self,
        core: DeskCore,
        changes: Changes,
        strays: Strays,
        external: External,
        cancel: Callable[[WorkingOrder, str], None],
    ) -> None:
        self._core = core
        self._changes = changes
        self._strays = strays
        self._external = external
        self._cancel = cancel
        self._early: dict[str, list[Execution]] = {}
        self._later: dict[str, Execution] = {}
        self.booked: dict[str, str] = {}
        changes.known = self._known

    def take(self, execution: Execution, said: VenueOrder | None, *, fetched: bool = False) -> None:
        """Take an execution, told of for the first time or again, before or after its order.

        Args:
            execution: The execution.
            said: The order after it; None where only the execution is known.
            fetched: Whether we have asked for it; the stream tells of it otherwise.
        """
        if said is not None:
            self._changes.apply(said)
        if self._core.journal.is_booked(execution):
            return
        tracked = self._find(execution)
        if tracked is None:
            self._not_known(execution)
            return
        wrong = self._wrong(tracked, execution, said, fetched=fetched)
        if wrong:
            self._distrust(tracked, execution, wrong, fetched=fetched)
        else:
            self._book(tracked, execution, fetched=fetched)

    def retry(self) -> None:
        """Book what the journal could not take; orders before their executions."""
        self._changes.retry()
        later, self._later = self._later, {}
        for execution in later.values():
            self.take(execution, None)

    def unwritten(self) -> set[str]:
        """Symbols with executions that are not booked yet."""
        early = (e for executions in self._early.values() for e in executions)
        return {execution.symbol for execution in (*self._later.values(), *early)}

    def settle_early(self) -> None:
        """What came before its order, and belongs to none of ours after all, is external."""
        for venue_id, executions in list(self._early.items()):
            if not any(next(self._core.books.unclear(e.symbol), None) for e in executions):
                del self._early[venue_id]
                for execution in executions:
                    self.take(execution, None)

    def _find(self, execution: Execution) -> Tracked | None:
        books = self._core.books
        found = books.by_venue(execution.venue_id)
        if found is None and execution.client_id:
            found = books.by_client(execution.client_id)
        return found or self._strays.recall(execution.client_id)

    def _not_known(self, execution: Execution) -> None:
        """An execution of an order that is not ours, or of one whose id is not known yet."""
        if execution.venue_id in self._changes.untaken:
            self._later[execution.execution_id] = execution
            return
        if next(self._core.books.unclear(execution.symbol), None) is None:
            if self._external.book(execution):
                self.booked[execution.execution_id] = execution.symbol
            else:
                self._later[execution.execution_id] = execution
            return
        waiting = self._early.setdefault(execution.venue_id, [])
        if all(e.execution_id != execution.execution_id for e in waiting):
            waiting.append(execution)

    def _known(self, venue_id: str) -> None:
        for execution in self._early.pop(venue_id, ()):
            self.take(execution, None)

    def _wrong(
        self, tracked: Tracked, execution: Execution, said: VenueOrder | None, *, fetched: bool
    ) -> str:
        """Why an execution cannot be one of an order; "" where it can."""
        if (execution.symbol, execution.side) != (tracked.symbol, side_of(tracked.order)):
            return f"it {execution.side.value}s {execution.symbol}"
        if not (_is_above_zero(execution.quantity) and _is_above_zero(execution.price)):
            return f"{execution.quantity} units at {execution.price}"
        if tracked.stage is Stage.DONE:
            return ""
        most = tracked.quantity
        told = [] if said is None else [said.filled_quantity]
        told += [] if execution.cumulative is None else [execution.cumulative]
        if told and not tracked.was:
            most = min(most, max(tracked.seen, *told))
        if tracked.booked + execution.quantity > most and not (
            fetched and self._insists(tracked, execution)
        ):
            return f"{execution.quantity} units after {tracked.booked}, where {most} are filled"
        return ""

    def _insists(self, tracked: Tracked, execution: Execution) -> bool:
        """Whether a venue that was asked has filled more of a changed order than was asked for.

        It may have: what it has filled under each of its ids is no more than it was asked for.
        """
        there = self._core.journal.units_of(execution.venue_id) + execution.quantity
        return tracked.asked is not None and there <= tracked.asked

    def _distrust(
        self, tracked: Tracked, execution: Execution, wrong: str, *, fetched: bool
    ) -> None:
        """Ask what the venue has really executed; where that does not fit either, halt."""
        words = f"execution {execution.execution_id} does not fit: {wrong}"
        self._core.notice(NoticeKind.DISTRUST, words, tracked)
        if fetched:
            self._core.halt("executions", f"order {tracked.client_id}: {words}")
        else:
            self._changes.missing()

    def _book(self, tracked: Tracked, execution: Execution, *, fetched: bool) -> None:
        core = self._core
        on: Tracked | None = tracked
        if tracked.stage is Stage.DONE:
            on = self._strays.carrier(tracked, execution.quantity)
        if on is None or not core.book(execution, on.client_id):
            self._later[execution.execution_id] = execution
            return
        if fetched:
            core.notice(NoticeKind.MISSED, f"execution {execution.execution_id}", on)
        self.booked[execution.execution_id] = execution.symbol
        self._fill(on, execution)

    def _fill(self, tracked: Tracked, execution: Execution) -> None:
        core, order = self._core, tracked.order
        tracked.booked += execution.quantity
        tracked.seen = max(tracked.seen, tracked.booked)
        if tracked.stretch():
            core.overfilled(tracked)
        order.remaining = on_grid(float(tracked.quantity - tracked.booked))
        order.updated_ns = core.now_ns()
        order.status = OrderStatus.PARTIALLY_FILLED
        if tracked.booked == tracked.quantity:
            order.status, order.is_done = OrderStatus.FILLED, True
            core.note(tracked, OrderEventKind.FILLED)
            core.books.remove(tracked)
            core.outrun(tracked)
            for leg in tracked.legs:
                if leg.order.status is OrderStatus.HELD:
                    leg.order.status = OrderStatus.WORKING
        other = order.oco
        if other is not None and not tracked.is_leg:
            self._cancel(other, ONE_CANCELS_OTHER)
        crashpoint("fill.before_strategy")
        price, fee = float(execution.price), float(execution.commission)
        core.on_fill(order, float(execution.quantity), price, fee, self._bar(order, execution))
        core.finish(tracked)

    def _bar(self, order: WorkingOrder, execution: Execution) -> Bar:
        """The base interval in which an execution happened, as far as it shows it."""
        price, at = float(execution.price), execution.at_ns or self._core.now_ns()
        series = Series(execution.symbol, "", order.owner.zone)
        return Bar(series, self._core.bar_open(at), price, price, price, price, float("nan"), at)


def _is_above_zero(number: Decimal) -> bool:
    return number.is_finite() and number > 0
