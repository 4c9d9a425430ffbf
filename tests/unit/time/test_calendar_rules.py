"""Days whose hours are known by heart."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mismartera_core.model.sessions import MarketSession


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("group", "day", "opens", "closes"),
    [
        ("US_EQUITY", date(2024, 3, 8), "2024-03-08T14:30", "2024-03-08T21:00"),
        ("US_EQUITY", date(2024, 3, 11), "2024-03-11T13:30", "2024-03-11T20:00"),  # DST began
        ("US_EQUITY", date(2024, 11, 1), "2024-11-01T13:30", "2024-11-01T20:00"),
        ("US_EQUITY", date(2024, 11, 4), "2024-11-04T14:30", "2024-11-04T21:00"),  # DST ended
        ("US_EQUITY", date(2024, 11, 29), "2024-11-29T14:30", "2024-11-29T18:00"),  # half day
        ("US_EQUITY", date(2026, 3, 6), "2026-03-06T14:30", "2026-03-06T21:00"),
        ("US_EQUITY", date(2026, 3, 9), "2026-03-09T13:30", "2026-03-09T20:00"),  # DST began
        ("US_EQUITY", date(2026, 10, 30), "2026-10-30T13:30", "2026-10-30T20:00"),
        ("US_EQUITY", date(2026, 11, 2), "2026-11-02T14:30", "2026-11-02T21:00"),  # DST ended
        ("US_EQUITY", date(2026, 11, 27), "2026-11-27T14:30", "2026-11-27T18:00"),  # half day
        ("US_EQUITY", date(2026, 12, 24), "2026-12-24T14:30", "2026-12-24T18:00"),  # half day
        ("UK_EQUITY", date(2024, 12, 24), "2024-12-24T08:00", "2024-12-24T12:30"),
        ("DE_EQUITY", date(2024, 7, 3), "2024-07-03T07:00", "2024-07-03T15:30"),
        ("JP_EQUITY", date(2024, 7, 3), "2024-07-03T00:00", "2024-07-03T06:00"),
        ("HK_EQUITY", date(2024, 7, 3), "2024-07-03T01:30", "2024-07-03T08:00"),
        ("CME", date(2024, 7, 3), "2024-07-02T22:00", "2024-07-03T22:00"),  # spans midnight
        ("FX", date(2024, 7, 3), "2024-07-03T00:00", "2024-07-04T00:00"),
        ("CRYPTO", date(2024, 12, 25), "2024-12-25T00:00", "2024-12-26T00:00"),
        ("CRYPTO", date(2024, 7, 6), "2024-07-06T00:00", "2024-07-07T00:00"),  # a Saturday
    ],
)
def test_regular_hours(manager_of, group, day, opens, closes):
    session = manager_of(group).get_trading_session(None, day)
    assert session.is_trading_day
    assert (session.regular_open, session.regular_close) == (utc(opens), utc(closes))


def test_times_are_in_the_exchange_zone(us):
    session = us.get_trading_session(None, date(2024, 11, 29))
    assert session.timezone == "America/New_York"
    assert f"{session.regular_open:%H:%M %Z}" == "09:30 EST"
    assert us.zone.key == "America/New_York"


@pytest.mark.parametrize(
    ("day", "pre", "post"),
    [(date(2024, 7, 5), "04:00", "20:00"), (date(2024, 11, 29), "04:00", "17:00")],
)
def test_extended_hours_of_us_equities(us, day, pre, post):
    session = us.get_trading_session(None, day)
    assert f"{session.pre_market_open:%H:%M}" == pre
    assert f"{session.post_market_close:%H:%M}" == post


@pytest.mark.parametrize("group", ["JP_EQUITY", "UK_EQUITY", "CRYPTO", "FX", "CME"])
def test_markets_without_extended_hours_have_none(manager_of, group):
    session = manager_of(group).get_trading_session(None, date(2024, 7, 3))
    assert session.pre_market_open is None
    assert session.post_market_close is None


def test_unscheduled_closure_is_a_holiday_with_a_name(us):
    session = us.get_trading_session(None, date(2025, 1, 9))
    assert (session.is_trading_day, session.is_holiday) == (False, True)
    assert session.holiday_name == "Funeral of President Carter"
    assert session.regular_open is None


def test_a_weekend_is_closed_but_no_holiday(us):
    session = us.get_trading_session(None, date(2024, 7, 6))
    assert (session.is_trading_day, session.is_holiday) == (False, False)


def test_holidays_and_early_closes_have_names(us):
    assert us.get_trading_session(None, date(2024, 12, 25)).holiday_name == "Christmas"
    assert us.get_trading_session(None, date(2024, 11, 29)).holiday_name == "Black Friday"
    assert us.is_holiday(None, date(2024, 12, 25))
    assert us.is_early_close(None, date(2024, 11, 29))
    assert not us.is_early_close(None, date(2024, 11, 27))


@pytest.mark.parametrize("group", ["CRYPTO", "FX"])
def test_markets_open_all_day_never_close_early(manager_of, group):
    table = manager_of(group).session_table(date(2023, 1, 1), date(2024, 12, 31))
    assert not any(table.early_close)
    assert (table.close_ns - table.open_ns == 86_400 * 10**9).all()


def test_round_the_clock_has_every_day(manager_of):
    crypto = manager_of("CRYPTO")
    assert crypto.count_trading_days(None, date(2024, 1, 1), date(2024, 12, 31)) == 366
    assert crypto.is_market_open(None, utc("2024-12-25T23:59:59.999999"))


@pytest.mark.parametrize(
    ("group", "at", "part"),
    [
        ("US_EQUITY", "2024-07-05T07:59:59", MarketSession.CLOSED),
        ("US_EQUITY", "2024-07-05T08:00", MarketSession.PRE_MARKET),
        ("US_EQUITY", "2024-07-05T13:29:59.999999", MarketSession.PRE_MARKET),
        ("US_EQUITY", "2024-07-05T13:30", MarketSession.REGULAR),
        ("US_EQUITY", "2024-07-05T20:00", MarketSession.POST_MARKET),
        ("US_EQUITY", "2024-07-06T00:00", MarketSession.CLOSED),
        ("US_EQUITY", "2024-11-29T18:00", MarketSession.POST_MARKET),
        ("US_EQUITY", "2024-11-29T22:00", MarketSession.CLOSED),
        ("US_EQUITY", "2025-01-09T16:00", MarketSession.CLOSED),
        ("JP_EQUITY", "2024-07-03T02:29", MarketSession.REGULAR),
        ("JP_EQUITY", "2024-07-03T02:30", MarketSession.CLOSED),  # lunch
        ("JP_EQUITY", "2024-07-03T03:30", MarketSession.REGULAR),
        ("HK_EQUITY", "2024-07-03T04:30", MarketSession.CLOSED),  # lunch
        ("CME", "2024-07-03T03:00", MarketSession.REGULAR),
        ("CME", "2024-07-06T12:00", MarketSession.CLOSED),
        ("FX", "2024-07-06T12:00", MarketSession.CLOSED),
    ],
)
def test_part_of_the_day(manager_of, group, at, part):
    manager = manager_of(group)
    assert manager.get_market_session(None, utc(at)) is part
    assert manager.is_market_open(None, utc(at)) is (part is MarketSession.REGULAR)
    extended = manager.is_market_open(None, utc(at), include_extended=True)
    assert extended is (part is not MarketSession.CLOSED)


def test_lunch_break_of_tokyo(manager_of):
    session = manager_of("JP_EQUITY").get_trading_session(None, date(2024, 7, 3))
    assert f"{session.break_start:%H:%M}-{session.break_end:%H:%M}" == "11:30-12:30"


def test_half_day_of_hong_kong_has_no_afternoon(manager_of):
    session = manager_of("HK_EQUITY").get_trading_session(None, date(2024, 12, 24))
    assert session.is_early_close
    assert f"{session.regular_close:%H:%M}" == "12:00"
    assert session.break_start is None


def test_next_previous_first_and_count(us):
    wednesday, friday = date(2025, 1, 8), date(2025, 1, 10)
    closed = date(2025, 1, 9)
    assert us.get_next_trading_date(None, wednesday) == friday
    assert us.get_previous_trading_date(None, friday) == wednesday
    assert us.get_next_trading_date(None, closed) == friday
    assert us.get_previous_trading_date(None, closed) == wednesday
    assert us.get_next_trading_date(None, wednesday, 3) == date(2025, 1, 14)
    assert us.get_first_trading_date(None, closed) == friday
    assert us.get_first_trading_date(None, friday) == friday
    assert us.count_trading_days(None, wednesday, friday) == 2
    assert us.count_trading_days(None, friday, wednesday) == 0
    assert us.count_trading_days(None, date(2024, 1, 1), date(2024, 12, 31)) == 252


def test_session_table_is_columns_of_the_range(us):
    table = us.session_table(date(2024, 11, 27), date(2024, 12, 1))
    assert table.dates == (date(2024, 11, 27), date(2024, 11, 29))
    assert table.early_close == (False, True)
    assert table.open_ns.dtype == "int64"
    assert (table.close_ns - table.open_ns).tolist() == [390 * 60 * 10**9, 210 * 60 * 10**9]
    assert (table.open_ns - table.pre_open_ns).tolist() == [330 * 60 * 10**9] * 2
    assert len(us.session_table(date(2024, 11, 30), date(2024, 12, 1))) == 0


def test_horizon_is_said(us):
    from mismartera_core.errors import DataError

    far = us.wall_now().date() + timedelta(days=1000)
    with pytest.raises(DataError, match=r"outside the calendar.*exchange_calendars.*from 1990"):
        us.get_trading_session(None, far)
    with pytest.raises(DataError, match="trading days after"):
        us.get_next_trading_date(None, us.wall_now().date(), 1000)


def test_beyond_the_last_trading_day_nothing_is_made_up(us):
    from mismartera_core.errors import DataError

    known = us._covering(None, us.wall_now().date())
    last = known.dates[-1]
    assert known.first_from(last) == last
    with pytest.raises(DataError, match="the first trading day from"):
        known.first_from(last + timedelta(days=1))
    with pytest.raises(DataError, match="the next open"):
        known.next_open(known.opens[-1])


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1600, 1, 3), date(1677, 12, 31)])
def test_days_before_any_calendar_are_refused_in_a_sentence(us, day):
    from mismartera_core.errors import DataError

    with pytest.raises(DataError, match=f"{day} lies outside the calendar"):
        us.get_trading_session(None, day)


def test_earlier_years_are_seeded_when_asked_for(tmp_path):
    from mismartera_core.managers.time_manager import TimeManager
    from mismartera_core.repositories.database import open_database

    database = open_database(f"sqlite:///{tmp_path / 'old.db'}")
    manager = TimeManager(database)
    assert manager.get_trading_session(None, date(1985, 9, 27)).is_holiday  # hurricane Gloria
    assert manager.count_trading_days(None, date(2024, 1, 1), date(2024, 12, 31)) == 252
    database.close()
