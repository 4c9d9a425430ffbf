"""Missing bars of a live session, asked for a second time; nobody waits for the answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mismartera_core.contracts.stream import StreamedBars
from mismartera_core.managers.data_manager.streams import StreamItem
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.quality import FilledGap, Gap, MinuteState, QualityReport
from mismartera_core.services.gap_filling import fill_gaps
from mismartera_core.store.frame import Frame
from mismartera_core.threads.plan import GapFilling

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Asked:
    """What was asked for one gap.

    Attributes:
        attempts: How often.
        again: When next, seconds of the monotonic clock.
    """

    attempts: int = 0
    again: float = 0.0


class LiveGaps:
    """Asks a gap filler for the gaps of a session, each with its retries.

    A gap is asked for when it is missing by the evidence, or lies where the stream was lost. What
    is filled goes the way of all bars, by the queue of the coordinator, marked with the filler.

    Args:
        filling: Whom to ask, how often and how far apart.
        symbols: Tickers, by row.
        interval: Base interval.
        arrivals: Takes what was filled.
        now_ns: The wall clock, nanoseconds UTC.
        monotonic: A clock for pauses, seconds.

    Attributes:
        filled: Runs of bars filled so far, by symbol row.
        refused: Bars that a filler brought and that could not be taken.
    """

    def __init__(
        self,
        filling: GapFilling,
        symbols: Sequence[str],
        interval: str,
        arrivals: Callable[[StreamItem], None],
        now_ns: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self.filled: list[tuple[FilledGap, ...]] = [()] * len(symbols)
        self.refused = 0
        self._filling = filling
        self._symbols = tuple(symbols)
        self._interval = interval
        self._length = interval_ns(interval)
        self._arrivals = arrivals
        self._now_ns = now_ns
        self._monotonic = monotonic
        self._asked: dict[tuple[int, int], _Asked] = {}

    def ask(self, frame: Frame, reports: Sequence[QualityReport]) -> None:
        """Ask for every gap that is due.

        Args:
            frame: The newest frame of the session.
            reports: Quality up to it, by symbol row.
        """
        for row, report in enumerate(reports):
            for gap in report.gaps:
                wanted = gap.state is MinuteState.MISSING or _was_lost(gap, self._length, frame)
                asked = self._asked.setdefault((row, gap.start_ns), _Asked())
                if wanted and self._due(asked):
                    self._fill(frame, row, replace(gap, state=MinuteState.MISSING), asked)

    def _due(self, asked: _Asked) -> bool:
        retries = self._filling.max_retries
        return asked.attempts <= retries and self._monotonic() >= asked.again

    def _fill(self, frame: Frame, row: int, gap: Gap, asked: _Asked) -> None:
        asked.attempts += 1
        asked.again = self._monotonic() + self._filling.retry_seconds
        track, symbol = frame.base[row], self._symbols[row]
        made = fill_gaps(
            track.columns.slice(track.start, track.stop),
            [gap],
            self._filling.filler,
            symbol=symbol,
            interval=self._interval,
            close_ns=frame.close_ns,
            max_retries=0,
            wait=lambda: True,
        )
        (outcome,) = made.outcomes
        self.refused += sum(count for _, count in outcome.rejected)
        if outcome.error:
            log.warning("%s: gap of %s not filled: %s", self._filling.name, symbol, outcome.error)
        if not made.filled:
            return
        self.filled[row] += tuple(self._runs(outcome.filled))
        bars = made.bars.take(np.isin(made.bars.ts, outcome.filled))
        self._arrivals(
            StreamItem(
                self._filling.name, StreamedBars(symbol, bars), self._now_ns(), self._filling.name
            )
        )

    def _runs(self, stamps: Sequence[int]) -> Iterator[FilledGap]:
        """Bars that were filled, as runs without a hole."""
        ts = np.array(stamps, dtype=np.int64)
        for run in np.split(ts, np.flatnonzero(np.diff(ts) != self._length) + 1):
            yield FilledGap(start_ns=int(run[0]), bars=len(run), source=self._filling.name)


def _was_lost(gap: Gap, length: int, frame: Frame) -> bool:
    """Whether a gap lies in a range in which the stream was lost, in whole or in part."""
    if frame.feed is None:
        return False
    end = gap.start_ns + gap.bars * length
    return any(gap.start_ns < until and end > since for since, until in frame.feed.lost)
