"""What is due at which instant, in one order."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from enum import IntEnum
from itertools import count
from typing import TypeAlias

Action: TypeAlias = Callable[[], None]


class Turn(IntEnum):
    """What comes first at one instant."""

    MATCH = 0
    """Bars that have closed fill orders."""
    CLOSE = 1
    """The session ends: day orders expire."""
    PUBLISH = 2
    """Bars, quotes and trades are sent."""
    SCRIPT = 3
    """What the test has asked for."""
    OPEN = 4
    """The session begins: orders that waited for it work."""


class Timeline:
    """A queue of actions by instant, turn, and the order in which they were put in."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, Action]] = []
        self._numbers = count()

    def put(self, at_ns: int, turn: Turn, action: Action) -> None:
        """Have something done.

        Args:
            at_ns: When, nanoseconds UTC.
            turn: Its place among what is due then.
            action: What.
        """
        heapq.heappush(self._heap, (at_ns, turn, next(self._numbers), action))

    @property
    def next_ns(self) -> int | None:
        """When the next thing is due; None when there is nothing left."""
        return self._heap[0][0] if self._heap else None

    def pop(self) -> Action:
        """Take what is due next."""
        return heapq.heappop(self._heap)[3]
