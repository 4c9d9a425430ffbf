"""AnalysisEngine: replays frames, runs strategies, sends their orders."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import Protocol

from mismartera_core.store.frame import Frame
from mismartera_core.threads.channel import Channel, Stopped
from mismartera_core.threads.garbage import Quiet, tidy_young
from mismartera_core.threads.stream_subscription import StreamSubscription
from mismartera_core.threads.worker import FrameWorker

LOOK_AROUND = 0.25
"""Seconds after which a live session hears its venue although nothing woke it."""
HEAR_OUT = 5.0
"""Seconds after the close in which a venue may still say what became of the last orders."""


class Replay(Protocol):
    """Replays frames: step by step, or compiled."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the result should know of how it was done."""

    def play(self, frame: Frame) -> int:
        """Replay a frame; returns the bars of its session where the session ends with it."""

    def interrupt(self) -> None:
        """End the replay within the frame, by `Stopped`; to be called by another thread."""

    def news(self, now_ns: int) -> bool:
        """Deliver what a venue has said; returns whether orders still work."""

    def finish(self) -> None:
        """The run has ended: book what is left."""


class AroundReplay:
    """Passes every turn on to a player; who adds something to a turn inherits the rest.

    Args:
        player: The player.
    """

    def __init__(self, player: Replay) -> None:
        self._player = player

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the result should know of how it was done."""
        return self._player.notes

    def play(self, frame: Frame) -> int:
        """Replay a frame; returns the bars of its session where the session ends with it."""
        return self._player.play(frame)

    def interrupt(self) -> None:
        """End the replay within the frame."""
        self._player.interrupt()

    def news(self, now_ns: int) -> bool:
        """Deliver what a venue has said; returns whether orders still work."""
        return self._player.news(now_ns)

    def finish(self) -> None:
        """The run has ended: book what is left."""
        self._player.finish()


class AnalysisEngine(FrameWorker):
    """The fourth thread.

    Args:
        stop: Set when the run is to end early.
        failed: Told of a failure.
        source: Frames from the processor.
        ready: Its subscription: the processor waits for it.
        player: Replays a frame.
        began: Told of each session's first frame, by this thread.
        ended: Told of each session's last frame and the bars of the session.
        now_ns: The wall clock of a live session, nanoseconds UTC; None in a backtest.
    """

    def __init__(
        self,
        stop: Event,
        failed: Callable[[str, BaseException], None],
        source: Channel[Frame],
        ready: StreamSubscription,
        player: Replay,
        began: Callable[[Frame], None],
        ended: Callable[[Frame, int], None],
        now_ns: Callable[[], int] | None = None,
    ) -> None:
        super().__init__("AnalysisEngine", stop, failed, source)
        self._ready = ready
        self._player = player
        self._began = began
        self._ended = ended
        self._now_ns = now_ns
        self._quiet = Quiet()
        self.patience = None if now_ns is None else LOOK_AROUND

    def work(self) -> None:
        """Replay frames until there are no more; live, hear out the venue."""
        super().work()
        if self._now_ns is None:
            return
        until = monotonic() + HEAR_OUT
        while self._player.news(self._now_ns()) and monotonic() < until:
            if self.stop.wait(LOOK_AROUND / 5):
                raise Stopped

    def look_around(self) -> None:
        """Deliver what a venue has said."""
        assert self._now_ns is not None  # noqa: S101 - nobody else has patience
        self._player.news(self._now_ns())
        self._quiet.tidy()

    def handle(self, frame: Frame) -> None:
        """Replay a frame."""
        if self._now_ns is not None:
            self._player.news(self._now_ns())
        if frame.opens:
            self._began(frame)
        bars = self._player.play(frame)
        self.metrics.bars += bars
        if frame.ends:
            self._ended(frame, bars)
        self._ready.signal_ready()
        if self._now_ns is not None:
            tidy_young()
