"""The clock everything asks."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Where time comes from."""

    now_ns: int
    """Now, nanoseconds since the epoch, UTC."""
