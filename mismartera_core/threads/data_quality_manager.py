"""DataQualityManager: how complete every symbol of every session is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from threading import Event

import numpy as np

from mismartera_core.errors import DataError
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.quality import QualityReport
from mismartera_core.model.sessions import SessionTable
from mismartera_core.services.gap_detection import expected_opens
from mismartera_core.services.quality_scoring import Evidence, mean_score, session_quality
from mismartera_core.store.frame import Frame
from mismartera_core.threads.channel import Channel
from mismartera_core.threads.worker import FrameWorker


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
        changed: Told of every report below 1.0.

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
        self.reports: list[QualityReport] = []

    def handle(self, frame: Frame) -> None:
        """Measure a session when its last frame is there."""
        if not frame.ends:
            return
        stamps = [t.columns.ts[t.start : t.stop] for t in frame.base]
        length = interval_ns(self._interval)
        row = frame.session
        expected = expected_opens(
            frame.open_ns,
            frame.close_ns,
            length,
            int(self._table.break_start_ns[row]),
            int(self._table.break_end_ns[row]),
        )
        reports = session_quality(
            frame.day,
            self._interval,
            length,
            expected,
            dict(zip(self._symbols, stamps, strict=True)),
            self._evidence(frame),
            complete=self._complete,
            source=self._provider,
            simulated=self._simulated,
        )
        counts = np.array(list(map(len, stamps)), dtype=np.int64)
        self._traded += counts
        # A session without a bar says nothing of how often a symbol trades: an outage of weeks
        # must not make its own silence probable.
        self._expected += np.where(counts > 0, len(expected), 0)
        self.metrics.bars += int(counts.sum())
        self.reports += reports
        for report in reports:
            if report.score < 1.0:
                self._changed(report)
        self._refuse(frame, reports)

    def _evidence(self, frame: Frame) -> dict[str, Evidence]:
        quotes = [quoted.ts for quoted in frame.quotes] or repeat(None)
        about = map(Evidence, self._traded.tolist(), self._expected.tolist(), quotes, frame.outside)
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
