"""The clock of a live session: the one place that reads the wall clock."""

from __future__ import annotations

import time


class LiveClock:
    """The wall clock."""

    __slots__ = ()

    @property
    def now_ns(self) -> int:
        """The instant, nanoseconds since the epoch, UTC."""
        return time.time_ns()  # noqa: TID251 - everything else asks the TimeManager
