"""DataQualityManager: how complete every symbol of every session is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import repeat
from threading import Event

import numpy as np

from mismartera_core.errors import DataError
from mismartera_core.model.columns import IntArray
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.quality import QualityReport
from mismartera_core.model.sessions import SessionTable
from mismartera_core.services.gap_detection import expected_opens
from mismartera_core.services.quality_scoring import Evidence, mean_score, session_quality
from mismartera_core.store.frame import Frame
from mismartera_core.threads.channel import Channel
from mismartera_core.threads.live_gaps import LiveGaps
from mismartera_core.threads.worker import FrameWorker

ASK_AGAIN = 1.0
"""Seconds after which gaps that are due are asked for although no frame has come."""


class DataQualityManager(FrameWorker):
    """The third thread: measures beside the others and never holds them up.

    Args:
        stop: Set when the run is to end early.
        failed: Told of a failure.
        source: Frames from the coordinator.
        table: The run's sessions.
        symbols: Tickers, by row.
        interval: Base interval.
        provider: Name of the data provider.
        complete: Whether a bar that is not there means that nothing traded.
        simulated: Whether the bars are generated.
        minimum: Least mean score of a session; None refuses nothing.
        changed: Told of every report below 1.0; live, of every one that has become worse.
        live: Whether sessions are measured as they grow, and none is refused.
        gaps: Has the gaps of live sessions filled; None where they are only measured.

    Attributes:
        reports: By session, then by symbol.
    """

    def __init__(
        self,
        stop: Event,
        failed: Callable[[str, BaseException], None],
        source: Channel[Frame],
        *,
        table: SessionTable,
        symbols: tuple[str, ...],
        interval: str,
        provider: str,
        complete: bool,
        simulated: bool,
        minimum: float | None,
        changed: Callable[[QualityReport], None],
        live: bool = False,
        gaps: LiveGaps | None = None,
    ) -> None:
        super().__init__("DataQualityManager", stop, failed, source)
        self._table = table
        self._symbols = symbols
        self._interval = interval
        self._provider = provider
        self._complete = complete
        self._simulated = simulated
        self._minimum = minimum
        self._changed = changed
        self._traded = np.zeros(len(symbols), dtype=np.int64)
        self._expected = np.zeros(len(symbols), dtype=np.int64)
        self._live = _Growing(interval_ns(interval), gaps) if live else None
        self.patience = ASK_AGAIN if live else None
        self.reports: list[QualityReport] = []

    def handle(self, frame: Frame) -> None:
        """Measure a session when its last frame is there; a live one as it grows."""
        if self._live is not None:
            self._grow(frame, self._live)
        if not frame.ends:
            return
        reports, expected = self._measure(frame)
        stamps = self._stamps(frame)
        counts = np.array(list(map(len, stamps)), dtype=np.int64)
        self._traded += counts
        # A session without a bar says nothing of how often a symbol trades: an outage of weeks
        # must not make its own silence probable.
        self._expected += np.where(counts > 0, expected, 0)
        self.metrics.bars += int(counts.sum())
        self.reports += reports
        if self._live is None:
            for report in reports:
                if report.score < 1.0:
                    self._changed(report)
            self._refuse(frame, reports)

    def look_around(self) -> None:
        """Ask again for gaps of the live session that are due."""
        if self._live is not None and self._live.newest is not None:
            self._grow(self._live.newest, self._live)

    def _grow(self, frame: Frame, live: _Growing) -> None:
        """Measure what a live session should have by now, and ask for what it lacks."""
        if frame.opens:
            live.scores = {}
            self._traded, self._expected = history_of(frame)
        live.newest = frame
        live.add_quotes(frame)
        reports, _ = self._measure(frame)
        for report in reports:
            if report.score < live.scores.get(report.symbol, 1.0):
                self._changed(report)
            live.scores[report.symbol] = report.score
        if live.gaps is not None and not frame.ends:
            live.gaps.ask(frame, reports)

    @staticmethod
    def _stamps(frame: Frame) -> list[IntArray]:
        return [t.columns.ts[t.start : t.stop] for t in frame.base]

    def _measure(self, frame: Frame) -> tuple[list[QualityReport], int]:
        """Reports of all symbols, and how many bars were expected of each by now."""
        length = interval_ns(self._interval)
        row = frame.session
        expected = expected_opens(
            frame.open_ns,
            frame.close_ns,
            length,
            int(self._table.break_start_ns[row]),
            int(self._table.break_end_ns[row]),
        )
        if not frame.ends:
            expected = expected[expected + length <= frame.upto_ns]
        reports = session_quality(
            frame.day,
            self._interval,
            length,
            expected,
            dict(zip(self._symbols, self._stamps(frame), strict=True)),
            self._evidence(frame),
            complete=self._complete,
            source=self._provider,
            simulated=self._simulated,
        )
        return reports, len(expected)

    def _evidence(self, frame: Frame) -> dict[str, Evidence]:
        quotes: Iterable[IntArray | None] = [quoted.ts for quoted in frame.quotes] or repeat(None)
        filled: Iterable[int] = repeat(0)
        if self._live is not None:
            quotes = self._live.quotes(len(self._symbols))
            filled = self._live.gaps.filled if self._live.gaps is not None else filled
        about = map(
            Evidence,
            self._traded.tolist(),
            self._expected.tolist(),
            quotes,
            frame.outside,
            filled,
        )
        return dict(zip(self._symbols, about, strict=True))

    def _refuse(self, frame: Frame, reports: list[QualityReport]) -> None:
        if self._minimum is None:
            return
        score = mean_score(reports)
        if score is None or score >= self._minimum:
            return
        worst = min(reports, key=lambda report: report.score)
        raise DataError(
            f"quality of {frame.day} is {score:.4f}, and the config asks for at least "
            f"{self._minimum} (session_data_config.min_quality); the worst is {worst.symbol} with "
            f"{worst.missing} of {worst.expected} bars missing",
            hint="`mismartera data quality` lists the gaps; import better data, or lower it",
        )


class _Growing:
    """What is kept of a live session while it grows.

    Attributes:
        gaps: Has gaps filled; None where they are only measured.
        newest: The newest frame.
        scores: Score of each symbol when it was last told.
    """

    def __init__(self, length: int, gaps: LiveGaps | None) -> None:
        self.gaps = gaps
        self.newest: Frame | None = None
        self.scores: dict[str, float] = {}
        self._length = length
        self._quoted: dict[int, set[int]] = {}

    def add_quotes(self, frame: Frame) -> None:
        """Keep of the quotes of a frame in which bars there were any."""
        for row, quotes in enumerate(frame.quotes):
            if len(quotes):
                self._quoted.setdefault(row, set()).update(
                    np.unique(quotes.ts // self._length * self._length).tolist()
                )

    def quotes(self, symbols: int) -> list[IntArray | None]:
        """One instant for each bar in which a symbol was quoted; None without quotes at all."""
        if not self._quoted:
            return [None] * symbols
        return [
            np.array(sorted(self._quoted.get(row, ())), dtype=np.int64) for row in range(symbols)
        ]


def history_of(frame: Frame) -> tuple[IntArray, IntArray]:
    """Bars that each symbol had in the history of a frame, and bars of its busiest symbol.

    How many the calendar asked for is not in a frame; the busiest symbol says it well enough, and
    where there is one alone, it was always there.
    """
    counts = np.array([t.start - t.hist for t in frame.base], dtype=np.int64)
    return counts, np.full(len(counts), counts.max(initial=0), dtype=np.int64)
