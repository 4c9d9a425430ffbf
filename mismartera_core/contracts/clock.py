"""The clocks everything asks."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Where the time of a run comes from: the engine sets it at every step."""

    now_ns: int
    """Now, nanoseconds since the epoch, UTC."""


class WallClock(Protocol):
    """Where the time of the world comes from."""

    @property
    def now_ns(self) -> int:
        """Now, nanoseconds since the epoch, UTC."""
