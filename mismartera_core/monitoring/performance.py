"""PerformanceMetrics: what each thread did with its time."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter


@dataclass(slots=True)
class PerformanceMetrics:
    """Counters of one thread; only that thread writes them.

    Attributes:
        busy: Seconds of work.
        waiting: Seconds spent waiting for a queue.
        frames: Frames handled.
        bars: Bars handled.
        overruns: Times the next thread was not ready in time.
    """

    busy: float = 0.0
    waiting: float = 0.0
    frames: int = 0
    bars: int = 0
    overruns: int = 0
    _mark: float = 0.0
    _waits: bool = True

    def start(self) -> None:
        """The thread begins."""
        self._mark = perf_counter()
        self._waits = False

    def worked(self) -> None:
        """Since the last call the thread has worked."""
        now = perf_counter()
        self.busy += now - self._mark
        self._mark = now
        self._waits = True

    def waited(self) -> None:
        """Since the last call the thread has waited."""
        now = perf_counter()
        self.waiting += now - self._mark
        self._mark = now
        self._waits = False

    def at_work(self) -> float:
        """Seconds since the thread took up what it works on; 0 while it waits. For any thread."""
        return 0.0 if self._waits else perf_counter() - self._mark

    def as_dict(self) -> dict[str, float]:
        """The counters by name."""
        return {
            "busy": self.busy,
            "waiting": self.waiting,
            "frames": self.frames,
            "bars": self.bars,
            "overruns": self.overruns,
        }
