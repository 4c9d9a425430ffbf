"""A worker: one of the four threads, with its failure kept and its time counted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from threading import Event, Thread

from mismartera_core.monitoring.performance import PerformanceMetrics
from mismartera_core.store.frame import Frame
from mismartera_core.threads.channel import Channel, Idle, Stopped


class Worker(Thread):
    """Runs `work` once; whatever it raises is kept and stops the run.

    Args:
        name: Name of the thread.
        stop: Set when the run is to end early.
        failed: Told of the failure, by this thread.

    Attributes:
        failure: What it raised; None where it came to its end.
        metrics: What it did with its time.
    """

    def __init__(
        self, name: str, stop: Event, failed: Callable[[str, BaseException], None]
    ) -> None:
        super().__init__(name=name, daemon=False)
        self.stop = stop
        self.failure: BaseException | None = None
        self.metrics = PerformanceMetrics()
        self._failed = failed

    def run(self) -> None:
        """Work, and keep what goes wrong."""
        self.metrics.start()
        try:
            self.work()
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - the system manager raises it in the main thread
            self.failure = error
            self._failed(self.name, error)
        finally:
            self.metrics.worked()
            self.finish()

    @abstractmethod
    def work(self) -> None:
        """The loop of the thread."""

    @abstractmethod
    def finish(self) -> None:
        """Close what this thread feeds, whatever happened."""


class FrameWorker(Worker):
    """A worker that handles frames from one channel.

    Attributes:
        patience: Seconds after which it looks around when no frame has come; None for never.
    """

    patience: float | None = None

    def __init__(
        self,
        name: str,
        stop: Event,
        failed: Callable[[str, BaseException], None],
        source: Channel[Frame],
    ) -> None:
        super().__init__(name, stop, failed)
        self._source = source

    def work(self) -> None:
        """Handle frames until there are no more."""
        while True:
            try:
                frame = self._source.get(self.metrics, self.patience)
            except Idle:
                self.look_around()
                continue
            if frame is None:
                return
            if self.stop.is_set():
                raise Stopped
            self.handle(frame)
            self.metrics.frames += 1

    def look_around(self) -> None:
        """Do what is due while no frame comes; nothing by default."""

    @abstractmethod
    def handle(self, frame: Frame) -> None:
        """Do this thread's work on one frame."""

    def finish(self) -> None:
        """Nothing is fed by default."""
