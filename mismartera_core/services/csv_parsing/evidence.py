"""What the calendar tells: the zone of naive stamps, and which end of a bar they mark."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from mismartera_core.errors import DataError, UsageError
from mismartera_core.model.columns import BoolArray, FloatArray, IntArray
from mismartera_core.model.intervals import DAY
from mismartera_core.model.sessions import SessionTable
from mismartera_core.services.csv_parsing.values import Calendar

_EPOCH = date(1970, 1, 1)
_SHARP = 3.0
"""A rise of volume that only the open of a session brings."""
_CLEAR = 4
"""How many times as many sessions must speak for one label as for the other."""
NOT_A_TIME = np.iinfo(np.int64).min


def localize(naive: IntArray, timezone: str) -> IntArray:
    """UTC of wall-clock times; NOT_A_TIME where the clock was turned and it falls never, or twice.

    An hour that falls twice is told by its order: where the clock goes back, the second begins.

    Args:
        naive: Nanoseconds of the clock on the wall, in the order of the file.
        timezone: IANA name.

    Raises:
        UsageError: There is no such zone.
    """
    import pandas as pd

    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"expected a time zone such as 'America/New_York', was {timezone!r}"
        ) from error
    turned = len(naive) > 1 and naive[-1] < naive[0]
    ordered = naive[::-1] if turned else naive
    # A time that is given again at once does not turn the clock back.
    new = np.diff(ordered, prepend=NOT_A_TIME) != 0
    index = pd.DatetimeIndex(ordered[new].view("datetime64[ns]"))
    try:
        known = index.tz_localize(zone, ambiguous="infer", nonexistent="NaT")
    except ValueError:  # the order does not tell
        known = index.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    utc: IntArray = known.as_unit("ns").asi8[np.cumsum(new) - 1]
    return utc[::-1] if turned else utc


def choose_zone(
    path: Path, naive: IntArray, interval_ns: int, sessions: Calendar | None
) -> tuple[str, str]:
    """The zone of naive stamps, where the sessions tell.

    Args:
        path: The file, for messages.
        naive: Ascending nanoseconds of the clock on the wall.
        interval_ns: Length of a bar.
        sessions: The calendar, None where there is none.

    Returns:
        IANA name, and in words why.

    Raises:
        DataError: It cannot be told.
    """
    exchange = "America/New_York"
    if sessions is not None:
        exchange = _sessions_of(naive, sessions).timezone
        found = {z: _edges(localize(naive, z), interval_ns, sessions) for z in (exchange, "UTC")}
        fitting = [zone for zone, share in found.items() if share >= 0.5]
        if len(fitting) == 1:
            share = found[fitting[0]]
            return fitting[0], f"{share:.0%} of the days begin and end with the session there"
    raise DataError(
        f"the times in {path} carry no zone, and nothing in the file tells which it is",
        hint=f"say it: --tz {exchange} (the exchange's) or --tz UTC",
    )


def choose_label(
    ts: IntArray, volume: FloatArray, interval_ns: int, sessions: Calendar | None
) -> tuple[str, str]:
    """Whether stamps mark the start or the end of their bars.

    Args:
        ts: Ascending stamps, UTC.
        volume: Units traded, NaN where unknown.
        interval_ns: Length of a bar.
        sessions: The calendar, None where there is none.

    Returns:
        "start" or "end", and in words why; the words begin with "assumed" where nothing tells.
    """
    if sessions is not None and len(ts):
        table = _sessions_of(ts, sessions)
        starts, ends = _regular_edges(ts, interval_ns, table)
        if starts > _CLEAR * ends:
            return "start", f"{starts} session(s) have a bar at the open and none at the close"
        if ends > _CLEAR * starts:
            return "end", f"{ends} session(s) have a bar at the close and none at the open"
        before, first, second = (
            _at(table.open_ns + n * interval_ns, ts, volume) for n in (-1, 0, 1)
        )
        # An end makes bars known earlier: only what would have shown a start may speak for it.
        seen = before > 0
        jumps = {"start": _jump(before, first), "end": _jump(first[seen], second[seen])}
        label = max(jumps, key=lambda name: jumps[name])
        if jumps[label] >= _SHARP and min(jumps.values()) < _SHARP:
            return label, f"volume rises {jumps[label]:.0f}-fold at the session's open there"
    return "start", "assumed: nothing tells; a start can only make bars known later, never earlier"


def session_edges(days: IntArray, sessions: Calendar) -> tuple[IntArray, IntArray, BoolArray]:
    """Regular open and close of each day.

    Args:
        days: Days since 1970-01-01.
        sessions: The calendar.

    Returns:
        Opens and closes, nanoseconds UTC, and whether each day is a trading day.
    """
    table = _sessions_of(days * DAY, sessions)
    known = np.array([(d - _EPOCH).days for d in table.dates], np.int64)
    if not len(known):
        none = np.zeros(len(days), np.int64)
        return none, none, none > 0
    at = np.minimum(np.searchsorted(known, days), len(known) - 1)
    return table.open_ns[at], table.close_ns[at], known[at] == days


def _sessions_of(ts: IntArray, sessions: Calendar) -> SessionTable:
    """The trading days around a range of stamps."""
    good = ts[ts != NOT_A_TIME]
    first, last = (int(good.min()), int(good.max())) if len(good) else (0, 0)
    day = timedelta(days=1)
    return sessions(_day(first) - day, _day(last) + day)


def _day(ns: int) -> date:
    return _EPOCH + timedelta(days=ns // DAY)


def _edges(ts: IntArray, interval_ns: int, sessions: Calendar) -> float:
    """Share of days whose first and last stamp lie at an end of the session or of its extension."""
    ts = np.sort(ts[ts != NOT_A_TIME])
    table = _sessions_of(ts, sessions)
    low = np.searchsorted(ts, table.pre_open_ns, "left")
    high = np.searchsorted(ts, table.post_close_ns, "right")
    has = high > low
    if not has.any() or (high - low).sum() < 0.99 * len(ts):
        return 0.0
    first, last = ts[low[has]], ts[high[has] - 1]
    begins = _near(first, interval_ns, table.open_ns[has], table.pre_open_ns[has])
    ends = _near(last, -interval_ns, table.close_ns[has], table.post_close_ns[has])
    return float(np.mean(begins & ends))


def _near(ts: IntArray, step: int, *edges: IntArray) -> npt.NDArray[np.bool_]:
    hit = np.zeros(len(ts), np.bool_)
    for edge in edges:
        hit |= (ts == edge) | (ts == edge + step)
    return hit


def _regular_edges(ts: IntArray, interval_ns: int, table: SessionTable) -> tuple[int, int]:
    """Sessions with a stamp at the open only, and from the first bar's end to the close only.

    Counted are those whose stamps all lie within regular hours: with extended hours both are there.
    """
    pre, low = (np.searchsorted(ts, at, "left") for at in (table.pre_open_ns, table.open_ns))
    high, post = (np.searchsorted(ts, at, "right") for at in (table.close_ns, table.post_close_ns))
    regular = (pre == low) & (high == post) & (high > low)
    regular &= (table.open_ns - ts[0]) % interval_ns == 0
    at_open, at_close = np.isin(table.open_ns, ts), np.isin(table.close_ns, ts)
    at_first_end = np.isin(table.open_ns + interval_ns, ts)
    starts = regular & at_open & ~at_close
    ends = regular & at_close & at_first_end & ~at_open
    return int(np.count_nonzero(starts)), int(np.count_nonzero(ends))


def _jump(before: FloatArray, after: FloatArray) -> float:
    """How many times the volume of one bar is that of the bar before, in the usual session."""
    known = (before > 0) & (after > 0)
    return float(np.median(after[known] / before[known])) if known.any() else 0.0


def _at(wanted: IntArray, ts: IntArray, values: FloatArray) -> FloatArray:
    at = np.minimum(np.searchsorted(ts, wanted), len(ts) - 1)
    return np.where(ts[at] == wanted, values[at], np.nan)
