"""Orders, executions and positions compared with the venue's: differences are told, not traded."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from mismartera_core.managers.execution_manager.venue.booking import Booking
from mismartera_core.managers.execution_manager.venue.changes import Changes
from mismartera_core.managers.execution_manager.venue.core import DeskCore
from mismartera_core.managers.execution_manager.venue.external import External
from mismartera_core.managers.execution_manager.venue.notices import NoticeKind
from mismartera_core.managers.execution_manager.venue.snapshots import (
    look_at_orders,
    look_at_positions,
)
from mismartera_core.managers.execution_manager.venue.strikes import Strikes
from mismartera_core.managers.execution_manager.venue.tracked import Stage, Tracked
from mismartera_core.model.venue import Execution, OrderSnapshot, PositionSnapshot

SECOND = 1_000_000_000


class Reconciling:
    """Compares, at intervals and after a lost stream.

    Args:
        core: What the desk shares.
        changes: Takes orders.
        booking: Takes executions.
        external: Keeps what is not ours.
        ours: Units of the strategies by symbol.
        agreed: Called when everything was compared after a lost stream.
    """

    def __init__(
        self,
        core: DeskCore,
        changes: Changes,
        booking: Booking,
        external: External,
        ours: Callable[[], dict[str, Decimal]],
        agreed: Callable[[], None],
    ) -> None:
        self._core = core
        self._changes = changes
        self._booking = booking
        self._external = external
        self._ours = ours
        self._agreed = agreed
        self._strikes = Strikes(core)
        self._since_ns = 0
        self._orders_due = 0.0
        self._positions_due = 0.0
        self._asking: set[str] = set()
        self._age = 0
        self._orders_age = -1
        changes.missing = self.hurry

    def begin(self, since_ns: int) -> None:
        """Executions are asked for from an instant on; comparisons begin."""
        now, timing = self._core.timer(), self._core.timing
        self._since_ns = since_ns
        self._orders_due = now + timing.orders_every
        self._positions_due = now + timing.positions_every

    def hurry(self) -> None:
        """Compare orders and executions as soon as may be."""
        self._orders_due = min(self._orders_due, self._core.timer())

    def after_loss(self) -> None:
        """The stream is back: what it did not tell of is fetched before anything leaves."""
        self._age += 1
        self._orders_due = self._positions_due = self._core.timer()

    def look(self, now: float) -> None:
        """Ask for what is due."""
        if now >= self._orders_due:
            self._ask("orders")
        if now >= self._positions_due:
            self._ask("positions")

    def _ask(self, what: str) -> None:
        if what in self._asking:
            return
        core, since, age = self._core, self._since_ns, self._age
        self._asking.add(what)
        if what == "orders":
            began_ns = core.now_ns()
            live = core.books.live()
            ids = [t.venue_id for t in live]
            core.fetcher.ask(
                lambda: look_at_orders(core.venue, since, ids, self.is_known),
                lambda found, error: self._orders(found, error, live, began_ns, age),
            )
        else:
            self._booking.booked.clear()
            core.fetcher.ask(
                lambda: look_at_positions(core.venue, since),
                lambda found, error: self._positions(found, error, age),
            )

    def is_known(self, execution: Execution) -> bool:
        """Whether it is known whose an execution is."""
        return self._core.journal.is_booked(execution) or (
            self._core.books.by_venue(execution.venue_id) is not None
        )

    def _orders(
        self,
        found: OrderSnapshot | None,
        error: Exception | None,
        live: list[Tracked],
        began_ns: int,
        age: int,
    ) -> None:
        core, timing = self._core, self._core.timing
        self._asking.discard("orders")
        if found is None:
            self._orders_due = self._failed(error)
            return
        core.answered()
        self._orders_age = age
        self._orders_due = core.timer() + (timing.orders_every if age == self._age else 0.0)
        self.take(found)
        self._since_ns = max(self._since_ns, began_ns - int(timing.overlap * SECOND))
        unwritten = self._booking.unwritten()
        for tracked in live:
            if tracked.symbol in unwritten:
                continue  # they are not missing: it is the journal that cannot take them
            why = ""
            if tracked.stage is Stage.LIVE and tracked.venue_id in found.absent:
                why = "the venue knows it no more"
            elif tracked.stage is Stage.LIVE and tracked.ending is not None:
                why = "its executions are missing"
            self._strikes.count(f"order {tracked.client_id}", why)
        if self._strikes.any_orders():
            self._orders_due = min(self._orders_due, core.timer() + timing.retry)

    def take(self, found: OrderSnapshot) -> None:
        """Take what the venue says, in whatever order it says it."""
        for order in (*found.others, *found.open):
            self._changes.apply(order)
        self._external.only({o.venue_id for o in found.open})
        for execution in found.executions:
            self._booking.take(execution, None, fetched=True)
        self._booking.settle_early()

    def _positions(self, found: PositionSnapshot | None, error: Exception | None, age: int) -> None:
        core, timing = self._core, self._core.timing
        self._asking.discard("positions")
        if found is None:
            self._positions_due = self._failed(error)
            return
        core.answered()
        self._positions_due = core.timer() + timing.positions_every
        for execution in found.after:
            self._booking.take(execution, None, fetched=True)
        self._booking.settle_early()
        if not self.compare(found):
            self._positions_due = core.timer() + timing.orders_every
        if not age == self._age == self._orders_age:
            self._positions_due = core.timer()
        elif "stream" not in core.closed:
            self._agreed()

    def compare(self, found: PositionSnapshot) -> bool:
        """Compare positions; what moved meanwhile is left for the next time.

        Returns:
            Whether everything that could be compared agrees.
        """
        core = self._core
        known = {e.execution_id for e in found.after}
        moving = found.moving()
        moving |= {s for i, s in self._booking.booked.items() if i not in known}
        moving |= self._booking.unwritten()
        expected = self._ours()
        for symbol, units in self._external.positions.items():
            expected[symbol] = expected.get(symbol, Decimal(0)) + units
        agrees = True
        symbols = expected.keys() | found.positions.keys() | core.frozen_symbols.keys()
        for symbol in sorted(symbols - moving):
            ours = expected.get(symbol, Decimal(0))
            theirs = found.positions.get(symbol, Decimal(0))
            why = "" if ours == theirs else f"we hold {ours} {symbol}, the venue says {theirs}"
            self._strikes.count(f"position {symbol}", why, symbol)
            agrees = agrees and not why
        return agrees

    def _failed(self, error: Exception | None) -> float:
        """Tell that the venue did not answer; when to ask again."""
        self._core.notice(NoticeKind.FAILED, f"the venue did not answer: {error}")
        return self._core.ask_again()
