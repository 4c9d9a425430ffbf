"""DataProcessor: adds derived bars and indicators to each frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Event

from mismartera_core.store.frame import Frame, Need, Needs
from mismartera_core.threads.channel import Channel, Stopped
from mismartera_core.threads.derivation import Derivation
from mismartera_core.threads.stream_subscription import StreamSubscription
from mismartera_core.threads.worker import FrameWorker


class DataProcessor(FrameWorker):
    """The second thread.

    Args:
        stop: Set when the run is to end early.
        failed: Told of a failure.
        source: Frames from the coordinator.
        target: Frames for the analysis engine.
        ready: The analysis engine's subscription.
        derivation: Computes.
        intervals: Bar intervals the strategies asked for.
        needs: Indicators the strategies asked for.
    """

    def __init__(
        self,
        stop: Event,
        failed: Callable[[str, BaseException], None],
        source: Channel[Frame],
        target: Channel[Frame],
        ready: StreamSubscription,
        derivation: Derivation,
        intervals: Iterable[str],
        needs: Iterable[Need | Needs],
    ) -> None:
        super().__init__("DataProcessor", stop, failed, source)
        self._target = target
        self._ready = ready
        self._derivation = derivation
        self._intervals = tuple(intervals)
        self._needs = tuple(needs)

    def handle(self, frame: Frame) -> None:
        """Complete the columns of a frame and hand it on."""
        for interval in self._intervals:
            self._derivation.tracks(frame, interval)
        self._derivation.fill(frame, self._needs, self._heed)
        self.metrics.bars += sum(t.stop - t.start for t in frame.base) if frame.ends else 0
        self.metrics.worked()
        self._ready.wait_until_ready()
        self.metrics.waited()
        self.metrics.overruns = self._ready.overruns
        self._target.put(frame, self.metrics)

    def _heed(self) -> None:
        """Leave where the run is being stopped."""
        if self.stop.is_set():
            raise Stopped

    def finish(self) -> None:
        """No more frames."""
        self._target.close()
