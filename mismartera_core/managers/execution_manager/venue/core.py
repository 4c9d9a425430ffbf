"""What the parts of the desk share: the venue, the journal, the books, and who is told."""

from __future__ import annotations

from collections.abc import Callable

from mismartera_core.contracts.broker import DoneSink, FillSink, ReplacedSink, WorkingOrder
from mismartera_core.contracts.venue import VenueBroker
from mismartera_core.errors import JournalError
from mismartera_core.managers.execution_manager.venue.books import OrderBooks
from mismartera_core.managers.execution_manager.venue.fetching import Fetcher
from mismartera_core.managers.execution_manager.venue.notices import DeskNotice, NoticeKind
from mismartera_core.managers.execution_manager.venue.timing import Timing
from mismartera_core.managers.execution_manager.venue.tracked import Stage, Tracked
from mismartera_core.model.journal import OrderEventKind
from mismartera_core.model.orders import ENTRY_ENDED, OrderStatus
from mismartera_core.model.risk import RiskState, RiskVerdict
from mismartera_core.model.venue import Execution
from mismartera_core.repositories.journal import OrderJournal

Gate = Callable[[WorkingOrder], str]
"""Why an order may not leave now; "" lets it pass."""

_STATUS = {
    OrderEventKind.FILLED: OrderStatus.FILLED,
    OrderEventKind.CANCELLED: OrderStatus.CANCELLED,
    OrderEventKind.EXPIRED: OrderStatus.EXPIRED,
}
"""Every other ending is a rejection."""


