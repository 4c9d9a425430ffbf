"""A market's calendar in memory: every question is answered by bisection of sorted lists."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from mismartera_core.errors import DataError, UsageError
from mismartera_core.model.sessions import MarketSession, SessionTable, TradingSession
from mismartera_core.repositories.calendars import MarketCalendar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_ns(at: datetime) -> int:
    """Nanoseconds since the epoch of an aware datetime.

    Args:
        at: The instant.

    Raises:
        UsageError: The datetime is naive.
    """
    if at.tzinfo is None or at.utcoffset() is None:
        raise UsageError(
            f"expected a datetime with a zone, found the naive {at.isoformat(sep=' ')}",
            hint=f"write {at.isoformat(sep=' ')!r} as datetime.fromisoformat(...)"
            ".replace(tzinfo=time_manager.zone)",
        )
    since = at - EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000


def to_datetime(ns: int, zone: tzinfo) -> datetime:
    """An instant as an aware datetime.

    Args:
        ns: Nanoseconds since the epoch, UTC; what is below a microsecond is cut.
        zone: The zone of the result.
    """
    return (EPOCH + ns // 1000 * MICROSECOND).astimezone(zone)


class CalendarIndex:
    """Answers about a calendar; never changes, so threads share it.

    Args:
        calendar: The calendar as the database has it.
    """

    def __init__(self, calendar: MarketCalendar) -> None:
        table = calendar.sessions
        self.calendar = calendar
        self.zone = ZoneInfo(table.timezone)
        self.dates = list(table.dates)
        self.opens: list[int] = table.open_ns.tolist()
        self.closes: list[int] = table.close_ns.tolist()
        self.pre: list[int] = table.pre_open_ns.tolist()
        self.post: list[int] = table.post_close_ns.tolist()
        self.pauses: list[int] = table.break_start_ns.tolist()
        self.resumes: list[int] = table.break_end_ns.tolist()
        self._days: dict[date, TradingSession] = {}
        # The edges of what is known: nothing before the first day begins, nothing after the last.
        midnight = datetime.min.time()
        self.first_ns = to_ns(datetime.combine(calendar.first, midnight, self.zone))
        self.last_ns = to_ns(datetime.combine(calendar.last, midnight, self.zone)) + 1

    def covers(self, day: date) -> bool:
        """Whether a day lies within the calendar."""
        return self.calendar.first <= day <= self.calendar.last

    def at(self, ns: int) -> MarketSession:
        """The part of the day an instant lies in; opens belong to what they open."""
        row = bisect_right(self.pre, ns) - 1
        if row < 0 or ns >= self.post[row]:
            return MarketSession.CLOSED
        if ns < self.opens[row]:
            return MarketSession.PRE_MARKET
        if ns >= self.closes[row]:
            return MarketSession.POST_MARKET
        if self.pauses[row] <= ns < self.resumes[row]:
            return MarketSession.CLOSED
        return MarketSession.REGULAR

    def moved(self, day: date, n: int) -> date:
        """The n-th trading day after a day; before it where n is negative."""
        row = bisect_right(self.dates, day) + n - 1 if n > 0 else bisect_left(self.dates, day) + n
        if not 0 <= row < len(self.dates):
            raise self._beyond(f"{abs(n)} trading days {'after' if n > 0 else 'before'} {day}")
        return self.dates[row]

    def first_from(self, day: date) -> date:
        """The day itself where it trades, else the next one that does."""
        row = bisect_left(self.dates, day)
        if row == len(self.dates):
            raise self._beyond(f"the first trading day from {day} on")
        return self.dates[row]

    def next_open(self, ns: int) -> int:
        """The first regular open after an instant."""
        row = bisect_right(self.opens, ns)
        if row == len(self.opens):
            raise self._beyond("the next open")
        return self.opens[row]

    def between(self, start: date, end: date) -> SessionTable:
        """The sessions of a range of days, both included."""
        rows = bisect_left(self.dates, start), bisect_right(self.dates, end)
        return self.calendar.sessions.slice(rows[0], max(rows))

    def day(self, day: date) -> TradingSession:
        """A day with its hours, aware, in the exchange's zone."""
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._session(day)
        return found

    def _session(self, day: date) -> TradingSession:
        market, calendar = self.calendar.market, self.calendar
        row = bisect_left(self.dates, day)
        if row == len(self.dates) or self.dates[row] != day:
            return TradingSession(
                date=day,
                exchange_group=market.exchange_group,
                asset_class=market.asset_class,
                timezone=market.timezone,
                is_trading_day=False,
                is_holiday=day in calendar.holidays,
                is_early_close=False,
                holiday_name=calendar.holidays.get(day),
            )
        opens, closes, pre, post = (
            column[row] for column in (self.opens, self.closes, self.pre, self.post)
        )
        has_break = self.resumes[row] > 0
        return TradingSession(
            date=day,
            exchange_group=market.exchange_group,
            asset_class=market.asset_class,
            timezone=market.timezone,
            is_trading_day=True,
            is_holiday=False,
            is_early_close=calendar.sessions.early_close[row],
            holiday_name=calendar.reasons.get(day),
            pre_market_open=to_datetime(pre, self.zone) if pre < opens else None,
            regular_open=to_datetime(opens, self.zone),
            regular_close=to_datetime(closes, self.zone),
            post_market_close=to_datetime(post, self.zone) if post > closes else None,
            break_start=to_datetime(self.pauses[row], self.zone) if has_break else None,
            break_end=to_datetime(self.resumes[row], self.zone) if has_break else None,
        )

    def _beyond(self, what: str) -> DataError:
        calendar = self.calendar
        return DataError(
            f"{what} lies outside the calendar of {calendar.market.exchange_group}, which reaches "
            f"from {calendar.first} to {calendar.last}",
            hint="choose days within it; the calendar reaches on with each new year",
        )
