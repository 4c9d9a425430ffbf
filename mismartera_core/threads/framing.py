"""How a session becomes frames: one for all of it, or one a step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from mismartera_core.model.columns import BarColumns, IntArray
from mismartera_core.model.intervals import interval_ns, is_daily
from mismartera_core.model.sessions import SessionTable
from mismartera_core.services.gap_detection import expected_opens
from mismartera_core.store.block import Block, Hours
from mismartera_core.store.frame import Frame, Track, known_rows


def whole_session(
    block: Block, table: SessionTable, hours: Hours, session: int, trailing: int | None
) -> Frame:
    """One frame for a session.

    Args:
        block: Holds the session and its history.
        table: The run's sessions.
        hours: Their hours.
        session: Number of the session.
        trailing: Trading days of history; None for all there is.
    """
    oldest = block.first if trailing is None else max(session - trailing, block.first)
    starts = (block.starts(each) for each in (oldest, session, session + 1))
    return Frame(
        session=session,
        day=table.dates[session],
        open_ns=int(hours.opens[session]),
        close_ns=int(hours.closes[session]),
        market_open_ns=int(table.open_ns[session]),
        market_close_ns=int(table.close_ns[session]),
        opens=True,
        ends=True,
        upto_ns=int(hours.closes[session]),
        seen_ns=int(hours.opens[session]) - 1,
        base=tuple(map(Track, block.columns, *starts)),
        anchored=trailing is None,
        uniform=block.is_uniform(),
    )


def one_step_each(whole: Frame, intervals: Iterable[str]) -> Iterator[Frame]:
    """The frames of a session, each a step longer, with nothing in them of what comes later.

    Args:
        whole: The session in one frame.
        intervals: Derived intervals in use: their bars become known at instants of their own.
    """
    instants = _instants(whole, intervals)
    last = len(instants) - 1
    seen = whole.seen_ns
    untouched = (0,) * len(whole.base)
    for row, upto in enumerate(instants.tolist()):
        yield replace(
            whole,
            opens=row == 0,
            ends=row == last,
            upto_ns=upto,
            seen_ns=seen,
            base=tuple(_until(track, upto) for track in whole.base),
            ticks=tuple(t.slice(0, int(np.searchsorted(t.ts, upto, "right"))) for t in whole.ticks),
            quotes=tuple(
                q.slice(0, int(np.searchsorted(q.ts, upto, "right"))) for q in whole.quotes
            ),
            anchored=False,
            uniform=False,
            derived={},
            values={},
            revisions=untouched,
            many={},
        )
        seen = upto


def _until(track: Track, upto: int) -> Track:
    stop = min(known_rows(track.columns, track.start, upto), track.stop)
    columns: BarColumns = track.columns.slice(0, stop)
    return Track(columns, track.hist, track.start, stop)


def _instants(whole: Frame, intervals: Iterable[str]) -> IntArray:
    """Instants at which a bar, tick or quote of the session becomes known; its close at last."""
    parts = [t.columns.available_at[t.start : t.stop] for t in whole.base]
    parts += [t.ts for t in whole.ticks] + [q.ts for q in whole.quotes]
    parts += [
        np.arange(whole.open_ns, whole.close_ns, interval_ns(i), dtype=np.int64)[1:]
        for i in intervals
        if not is_daily(i)
    ]
    parts.append(np.array([whole.close_ns], dtype=np.int64))
    return np.unique(np.concatenate(parts))


def bar_times(
    hours: Hours, table: SessionTable, session: int, interval: str
) -> tuple[IntArray, IntArray]:
    """Opens of all base bars that a session can have, and when each of them is known.

    Args:
        hours: Hours of the run's sessions.
        table: The run's sessions.
        session: Number of the session.
        interval: Base interval.
    """
    close, length = int(hours.closes[session]), interval_ns(interval)
    breaks = int(table.break_start_ns[session]), int(table.break_end_ns[session])
    opens = expected_opens(int(hours.opens[session]), close, length, *breaks)
    return opens, np.minimum(opens + length, close)
