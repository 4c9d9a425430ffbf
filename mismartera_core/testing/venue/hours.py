"""When the venue's market is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from mismartera_core.model.columns import BarColumns
from mismartera_core.model.sessions import SessionTable

NEW_YORK = ZoneInfo("America/New_York")
_SECOND = 1_000_000_000


class Hours:
    """Sessions of a market.

    Args:
        table: The sessions, ascending.
    """

    def __init__(self, table: SessionTable) -> None:
        self.table = table

    def is_regular(self, at_ns: int) -> bool:
        """Whether an instant lies in regular hours: the open is, the close is not.

        Args:
            at_ns: Nanoseconds UTC.
        """
        row = int(np.searchsorted(self.table.open_ns, at_ns, side="right")) - 1
        return row >= 0 and at_ns < int(self.table.close_ns[row])

    def next_open(self, at_ns: int) -> int | None:
        """The next regular open after an instant; None after the last.

        Args:
            at_ns: Nanoseconds UTC.
        """
        return _after(self.table.open_ns, at_ns)

    def next_close(self, at_ns: int) -> int | None:
        """The next regular close after an instant; None after the last.

        Args:
            at_ns: Nanoseconds UTC.
        """
        return _after(self.table.close_ns, at_ns)

    def ends(self) -> Iterable[tuple[int, bool]]:
        """When day orders end, and whether it is those for extended hours.

        Those for regular hours end at the close, the others when the post-market does.
        """
        for close, post in zip(
            self.table.close_ns.tolist(), self.table.post_close_ns.tolist(), strict=True
        ):
            yield close, False
            yield post, True


def hours_of(bars: Mapping[str, BarColumns]) -> SessionTable:
    """Sessions read off the bars: from the first to the last bar of each day in New York.

    Args:
        bars: By symbol.
    """
    spans: dict[date, tuple[int, int]] = {}
    for columns in bars.values():
        for ts, known in zip(columns.ts.tolist(), columns.available_at.tolist(), strict=True):
            day = datetime.fromtimestamp(ts // _SECOND, UTC).astimezone(NEW_YORK).date()
            first, last = spans.get(day, (ts, known))
            spans[day] = min(first, ts), max(last, known)
    days = sorted(spans)
    opens = np.array([spans[day][0] for day in days], dtype=np.int64)
    closes = np.array([spans[day][1] for day in days], dtype=np.int64)
    none = np.zeros(len(days), dtype=np.int64)
    early = tuple(False for _ in days)
    zone = "America/New_York"
    return SessionTable(tuple(days), opens, closes, opens, closes, none, none, early, zone)


def _after(column: np.ndarray[tuple[int], np.dtype[np.int64]], at_ns: int) -> int | None:
    row = int(np.searchsorted(column, at_ns, side="right"))
    return int(column[row]) if row < len(column) else None
