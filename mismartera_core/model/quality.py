"""Data quality: three states of a minute, gaps and scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import ClassVar, NamedTuple, overload


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledGap:
    """A run of bars that were absent until a gap filler brought them.

    Attributes:
        start_ns: Open of the first, nanoseconds UTC.
        bars: How many in a row.
        source: Name of the gap filler.
        state: What tables call it beside the states of gaps that are there still.
    """

    state: ClassVar[str] = "filled"
    start_ns: int
    bars: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the bars of a range come from.

    Attributes:
        start_ns: First open, nanoseconds UTC.
        end_ns: First open that is not part of it.
        source: File, vendor or provider.
        feed: Which feed of it, such as "sip" or "iex"; "" where unknown.
        adjustment: What prices are adjusted for, such as "raw" or "splits"; "" where unknown.
        simulated: Whether they are generated, not observed.
        filled: Whether a gap filler supplied them.
        fetched_at_ns: When they were fetched or stored, nanoseconds UTC; 0 where unknown.
    """

    start_ns: int
    end_ns: int
    source: str
    feed: str = ""
    adjustment: str = ""
    simulated: bool = False
    filled: bool = False
    fetched_at_ns: int = 0


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
        source: File, vendor or provider; of several, joined by " + ".
        filled: Bars supplied by a gap filler.
        simulated: Whether the bars are generated, not observed.
        gaps: Every absent run.
        score: (traded + silent) / expected, 1.0 where nothing was expected.
        feed: Which feed of the source; "" where unknown.
        adjustment: What prices are adjusted for; "" where unknown.
        filled_gaps: Runs of bars that a gap filler brought in a live session.
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
    feed: str = ""
    adjustment: str = ""
    filled_gaps: tuple[FilledGap, ...] = ()


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
        origin: Tells where the bars of a symbol come from; None where only the provider is known.
    """

    session: date
    interval: str
    expected: int
    source: str
    simulated: bool
    symbols: tuple[str, ...]
    others: Mapping[int, QualityReport] = field(default_factory=dict)
    origin: Callable[[str], Origin] | None = None

    def report(self, row: int) -> QualityReport:
        """The report of a symbol."""
        found = self.others.get(row)
        if found is not None:
            return found
        symbol, count = self.symbols[row], self.expected
        provider = Origin(start_ns=0, end_ns=0, source=self.source, simulated=self.simulated)
        of = provider if self.origin is None else self.origin(symbol)
        return QualityReport(
            self.session,
            symbol,
            self.interval,
            count,
            count,
            0,
            0,
            source=of.source,
            simulated=of.simulated,
            feed=of.feed,
            adjustment=of.adjustment,
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
