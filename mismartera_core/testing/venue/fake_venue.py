"""A venue without a dialect: an account, an order book and a market that replays bars."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from mismartera_core.errors import UsageError
from mismartera_core.model.columns import BarColumns, QuoteColumns, TickColumns
from mismartera_core.model.sessions import SessionTable
from mismartera_core.testing.venue.amounts import exact
from mismartera_core.testing.venue.book import BookRules, FeeRule, OrderBook
from mismartera_core.testing.venue.checks import AccountRules, Checks
from mismartera_core.testing.venue.clock import VenueClock
from mismartera_core.testing.venue.desk import OrderDesk
from mismartera_core.testing.venue.events import (
    MarketEvent,
    MarketListener,
    OrderEvent,
    OrderListener,
)
from mismartera_core.testing.venue.hours import Hours, hours_of
from mismartera_core.testing.venue.ledger import Ledger
from mismartera_core.testing.venue.playing import Player
from mismartera_core.testing.venue.replaying import Replaying
from mismartera_core.testing.venue.tape import Tape
from mismartera_core.testing.venue.ticker import Ticker
from mismartera_core.testing.venue.timeline import Timeline, Turn
from mismartera_core.testing.venue.trading import Trading

if TYPE_CHECKING:
    from types import TracebackType

    import pandas as pd

_NAMESPACE = uuid.UUID("6f1a3c58-9a07-4f0e-8f0c-3f2d8a4f9b11")


class FakeVenue(Trading):
    """A venue on this machine, in no broker's dialect.

    It replays bars: its clock stands until `advance` moves it, or runs while `play` lets it. Orders
    fill from the bars by the rules of docs/order-semantics.md, exactly, in Decimal.

    Attributes:
        clock: The venue's clock; give it to the system under test.
        hours: When the market is open.
        ledger: Cash and positions.
        rules: What the account may do; may be changed at any time.
        book: All orders and executions.
        ticker: Quotes and trades.
        tape: The bars; delays, lost and late bars are told to it.
        account_id: The number a user knows the account by.
        activity_ids: Whether the list of executions names each by the id that the stream told it
            by; False has it use ids of its own.
        hard_to_borrow: Symbols that cannot be borrowed easily.
        lock: Held while anything changes; take it to look at several things at one instant.

    Args:
        bars: By symbol: columns, or DataFrames by open time.
        cash: Account currency at the start.
        multiplier: Buying power as a multiple of equity; None for no limit.
        shorting: Whether the account may sell short.
        crossing: Whether one order may take a position through zero; most venues refuse it.
        wash_trades: Whether orders on both sides of a symbol may rest at once; most venues refuse.
        participation: Share of a bar's volume that may fill; None for no limit.
        lot: Partial fills are whole multiples of it.
        fee: Fee of each fill by side, units and price; None for none.
        prompt: An order that fills at the open of the bar that is forming does so as soon as it is
            taken, as at a venue, not when the bar closes. Not with `participation`.
        grace_seconds: An order that arrives so soon after the open of a bar counts as one that was
            there at the open: what it took to decide and to send it.
        start_ns: Where the clock stands first; at the first open where it is left out.
        sessions: When the market is open; where left out, whenever there are bars on a day.
        quotes: Quotes by symbol, published as the clock passes them.
        ticks: Trades by symbol, published as the clock passes them.
        name: Makes the ids of its orders differ from those of other venues.
    """

    def __init__(
        self,
        bars: Mapping[str, BarColumns | pd.DataFrame],
        *,
        cash: Decimal | int | str = 100_000,
        multiplier: Decimal | int | str | None = 1,
        shorting: bool = True,
        crossing: bool = False,
        wash_trades: bool = False,
        participation: Decimal | str | float | None = None,
        lot: Decimal | int | str = 1,
        fee: FeeRule | None = None,
        prompt: bool = False,
        grace_seconds: float = 30.0,
        start_ns: int | None = None,
        sessions: SessionTable | None = None,
        quotes: Mapping[str, QuoteColumns] | None = None,
        ticks: Mapping[str, TickColumns] | None = None,
        name: str = "venue",
    ) -> None:
        if prompt and participation is not None:
            raise UsageError(
                "a venue that limits participation cannot fill at the open: how much would fill "
                "depends on orders that come later",
                hint="leave out prompt or participation",
            )
        self.tape = Tape(bars)
        self.ticker = Ticker(quotes or {}, ticks or {})
        self.hours = Hours(hours_of(self.tape.bars) if sessions is None else sessions)
        first = min((int(b.ts[0]) for b in self.tape.bars.values() if len(b)), default=0)
        self.clock = VenueClock(first if start_ns is None else start_ns)
        self.ledger = Ledger(exact(cash))
        self.rules = AccountRules(
            multiplier=None if multiplier is None else exact(multiplier),
            shorting=shorting,
            crossing=crossing,
            wash_trades=wash_trades,
        )
        share = None if participation is None else exact(participation)
        book_rules = BookRules(participation=share, lot=exact(lot), fee=fee)
        self.account_id = f"FAKE-{name.upper()}"
        self.activity_ids = True
        self.hard_to_borrow: set[str] = set()
        self.lock = threading.RLock()
        self._name = name
        self._player: Player | None = None
        self._prompt, self._grace_ns = prompt, int(grace_seconds * 1e9)
        self._order_listeners: list[OrderListener] = []
        self._market_listeners: list[MarketListener] = []
        self._halted: set[str] = set()
        self.book = OrderBook(self.ledger, book_rules, self._tell, self.make_id)
        self.checks = Checks(self.book, self.ledger, self.rules)
        self._desk = OrderDesk(self.book, self.checks, self.last_price, self.make_id)
        self._timeline = Timeline()
        self._replaying = Replaying(self, self._timeline)
        self._replaying.start()

    # ---- the test drives

    @property
    def next_ns(self) -> int | None:
        """The next instant at which something is due; None when the tape has ended."""
        with self.lock:
            return self._timeline.next_ns

    def advance(self, to_ns: int) -> None:
        """Move the clock, and let everything happen that is due until then, in order.

        Args:
            to_ns: Where the clock is to stand, nanoseconds UTC; what is due then has happened.
        """
        with self.lock:
            while (due := self._timeline.next_ns) is not None and due <= to_ns:
                self.clock.set(due)
                self._timeline.pop()()
            self.clock.set(to_ns)

    def at(self, at_ns: int, action: Callable[[], None]) -> None:
        """Have something done when the clock comes to an instant, after what is published then.

        Args:
            at_ns: When, nanoseconds UTC.
            action: What; a method of the venue, or anything that does not block.
        """
        with self.lock:
            self._timeline.put(max(at_ns, self.clock.now_ns), Turn.SCRIPT, action)
            if self._player is not None:
                self._player.wake()

    def play(self, minute_seconds: float, until_ns: int | None = None) -> None:
        """Let the clock run in a thread of its own; returns at once.

        Args:
            minute_seconds: Real seconds that a minute of the venue takes.
            until_ns: Where it stops; at the end of the tape where it is left out.
        """
        self.pause()
        self._player = Player(self, 60.0 / minute_seconds, until_ns)

    def wait_for_end(self, timeout: float) -> bool:
        """Wait until the clock has come to where it stops.

        Args:
            timeout: Longest wait, real seconds.

        Returns:
            Whether it is there.

        Raises:
            Exception: What went wrong while it ran.
        """
        player = self._player
        if player is None:
            return True
        ended = player.ended.wait(timeout)
        if player.error is not None:
            raise player.error
        return ended

    def pause(self) -> None:
        """Stop the clock where it is."""
        player, self._player = self._player, None
        if player is not None:
            player.stop()

    # ---- the market

    def revise(self, symbol: str, ts: int, **values: float) -> None:
        """Correct a bar that is known, and publish the correction.

        Args:
            symbol: Ticker.
            ts: Its open, nanoseconds UTC.
            **values: What is different: open, high, low, close, volume.
        """
        with self.lock:
            whole = self.tape.revise(symbol, ts, values)
            self.publish([MarketEvent("revised", symbol, ts, whole)])

    def halt(self, symbol: str) -> None:
        """Stop trading in a symbol: its bars are not published, nothing fills, no order is taken.

        Args:
            symbol: Ticker.
        """
        self._set_halted(symbol, halted=True)

    def resume(self, symbol: str) -> None:
        """Let trading in a symbol go on.

        Args:
            symbol: Ticker.
        """
        self._set_halted(symbol, halted=False)

    def is_halted(self, symbol: str) -> bool:
        """Whether trading in a symbol is stopped."""
        return symbol in self._halted

    def publish(self, events: list[MarketEvent]) -> None:
        """Tell listeners of the market something.

        Args:
            events: What is published at this instant.
        """
        with self.lock:
            for listener in self._market_listeners:
                listener(events)

    # ---- listeners and life

    def on_order(self, listener: OrderListener) -> None:
        """Have changes of orders told.

        Args:
            listener: Called under the venue's lock; it only takes note.
        """
        self._order_listeners.append(listener)

    def on_market(self, listener: MarketListener) -> None:
        """Have what is published told.

        Args:
            listener: Called under the venue's lock; it only takes note.
        """
        self._market_listeners.append(listener)

    def make_id(self, what: str, number: int) -> str:
        """An id: the same venue gives the same ids in the same order.

        Args:
            what: What it is for.
            number: Counts.
        """
        return str(uuid.uuid5(_NAMESPACE, f"{self._name} {what} {number}"))

    def close(self) -> None:
        """End what runs; closing twice does nothing."""
        self.pause()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ---- inside

    def _tell(self, event: OrderEvent) -> None:
        for listener in self._order_listeners:
            listener(event)

    def _set_halted(self, symbol: str, *, halted: bool) -> None:
        with self.lock:
            (self._halted.add if halted else self._halted.discard)(symbol)
            values = {"halted": float(halted)}
            self.publish([MarketEvent("status", symbol, self.clock.now_ns, values)])
