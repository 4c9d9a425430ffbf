"""SessionCoordinator: leads every session through its seven phases and sends its frames."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from queue import Queue
from threading import Event
from time import monotonic
from typing import Any

import numpy as np

from mismartera_core.errors import MisMarteraError
from mismartera_core.model.columns import (
    NO_QUOTES,
    NO_TICKS,
    PRICE_FIELDS,
    BarColumns,
    FloatArray,
)
from mismartera_core.model.intervals import DAY
from mismartera_core.model.sessions import SessionPhase
from mismartera_core.services.bar_aggregation import aggregate
from mismartera_core.store.block import (
    Block,
    build_block,
    join_blocks,
    loading_cuts,
    session_hours,
)
from mismartera_core.store.frame import Frame
from mismartera_core.threads.channel import Channel, Stopped
from mismartera_core.threads.framing import bar_times, one_step_each, whole_session
from mismartera_core.threads.live_feed import LiveFeed
from mismartera_core.threads.plan import Plan, TrailingAverage
from mismartera_core.threads.worker import Worker

_SIGNED = ("ts", *PRICE_FIELDS)


class SessionCoordinator(Worker):
    """The first thread.

    Args:
        stop: Set when the run is to end early.
        failed: Told of a failure.
        plan: What runs.
        targets: Channels to the processor and to the quality manager.
        intervals: Bar intervals in use.
        entered: Told of every phase, by this thread.
        arrivals: What the stream of a live session brings; unused in a backtest.
    """

    def __init__(
        self,
        stop: Event,
        failed: Callable[[str, BaseException], None],
        plan: Plan,
        targets: tuple[Channel[Frame], ...],
        intervals: Iterable[str],
        entered: Callable[[date, SessionPhase], None],
        arrivals: Queue[Any],
    ) -> None:
        super().__init__("SessionCoordinator", stop, failed)
        self._plan = plan
        self._targets = targets
        self._intervals = tuple(i for i in intervals if i != plan.interval)
        self._entered = entered
        self._arrivals = arrivals
        self._since_ns = 0
        self._hours = session_hours(plan.table, plan.interval, extended=plan.extended)
        self._cuts = loading_cuts(plan.table, self._hours)
        self._kept = _days_kept(plan)
        self._next = plan.first
        self._digests = {(s, f): hashlib.sha256() for s in plan.symbols for f in _SIGNED}

    def work(self) -> None:
        """Lead every session of the run from preparation to its end."""
        if self._plan.live is not None:
            # Before the past is loaded: what comes meanwhile waits in the queue, nothing is missed.
            self._since_ns = self._plan.live.listen(self._arrivals)
        for block in self._blocks():
            daily = self._daily(block)
            for session in range(max(block.first, self._next), block.stop):
                self._lead(block, session, daily)

    def fingerprint(self) -> str:
        """sha256 over the bars that were loaded, however many at once; only where it is asked for.

        Every column has a digest of its own, so that the order of loading does not matter.
        """
        whole = hashlib.sha256()
        for (symbol, name), digest in self._digests.items():
            whole.update(f"{symbol} {name} ".encode() + digest.digest())
        return whole.hexdigest()

    def finish(self) -> None:
        """No more frames."""
        for target in self._targets:
            target.close()
        if self._plan.live is None:
            return
        try:
            self._plan.live.hush()
        except MisMarteraError as error:
            if self.failure is None:  # else it is what ended this thread, and told already
                self._failed(self.name, error)

    def _blocks(self) -> Iterator[Block]:
        """Blocks in order, each with the history its first session needs."""
        plan = self._plan
        block: Block | None = None
        first = 0
        while self._next < len(plan.table):
            stop = min(self._next + plan.block_sessions, len(plan.table))
            fresh = self._load(first, stop)
            if block is not None:
                oldest = 0 if self._kept is None else max(self._next - self._kept, 0)
                fresh = join_blocks(block, fresh, oldest)
            yield fresh
            block = fresh
            first = self._next = stop

    def _load(self, first: int, stop: int) -> Block:
        plan, hours = self._plan, self._hours
        begin, end = self._cuts[[first, stop]].tolist()
        bars = plan.load(plan.symbols, plan.interval, begin, end)
        if plan.fingerprint:
            self._sign(bars)
        return build_block(bars, plan.symbols, hours, plan.interval, first, stop)

    def _sign(self, bars: Mapping[str, BarColumns]) -> None:
        for (symbol, name), digest in self._digests.items():
            digest.update(np.ascontiguousarray(getattr(bars[symbol], name)).data)

    def _lead(
        self,
        block: Block,
        session: int,
        daily: Mapping[str, FloatArray],
    ) -> None:
        if self.stop.is_set():
            raise Stopped
        plan = self._plan
        day = plan.table.dates[session]
        self._entered(day, SessionPhase.HISTORICAL_DATA)
        frame = whole_session(block, plan.table, self._hours, session, plan.trailing)
        frame.outside = block.left_out(session)
        self._add_streams(frame)
        self._entered(day, SessionPhase.HISTORICAL_INDICATORS)
        frame.historical = {name: rows[session - block.first] for name, rows in daily.items()}
        self._entered(day, SessionPhase.QUALITY)
        self._entered(day, SessionPhase.QUEUES)
        frames = self._frames(frame, session)
        self._entered(day, SessionPhase.ACTIVATION)
        self._entered(day, SessionPhase.STREAMING)
        began = monotonic()
        for part in frames:
            if plan.speed > 0.0:
                self._pace(began, (part.upto_ns - part.open_ns) / 1e9 / plan.speed)
            self._send(part)
        self._entered(day, SessionPhase.END)

    def _frames(self, frame: Frame, session: int) -> Iterable[Frame]:
        """The frames of a session: all of it, a step each, or as a stream brings them."""
        plan = self._plan
        if plan.live is not None:
            opens, closes = bar_times(self._hours, plan.table, session, plan.interval)
            return LiveFeed(
                plan.live,
                plan.symbols,
                opens,
                closes,
                self._arrivals,
                self._since_ns,
                self.stop,
                self.metrics,
            ).frames(frame)
        return [frame] if plan.speed == 0.0 else one_step_each(frame, self._intervals)

    def _send(self, frame: Frame) -> None:
        """Hand a frame to the processor and to the quality manager."""
        processor, *others = self._targets
        processor.put(frame, self.metrics)
        for target in others:
            if self._plan.live is None:
                target.put(frame, self.metrics)
            else:
                # The newest frame holds all of the session: measuring may lag, trading may not.
                target.offer(frame)
        self.metrics.frames += 1

    def _pace(self, began: float, due: float) -> None:
        """Wait until so many seconds have passed since the session began."""
        self.metrics.worked()
        if self.stop.wait(max(0.0, began + due - monotonic())):
            raise Stopped
        self.metrics.waited()

    def _add_streams(self, frame: Frame) -> None:
        plan = self._plan
        if plan.live is not None:
            count = len(plan.symbols)
            frame.ticks = (NO_TICKS,) * count if plan.live.ticks else ()
            frame.quotes = (NO_QUOTES,) * count if plan.live.quotes else ()
            return
        if plan.load_ticks is not None:
            frame.ticks = tuple(
                plan.load_ticks(s, frame.open_ns, frame.close_ns) for s in plan.symbols
            )
        if plan.load_quotes is not None:
            frame.quotes = tuple(
                plan.load_quotes(s, frame.open_ns, frame.close_ns) for s in plan.symbols
            )

    def _daily(self, block: Block) -> dict[str, FloatArray]:
        """Historical indicators, shape (sessions of the block, symbols) by name."""
        return {
            name: self._trailing_average(block, wanted)
            for name, wanted in self._plan.historical.items()
        }

    def _trailing_average(self, block: Block, wanted: TrailingAverage) -> FloatArray:
        """Mean of a field over the daily bars of the sessions before each; NaN where one lacks."""
        sessions = block.stop - block.first
        result = np.full((sessions, len(block.columns)), np.nan)
        for symbol in wanted.symbols:
            bars = aggregate(block.columns[symbol], DAY, self._hours.opens, self._hours.closes)
            values = bars.field(wanted.field)
            # By number of the session, not of the bar: how much older history the block happens
            # to hold must not matter.
            numbers = np.arange(block.first, block.stop)
            begin = np.searchsorted(bars.session, numbers - wanted.days)
            before = np.searchsorted(bars.session, numbers)
            for row, (start, end) in enumerate(zip(begin.tolist(), before.tolist(), strict=True)):
                if end - start == wanted.days:
                    result[row, symbol] = float(np.mean(values[start:end]))
        return result


def _days_kept(plan: Plan) -> int | None:
    """Trading days of history that a block holds; None for all.

    Historical indicators may look further back than what strategies are shown.
    """
    if plan.trailing is None:
        return None
    return max([plan.trailing, *(wanted.days for wanted in plan.historical.values())])
