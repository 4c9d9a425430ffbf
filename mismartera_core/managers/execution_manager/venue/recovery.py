"""A start is a recovery: the journal is replayed, the venue asked, and only then orders leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.errors import JournalError
from mismartera_core.managers.execution_manager.positions import Holding
from mismartera_core.managers.execution_manager.venue.booking import Booking
from mismartera_core.managers.execution_manager.venue.changes import Changes
from mismartera_core.managers.execution_manager.venue.core import DeskCore
from mismartera_core.managers.execution_manager.venue.external import External, signed
from mismartera_core.managers.execution_manager.venue.notices import NoticeKind
from mismartera_core.managers.execution_manager.venue.reconciling import SECOND, Reconciling
from mismartera_core.managers.execution_manager.venue.restoring import restored
from mismartera_core.managers.execution_manager.venue.snapshots import (
    look_at_orders,
    look_at_positions,
)
from mismartera_core.managers.execution_manager.venue.strays import Strays
from mismartera_core.managers.execution_manager.venue.tracked import Stage, Tracked
from mismartera_core.model.journal import BookedExecution, JournaledOrder, OrderEventKind
from mismartera_core.model.market import Bar
from mismartera_core.model.venue import PositionSnapshot

NEVER_LEFT = "decided on before a restart, and never sent"
DAY = 86_400 * SECOND
QUIET_TRIES = 5
"""How often positions are asked for, at a start, until nothing is executed meanwhile."""


class EngineBooks(Protocol):
    """The engine's books, as a recovery fills them.

    Attributes:
        holdings: What every strategy holds, by symbol row.
    """

    holdings: dict[int, list[Holding]]

    def adopt(self, order: WorkingOrder) -> None:
        """Book an order that another process placed."""

    def restore(self, holding: Holding, units: float, price: float) -> None:
        """Put back what an earlier execution made of a position; cash is the venue's."""

    def set_cash(self, cash: Decimal) -> None:
        """The account's cash, as the venue says."""

    def count(self, orders: Sequence[JournaledOrder], executed: Sequence[BookedExecution]) -> None:
        """Count what left lately, and today: a restart is no new day."""

    def units(self) -> dict[str, Decimal]:
        """Units of all strategies together, by symbol."""


