"""How many calls a minute are allowed, as Alpaca says it in headers."""

from __future__ import annotations

from mismartera_core.testing.venue.clock import VenueClock

_MINUTE = 60_000_000_000


class RateLimit:
    """Counts the calls of each minute of the venue's clock.

    Attributes:
        per_minute: Calls a minute.
        enforced: Whether more are refused with 429.

    Args:
        clock: The venue's clock.
        per_minute: First value of the attribute.
    """

    def __init__(self, clock: VenueClock, per_minute: int = 200) -> None:
        self._clock, self.per_minute, self.enforced = clock, per_minute, False
        self._minute = -1
        self._calls = 0

    @property
    def is_exceeded(self) -> bool:
        """Whether the call that was counted last is one too many."""
        return self.enforced and self._calls > self.per_minute

    def count(self) -> dict[str, str]:
        """Count a call; returns the headers of its reply."""
        minute = self._clock.now_ns // _MINUTE
        self._calls = self._calls + 1 if minute == self._minute else 1
        self._minute = minute
        return {
            "X-RateLimit-Limit": str(self.per_minute),
            "X-RateLimit-Remaining": str(max(0, self.per_minute - self._calls)),
            "X-RateLimit-Reset": str((minute + 1) * 60),
        }
