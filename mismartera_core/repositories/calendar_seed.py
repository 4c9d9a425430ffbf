"""What exchange_calendars knows of a market, as rows. The library is used nowhere else."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

from mismartera_core.repositories.markets import Market

FIRST_DAY = date(1990, 1, 1)
"""Calendars are seeded from here on, unless an earlier day is asked for."""

EARLIEST_DAY = date(1700, 1, 1)
"""Nanoseconds, in which the library counts, reach back to 1677."""

DayRow = dict[str, Any]
"""Values of one row of `sessions`, without its market."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

UNSCHEDULED = {
    "XNYS": {
        date(1994, 4, 27): "Funeral of President Nixon",
        **{date(2001, 9, day): "Attacks of September 11" for day in (11, 12, 13, 14)},
        date(2004, 6, 11): "Funeral of President Reagan",
        date(2007, 1, 2): "Funeral of President Ford",
        date(2012, 10, 29): "Hurricane Sandy",
        date(2012, 10, 30): "Hurricane Sandy",
        date(2018, 12, 5): "Funeral of President G. H. W. Bush",
        date(2025, 1, 9): "Funeral of President Carter",
    }
}
"""Names of closures that the library knows without a name, by calendar code."""


@dataclass(frozen=True, slots=True)
class Seed:
    """The days of a market as the library knows them.

    Attributes:
        first: First day covered.
        last: Last day covered: beyond it the library knows nothing.
        days: One row per session and per weekday without one.
    """

    first: date
    last: date
    days: list[DayRow]


def installed_source() -> str:
    """Name and version of the installed calendar library, without importing it."""
    return f"exchange_calendars {version('exchange_calendars')}"


def seed_days(market: Market, earliest: date) -> Seed:
    """Read a market's days from the library.

    Args:
        market: The market.
        earliest: A day the rows shall reach back to, where the library does.
    """
    with warnings.catch_warnings():
        # The library calls pandas functions that pandas 3 deprecates.
        warnings.simplefilter("ignore")
        calendar = _calendar(market, min(earliest, FIRST_DAY))
        return Seed(calendar.first, calendar.last, _rows(market, calendar))


def local_ns(day: date, at: time, zone: ZoneInfo, days: int = 0) -> int:
    """Nanoseconds UTC of a local time on a day.

    Args:
        day: The day.
        at: Local time.
        zone: The market's zone.
        days: Days to add before the time is read, -1 for the evening before.
    """
    local = datetime.combine(day + timedelta(days=days), at, zone)
    return (local - EPOCH) // timedelta(microseconds=1) * 1000


def extended_hours(
    market: Market, day: date, open_ns: int, close_ns: int, *, early: bool
) -> DayRow:
    """Pre-market open and post-market close of a session by the market's rule.

    Args:
        market: The market.
        day: The session.
        open_ns: Its regular open.
        close_ns: Its regular close.
        early: Whether it closes early.

    Returns:
        The columns `pre_open_ns` and `post_close_ns`.
    """
    zone = ZoneInfo(market.timezone)
    post = market.early_post_close if early else market.post_close
    return {
        "pre_open_ns": market.pre_open and min(local_ns(day, market.pre_open, zone), open_ns),
        "post_close_ns": post and max(local_ns(day, post, zone), close_ns),
    }


@dataclass(frozen=True, slots=True)
class _Library:
    """A calendar of the library and the days it covers."""

    calendar: Any
    first: date
    last: date


def _calendar(market: Market, earliest: date) -> _Library:
    import exchange_calendars as library

    # The library's own horizon is a year from today; the year in which that lies is filled up.
    end = date(library.exchange_calendar.GLOBAL_DEFAULT_END.year, 12, 31)
    try:
        calendar = library.get_calendar(market.calendar, start=str(earliest), end=str(end))
    except ValueError:  # the calendar begins later or ends earlier
        known = library.get_calendar(market.calendar)
        lowest, highest = known.bound_min(), known.bound_max()
        earliest = max(earliest, lowest.date()) if lowest is not None else earliest
        end = min(end, highest.date()) if highest is not None else end
        calendar = library.get_calendar(market.calendar, start=str(earliest), end=str(end))
    return _Library(calendar, earliest, end)


def _rows(market: Market, known: _Library) -> list[DayRow]:
    schedule = known.calendar.schedule
    names = UNSCHEDULED.get(market.calendar, {}) | _names(known)
    early = {stamp.date() for stamp in known.calendar.early_closes}
    columns = [_column(schedule[name]) for name in ("open", "close", "break_start", "break_end")]
    rows: list[DayRow] = []
    sessions = set()
    for stamp, opens, closes, pause, resume in zip(schedule.index, *columns, strict=True):
        day = stamp.date()
        sessions.add(day)
        rows.append(
            {
                "day": day,
                "open_ns": opens,
                "close_ns": closes,
                "break_start_ns": pause,
                "break_end_ns": resume,
                **extended_hours(market, day, opens, closes, early=day in early),
                "early_close": day in early,
                "name": names.get(day) if day in early else None,
            }
        )
    span = (known.last - known.first).days + 1
    days = (known.first + timedelta(days=n) for n in range(span))
    closed = (day for day in days if day.weekday() < 5 and day not in sessions)
    rows += [closed_day(day, names.get(day)) for day in closed]
    return rows


def _column(stamps: Any) -> list[int | None]:
    """Nanoseconds UTC of a column of stamps, None where there is none."""
    values = stamps.dt.as_unit("ns").astype("int64").tolist()
    return [None if gone else ns for ns, gone in zip(values, stamps.isna(), strict=True)]


def closed_day(day: date, name: str | None) -> DayRow:
    """The row of a day without a session.

    Args:
        day: The day.
        name: Name of the holiday, where known.
    """
    hours = (
        "pre_open_ns",
        "open_ns",
        "break_start_ns",
        "break_end_ns",
        "close_ns",
        "post_close_ns",
    )
    return {"day": day, **dict.fromkeys(hours), "early_close": False, "name": name}


def _names(known: _Library) -> dict[date, str]:
    """Names of holidays and early closes, as far as the library has them."""
    import pandas as pd

    span = pd.Timestamp(known.first), pd.Timestamp(known.last)
    sources = [calendar for _close, calendar in known.calendar.special_closes]
    sources.append(known.calendar.regular_holidays)
    return {
        stamp.date(): name
        for source in sources
        if hasattr(source, "holidays")
        for stamp, name in source.holidays(*span, return_name=True).items()
    }
