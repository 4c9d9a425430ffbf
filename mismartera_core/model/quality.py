"""Data quality: three states of a minute, gaps and scores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class MinuteState(StrEnum):
    """What an expected bar turned out to be."""

    TRADED = "traded"
    SILENT = "silent"
    """No bar, and none was due: nothing traded."""
    MISSING = "missing"
    """No bar although one was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A run of expected bars that are not there.

    Attributes:
        start_ns: Open of the first absent bar, nanoseconds UTC.
        bars: How many are absent in a row.
        state: Silent or missing.
    """

    start_ns: int
    bars: int
    state: MinuteState


class QualityReport(NamedTuple):
    """How complete one symbol's bars of one session are.

    A tuple, because there are as many as symbols times sessions.

    Attributes:
        session: The trading day.
        symbol: Ticker.
        interval: Bar interval.
        expected: Bars the calendar asks for.
        traded: Bars that are there.
        silent: Absent bars that were not due.
        missing: Absent bars that were due.
        outside: Bars outside the session's hours, left out of the run.
        source: Name of the provider.
        filled: Bars supplied by a gap filler.
        simulated: Whether the bars are generated, not observed.
        gaps: Every absent run.
        score: (traded + silent) / expected, 1.0 where nothing was expected.
    """

    session: date
    symbol: str
    interval: str
    expected: int
    traded: int
    silent: int
    missing: int
    outside: int = 0
    source: str = ""
    filled: int = 0
    simulated: bool = False
    gaps: tuple[Gap, ...] = ()
    score: float = 1.0
