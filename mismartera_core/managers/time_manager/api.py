"""TimeManager: what time it is, and when the market is open."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mismartera_core.contracts.clock import WallClock
from mismartera_core.errors import UsageError
from mismartera_core.managers.time_manager.backtest_clock import BacktestClock
from mismartera_core.managers.time_manager.calendar import CalendarIndex, to_datetime, to_ns
from mismartera_core.managers.time_manager.live_clock import LiveClock
from mismartera_core.model.sessions import MarketSession, SessionTable, TradingSession
from mismartera_core.repositories.calendars import load_calendar
from mismartera_core.repositories.database import Database
from mismartera_core.repositories.markets import find_market

ONE_DAY = timedelta(days=1)


class TimeManager:
    """Clock and calendar of one market; safe to share between threads.

    Reads the wall clock until a backtest sets the time. The calendar is read from the database
    once and then answered from memory; `invalidate_cache` makes it read again. Wherever a method
    takes `db`, None lets the manager open a session of its own.

    Args:
        database: Where the calendar is kept; it is seeded when first needed.
        exchange_group: For example "US_EQUITY".
        asset_class: For example "EQUITY".
        wall: What stands for the wall clock; the machine's where left out.

    Attributes:
        clock: Its `now_ns` is the instant; a BacktestClock's can be written.
    """

    def __init__(
        self,
        database: Database,
        exchange_group: str = "US_EQUITY",
        asset_class: str = "EQUITY",
        wall: WallClock | None = None,
    ) -> None:
        self.market = find_market(exchange_group, asset_class)
        self._wall: WallClock = wall or LiveClock()
        self.clock: BacktestClock | WallClock = self._wall
        self._database = database
        self._zone = ZoneInfo(self.market.timezone)
        self._index: CalendarIndex | None = None
        self._loading = threading.Lock()

    @property
    def zone(self) -> ZoneInfo:
        """The exchange's zone."""
        return self._zone

    def wall_now(self) -> datetime:
        """The wall clock, aware, UTC; also in a backtest."""
        return to_datetime(self._wall.now_ns, UTC)

    def wall_ns(self) -> int:
        """The wall clock, nanoseconds UTC; also in a backtest."""
        return self._wall.now_ns

    def get_current_time(self) -> datetime:
        """The time, aware, in the exchange's zone: simulated in a backtest, else the wall clock."""
        return to_datetime(self.clock.now_ns, self._zone)

    def get_trading_session(self, db: Session | None, day: date) -> TradingSession:
        """A day with its hours, and whether the market trades, is on holiday or closes early.

        Args:
            db: A session of the database.
            day: The day.

        Raises:
            DataError: The day lies outside the calendar.
        """
        return self._covering(db, day).day(day)

    def is_market_open(
        self, db: Session | None, at: datetime | None = None, include_extended: bool = False
    ) -> bool:
        """Whether the market is open at an instant; the open itself is, the close is not.

        Args:
            db: A session of the database.
            at: The instant, aware; by default the current time.
            include_extended: Count pre-market and post-market as open.

        Raises:
            UsageError: The instant has no zone.
            DataError: It lies outside the calendar.
        """
        part = self.get_market_session(db, at)
        return part is MarketSession.REGULAR or (
            include_extended and part is not MarketSession.CLOSED
        )

    def get_market_session(self, db: Session | None, at: datetime | None = None) -> MarketSession:
        """The part of the day an instant lies in; a lunch break is closed.

        Args:
            db: A session of the database.
            at: The instant, aware; by default the current time.

        Raises:
            UsageError: The instant has no zone.
            DataError: It lies outside the calendar.
        """
        ns = self.clock.now_ns if at is None else to_ns(at)
        index = self._index
        if index is None or not index.first_ns <= ns < index.last_ns:
            index = self._covering(db, to_datetime(ns, self._zone).date())
        return index.at(ns)

    def get_next_trading_date(self, db: Session | None, day: date, n: int = 1) -> date:
        """The n-th trading day after a day.

        Args:
            db: A session of the database.
            day: The day, trading or not.
            n: How many trading days on, at least 1.

        Raises:
            DataError: It lies outside the calendar.
        """
        return self._covering(db, day).moved(day, _at_least_one(n))

    def get_previous_trading_date(self, db: Session | None, day: date, n: int = 1) -> date:
        """The n-th trading day before a day.

        Args:
            db: A session of the database.
            day: The day, trading or not.
            n: How many trading days back, at least 1.

        Raises:
            DataError: It lies outside the calendar.
        """
        return self._covering(db, day).moved(day, -_at_least_one(n))

    def get_first_trading_date(self, db: Session | None, day: date) -> date:
        """The day itself where it trades, else the next one that does.

        Args:
            db: A session of the database.
            day: The day.

        Raises:
            DataError: It lies outside the calendar.
        """
        return self._covering(db, day).first_from(day)

    def count_trading_days(self, db: Session | None, start: date, end: date) -> int:
        """How many trading days lie in a range, both ends included.

        Args:
            db: A session of the database.
            start: First day.
            end: Last day; before the first it gives 0.

        Raises:
            DataError: The range reaches beyond the calendar.
        """
        return len(self._covering(db, start, end).between(start, end))

    def is_holiday(self, db: Session | None, day: date) -> bool:
        """Whether a day is a holiday; a plain weekend is none.

        Args:
            db: A session of the database.
            day: The day.

        Raises:
            DataError: The day lies outside the calendar.
        """
        return self.get_trading_session(db, day).is_holiday

    def is_early_close(self, db: Session | None, day: date) -> bool:
        """Whether a day's session ends before its usual close.

        Args:
            db: A session of the database.
            day: The day.

        Raises:
            DataError: The day lies outside the calendar.
        """
        return self.get_trading_session(db, day).is_early_close

    def session_table(self, start: date, end: date) -> SessionTable:
        """The sessions of a range of days as columns, both ends included.

        Args:
            start: First day.
            end: Last day.

        Raises:
            DataError: The range reaches beyond the calendar.
        """
        return self._covering(None, start, end).between(start, end)

    def set_backtest_time(self, at: datetime) -> None:
        """Put the clock to an instant; from now on the time is simulated.

        Args:
            at: The instant, aware.

        Raises:
            UsageError: The instant has no zone.
        """
        self._set_clock(to_ns(at))

    def init_backtest(
        self,
        db: Session | None,
        start_date: date | None = None,
        end_date: date | None = None,
        backtest_days: int | None = None,
    ) -> SessionTable:
        """Choose the sessions of a backtest and put the clock before the first.

        Args:
            db: A session of the database.
            start_date: First day.
            end_date: Last day; by default, where it is needed, yesterday.
            backtest_days: How many trading days: from `start_date` on, else back from `end_date`.

        Returns:
            The sessions, at least one.

        Raises:
            UsageError: The three say too little, too much, or name no trading day.
            DataError: The range reaches beyond the calendar.
        """
        table = self._chosen(db, start_date, end_date, backtest_days)
        if not len(table):
            raise UsageError(f"there is no trading day between {start_date} and {end_date}")
        self._set_clock(int(table.pre_open_ns[0]))
        return table

    def advance_to_market_open(self, db: Session | None) -> datetime:
        """Move a backtest's clock on to the next regular open.

        Args:
            db: A session of the database.

        Returns:
            The open, aware, in the exchange's zone.

        Raises:
            UsageError: No backtest has set the time.
            DataError: The next open lies outside the calendar.
        """
        if not isinstance(self.clock, BacktestClock):
            raise UsageError(
                "the wall clock cannot be moved", hint="call init_backtest or set_backtest_time"
            )
        now = self.clock.now_ns
        opens = self._covering(db, to_datetime(now, self._zone).date()).next_open(now)
        self._set_clock(opens)
        return to_datetime(opens, self._zone)

    def invalidate_cache(self) -> None:
        """Forget the calendar; the next question reads the database again."""
        with self._loading:
            self._index = None

    def _chosen(
        self, db: Session | None, start: date | None, end: date | None, days: int | None
    ) -> SessionTable:
        if days is None:
            if start is None:
                raise UsageError("expected start_date or backtest_days, found neither")
            end = end or self._yesterday()
            return self._covering(db, start, end).between(start, end)
        if start is not None and end is not None:
            raise UsageError("expected two of start_date, end_date and backtest_days, found three")
        _at_least_one(days)
        if start is not None:
            first = self.get_first_trading_date(db, start)
            last = self.get_next_trading_date(db, first, days - 1) if days > 1 else first
        else:
            end = end or self._yesterday()
            last = self.get_previous_trading_date(db, end + ONE_DAY)
            first = self.get_previous_trading_date(db, last, days - 1) if days > 1 else last
        return self._covering(db, first, last).between(first, last)

    def _yesterday(self) -> date:
        """The last day of the exchange that is over by the wall clock."""
        return self.wall_now().astimezone(self._zone).date() - ONE_DAY

    def _set_clock(self, ns: int) -> None:
        if isinstance(self.clock, BacktestClock):
            self.clock.now_ns = ns
        else:
            self.clock = BacktestClock(ns)

    def _covering(self, db: Session | None, *days: date) -> CalendarIndex:
        """The calendar in memory, read and seeded where it does not cover the days."""
        index = self._index
        if index is not None and all(index.covers(day) for day in days):
            return index
        with self._loading:
            if db is not None:
                self._index = CalendarIndex(load_calendar(db, self.market, days))
            else:
                with self._database.session() as own:
                    self._index = CalendarIndex(load_calendar(own, self.market, days))
            return self._index


def _at_least_one(n: int) -> int:
    if n < 1:
        raise UsageError(f"expected a number of trading days of at least 1, found {n}")
    return n
