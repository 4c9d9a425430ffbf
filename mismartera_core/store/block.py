"""A block: contiguous columns of all symbols over a run of sessions, loaded at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from mismartera_core.model.columns import BAR_FIELDS, BarColumns, FloatArray, IntArray
from mismartera_core.model.intervals import interval_ns, is_daily
from mismartera_core.model.sessions import SessionTable

Column = TypeVar("Column", FloatArray, IntArray)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Base bars of all symbols over sessions [first, stop) of the run's session table.

    Attributes:
        first: Number of the first session whose rows are here.
        stop: Number after the last.
        columns: Rows of each symbol, history first; `session` holds session numbers of the run.
        offsets: Row at which each session starts, shape (symbols, stop - first + 1).
        outside: Rows left out since the session before, because they lie outside every session;
            a column for each of the sessions that were loaded last, shape (symbols, loaded).
    """

    first: int
    stop: int
    columns: tuple[BarColumns, ...]
    offsets: IntArray
    outside: IntArray

    def starts(self, session: int) -> list[int]:
        """First row of a session by symbol; of the first session here where it is older."""
        rows: list[int] = self.offsets[:, max(session - self.first, 0)].tolist()
        return rows

    def is_uniform(self) -> bool:
        """Whether all symbols share their stamps, and so have equally many rows in each session."""
        stamps = self.columns[0].ts
        return all(bars.ts is stamps for bars in self.columns)

    def left_out(self, session: int) -> tuple[int, ...]:
        """Rows of each symbol that were left out between the session before and this one's end."""
        counts: list[int] = self.outside[:, session - self.stop].tolist()
        return tuple(counts)


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """When bars of each session may open and when they are known, by kind of interval.

    Attributes:
        starts: First open that belongs to each session, nanoseconds UTC.
        ends: First open that does not.
        opens: Anchor of the session's bars.
        closes: When the session's last bar is known.
        shut_from: First open of a bar that lies wholly in the lunch break.
        shut_until: Last one; before shut_from where there is none.
    """

    starts: IntArray
    ends: IntArray
    opens: IntArray
    closes: IntArray
    shut_from: IntArray
    shut_until: IntArray


def session_hours(table: SessionTable, interval: str, *, extended: bool) -> Hours:
    """The hours within which rows of an interval belong to a session.

    Args:
        table: The run's sessions.
        interval: Bar interval; a daily row belongs to the session of its local date, and is known
            at the regular close.
        extended: Whether pre- and post-market bars belong to the session.
    """
    if not is_daily(interval):
        opens = table.pre_open_ns if extended else table.open_ns
        closes = table.post_close_ns if extended else table.close_ns
        begin, end = table.break_start_ns, table.break_end_ns
        shut = np.where(begin > 0, end - interval_ns(interval), -1)
        return Hours(opens, closes, opens, closes, begin, shut)
    opens, closes = table.open_ns, table.close_ns
    zone = ZoneInfo(table.timezone)
    midnights = [datetime(d.year, d.month, d.day, tzinfo=zone) for d in table.dates]
    starts = np.array([int(m.timestamp()) for m in midnights], dtype=np.int64) * 1_000_000_000
    next_days = [
        datetime(d.year, d.month, d.day, tzinfo=zone)
        for d in (day + timedelta(days=1) for day in table.dates)
    ]
    ends = np.array([int(m.timestamp()) for m in next_days], dtype=np.int64) * 1_000_000_000
    never = np.zeros(len(opens), dtype=np.int64)
    return Hours(
        np.minimum(starts, opens), np.maximum(ends, opens + 1), opens, closes, never, never - 1
    )


def loading_cuts(table: SessionTable, hours: Hours) -> IntArray:
    """Where loading may be cut so that every row of the run's days is loaded once.

    Args:
        table: The run's sessions.
        hours: Their hours.

    Returns:
        Instants, nanoseconds UTC: session i and what lies outside before it is in [i, i + 1).
    """
    days = session_hours(table, "1d", extended=False)
    cuts = np.empty(len(table) + 1, dtype=np.int64)
    cuts[0] = min(days.starts[0], hours.starts[0])
    cuts[1:-1] = np.clip(days.ends[:-1], hours.ends[:-1], hours.starts[1:])
    cuts[-1] = max(days.ends[-1], hours.ends[-1])
    return cuts


