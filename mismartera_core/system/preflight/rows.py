"""What a check of the preflight says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mismartera_core.errors import MisMarteraError


class Verdict(StrEnum):
    """Whether a session may start, by one check."""

    GO = "go"
    WARN = "warn"
    """It may; somebody should look at it."""
    NO_GO = "no-go"
    NOT_APPLICABLE = "n/a"
    """The config needs nothing of the kind."""
    SKIPPED = "skipped"
    """Something it stands on is a no-go already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One row of the preflight.

    Attributes:
        check: What was looked at.
        verdict: Whether a session may start by it.
        found: What was found, in a sentence.
        hint: What to try; "" where nothing has to be done.
        code: Exit code where it is a no-go.
    """

    check: str
    verdict: Verdict
    found: str
    hint: str = ""
    code: int = MisMarteraError.exit_code

    def facts(self) -> dict[str, Any]:
        """The row as JSON values."""
        return {
            "check": self.check,
            "verdict": self.verdict.value,
            "found": self.found,
            "hint": self.hint,
        }


def go(check: str, found: str) -> CheckRow:
    """A row that is in order."""
    return CheckRow(check=check, verdict=Verdict.GO, found=found)


def warn(check: str, found: str, hint: str) -> CheckRow:
    """A row that somebody should look at."""
    return CheckRow(check=check, verdict=Verdict.WARN, found=found, hint=hint)


def no_go(check: str, found: str, hint: str, code: int = 1) -> CheckRow:
    """A row that forbids a start."""
    return CheckRow(check=check, verdict=Verdict.NO_GO, found=found, hint=hint, code=code)


def refused(check: str, error: MisMarteraError) -> CheckRow:
    """A row for a check that raised: its sentence, its hint, its exit code."""
    return no_go(check, str(error), error.hint, error.exit_code)
