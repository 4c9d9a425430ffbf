"""Missing bars of a session, asked for a second time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from mismartera_core.contracts.gap_filler import GapFiller
from mismartera_core.errors import DataError
from mismartera_core.model.columns import PRICE_FIELDS, BarColumns
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.quality import Gap, MinuteState
from mismartera_core.services.csv_parsing.checks import Verdicts, check_numbers, check_prices

Wait = Callable[[], bool]
"""Waits before the next attempt; true where it is to be the end of all attempts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapOutcome:
    """What became of one missing gap.

    Attributes:
        gap: The gap as it was.
        attempts: How often the filler was asked.
        filled: Opens of the bars that it filled, nanoseconds UTC.
        rejected: Bars that were refused: the reason, and how many.
        error: Why the last attempt failed; empty where it did not.
    """

    gap: Gap
    attempts: int
    filled: tuple[int, ...] = ()
    rejected: tuple[tuple[str, int], ...] = ()
    error: str = ""

    @property
    def still_missing(self) -> int:
        """Bars of the gap that are absent as before."""
        return self.gap.bars - len(self.filled)


class GapFilling(NamedTuple):
    """Bars with what could be filled.

    Attributes:
        bars: The bars of before and the filled ones, ascending.
        filled: How many were filled.
        outcomes: One for each missing gap, in order.
    """

    bars: BarColumns
    filled: int
    outcomes: tuple[GapOutcome, ...]


def fill_gaps(
    bars: BarColumns,
    gaps: Sequence[Gap],
    filler: GapFiller,
    *,
    symbol: str,
    interval: str,
    close_ns: int,
    max_retries: int,
    wait: Wait,
) -> GapFilling:
    """Ask a filler for the missing bars of one symbol and session.

    Silent gaps are left alone. A bar is taken only where it fits: its open is one that the gap
    lacks, once, and its prices are possible. Whatever else comes is refused and said. Bars that
    are there are never changed. A filled bar is known at its own close, like any other.

    Args:
        bars: Bars of the session.
        gaps: Its gaps (`QualityReport.gaps`).
        filler: Is asked for each gap, from its first open to the end of its last bar.
        symbol: Ticker.
        interval: Bar interval.
        close_ns: Close of the session, nanoseconds UTC: no bar is known later.
        max_retries: Further attempts for a gap after a DataError.
        wait: Waits before each of them. Where it returns true, nothing more is asked, and the
            gaps that were not asked for yet have no attempts.
    """
    length = interval_ns(interval)
    taken: list[BarColumns] = []
    outcomes: list[GapOutcome] = []
    going = True
    for gap in (gap for gap in gaps if gap.state is MinuteState.MISSING):
        if not going:
            outcomes.append(GapOutcome(gap=gap, attempts=0))
            continue
        asked = (symbol, interval, gap.start_ns, gap.start_ns + gap.bars * length)
        answer, attempts, error, going = _ask(partial(filler.fill, *asked), max_retries, wait)
        verdicts = _judge(answer, gap, length, bars)
        good = answer.take(verdicts.good)
        taken.append(good)
        outcomes.append(
            GapOutcome(
                gap=gap,
                attempts=attempts,
                filled=tuple(sorted(good.ts.tolist())),
                rejected=tuple(Counter(verdicts.reasons.values()).items()),
                error=error,
            )
        )
    filled = sum(len(part) for part in taken)
    merged = _merge(bars, taken, length, close_ns) if filled else bars
    return GapFilling(merged, filled, tuple(outcomes))


def _ask(
    fill: Callable[[], BarColumns], max_retries: int, wait: Wait
) -> tuple[BarColumns, int, str, bool]:
    """The answer, how often it was asked for, the last error, and whether to go on."""
    attempt = 0
    while True:
        attempt += 1
        try:
            return fill(), attempt, "", True
        except DataError as error:
            spent = attempt > max_retries
            if spent or wait():
                return BarColumns.empty(), attempt, str(error), spent


def _judge(answer: BarColumns, gap: Gap, length: int, bars: BarColumns) -> Verdicts:
    """Which bars of an answer are taken, and why the others are not."""
    verdicts = Verdicts(len(answer))
    offset = answer.ts - gap.start_ns
    outside = (offset < 0) | (offset >= gap.bars * length)
    verdicts.refuse(outside, "outside the range that was asked for")
    verdicts.refuse(offset % length != 0, "opens where no bar is expected")
    verdicts.refuse(np.isin(answer.ts, bars.ts), "there is a bar already")
    for name in PRICE_FIELDS:
        column = answer.field(name)
        check_numbers(verdicts, name, column, np.isnan(column), np.zeros(len(column), np.bool_))
    check_prices(verdicts, {name: answer.field(name) for name in PRICE_FIELDS})
    _, where, times = np.unique(answer.ts, return_inverse=True, return_counts=True)
    verdicts.refuse(times[where] > 1, "comes more than once")
    return verdicts


def _merge(bars: BarColumns, taken: list[BarColumns], length: int, close_ns: int) -> BarColumns:
    new = BarColumns.concat(taken)
    known = np.minimum(new.ts + length, close_ns)
    session = np.full(len(new), bars.session[0] if len(bars) else 0, dtype=np.int64)
    both = BarColumns.concat([bars, replace(new, available_at=known, session=session)])
    return both.take(np.argsort(both.ts, kind="stable"))
