"""The frames of a live session, as its stream brings them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from queue import Empty, Queue
from threading import Event
from typing import Any

from mismartera_core.contracts.stream import StreamedBars
from mismartera_core.managers.data_manager.streams import StreamEnded, StreamItem
from mismartera_core.model.columns import BarColumns, IntArray
from mismartera_core.monitoring.performance import PerformanceMetrics
from mismartera_core.store.frame import Frame, Track, known_rows
from mismartera_core.store.live_bars import LiveBars
from mismartera_core.store.live_step import LiveStep, apply_changes
from mismartera_core.store.live_ticks import LiveTicks
from mismartera_core.threads.channel import Stopped
from mismartera_core.threads.live_steps import LiveSteps
from mismartera_core.threads.plan import LivePlan

_LONGEST = 0.05
_SHORTEST = 0.002
"""Seconds that one wait for the stream may take: a clock may run faster than ours."""


class LiveFeed:
    """Turns the items of a queue into frames.

    Args:
        live: Stream, clock and patience.
        symbols: Tickers, by row.
        opens: Opens of the bars that the session can have, nanoseconds UTC.
        closes: When each of them is known.
        queue: StreamItem of the stream and of gap fillers, and StreamEnded.
        since_ns: When it began to listen, nanoseconds UTC.
        stop: Set when the run is to end early.
        metrics: Of the thread that asks for frames.
    """

    def __init__(
        self,
        live: LivePlan,
        symbols: Sequence[str],
        opens: IntArray,
        closes: IntArray,
        queue: Queue[Any],
        since_ns: int,
        stop: Event,
        metrics: PerformanceMetrics,
    ) -> None:
        self._live = live
        self._symbols = tuple(symbols)
        self._opens = opens
        self._closes = closes
        self._queue = queue
        self._since_ns = since_ns
        self._stop = stop
        self._metrics = metrics

    def frames(self, whole: Frame) -> Iterator[Frame]:
        """Frames until the session is over.

        Args:
            whole: History, and what of the session had become known when it was loaded.

        Raises:
            Stopped: The run is being stopped.
        """
        live = self._live
        bars, later = zip(*map(self._split, whole.base), strict=True)
        books = [LiveBars(columns, whole.session) for columns in bars]
        ticks = [LiveTicks() for _ in whole.ticks]
        if live.recorded is not None:
            made: Frame | None = None
            for known in live.recorded():
                apply_changes(books, known.changes)
                made = frame_of(whole, known, books, ticks, made)
                yield made
            return
        steps = LiveSteps(
            self._symbols, self._opens, self._closes, live.settle_ns, books, self._since_ns
        )
        for symbol, columns in zip(self._symbols, later, strict=True):
            steps.take(StreamedBars(symbol, columns), self._since_ns)
        frame: Frame | None = None
        for now_ns, item in self._arrived(steps):
            while (step := steps.due(now_ns)) is not None:
                live.record(step)
                frame = frame_of(whole, step, books, ticks, frame)
                yield frame
                if step.ends:
                    return
            if item is not None:
                steps.take(item.event, item.arrived_ns, item.source)

    def _split(self, track: Track) -> tuple[BarColumns, BarColumns]:
        """What was known when it began to listen, and what has become known since."""
        known = known_rows(track.columns, track.start, self._since_ns)
        return track.columns.slice(0, known), track.columns.slice(known, track.stop)

    def _arrived(self, steps: LiveSteps) -> Iterator[tuple[int, StreamItem | None]]:
        """What comes, each at its instant, and the time whenever nothing waits.

        The time is read before the queue is emptied: however late this thread looks, a step is
        closed by what had come when it was to be closed, not by what it has come to see.
        """
        first: StreamItem | StreamEnded | None = None
        while True:
            now_ns = self._live.now_ns()
            if first is not None:
                yield from self._heard(first)
            while not self._queue.empty():
                yield from self._heard(self._queue.get())
            yield now_ns, None
            first = self._wait((steps.due_ns - now_ns) / 1e9)

    def _heard(self, item: StreamItem | StreamEnded) -> Iterator[tuple[int, StreamItem]]:
        if isinstance(item, StreamItem):
            yield item.arrived_ns, item
        elif item.error is not None:
            raise item.error

    def _wait(self, left: float) -> StreamItem | StreamEnded | None:
        """The next item, or None when it is time to look at the clock again."""
        self._metrics.worked()
        try:
            found: StreamItem | StreamEnded = self._queue.get(
                timeout=min(max(left, _SHORTEST), _LONGEST)
            )
        except Empty:
            return None
        finally:
            self._metrics.waited()
            if self._stop.is_set():
                raise Stopped
        return found


def frame_of(
    whole: Frame,
    step: LiveStep,
    bars: Sequence[LiveBars],
    ticks: Sequence[LiveTicks],
    before: Frame | None = None,
) -> Frame:
    """The frame of a step, after its changes have been applied to the columns.

    Args:
        whole: History and hours of the session.
        step: The step.
        bars: Columns by symbol row.
        ticks: Trades of the session so far by symbol row, where they are streamed; those of the
            step are added.
        before: The frame of the step before; where no bar has come or changed since, its bars are
            shared, which is how the threads after this one see that there is nothing to compute.
    """
    if ticks:
        for row, columns in step.ticks:
            ticks[row].add(columns)
    quotes = dict(step.quotes)
    if before is None or step.changes:
        revisions = tuple(book.revisions for book in bars)
        base = tuple(
            Track(book.columns, track.hist, track.start, len(book))
            for book, track in zip(bars, whole.base, strict=True)
        )
    else:
        revisions, base = before.revisions, before.base
    return replace(
        whole,
        opens=step.opens,
        ends=step.ends,
        upto_ns=step.upto_ns,
        seen_ns=step.seen_ns,
        next_ns=step.next_ns,
        feed=step.feed,
        revisions=revisions,
        base=base,
        ticks=tuple(book.columns for book in ticks),
        quotes=tuple(quotes.get(row, nothing) for row, nothing in enumerate(whole.quotes)),
        anchored=False,
        uniform=False,
        derived={},
        values={},
        many={},
    )
