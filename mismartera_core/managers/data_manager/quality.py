"""How complete stored bars are."""

from __future__ import annotations

from datetime import date

import numpy as np

from mismartera_core.managers.data_manager.api import DataManager
from mismartera_core.managers.data_manager.frames import range_ns
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.quality import QualityReport
from mismartera_core.model.sessions import SessionTable
from mismartera_core.services.gap_detection import expected_opens
from mismartera_core.services.quality_scoring import Evidence, session_quality

TRAILING_SESSIONS = 10
"""Sessions before one that tell how often the symbol trades."""


def measure(
    manager: DataManager, sessions: SessionTable, symbol: str, interval: str
) -> list[QualityReport]:
    """One report for each session.

    Args:
        manager: Where the bars come from.
        sessions: The sessions, ascending.
        symbol: Ticker.
        interval: Bar interval.

    Raises:
        DataError: Symbol or interval is unknown, or the data are damaged.
    """
    if not len(sessions):
        return []
    length = interval_ns(interval)
    span = int(sessions.pre_open_ns[0]), int(sessions.post_close_ns[-1]) + 1
    ts = manager.load([symbol], interval, *span)[symbol].ts
    reports: list[QualityReport] = []
    for row, day in enumerate(sessions.dates):
        edges = (sessions.pre_open_ns, sessions.open_ns, sessions.close_ns, sessions.post_close_ns)
        pre, low, high, post = np.searchsorted(ts, [int(edge[row]) for edge in edges]).tolist()
        recent = reports[-TRAILING_SESSIONS:]
        about = Evidence(
            traded=sum(report.traded for report in recent),
            expected=sum(report.expected for report in recent),
            outside=low - pre + post - high,
        )
        expected = expected_opens(
            int(sessions.open_ns[row]),
            int(sessions.close_ns[row]),
            length,
            int(sessions.break_start_ns[row]),
            int(sessions.break_end_ns[row]),
        )
        reports += session_quality(
            day, interval, length, expected, {symbol: ts[low:high]}, {symbol: about}
        )
    return reports


def without_session(
    manager: DataManager,
    sessions: SessionTable,
    symbol: str,
    interval: str,
    first: date,
    last: date,
) -> int:
    """How many bars of some days open in no session, pre- and post-market included.

    Args:
        manager: Where the bars come from.
        sessions: The sessions that have a part in those days, ascending.
        symbol: Ticker.
        interval: Bar interval.
        first: First day.
        last: Last day, included.
    """
    ts = manager.load([symbol], interval, *range_ns(first, last, manager.zone))[symbol].ts
    begun = np.searchsorted(sessions.pre_open_ns, ts, side="right")
    ended = np.searchsorted(sessions.post_close_ns, ts, side="right")
    return int(np.count_nonzero(begun == ended))
