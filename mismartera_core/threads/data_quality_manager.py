"""DataQualityManager: how complete every symbol of every session is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from threading import Event
from time import monotonic

import numpy as np

from mismartera_core.errors import DataError
from mismartera_core.model.columns import IntArray
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.quality import (
    FilledGap,
    MinuteState,
    Origin,
    QualityReport,
    QualityReports,
    SessionQuality,
)
from mismartera_core.model.sessions import SessionTable
from mismartera_core.services.gap_detection import expected_opens
from mismartera_core.services.origins import Origins
from mismartera_core.services.quality_scoring import Evidence, mean_score, session_quality
from mismartera_core.store.frame import Frame, Track
from mismartera_core.threads.channel import Channel
from mismartera_core.threads.live_gaps import LiveGaps
from mismartera_core.threads.worker import FrameWorker

QUIET = 1.0
"""Seconds without a frame after which a live session is measured, and gaps are asked for."""
LOOK_AT_LEAST = 5.0
"""Seconds after which it is measured although frames keep coming."""


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
        origins: Where bars come from; None where only the provider's name is known.
        minimum: Least mean score of a session; None refuses nothing.
        changed: Told of every report below 1.0; live, of every new gap.
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
        origins: Origins | None = None,
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
        self.patience = QUIET if live else None
        self._every = list(range(len(symbols)))
        self._origins = origins
        self._filled = [
            row for row, name in enumerate(symbols) if origins and name in origins.gap_filled
        ]
        self.reports = QualityReports()

    def handle(self, frame: Frame) -> None:
        """Measure a session when its last frame is there; a live one as it grows."""
        if self._live is not None:
            self._grow(frame, self._live)
        if not frame.ends:
            return
        expected = self._expected_by_now(frame)
        others = self._others(frame, expected.tobytes()) if self._live is None else self._every
        reports = self._reports(frame, expected, others) if others else []
        counts = np.array([track.stop - track.start for track in frame.base], dtype=np.int64)
        self._traded += counts
        # A session without a bar says nothing of how often a symbol trades: an outage of weeks
        # must not make its own silence probable.
        self._expected += np.where(counts > 0, len(expected), 0)
        self.metrics.bars += int(counts.sum())
        found = SessionQuality(
            session=frame.day,
            interval=self._interval,
            expected=len(expected),
            source=self._provider,
            simulated=self._simulated,
            symbols=self._symbols,
            others=dict(zip(others, reports, strict=True)),
            origin=self._origin(frame),
        )
        self.reports.add(found)
        if self._live is None:
            for report in reports:
                if report.score < 1.0:
                    self._changed(report)
            self._refuse(frame, found)

    def look_around(self) -> None:
        """Measure a live session, where no frame has come for a while."""
        if self._live is not None and self._live.newest is not None:
            self._look(self._live.newest, self._live)

    def _grow(self, frame: Frame, live: _Growing) -> None:
        """Keep what is new of a live session; measured is when there is time for it.

        Measuring takes the interpreter from the thread that decides on the same frame.
        """
        if live.newest is None or live.newest.session != frame.session:
            live.told = {}
            self._traded, self._expected = history_of(frame)
        live.newest = frame
        live.add_quotes(frame)
        if monotonic() - live.looked > LOOK_AT_LEAST:
            self._look(frame, live)

    def _look(self, frame: Frame, live: _Growing) -> None:
        """Measure what a live session should have by now, and ask for what it lacks."""
        live.looked = monotonic()
        reports = self._reports(frame, self._expected_by_now(frame), self._every)
        for report in reports:
            gaps = sum(gap.state is MinuteState.MISSING for gap in report.gaps)
            if gaps > live.told.get(report.symbol, 0):
                self._changed(report)
            live.told[report.symbol] = gaps
        if live.gaps is not None and not frame.ends:
            live.gaps.ask(frame, reports)

    def _expected_by_now(self, frame: Frame) -> IntArray:
        """Opens of the bars that the session can have by the end of a frame."""
        row, length = frame.session, interval_ns(self._interval)
        expected = expected_opens(
            frame.open_ns,
            frame.close_ns,
            length,
            int(self._table.break_start_ns[row]),
            int(self._table.break_end_ns[row]),
        )
        return expected if frame.ends else expected[expected + length <= frame.upto_ns]

    def _reports(self, frame: Frame, expected: IntArray, symbols: list[int]) -> list[QualityReport]:
        """The reports of some symbols."""
        return session_quality(
            frame.day,
            self._interval,
            interval_ns(self._interval),
            expected,
            {self._symbols[row]: _stamps(frame.base[row]) for row in symbols},
            self._evidence(frame, symbols),
            complete=self._complete,
            source=self._provider,
            simulated=self._simulated,
        )

    def _others(self, frame: Frame, whole: bytes) -> list[int]:
        """Rows of the symbols that have not every bar and nothing else.

        Comparing bytes proves in half a microsecond that nothing is absent.
        """
        if frame.uniform and not any(frame.outside):
            return self._filled if _stamps(frame.base[0]).tobytes() == whole else self._every
        others = [
            row
            for row, (track, outside) in enumerate(zip(frame.base, frame.outside, strict=True))
            if outside or _stamps(track).tobytes() != whole
        ]
        return sorted({*others, *self._filled}) if self._filled else others

    def _origin(self, frame: Frame) -> Callable[[str], Origin] | None:
        """Tells where the bars of a symbol of the session come from."""
        if self._origins is None:
            return None
        return partial(self._origins.of, start_ns=frame.open_ns, end_ns=frame.close_ns)

    def _evidence(self, frame: Frame, symbols: list[int]) -> dict[str, Evidence]:
        count = len(self._symbols)
        quotes: Sequence[IntArray | None] = [each.ts for each in frame.quotes] or [None] * count
        filled: Sequence[tuple[FilledGap, ...]] = [()] * count
        origin = self._origin(frame)
        if self._live is not None:
            quotes = self._live.quotes(count)
            filled = self._live.gaps.filled if self._live.gaps is not None else filled
        stored: dict[int, int] = {}
        if self._live is None and self._origins is not None:
            stored = {
                row: self._origins.filled(self._symbols[row], _stamps(frame.base[row]))
                for row in self._filled
            }
        traded, expected = self._traded.tolist(), self._expected.tolist()
        return {
            name: Evidence(
                traded[row],
                expected[row],
                quotes[row],
                frame.outside[row],
                stored[row] if row in stored else sum(gap.bars for gap in filled[row]),
                None if origin is None else origin(name),
                filled[row],
            )
            for row, name in ((row, self._symbols[row]) for row in symbols)
        }

    def _refuse(self, frame: Frame, found: SessionQuality) -> None:
        if self._minimum is None:
            return
        reports = list(map(found.report, range(len(found.symbols))))
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


def _stamps(track: Track) -> IntArray:
    """Opens of the session's bars."""
    return track.columns.ts[track.start : track.stop]


class _Growing:
    """What is kept of a live session while it grows.

    Attributes:
        gaps: Has gaps filled; None where they are only measured.
        newest: The newest frame.
        told: Missing gaps of each symbol that were last told.
        looked: When it was measured last, seconds of the monotonic clock.
    """

    def __init__(self, length: int, gaps: LiveGaps | None) -> None:
        self.gaps = gaps
        self.newest: Frame | None = None
        self.told: dict[str, int] = {}
        self.looked = monotonic()
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
