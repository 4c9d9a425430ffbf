"""VenueDesk: a broker of the engine on top of a venue's adapter and the journal."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from mismartera_core.contracts.broker import (
    Broker,
    Costs,
    DoneSink,
    FillSink,
    ReplacedSink,
    Replacement,
    WorkingOrder,
)
from mismartera_core.contracts.stream import StreamChanged, StreamNoise, StreamState
from mismartera_core.contracts.venue import Executed, OrderChanged, VenueBroker, VenueEvent
from mismartera_core.managers.execution_manager.venue.booking import Booking
from mismartera_core.managers.execution_manager.venue.cancelling import Cancelling
from mismartera_core.managers.execution_manager.venue.changes import Changes
from mismartera_core.managers.execution_manager.venue.core import DeskCore, Gate
from mismartera_core.managers.execution_manager.venue.external import External
from mismartera_core.managers.execution_manager.venue.fetching import Fetcher, ThreadFetcher
from mismartera_core.managers.execution_manager.venue.lookup import LookUp
from mismartera_core.managers.execution_manager.venue.notices import DeskNotice, NoticeKind
from mismartera_core.managers.execution_manager.venue.reconciling import Reconciling
from mismartera_core.managers.execution_manager.venue.recovery import EngineBooks, Recovery
from mismartera_core.managers.execution_manager.venue.replacing import Replacing
from mismartera_core.managers.execution_manager.venue.sending import Sending
from mismartera_core.managers.execution_manager.venue.strays import Strays
from mismartera_core.managers.execution_manager.venue.timing import Timing
from mismartera_core.managers.execution_manager.venue.tracked import Stage
from mismartera_core.model.journal import OrderEventKind
from mismartera_core.model.market import Bar
from mismartera_core.model.risk import RiskVerdict
from mismartera_core.model.venue import VenueAccount, VenueOrder
from mismartera_core.repositories.journal import OrderJournal

SMALLEST = 1e-9
MINUTE = 60_000_000_000


class VenueDesk(Broker):
    """Works orders at a venue. Every call but those that are named comes from one thread.

    Args:
        venue: The adapter.
        account: The account, as the adapter told of it when its credentials were tried.
        journal: Where everything is written ahead.
        now_ns: The wall clock, nanoseconds UTC.
        run: Id of the run: a part of what makes the id of an order.
        gate: Asked just before an order leaves: why it may not, or "".
        on_notice: Told of what a human or a log should know.
        on_verdict: Told when the run has to halt.
        bar_open: Open of the base interval that holds an instant; whole minutes where left out.
        timing: How long is waited for what.
        timer: A monotonic timer, seconds.
        fetcher: Asks the venue what nobody waits for; on a thread of its own where left out.
    """

    legs_of_any_size = False

    def __init__(
        self,
        venue: VenueBroker,
        account: VenueAccount,
        journal: OrderJournal,
        now_ns: Callable[[], int],
        *,
        run: str,
        gate: Gate,
        on_notice: Callable[[DeskNotice], None],
        on_verdict: Callable[[RiskVerdict], None],
        bar_open: Callable[[int], int] | None = None,
        timing: Timing | None = None,
        timer: Callable[[], float] = monotonic,
        fetcher: Fetcher | None = None,
    ) -> None:
        self.cash = account.cash
        self.leverage = float(account.multiplier)
        self.lot = SMALLEST if venue.capabilities.fractional else 1.0
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake: Callable[[], None] = _nobody
        core = self._core = DeskCore(
            venue=venue,
            journal=journal,
            timing=timing or Timing(),
            timer=timer,
            now_ns=now_ns,
            gate=gate,
            fetcher=fetcher or ThreadFetcher(),
            tell=on_notice,
            halt=on_verdict,
            bar_open=bar_open or _minute,
            run=run,
        )
        self._external = External(core)
        strays = Strays(core)
        self._changes = Changes(core, strays, self._external)
        self._cancelling = Cancelling(core, self._changes)
        strays.cancel = self._cancelling.ask
        self._booking = Booking(
            core, self._changes, strays, self._external, self._cancelling.cancel
        )
        self._sending = Sending(core, self._changes)
        self._replacing = Replacing(core, self._changes)
        self._lookup = LookUp(core, self._changes, self._sending.send_again)
        self._reconciling = Reconciling(
            core, self._changes, self._booking, self._external, self._ours, self._agreed
        )
        self._recovery = Recovery(
            core, strays, self._changes, self._booking, self._external, self._reconciling
        )
        self._books: EngineBooks | None = None
        core.fetcher.start(self._answered)

    # what the engine calls

    def start(self, costs: Costs, on_fill: FillSink, on_done: DoneSink) -> None:
        """Connect to the engine; what a venue charges it says itself."""
        del costs
        self._core.on_fill = on_fill
        self._core.on_done = on_done

    def submit(self, order: WorkingOrder) -> None:
        """Send an order by the way of docs/live.md; it may be rejected when this returns."""
        self._sending.submit(order)

    def cancel(self, order: WorkingOrder, reason: str, now_ns: int) -> None:
        """Ask for the end of an order; it works until the venue says that it does not."""
        del now_ns
        self._cancelling.cancel(order, reason)

    def replace(self, order: WorkingOrder, terms: Replacement, now_ns: int) -> str:
        """Ask for a change of an order; it works as it was until the venue says otherwise."""
        return self._replacing.replace(order, terms, now_ns)

    def on_replaced(self, told: ReplacedSink) -> None:
        """Tell of changes that were made, and of those that were not."""
        self._core.on_replaced = told

    def match(self, symbol: int, bar: Bar, now_ns: int) -> None:
        """Nothing: the venue matches."""

    def end_session(self, close_ns: int) -> None:
        """Ask soon what became of day orders; what never left, or would go on, ends here."""
        for tracked in list(self._core.books.open.values()):
            due = not tracked.order.gtc and tracked.order.submitted_ns < close_ns
            if tracked.stage is Stage.WAITING and due:
                self._core.end(tracked, OrderEventKind.EXPIRED, "the session ended")
            elif tracked.order.extended and due:  # it would go on in the venue's post-market
                self._cancelling.cancel(tracked.order, "the session ended")
        self._reconciling.hurry()

    def working_symbols(self) -> dict[int, list[WorkingOrder]]:
        """Working orders by symbol row."""
        return self._core.books.working

    def on_news(self, wake: Callable[[], None]) -> None:
        """Have `wake` called, from any thread, whenever there is something to poll."""
        self._wake = wake

    def poll(self, now_ns: int) -> None:
        """Take what the venue has said, and ask it what is due."""
        del now_ns
        self._recovery.tell_missed()
        self._drain()
        now = self._core.timer()
        self._booking.retry()
        self._cancelling.again(now)
        self._lookup.look(now)
        self._replacing.look(now)
        self._reconciling.look(now)
        self._drain()
        self._sending.release()

    def close(self) -> None:
        """Stop listening; orders stay where they are. May be called twice."""
        self._core.closed["ended"] = "the run has ended"
        self._core.venue.close()
        self._core.fetcher.close()

    # what a live session calls beside

    def recover(self, books: EngineBooks) -> None:
        """Take up where the last process left off; orders leave only when this has returned.

        Args:
            books: The engine's books, with the holdings of every strategy.

        Raises:
            BrokerError: The venue does not answer: nothing is known, so nothing begins.
            JournalError: The journal cannot be read or written.
        """
        self._books = books
        self._core.venue.listen(self._heard)
        self.cash = self._recovery.run(books)
        self._drain()

    @property
    def blocked(self) -> str:
        """Why nothing leaves at present, in a sentence; "" where the desk is armed."""
        return self._core.shut()

    @property
    def frozen(self) -> dict[str, str]:
        """Why symbols take no entries, by symbol."""
        open_ = self._core.books.open.values()
        unclear = {t.symbol for t in open_ if t.is_unclear or t.change is not None}
        symbols = sorted(unclear | self._core.frozen_symbols.keys())
        return {symbol: self._core.frozen(symbol) for symbol in symbols}

    @property
    def external_positions(self) -> dict[str, Decimal]:
        """Units of the account that no strategy of this run holds, by symbol."""
        return dict(self._external.positions)

    @property
    def external_orders(self) -> tuple[VenueOrder, ...]:
        """Working orders of the account that are not ours."""
        return tuple(self._external.orders.values())

    @property
    def counts(self) -> dict[str, int]:
        """How often what was told of, by kind of notice."""
        return dict(self._core.counts)

    # within

    def _heard(self, event: VenueEvent) -> None:
        """Take an event, from the venue's thread."""
        self._inbox.put(partial(self._take, event))
        self._wake()

    def _answered(self, then: Any, value: Any, error: Exception | None) -> None:
        """Take an answer, from the fetcher's thread."""
        self._inbox.put(partial(then, value, error))
        self._wake()

    def _drain(self) -> None:
        while True:
            try:
                task = self._inbox.get_nowait()
            except Empty:
                return
            task()

    def _take(self, event: VenueEvent) -> None:
        core = self._core
        if isinstance(event, Executed):
            self._booking.take(event.execution, event.order)
        elif isinstance(event, OrderChanged):
            self._changes.apply(event.order)
        elif isinstance(event, StreamNoise):
            core.notice(NoticeKind.NOISE, event.what)
        else:
            self._stream(event)

    def _stream(self, event: StreamChanged) -> None:
        core = self._core
        if event.state is StreamState.LOST:
            core.closed["stream"] = f"the venue's stream of orders is down: {event.reason}"
            core.notice(NoticeKind.STREAM_LOST, event.reason)
        elif core.closed.pop("stream", None) is not None:
            core.closed["reconcile"] = "orders are being reconciled after the stream was down"
            core.notice(NoticeKind.STREAM_BACK, "the venue's stream of orders is back")
            self._reconciling.after_loss()

    def _agreed(self) -> None:
        if self._core.closed.pop("reconcile", None) is not None:
            self._core.notice(NoticeKind.RECONCILED, "orders and positions were fetched")

    def _ours(self) -> dict[str, Decimal]:
        return {} if self._books is None else self._books.units()


def _nobody() -> None:
    """Nobody waits for news yet."""


def _minute(at_ns: int) -> int:
    return at_ns - at_ns % MINUTE
