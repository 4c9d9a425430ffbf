"""AnalysisEngine: replays frames, runs strategies, sends their orders."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Protocol

from mismartera_core.store.frame import Frame
from mismartera_core.threads.channel import Channel
from mismartera_core.threads.stream_subscription import StreamSubscription
from mismartera_core.threads.worker import FrameWorker


class Replay(Protocol):
    """Replays frames: step by step, or compiled.

    Attributes:
        notes: What a reader of the result should know of how it was done.
    """

    notes: tuple[str, ...]

    def play(self, frame: Frame) -> int:
        """Replay a frame; returns the bars of its session where the session ends with it."""

    def interrupt(self) -> None:
        """End the replay within the frame, by `Stopped`; to be called by another thread."""

    def finish(self) -> None:
        """The run has ended: book what is left."""


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
    ) -> None:
        super().__init__("AnalysisEngine", stop, failed, source)
        self._ready = ready
        self._player = player
        self._began = began
        self._ended = ended

    def handle(self, frame: Frame) -> None:
        """Replay a frame."""
        if frame.opens:
            self._began(frame)
        bars = self._player.play(frame)
        self.metrics.bars += bars
        if frame.ends:
            self._ended(frame, bars)
        self._ready.signal_ready()
