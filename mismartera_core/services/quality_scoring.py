"""Quality of a session's bars: traded, silent or missing, by evidence.

An absent bar is judged by the first evidence that applies:

1. the provider is complete (a minute without a bar means that nothing traded): silent;
2. quotes exist in the minute, so the feed was alive: silent;
3. no trade of the symbol was ever seen, neither before nor in this session: missing;
4. the symbol's own trading rate p, the share of expected bars that traded in the trailing sessions
   (Laplace: (traded + 1) / (expected + 2)): a run of L absent bars has the probability
   (1 - p)^L. Below `IMPROBABLE` it is missing, else silent. Where the trailing sessions have
   fewer than `ENOUGH_BARS` expected bars, this session's own are counted too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from mismartera_core.model.columns import BoolArray, IntArray
from mismartera_core.model.quality import FilledGap, Gap, MinuteState, Origin, QualityReport
from mismartera_core.services.gap_detection import absent, runs

IMPROBABLE = 1e-6
"""An absent run less probable than this is missing."""

ENOUGH_BARS = 390
"""Expected bars in the trailing sessions from which on they suffice."""


class Evidence(NamedTuple):
    """What is known of a symbol beside its bars of the session.

    Attributes:
        traded: Bars it had in the trailing sessions.
        expected: Bars the calendar asked for in the trailing sessions.
        quotes: Instants of its quotes in this session, ascending, nanoseconds UTC; None without.
        outside: Bars outside the session's hours, left out before.
        filled: Bars supplied by a gap filler.
        origin: Where its bars come from; None where only the provider's name is known.
        filled_gaps: Which bars a gap filler supplied, where that is known by range.
    """

    traded: int = 0
    expected: int = 0
    quotes: IntArray | None = None
    outside: int = 0
    filled: int = 0
    origin: Origin | None = None
    filled_gaps: tuple[FilledGap, ...] = ()


NO_EVIDENCE = Evidence()


def trading_rate(traded: int, expected: int) -> float:
    """The share of expected bars that trade, by Laplace's rule of succession."""
    return (traded + 1) / (expected + 2)


def is_missing(bars: int, rate: float) -> bool:
    """Whether a run of absent bars is too improbable for a symbol with this trading rate."""
    return bool((1.0 - rate) ** bars < IMPROBABLE)


def session_quality(
    session: date,
    interval: str,
    interval_ns: int,
    expected: IntArray,
    stamps: dict[str, IntArray],
    evidence: dict[str, Evidence] | None = None,
    *,
    complete: bool = False,
    source: str = "",
    simulated: bool = False,
) -> list[QualityReport]:
    """One report for every symbol of a session.

    Args:
        session: The trading day.
        interval: Bar interval as written in the config.
        interval_ns: Its length, nanoseconds.
        expected: Opens of the bars that the session can have (`gap_detection.expected_opens`).
        stamps: Opens of the bars that are there by symbol, ascending and unique, nanoseconds UTC.
        evidence: What else is known by symbol; a symbol left out has none.
        complete: Whether the provider says that a minute without a bar means that nothing traded.
        source: Name of the provider.
        simulated: Whether the bars are generated.
    """
    known = evidence or {}
    unknown = Origin(start_ns=0, end_ns=0, source=source, simulated=simulated)
    whole = expected.tobytes()
    count = len(expected)
    reports = []
    for symbol, ts in stamps.items():
        about = known.get(symbol, NO_EVIDENCE)
        # Comparing bytes proves in half a microsecond that nothing is absent, the usual case.
        if ts.tobytes() == whole:
            of = about.origin or unknown
            there = (count, count, 0, 0, about.outside, of.source, about.filled, of.simulated)
            sound = ((), 1.0, of.feed, of.adjustment, about.filled_gaps)
            reports.append(QualityReport(session, symbol, interval, *there, *sound))
            continue
        of = about.origin or unknown
        rows = absent(ts, expected)
        present = count - len(rows)
        gaps = _gaps(rows, expected, interval_ns, present, about, complete=complete)
        missing = sum(gap.bars for gap in gaps if gap.state is MinuteState.MISSING)
        reports.append(
            QualityReport(
                session=session,
                symbol=symbol,
                interval=interval,
                expected=count,
                traded=present,
                silent=count - present - missing,
                missing=missing,
                outside=about.outside + len(ts) - present,
                source=of.source,
                filled=about.filled,
                simulated=of.simulated,
                feed=of.feed,
                adjustment=of.adjustment,
                gaps=gaps,
                filled_gaps=about.filled_gaps,
                score=(count - missing) / count if count else 1.0,
            )
        )
    return reports


def mean_score(reports: Sequence[QualityReport]) -> float | None:
    """The share of expected bars that are there or rightly absent; None where none was expected."""
    expected = sum(report.expected for report in reports)
    if not expected:
        return None
    return 1.0 - sum(report.missing for report in reports) / expected


def _gaps(
    rows: IntArray,
    expected: IntArray,
    interval_ns: int,
    present: int,
    about: Evidence,
    *,
    complete: bool,
) -> tuple[Gap, ...]:
    quoted = _quoted(about.quotes, expected[rows], interval_ns)
    first, lengths = runs(rows, expected, interval_ns, quoted)
    traded, seen = about.traded, about.expected
    if seen < ENOUGH_BARS:
        traded, seen = traded + present, seen + len(expected)
    rate = trading_rate(traded, seen)

    def state(silent: bool, bars: int) -> MinuteState:
        if complete or silent:
            return MinuteState.SILENT
        if traded == 0 or is_missing(bars, rate):
            return MinuteState.MISSING
        return MinuteState.SILENT

    starts = expected[rows[first]].tolist()
    return tuple(
        Gap(start_ns=start, bars=bars, state=state(silent, bars))
        for start, bars, silent in zip(
            starts, lengths.tolist(), quoted[first].tolist(), strict=True
        )
    )


def _quoted(quotes: IntArray | None, opens: IntArray, interval_ns: int) -> BoolArray:
    if quotes is None:
        return np.zeros(len(opens), dtype=np.bool_)
    return np.searchsorted(quotes, opens + interval_ns) > np.searchsorted(quotes, opens)
