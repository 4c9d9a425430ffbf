"""The venue's clock: it stands where the test has put it, or runs ahead of real time."""

from __future__ import annotations

import threading
import time


class VenueClock:
    """Now, as the venue has it. It never goes back.

    Give it to the system under test in place of its own clock.

    Args:
        now_ns: Where it stands first, nanoseconds UTC.
    """

    def __init__(self, now_ns: int) -> None:
        self._lock = threading.Lock()
        self._at = now_ns
        self._limit = now_ns
        self._rate = 0.0
        self._since = 0.0

    @property
    def now_ns(self) -> int:
        """Now, nanoseconds since the epoch, UTC."""
        with self._lock:
            return self._now()

    def set(self, now_ns: int) -> None:
        """Stand at an instant.

        Args:
            now_ns: Not before where it stands; if it is, nothing happens.
        """
        with self._lock:
            self._at = max(self._now(), now_ns)
            self._rate = 0.0

    def run(self, rate: float, limit_ns: int) -> None:
        """Run from where it stands.

        Args:
            rate: Seconds of the venue in a real second.
            limit_ns: Where it waits, until it is told again.
        """
        with self._lock:
            self._at = self._now()
            self._limit, self._rate, self._since = limit_ns, rate, time.monotonic()

    def skewed(self, seconds: float) -> SkewedClock:
        """A clock that is wrong by so many seconds against this one.

        Args:
            seconds: Above zero it is ahead.
        """
        return SkewedClock(self, seconds)

    def _now(self) -> int:
        if self._rate == 0.0:
            return self._at
        passed = int((time.monotonic() - self._since) * self._rate * 1e9)
        return max(self._at, min(self._at + passed, self._limit))


class SkewedClock:
    """A clock that goes wrong against the venue's, by as much as a test says.

    Attributes:
        seconds: How far it is ahead; may be changed at any time, so it may also jump back.

    Args:
        clock: What it follows.
        seconds: How far it is ahead first.
    """

    def __init__(self, clock: VenueClock, seconds: float) -> None:
        self._clock = clock
        self.seconds = seconds

    @property
    def now_ns(self) -> int:
        """Now, as this clock believes, nanoseconds since the epoch, UTC."""
        return self._clock.now_ns + int(self.seconds * 1e9)