class Recovery:
    """Recovers.

    Args:
        core: What the desk shares.
        strays: Takes over orders of ours that the journal does not know.
        changes: Takes orders.
        booking: Takes executions.
        external: Keeps what is not ours.
        reconciling: Goes on comparing.
    """

    def __init__(
        self,
        core: DeskCore,
        strays: Strays,
        changes: Changes,
        booking: Booking,
        external: External,
        reconciling: Reconciling,
    ) -> None:
        self._core = core
        self._strays = strays
        self._changes = changes
        self._booking = booking
        self._external = external
        self._reconciling = reconciling
        self._missed: list[tuple[WorkingOrder, float, float, float, Bar]] = []

    def run(self, books: EngineBooks) -> Decimal:
        """Recover, and arm.

        Returns:
            The account's cash.
        """
        core = self._core
        core.adopt = books.adopt
        holdings = [h for row in books.holdings.values() for h in row]
        for holding in holdings:
            self._strays.own(holding)
        listeners = {holding: holding.on_fill for holding in holdings}
        for holding in holdings:
            holding.on_fill = None
        on_fill, core.on_fill = core.on_fill, self._noting(core.on_fill)
        try:
            cash = self._fetch(books)
        finally:
            core.on_fill = on_fill
            for holding, listener in listeners.items():
                holding.on_fill = listener
        core.closed.pop("start", None)
        core.notice(NoticeKind.RECONCILED, "the account was reconciled")
        return cash

    def tell_missed(self) -> None:
        """Tell strategies of what was executed while nobody listened; their books have it."""
        missed, self._missed = self._missed, []
        for order, units, price, fee, bar in missed:
            listener = order.owner.on_fill
            if listener is not None:
                listener(order, units, price, round(fee * 1_000_000), bar)

    def _noting(self, on_fill: Callable[..., None]) -> Callable[..., None]:
        def note(order: WorkingOrder, units: float, price: float, fee: float, bar: Bar) -> None:
            self._missed.append((order, units, price, fee, bar))
            on_fill(order, units, price, fee, bar)

        return note

    def _fetch(self, books: EngineBooks) -> Decimal:
        core = self._core
        written = core.journal.executions()
        since = self._since(written)
        booked = self._positions(books, written)
        opened = core.journal.open_orders()
        self._orders(opened, booked, books)
        if opened:
            since = min(since, opened[0].intent.created_ns)
        since -= int(core.timing.overlap * SECOND)
        live = [t.venue_id for t in core.books.live()]
        found = look_at_orders(core.venue, since, live, self._reconciling.is_known)
        for order in (*found.others, *found.open):
            self._changes.apply(order)
        self._look_up()
        self._reconciling.take(found)
        cash = self._compare(books, since)
        if core.journal_down:
            raise JournalError(
                "what the venue has done could not be written to the order journal",
                hint="make it writable, and start again",
            )
        books.set_cash(cash)
        books.count(core.journal.orders_since(core.now_ns() - DAY), core.journal.executions())
        self._reconciling.begin(core.now_ns() - int(core.timing.overlap * SECOND))
        return cash

    def _since(self, written: tuple[BookedExecution, ...]) -> int:
        """The last instant of which the journal knows something; now, at the first start."""
        journal = self._core.journal
        last = max((b.execution.at_ns for b in written), default=0)
        return max(last, journal.looked_at_ns()) or self._core.now_ns()

    def _positions(
        self, books: EngineBooks, written: tuple[BookedExecution, ...]
    ) -> dict[str, Decimal]:
        """Put the journal's executions into the books; what each order has booked."""
        holdings = _by_name(books.holdings.values())
        booked: dict[str, Decimal] = {}
        for one in written:
            execution = one.execution
            holding = holdings.get((one.strategy, execution.symbol))
            if holding is None:
                self._external.hold(execution.symbol, signed(execution))
            else:
                books.restore(holding, float(signed(execution)), float(execution.price))
            before = booked.get(execution.client_id, Decimal(0))
            booked[execution.client_id] = before + execution.quantity
        return booked

    def _orders(
        self, opened: tuple[JournaledOrder, ...], booked: dict[str, Decimal], books: EngineBooks
    ) -> None:
        """Put the journal's open orders into the books."""
        core = self._core
        holdings = _by_name(books.holdings.values())
        made: dict[str, Tracked] = {}
        for one in sorted(opened, key=lambda o: bool(o.intent.parent)):
            intent = one.intent
            holding = holdings.get((intent.strategy, intent.symbol))
            entry = made.get(intent.parent)
            sent = one.was_sent or (entry is not None if intent.parent else False)
            sent = sent or bool(one.venue_id)
            if not sent:
                core.journal.note(
                    intent.client_id, OrderEventKind.NOT_SENT, core.now_ns(), "", NEVER_LEFT
                )
                core.notice(NoticeKind.UNSENT, NEVER_LEFT, symbol=intent.symbol)
            elif holding is None:
                words = f"order {intent.client_id} of a strategy that this run has not"
                core.notice(NoticeKind.HUMAN, words, symbol=intent.symbol)
            else:
                units = booked.get(intent.client_id, Decimal(0))
                tracked = restored(one, holding, units, entry, core.timer())
                books.adopt(tracked.order)
                core.books.add(tracked)
                core.books.remember(tracked, one.venue_id)
                made[intent.client_id] = tracked
                if tracked.asked is not None and tracked.booked > tracked.asked:
                    core.overfilled(tracked)
        _pair(made, opened)

    def _look_up(self) -> None:
        """Ask for every order of which it is unclear whether it arrived."""
        core = self._core
        for tracked in list(core.books.open.values()):
            if tracked.stage is not Stage.UNKNOWN or tracked.entry is not None:
                continue
            if core.venue.capabilities.client_ids:
                said = core.venue.find(tracked.client_id)
                if said is not None:
                    self._changes.apply(said)
                    continue
            core.notice(NoticeKind.UNKNOWN, "sent before a restart, and not found yet", tracked)

    def _compare(self, books: EngineBooks, since_ns: int) -> Decimal:
        """Compare positions; what an account held before the first start is not ours.

        Returns:
            Cash of the account.
        """
        core = self._core
        found = self._quiet(since_ns)
        before = core.journal.held_before()
        if before is None:
            before = dict(found.positions)
            for units in (books.units(), self._external.positions):
                for symbol, count in units.items():
                    before[symbol] = before.get(symbol, Decimal(0)) - count
            before = {symbol: count for symbol, count in before.items() if count}
            core.journal.set_held_before(before, core.now_ns())
        for symbol, count in before.items():
            self._external.hold(symbol, count)
        self._reconciling.compare(found)
        assert found.cash is not None  # noqa: S101 - it was asked for
        return found.cash

    def _quiet(self, since_ns: int) -> PositionSnapshot:
        """Positions and cash while nothing was executed, if there is such a while."""
        venue = self._core.venue
        found = look_at_positions(venue, since_ns, with_cash=True)
        for _ in range(QUIET_TRIES):
            if not found.moving():
                break
            found = look_at_positions(venue, since_ns, with_cash=True)
        for execution in found.after:
            self._booking.take(execution, None, fetched=True)
        self._booking.settle_early()
        return found


def _by_name(rows: Iterable[list[Holding]]) -> dict[tuple[str, str], Holding]:
    return {(h.strategy, h.symbol_name): h for row in rows for h in row}


def _pair(made: dict[str, Tracked], opened: tuple[JournaledOrder, ...]) -> None:
    """Join again what ends when the other fills."""
    parents: dict[str, list[Tracked]] = {}
    for one in opened:
        tracked, other = made.get(one.intent.client_id), made.get(one.intent.oco)
        if tracked is None:
            continue
        if other is not None:
            tracked.order.oco, other.order.oco = other.order, tracked.order
        if one.intent.parent:
            parents.setdefault(one.intent.parent, []).append(tracked)
    for legs in parents.values():
        if len(legs) == 2:
            legs[0].order.oco, legs[1].order.oco = legs[1].order, legs[0].order
