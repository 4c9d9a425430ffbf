"""Calendars of markets in the database: seeded once, overridable by the user, read as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from mismartera_core.errors import DataError, UsageError
from mismartera_core.model.sessions import SessionTable
from mismartera_core.repositories.calendar_seed import (
    DayRow,
    closed_day,
    extended_hours,
    installed_source,
    local_ns,
    seed_days,
)
from mismartera_core.repositories.markets import Market, find_market
from mismartera_core.repositories.tables import MarketRow, SessionOverrideRow, SessionRow

COLUMNS = (
    "day",
    "open_ns",
    "close_ns",
    "pre_open_ns",
    "post_close_ns",
    "break_start_ns",
    "break_end_ns",
    "early_close",
    "name",
)


@dataclass(frozen=True, slots=True, eq=False)
class MarketCalendar:
    """The whole calendar of a market.

    Attributes:
        market: The market.
        first: First day it covers.
        last: Last day it covers.
        sessions: Every trading day.
        holidays: Days that are closed though they are no plain weekend, and their names.
        reasons: Names of early closes and of the user's own sessions.
    """

    market: Market
    first: date
    last: date
    sessions: SessionTable
    holidays: dict[date, str | None]
    reasons: dict[date, str]


def load_calendar(session: Session, market: Market, needed: Sequence[date] = ()) -> MarketCalendar:
    """Read a market's calendar, seeding it where it is new, out of date or too short.

    Args:
        session: A session of the database; a seeding is written into its transaction.
        market: The market.
        needed: Days the calendar must cover.

    Returns:
        The calendar, the user's overrides before the library's days.

    Raises:
        DataError: A needed day lies outside what the library knows.
    """
    row = _market_row(session, market)
    if row is None or not _is_current(row, market, needed):
        row = _seed(session, market, needed)
    for day in needed:
        _require(row, day)
    return _read(session, market, row)


def override_session(
    session: Session,
    exchange_group: str,
    asset_class: str,
    day: date,
    *,
    holiday: str | None = None,
    early_close: time | None = None,
    hours: tuple[time, time] | None = None,
    name: str | None = None,
) -> None:
    """Set a day by the user's own word: a holiday, an early close, or own hours.

    Args:
        session: A session of the database.
        exchange_group: For example "US_EQUITY".
        asset_class: For example "EQUITY".
        day: The day.
        holiday: Name of the holiday that closes the market.
        early_close: Local time at which the session ends.
        hours: Local open and close of the regular session, also on a day without one. An open
            that is not before the close is one of the evening before.
        name: Reason of an early close or of own hours.

    Raises:
        UsageError: Not exactly one of the three was given, or the times cannot be.
        DataError: The day lies outside the calendar.
    """
    given = [choice for choice in (holiday, early_close, hours) if choice is not None]
    if len(given) != 1:
        raise UsageError(
            f"expected one of holiday, early_close and hours for {day}, found {len(given)}"
        )
    market = find_market(exchange_group, asset_class)
    remove_override(session, exchange_group, asset_class, day)
    calendar = load_calendar(session, market, [day])
    if holiday is not None:
        values = closed_day(day, holiday)
    elif early_close is not None:
        values = _ends_early(calendar, day, early_close) | {"name": name}
    else:
        values = _own_hours(market, day, *cast("tuple[time, time]", hours)) | {"name": name}
    _refuse_overlap(calendar, values)
    market_id = cast("MarketRow", _market_row(session, market)).id
    session.add(SessionOverrideRow(market_id=market_id, source="user", **values))
    session.flush()


def remove_override(session: Session, exchange_group: str, asset_class: str, day: date) -> bool:
    """Take the user's word on a day back; the library's stands again.

    Args:
        session: A session of the database.
        exchange_group: For example "US_EQUITY".
        asset_class: For example "EQUITY".
        day: The day.

    Returns:
        Whether there was one.
    """
    row = _market_row(session, find_market(exchange_group, asset_class))
    found = row and session.get(SessionOverrideRow, (row.id, day))
    if not found:
        return False
    session.delete(found)
    session.flush()
    return True


def _market_row(session: Session, market: Market) -> MarketRow | None:
    return session.scalar(
        sa.select(MarketRow).filter_by(
            exchange_group=market.exchange_group, asset_class=market.asset_class
        )
    )


def _is_current(row: MarketRow, market: Market, needed: Sequence[date]) -> bool:
    return (
        row.source == installed_source()
        and row.rules == market.rules
        and row.seeded_from is not None
        and row.seeded_to is not None
        and all(row.seeded_from <= day <= row.seeded_to for day in needed)
    )


def _seed(session: Session, market: Market, needed: Sequence[date]) -> MarketRow:
    """Replace the library's days; a second process waits at the first statement."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    key = {"exchange_group": market.exchange_group, "asset_class": market.asset_class}
    session.execute(insert(MarketRow).values(**key, rules="", source="").on_conflict_do_nothing())
    row = session.scalars(
        sa.select(MarketRow)
        .filter_by(**key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if _is_current(row, market, needed):
        return row
    reach = [*needed, *([row.seeded_from] if row.seeded_from else [])]
    seed = seed_days(market, min(reach, default=date.max))
    session.execute(sa.delete(SessionRow).filter_by(market_id=row.id))
    source = installed_source()
    session.execute(
        sa.insert(SessionRow),
        [{"market_id": row.id, "source": source, **values} for values in seed.days],
    )
    row.rules, row.source = market.rules, source
    row.seeded_from, row.seeded_to = seed.first, seed.last
    session.flush()
    return row


def _require(row: MarketRow, day: date) -> None:
    first, last = cast("date", row.seeded_from), cast("date", row.seeded_to)
    if not first <= day <= last:
        raise DataError(
            f"{row.exchange_group} {row.asset_class}: {day} lies outside the calendar, which "
            f"{row.source} knows from {first} to {last}",
            hint="choose a day within it; the calendar reaches on with each new year",
        )


def _read(session: Session, market: Market, row: MarketRow) -> MarketCalendar:
    days: dict[date, tuple[Any, ...]] = {}
    for table in (SessionRow, SessionOverrideRow):
        columns = [getattr(table, name) for name in COLUMNS]
        found = session.execute(sa.select(*columns).filter_by(market_id=row.id))
        days |= {values[0]: tuple(values) for values in found}
    rows = sorted(days.values())
    trading = [values for values in rows if values[1] is not None]
    return MarketCalendar(
        market=market,
        first=cast("date", row.seeded_from),
        last=cast("date", row.seeded_to),
        sessions=_table(trading, market.timezone),
        holidays={values[0]: values[-1] for values in rows if values[1] is None},
        reasons={values[0]: values[-1] for values in trading if values[-1]},
    )


def _table(rows: list[tuple[Any, ...]], timezone: str) -> SessionTable:
    dates, opens, closes, pre, post, pause, resume, early, _names = (
        zip(*rows, strict=True) if rows else ((),) * len(COLUMNS)
    )

    def column(values: Sequence[int | None], instead: Sequence[int]) -> Any:
        filled = [b if a is None else a for a, b in zip(values, instead, strict=True)]
        return np.array(filled, dtype=np.int64)

    zeros = [0] * len(dates)
    return SessionTable(
        dates=dates,
        open_ns=column(opens, zeros),
        close_ns=column(closes, zeros),
        pre_open_ns=column(pre, opens),
        post_close_ns=column(post, closes),
        break_start_ns=column(pause, zeros),
        break_end_ns=column(resume, zeros),
        early_close=early,
        timezone=timezone,
    )


def _ends_early(calendar: MarketCalendar, day: date, at: time) -> DayRow:
    table = calendar.sessions
    row = table.index_of(day)
    if row == len(table) or table.dates[row] != day:
        raise UsageError(
            f"{day} cannot close early: it is no trading day",
            hint="give the day its own hours instead",
        )
    opens, usual = int(table.open_ns[row]), int(table.close_ns[row])
    pause, resume = int(table.break_start_ns[row]), int(table.break_end_ns[row])
    closes = local_ns(day, at, ZoneInfo(table.timezone))
    if not opens < closes <= usual or pause < closes <= resume:
        raise UsageError(
            f"{day} cannot close at {at:%H:%M}: expected a time within its session",
            hint=f"see: mismartera time session {day} "
            f"--exchange-group {calendar.market.exchange_group}",
        )
    has_break = pause and closes > resume
    return {
        "day": day,
        "open_ns": opens,
        "close_ns": closes,
        "break_start_ns": pause if has_break else None,
        "break_end_ns": resume if has_break else None,
        **extended_hours(calendar.market, day, opens, closes, early=True),
        "early_close": True,
    }


def _own_hours(market: Market, day: date, opens: time, closes: time) -> DayRow:
    zone = ZoneInfo(market.timezone)
    open_ns = local_ns(day, opens, zone, days=0 if opens < closes else -1)
    close_ns = local_ns(day, closes, zone)
    return {
        "day": day,
        "open_ns": open_ns,
        "close_ns": close_ns,
        "break_start_ns": None,
        "break_end_ns": None,
        **extended_hours(market, day, open_ns, close_ns, early=False),
        "early_close": False,
    }


def _refuse_overlap(calendar: MarketCalendar, values: DayRow) -> None:
    """Sessions must follow each other, extended hours included."""
    if values["open_ns"] is None:
        return
    table, day = calendar.sessions, values["day"]
    starts = values["pre_open_ns"] or values["open_ns"]
    ends = values["post_close_ns"] or values["close_ns"]
    row = table.index_of(day)
    after = row + (row < len(table) and table.dates[row] == day)
    if (row > 0 and starts < table.post_close_ns[row - 1]) or (
        after < len(table) and ends > table.pre_open_ns[after]
    ):
        raise UsageError(f"the hours given for {day} reach into the session beside it")
