"""What risk says of a run as a whole: active, reducing, or halted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RiskState(StrEnum):
    """What may leave; the severest in force counts."""

    ACTIVE = "active"
    """Whatever passes the checks."""
    REDUCING = "reducing"
    """Only orders that reduce a position, and cancels."""
    HALTED = "halted"
    """Only cancels, and a flattening that a human asked for. Survives a restart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskVerdict:
    """Why the state is to become severer.

    Attributes:
        state: The state from now on.
        limit: Name of the limit that was reached.
        reason: A sentence with the numbers that decided it.
    """

    state: RiskState
    limit: str
    reason: str
