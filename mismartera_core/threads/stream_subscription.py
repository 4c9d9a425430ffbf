"""StreamSubscription: how a consumer tells its producer that it is ready for more."""

from __future__ import annotations

from enum import StrEnum
from threading import Condition

from mismartera_core.threads.channel import Stopped


class StreamMode(StrEnum):
    """What happens when the consumer is not ready."""

    DATA_DRIVEN = "data_driven"
    """The producer waits: nothing is lost, time is as fast as the consumer."""
    CLOCK_DRIVEN = "clock_driven"
    """Time goes on: the producer does not wait, and the overrun is counted."""
    LIVE = "live"
    """As clock-driven; the market does not wait either."""


class StreamSubscription:
    """Credits from a consumer to its producer.

    Args:
        mode: Whether the producer waits.
        depth: Items the consumer lets the producer be ahead.

    Attributes:
        overruns: Times the consumer was not ready and the producer did not wait.
    """

    def __init__(self, mode: StreamMode, depth: int = 1) -> None:
        self.mode = mode
        self.overruns = 0
        self._depth = depth
        self._credits = depth
        self._changed = Condition()
        self._aborted = False

    def signal_ready(self) -> None:
        """The consumer has finished one item."""
        with self._changed:
            self._credits = min(self._credits + 1, self._depth)
            self._changed.notify()

    def wait_until_ready(self, timeout: float | None = None) -> bool:
        """The producer asks before it delivers the next item.

        Args:
            timeout: Seconds to wait in the data-driven mode; None for as long as it takes.

        Returns:
            Whether the consumer was ready.

        Raises:
            Stopped: The run is being stopped.
        """
        with self._changed:
            if self.mode is StreamMode.DATA_DRIVEN:
                self._changed.wait_for(lambda: self._credits > 0 or self._aborted, timeout)
            if self._aborted:
                raise Stopped
            if self._credits > 0:
                self._credits -= 1
                return True
            if self.mode is not StreamMode.DATA_DRIVEN:
                self.overruns += 1
            return False

    def reset(self) -> None:
        """A new session: the consumer is ready again."""
        with self._changed:
            self._credits = self._depth
            self._changed.notify()

    def abort(self) -> None:
        """Wake the producer; the run is being stopped."""
        with self._changed:
            self._aborted = True
            self._changed.notify_all()