def build_block(
    bars: Mapping[str, BarColumns],
    symbols: Sequence[str],
    hours: Hours,
    interval: str,
    first: int,
    stop: int,
) -> Block:
    """Sort the rows of a provider into sessions.

    Args:
        bars: What the provider returned, by symbol; rows outside every session are left out.
        symbols: Order of the symbols.
        hours: Hours of all sessions of the run.
        interval: Bar interval.
        first: Number of the first session of the block.
        stop: Number after its last session.
    """
    columns, offsets, outside = [], [], []
    grid: _Grid | None = None
    stamps: IntArray | None = None
    for symbol in symbols:
        source = bars[symbol]
        if stamps is not source.ts:
            stamps = source.ts
            if grid is None or not grid.fits(stamps):
                grid = _grid(stamps, hours, interval, first, stop)
        assert grid is not None  # noqa: S101 - made for the first symbol
        columns.append(grid.lay(source))
        offsets.append(grid.offsets)
        outside.append(grid.outside)
    return Block(
        first,
        stop,
        tuple(columns),
        np.array(offsets, dtype=np.int64).reshape(len(columns), stop - first + 1),
        np.array(outside, dtype=np.int64).reshape(len(columns), stop - first),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """Where rows with certain opens lie; symbols with equal opens share it, and so its arrays."""

    source: bytes
    rows: IntArray | None
    offsets: IntArray
    outside: IntArray
    ts: IntArray
    available_at: IntArray
    session: IntArray

    def fits(self, ts: IntArray) -> bool:
        return ts.tobytes() == self.source

    def lay(self, bars: BarColumns) -> BarColumns:
        """The rows that lie within sessions, with what the grid knows of them; read only."""
        kept = bars if self.rows is None else bars.take(self.rows)
        return BarColumns(
            self.ts,
            read_only(kept.open),
            read_only(kept.high),
            read_only(kept.low),
            read_only(kept.close),
            read_only(kept.volume),
            self.available_at,
            self.session,
        )


def _grid(ts: IntArray, hours: Hours, interval: str, first: int, stop: int) -> _Grid:
    begin = np.searchsorted(ts, hours.starts[first:stop])
    end = np.searchsorted(ts, hours.ends[first:stop])
    counts = np.maximum(end - begin, 0)
    total = int(counts.sum())
    rows = None if total == len(ts) else _spans(begin, counts, total)
    session = np.repeat(np.arange(first, stop, dtype=np.int64), counts)
    outside = np.maximum(begin - np.concatenate(([0], end[:-1])), 0)
    outside[-1] += len(ts) - end[-1]
    if hours.shut_until[first:stop].max() >= 0:
        opened = ts if rows is None else ts[rows]
        shut = (opened >= hours.shut_from[session]) & (opened <= hours.shut_until[session])
        if shut.any():
            rows = np.flatnonzero(~shut) if rows is None else rows[~shut]
            outside += np.bincount(session[shut] - first, minlength=stop - first)
            session = session[~shut]
            counts = np.bincount(session - first, minlength=stop - first)
    closes = hours.closes[session]
    if is_daily(interval):
        opens, known = hours.opens[session], closes
    else:
        opens = ts if rows is None else ts[rows]
        known = np.minimum(opens + interval_ns(interval), closes)
    offsets = np.concatenate(([0], np.cumsum(counts)))
    opens, known, session = read_only(opens), read_only(known), read_only(session)
    return _Grid(ts.tobytes(), rows, offsets, outside, opens, known, session)


def read_only(array: Column) -> Column:
    """A view that nobody writes to: strategies and indicators are handed it."""
    if not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view


def _spans(begin: IntArray, counts: IntArray, total: int) -> IntArray:
    """Row numbers of the spans that start at begin and are counts long, one after the other."""
    shift = np.repeat(begin - (np.cumsum(counts) - counts), counts)
    rows: IntArray = np.arange(total, dtype=np.int64) + shift
    return rows


def join_blocks(older: Block, newer: Block, keep_from: int) -> Block:
    """The newer block with the older one's sessions from `keep_from` on as its history."""
    start = max(keep_from, older.first)
    if start >= older.stop:
        return newer
    columns, offsets = [], []
    shared: dict[tuple[int, int], BarColumns] = {}
    for i, (fresh, begin) in enumerate(zip(newer.columns, older.starts(start), strict=True)):
        tail = older.columns[i].slice(begin, len(older.columns[i]))
        joined = BarColumns.concat([tail, fresh])
        # Symbols that shared their stamps go on sharing them.
        like = shared.setdefault((id(older.columns[i].ts), id(fresh.ts)), joined)
        if like is not joined:
            joined = replace(
                joined, ts=like.ts, available_at=like.available_at, session=like.session
            )
        for name in BAR_FIELDS:
            getattr(joined, name).flags.writeable = False
        columns.append(joined)
        kept = older.offsets[i, start - older.first : -1] - begin
        offsets.append(np.concatenate((kept, newer.offsets[i] + len(tail))))
    return Block(start, newer.stop, tuple(columns), np.array(offsets), newer.outside)
