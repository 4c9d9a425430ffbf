"""Data quality: three states of a minute, gaps and scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple, overload


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionQuality:
    """The reports of one session.

    Attributes:
        session: The trading day.
        interval: Bar interval.
        expected: Bars the calendar asks for.
        source: Name of the provider.
        simulated: Whether the bars are generated, not observed.
        symbols: Tickers, by row.
        others: By row the reports of symbols of which something lacks, or of which there was more
            than is replayed; all other symbols have every bar and nothing else.
    """

    session: date
    interval: str
    expected: int
    source: str
    simulated: bool
    symbols: tuple[str, ...]
    others: Mapping[int, QualityReport] = field(default_factory=dict)

    def report(self, row: int) -> QualityReport:
        """The report of a symbol."""
        return self.others.get(row) or QualityReport(
            self.session,
            self.symbols[row],
            self.interval,
            self.expected,
            self.expected,
            0,
            0,
            source=self.source,
            simulated=self.simulated,
        )


class QualityReports(Sequence[QualityReport]):
    """The reports of a run, by session and then by symbol; most are made when they are asked for.

    There are as many as symbols times sessions, and nearly all of them say that nothing lacks.
    """

    def __init__(self) -> None:
        self._sessions: list[SessionQuality] = []

    def add(self, session: SessionQuality) -> None:
        """Add the reports of a session; of as many symbols as the sessions before."""
        self._sessions.append(session)

    def __len__(self) -> int:
        return sum(len(each.symbols) for each in self._sessions)

    def __iter__(self) -> Iterator[QualityReport]:
        for each in self._sessions:
            yield from map(each.report, range(len(each.symbols)))

    @overload
    def __getitem__(self, index: int) -> QualityReport: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[QualityReport, ...]: ...

    def __getitem__(self, index: int | slice) -> QualityReport | tuple[QualityReport, ...]:
        if isinstance(index, slice):
            return tuple(self[row] for row in range(*index.indices(len(self))))
        row = index + len(self) if index < 0 else index
        if not 0 <= row < len(self):
            raise IndexError(f"there are {len(self)} reports, was asked for [{index}]")
        session, symbol = divmod(row, len(self._sessions[0].symbols))
        return self._sessions[session].report(symbol)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]
