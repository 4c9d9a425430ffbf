"""Plays the bars of a day to a live session, each step when the engine has decided on the last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from mismartera_core.contracts.stream import (
    Emit,
    StreamChanged,
    StreamedBars,
    StreamRequest,
    StreamState,
)
from mismartera_core.model.columns import BarColumns
from mismartera_core.model.intervals import MINUTE
from mismartera_core.model.orders import OrderType
from mismartera_core.store.frame import Frame
from mismartera_core.system.live_status import StatusBoard
from mismartera_core.testing.memory_provider import MemoryProvider
from mismartera_core.testing.strategy_runs import HandClock
from mismartera_core.threads.analysis_engine import AroundReplay, Replay
from mismartera_core.threads.replay.desk import Desk

if TYPE_CHECKING:
    from mismartera_core.testing.venue_stand import VenueStand

SECOND = MINUTE // 60
DELAY = SECOND // 20
"""Between the close of a bar and its arrival."""
SETTLE = 3 * SECOND
"""Until a step is closed that a symbol has no bar for."""
STUCK = 60.0
"""Real seconds within which the engine does what is waited for, however busy the machine."""
LOOKED_FOR = 5.0
"""Real seconds within which a gap is found: a session does not wait for it, this day does once."""


class WatchedBoard(StatusBoard):
    """Tells how far the engine is, and what it has booked.

    Attributes:
        reached_ns: Where the engine's clock stands, nanoseconds UTC.
        units: Positions by ticker; those that are flat are left out.
        has_gap: Whether a minute was found missing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reached_ns = 0
        self.units: Mapping[str, Decimal] = {}
        self.has_gap = False
        self._moved = threading.Condition()

    def watch(self, player: Replay, desk: Desk) -> Replay:
        """As a board does; after each turn whoever waits looks again."""
        return _Told(super().watch(player, desk), desk, self)

    def turned(self, desk: Desk) -> None:
        """Take note of a turn, by the engine's thread."""
        with self._moved:
            self.reached_ns = desk.clock.now_ns
            self.units = desk.execution.units()
            self._moved.notify_all()

    def wait(self, done: Callable[[], bool], stop: threading.Event, seconds: float = STUCK) -> None:
        """Wait until the engine has done something, or is to stop.

        Args:
            done: Whether it has.
            stop: Set when it is to stop.
            seconds: Longest wait, real seconds.
        """
        until = monotonic() + seconds
        with self._moved:
            while not (done() or stop.is_set() or monotonic() > until):
                self._moved.wait(0.05)


class _Told(AroundReplay):
    """Passes every turn on, and tells of it."""

    def __init__(self, player: Replay, desk: Desk, board: WatchedBoard) -> None:
        super().__init__(player)
        self._desk = desk
        self._board = board

    def play(self, frame: Frame) -> int:
        played = super().play(frame)
        self._board.turned(self._desk)
        return played

    def news(self, now_ns: int) -> bool:
        working = super().news(now_ns)
        self._board.turned(self._desk)
        return working


class DayPlayer(MemoryProvider):
    """Has bars up to now, by a clock of its own, and streams those of the last session.

    Args:
        bars: Bars of one minute by symbol; those before the last session are history.
        venue: Where market orders fill at the open of the bar after them; None for none.
        lost: Minutes of the session in which the connection is lost.

    Attributes:
        board: Of the session that is played to.
        clock: The time.
    """

    def __init__(
        self, bars: Mapping[str, BarColumns], venue: VenueStand | None, lost: range
    ) -> None:
        super().__init__(bars)
        last = max(int(columns.session[-1]) for columns in bars.values())
        self._today = {name: each.take(each.session == last) for name, each in bars.items()}
        self._opens = min(int(each.ts[0]) for each in self._today.values())
        self._closes = max(int(each.available_at[-1]) for each in self._today.values())
        self._venue = venue
        self._lost = range(self._opens, self._closes, MINUTE)[lost.start : lost.stop]
        self.board = WatchedBoard()
        self.clock = HandClock()
        self._turn_to(self._opens - MINUTE)

    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Bars of a range that are over by the clock, without those that are lost."""
        found = super().get_bars(symbol, interval, start_ns, end_ns)
        return found.take(
            (found.available_at <= self.clock.now_ns) & ~np.isin(found.ts, np.array(self._lost))
        )

    def stream(self, wanted: StreamRequest, emit: Emit, stop: threading.Event) -> None:
        """Play the day, then wait for the stop."""
        emit(StreamChanged(StreamState.LIVE))
        for ts in range(self._opens, self._closes, MINUTE):
            bars = {name: self._bar(name, ts) for name in wanted.symbols}
            self._fill(bars, stop)
            self._turn_to(ts + MINUTE + DELAY)
            if ts in self._lost:
                emit(StreamChanged(StreamState.LOST, "the connection is lost"))
                continue
            if comes_back := ts - MINUTE in self._lost:
                emit(StreamChanged(StreamState.LIVE))
            for name, bar in bars.items():
                if len(bar):
                    emit(StreamedBars(name, bar))
            self._decided(ts + MINUTE, bars, stop)
            if comes_back:
                self.board.wait(lambda: self.board.has_gap, stop, LOOKED_FOR)
            if stop.is_set():
                return
        self._turn_to(self._closes + MINUTE)
        stop.wait()

    def _decided(
        self, known_ns: int, bars: Mapping[str, BarColumns], stop: threading.Event
    ) -> None:
        """Wait until the engine has decided on a step; one without a bar is none."""
        if not all(map(len, bars.values())):
            self._turn_to(known_ns + SETTLE)
        if any(map(len, bars.values())):
            self.board.wait(lambda: self.board.reached_ns >= known_ns, stop)

    def _fill(self, bars: Mapping[str, BarColumns], stop: threading.Event) -> None:
        """Execute what waits at the venue for the open of a bar, and wait until it is booked."""
        if self._venue is None:
            return
        book = self._venue.book
        for order in book.working():
            bar = bars.get(order.symbol, BarColumns.empty())
            if order.type is OrderType.MARKET and len(bar) and order.quantity is not None:
                left = order.quantity - order.filled_quantity
                self._venue.execute(order.venue_id, left, Decimal(repr(float(bar.open[0]))))
        held = {name: units for name, units in book.held.items() if units}
        self.board.wait(lambda: self.board.units == held, stop)

    def _bar(self, symbol: str, ts: int) -> BarColumns:
        """The bar of a symbol that opens at an instant; none where there is none."""
        bars = self._today[symbol]
        return bars.slice(*np.searchsorted(bars.ts, (ts, ts + 1)).tolist())

    def _turn_to(self, now_ns: int) -> None:
        self.clock.now_ns = max(self.clock.now_ns, now_ns)
        if self._venue is not None:
            self._venue.turn_to(self.clock.now_ns)
