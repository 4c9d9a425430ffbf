"""The user's own word on a day of a market: a holiday, an early close, own hours."""

from __future__ import annotations

from datetime import date, time
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mismartera_core.errors import UsageError
from mismartera_core.repositories.calendar_seed import (
    DayRow,
    closed_day,
    extended_hours,
    local_ns,
)
from mismartera_core.repositories.calendars import MarketCalendar, load_calendar, market_row
from mismartera_core.repositories.markets import Market, find_market
from mismartera_core.repositories.tables import MarketRow, SessionOverrideRow


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
    market_id = cast("MarketRow", market_row(session, market)).id
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
    row = market_row(session, find_market(exchange_group, asset_class))
    found = row and session.get(SessionOverrideRow, (row.id, day))
    if not found:
        return False
    session.delete(found)
    session.flush()
    return True


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
