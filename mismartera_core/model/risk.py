"""What risk says of a run as a whole: active, reducing, or halted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class RiskState(StrEnum):
    """What may leave; the severest in force counts."""

    ACTIVE = "active"
    """Whatever passes the checks."""
    REDUCING = "reducing"
    """Only orders that reduce a position, and cancels."""
    HALTED = "halted"
    """Only cancels, and a flattening that a human asked for. Survives a restart."""

    @property
    def severity(self) -> int:
        """0 for active, 1 for reducing, 2 for halted."""
        return _SEVERITY[self]


_SEVERITY = {RiskState.ACTIVE: 0, RiskState.REDUCING: 1, RiskState.HALTED: 2}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRecord:
    """The risk state of an account as it is kept.

    Attributes:
        state: The state.
        limit: Name of the limit that led to it; "" while active.
        reason: Why, in a sentence with numbers; who resumed it where it is active again.
        at_ns: Since when, nanoseconds UTC.
        peak_equity: The highest equity there has been, account currency; 0.0 before the first look.
        quarantined: Strategies that open nothing more until a human takes them back, and why.
    """

    state: RiskState = RiskState.ACTIVE
    limit: str = ""
    reason: str = ""
    at_ns: int = 0
    peak_equity: float = 0.0
    quarantined: Mapping[str, str] = field(default_factory=dict)