class DeskCore:
    """Shared by the parts of one desk; the analysis thread's alone.

    Args:
        venue: The adapter.
        journal: Where everything is written ahead.
        timing: How long is waited for what.
        timer: A monotonic timer, seconds.
        now_ns: The wall clock, nanoseconds UTC.
        gate: What risk says of an order just before it leaves.
        fetcher: Asks the venue what nobody waits for.
        tell: Takes notices.
        halt: Takes verdicts for the risk control.
        bar_open: Open of the base interval that holds an instant.
        run: Id of the run: a part of what makes the id of an order.

    Attributes:
        books: Orders of ours.
        closed: Why nothing leaves, by cause; empty when the desk is armed.
        frozen_symbols: Why symbols take no entries, beside orders whose fate is unclear.
        counts: How often what happened.
        journal_down: Whether the last thing that was to be written was not.
    """

    def __init__(
        self,
        *,
        venue: VenueBroker,
        journal: OrderJournal,
        timing: Timing,
        timer: Callable[[], float],
        now_ns: Callable[[], int],
        gate: Gate,
        fetcher: Fetcher,
        tell: Callable[[DeskNotice], None],
        halt: Callable[[RiskVerdict], None],
        bar_open: Callable[[int], int],
        run: str,
    ) -> None:
        self.venue = venue
        self.journal = journal
        self.timing = timing
        self.timer = timer
        self.now_ns = now_ns
        self.gate = gate
        self.fetcher = fetcher
        self.bar_open = bar_open
        self.run = run
        self.books = OrderBooks()
        self.closed: dict[str, str] = {"start": "the account has not been reconciled yet"}
        self.frozen_symbols: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.journal_down = False
        self.on_fill: FillSink = nobody
        self.on_done: DoneSink = nobody
        self.on_replaced: ReplacedSink = nobody
        self.adopt: Callable[[WorkingOrder], None] = nobody
        self._tell = tell
        self._halt = halt
        self._pause = timing.retry

    def notice(
        self, kind: NoticeKind, words: str, tracked: Tracked | None = None, symbol: str = ""
    ) -> None:
        """Tell of something, and count it."""
        self.counts[kind.value] = self.counts.get(kind.value, 0) + 1
        about = ("", symbol) if tracked is None else (tracked.client_id, tracked.symbol)
        self._tell(DeskNotice(kind, about[1], about[0], words, self.now_ns()))

    def ask_again(self) -> float:
        """When to ask a venue again that did not answer: later each time in a row."""
        pause = self._pause
        self._pause = min(2.0 * pause, self.timing.longest_retry)
        return self.timer() + pause

    def answered(self) -> None:
        """The venue has answered: the next failure is the first in a row."""
        self._pause = self.timing.retry

    def halt(self, limit: str, reason: str) -> None:
        """Tell the risk control to halt."""
        self._halt(RiskVerdict(state=RiskState.HALTED, limit=limit, reason=reason))

    def note(
        self, tracked: Tracked, kind: OrderEventKind, words: str = "", venue_id: str = ""
    ) -> bool:
        """Write what happened to an order; what the venue did is so also where that fails.

        Returns:
            Whether it is durable.
        """
        if not tracked.journaled:
            return True
        known = venue_id or tracked.venue_id
        try:
            self.journal.note(tracked.client_id, kind, self.now_ns(), known, words)
        except JournalError as error:
            self.journal_failed(error)
            return False
        self.journal_down = False
        return True

    def journal_failed(self, error: JournalError) -> None:
        """No journal, no order; told once until it works again."""
        if not self.journal_down:
            self.journal_down = True
            self.notice(NoticeKind.JOURNAL, str(error))
            self.halt("journal", str(error))

    def book(self, execution: Execution, client_id: str) -> bool | None:
        """Write an execution; None where the journal fails, False where it was written before."""
        try:
            new = self.journal.book(execution, client_id, self.now_ns())
        except JournalError as error:
            self.journal_failed(error)
            return None
        self.journal_down = False
        return new

    def end(self, tracked: Tracked, kind: OrderEventKind, reason: str) -> None:
        """An order has ended otherwise than by filling; its held legs end with it."""
        self.note(tracked, kind, reason)
        order = tracked.order
        order.status = _STATUS.get(kind, OrderStatus.REJECTED)
        order.is_done = True
        order.reason = tracked.cancelling if _by_us(tracked, kind) else reason
        order.updated_ns = self.now_ns()
        self.books.remove(tracked)
        self.outrun(tracked)
        self.on_done(order)
        for leg in tracked.legs:
            if leg.stage is Stage.DONE or leg.order.status is not OrderStatus.HELD:
                continue
            if tracked.booked > 0:
                leg.order.status = OrderStatus.WORKING
            else:
                leg.ending = leg.ending or (OrderEventKind.CANCELLED, ENTRY_ENDED)
                self.finish(leg)

    def outrun(self, tracked: Tracked) -> None:
        """An order has ended before a change of it was made."""
        change, tracked.change = tracked.change, None
        if change is not None:
            reason = f"it was faster: {tracked.order.status.value}"
            self.on_replaced(tracked.order, change.wanted, reason)

    def overfilled(self, tracked: Tracked) -> None:
        """Tell that more was filled than was asked for; it is so, and the books have it."""
        tracked.order.reason = f"{tracked.booked} units were filled, {tracked.asked} were asked for"
        self.notice(NoticeKind.OVERFILLED, tracked.order.reason, tracked)

    def finish(self, tracked: Tracked) -> None:
        """End an order that the venue has ended, once all that it has filled is booked."""
        if tracked.ending is None or tracked.stage is Stage.DONE:
            return
        if tracked.booked < tracked.seen:
            return
        kind, words = tracked.ending
        if kind is OrderEventKind.FILLED and tracked.booked == tracked.quantity:
            words = tracked.order.reason
        elif kind is OrderEventKind.FILLED:
            words = f"the venue calls it filled with {tracked.booked} of {tracked.quantity}"
            kind = OrderEventKind.CANCELLED
        self.end(tracked, kind, words)

    def frozen(self, symbol: str) -> str:
        """Why a symbol takes no entries; "" where it does."""
        unclear = next(self.books.unclear(symbol), None)
        if unclear is None:
            return self.frozen_symbols.get(symbol, "")
        return f"{symbol} is frozen: the fate of order {unclear.client_id} is unclear"

    def shut(self) -> str:
        """Why nothing leaves; "" where the desk is armed."""
        return next(iter(self.closed.values()), "")

    def kept_back(self, order: WorkingOrder) -> str:
        """Why an order, or a change of it, may not leave at this moment; "" where it may."""
        return self.shut() or self.gate(order)


def _by_us(tracked: Tracked, kind: OrderEventKind) -> bool:
    return kind is OrderEventKind.CANCELLED and bool(tracked.cancelling)


def nobody(*_told: object) -> None:
    """Nobody listens yet."""
