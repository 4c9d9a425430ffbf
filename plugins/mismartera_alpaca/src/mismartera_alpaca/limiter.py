"""How many requests a minute: one limiter for all threads of an account."""

from __future__ import annotations

import threading
import time

BURST = 10
"""Requests that may leave at once."""


class Limiter:
    """Lets reads wait for their turn, and orders go first.

    Args:
        per_minute: Requests that any minute may have at most, the burst included.
    """

    def __init__(self, per_minute: int) -> None:
        self._pause = 60.0 / (per_minute - BURST)
        self._lock = threading.Lock()
        self._free = time.monotonic() - BURST * self._pause

    def seconds(self) -> float:
        """Take a turn; how long to wait for it."""
        now = time.monotonic()
        with self._lock:
            self._free = max(self._free, now - BURST * self._pause) + self._pause
            return max(0.0, self._free - now)
