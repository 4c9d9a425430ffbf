"""Checks of the calendar: does it cover what comes, and what are the hours of today."""

from __future__ import annotations

from datetime import date

from mismartera_core.model.sessions import MarketSession, TradingSession
from mismartera_core.system.access import Access
from mismartera_core.system.preflight.rows import CheckRow, go, warn

SESSIONS_AHEAD = 10
"""Sessions after today that the calendar must know."""


def calendar(access: Access) -> CheckRow:
    """The calendar covers today and the sessions to come."""
    clock = access.clock
    today = _today(access)
    last = clock.get_next_trading_date(None, today, SESSIONS_AHEAD)
    ahead = clock.session_table(today, last)
    early = [str(day) for day, half in zip(ahead.dates, ahead.early_close, strict=True) if half]
    halves = f"; half days: {', '.join(early)}" if early else ""
    return go("calendar", f"{clock.market.exchange_group} covers {today} to {last}{halves}")


def session(access: Access) -> CheckRow:
    """The hours of today; a day without a session is a warning."""
    clock = access.clock
    at = clock.get_current_time()
    day = clock.get_trading_session(None, at.date())
    now = f"{at:%H:%M:%S %Z}"
    if day.regular_open is None or day.regular_close is None:
        why = day.holiday_name or ("holiday" if day.is_holiday else "weekend")
        following = clock.get_next_trading_date(None, at.date())
        opens = clock.get_trading_session(None, following).regular_open
        found = f"{at.date()} is no trading day ({why}), now {now}"
        return warn("session", found, f"the next session opens {opens:%a %Y-%m-%d %H:%M %Z}")
    found = f"{_hours(day)}, now {now}: {_part(clock.get_market_session(None, at))}"
    if at >= day.regular_close:
        following = clock.get_next_trading_date(None, at.date())
        return warn("session", found, f"today's session is over; the next is on {following}")
    return go("session", found)


def _hours(day: TradingSession) -> str:
    half = f", half day ({day.holiday_name or 'early close'})" if day.is_early_close else ""
    return f"{day.date} {day.regular_open:%H:%M} to {day.regular_close:%H:%M}{half}"


def _part(part: MarketSession) -> str:
    return part.value.replace("_", "-")


def _today(access: Access) -> date:
    return access.clock.get_current_time().date()
