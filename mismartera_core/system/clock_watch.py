"""How far the machine's clock is from the venue's: looked at every minute, and after a jump."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from mismartera_core.errors import BrokerError
from mismartera_core.managers.execution_manager.surroundings import Surroundings
from mismartera_core.system.beside import Beside

log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds between looks at the venue's clock."""
LOOK = 1.0
"""Seconds between looks at whether the machine's clock has jumped."""
JUMP = 0.25
"""Seconds by which it has then gone another way than the monotonic timer."""


class ClockWatch(Beside):
    """Keeps `surroundings.clock_skew` up to date while it is entered.

    The clock of a machine jumps when somebody sets it, and when the machine was suspended: the
    venue is then asked at once. Where it does not answer, the jump counts for a difference.

    Args:
        venue_ns: The venue's clock, nanoseconds UTC.
        now_ns: The wall clock, nanoseconds UTC.
        surroundings: Takes the difference.
        timer: A monotonic timer, seconds.
    """

    def __init__(
        self,
        venue_ns: Callable[[], int],
        now_ns: Callable[[], int],
        surroundings: Surroundings,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__("ClockWatch")
        self._venue_ns = venue_ns
        self._now_ns = now_ns
        self._surroundings = surroundings
        self._timer = timer
        self._before = self._apart()
        self._due = timer() + EVERY

    def look(self) -> None:
        """Ask the venue where the machine's clock has jumped, or where it is time to."""
        now, apart = self._timer(), self._apart()
        jumped = apart - self._before
        if abs(jumped) < JUMP and now < self._due:
            return
        self._before, self._due = apart, now + EVERY
        try:
            found = skew(self._venue_ns, self._now_ns)
        except BrokerError as error:
            if abs(jumped) >= JUMP:
                self._surroundings.clock_skew += jumped
            log.warning("the venue's clock could not be asked: %s", error)
        else:
            # Where it jumped meanwhile nothing was measured; the next look sees the jump.
            if abs(self._apart() - apart) < JUMP:
                self._surroundings.clock_skew = found

    def _run(self) -> None:
        while not self._stop.wait(LOOK):
            self.look()

    def _apart(self) -> float:
        """The machine's clock less the timer, seconds."""
        return self._now_ns() / 1e9 - self._timer()


def skew(venue_ns: Callable[[], int], now_ns: Callable[[], int]) -> float:
    """The machine's clock less the venue's, seconds; the way to the venue counts half each way.

    Args:
        venue_ns: The venue's clock, nanoseconds UTC.
        now_ns: The wall clock, nanoseconds UTC.

    Raises:
        BrokerError: The venue does not answer.
    """
    before = now_ns()
    there = venue_ns()
    return ((before + now_ns()) / 2 - there) / 1e9
