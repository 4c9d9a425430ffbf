"""Simulated and wall-clock time, and the range of a backtest."""

import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mismartera_core.errors import ConfigError, DataError, UsageError
from mismartera_core.managers.time_manager import TimeManager


def test_live_time_is_the_wall_clock_in_the_exchange_zone(us):
    now = us.get_current_time()
    assert now.tzinfo == ZoneInfo("America/New_York")
    assert abs(now - us.wall_now()) < timedelta(seconds=5)
    assert us.wall_now().utcoffset() == timedelta(0)
    assert us.get_market_session(None) is not None


def test_set_backtest_time(us):
    us.set_backtest_time(datetime(2024, 7, 3, 14, 30, 0, 123456, tzinfo=UTC))
    assert us.get_current_time().isoformat() == "2024-07-03T10:30:00.123456-04:00"
    assert us.is_market_open(None)
    us.clock.now_ns += 4 * 3600 * 10**9
    assert us.get_current_time().hour == 14
    assert not us.is_market_open(None)  # half day


def test_setting_the_time_keeps_the_clock_that_others_hold(us):
    us.set_backtest_time(datetime(2024, 7, 3, 14, tzinfo=UTC))
    held = us.clock
    us.set_backtest_time(datetime(2024, 7, 3, 15, tzinfo=UTC))
    us.init_backtest(None, date(2024, 7, 1), date(2024, 7, 3))
    assert us.clock is held


@pytest.mark.parametrize(
    "ask",
    [
        lambda manager, at: manager.set_backtest_time(at),
        lambda manager, at: manager.is_market_open(None, at),
        lambda manager, at: manager.get_market_session(None, at),
    ],
)
def test_naive_times_are_refused_with_the_fix(us, ask):
    naive = datetime(2024, 7, 3, 9, 30)  # noqa: DTZ001
    with pytest.raises(UsageError, match="naive 2024-07-03 09:30:00") as refusal:
        ask(us, naive)
    assert "replace(tzinfo=time_manager.zone)" in refusal.value.hint


@pytest.mark.parametrize(
    ("chosen", "first", "last", "count"),
    [
        ({"start_date": date(2024, 7, 4), "end_date": date(2024, 7, 7)}, 5, 5, 1),
        ({"start_date": date(2024, 7, 4), "backtest_days": 3}, 5, 9, 3),
        ({"end_date": date(2024, 7, 7), "backtest_days": 3}, 2, 5, 3),
        ({"end_date": date(2024, 7, 5), "backtest_days": 1}, 5, 5, 1),
    ],
)
def test_init_backtest_chooses_sessions(us, chosen, first, last, count):
    table = us.init_backtest(None, **chosen)
    assert (table.dates[0], table.dates[-1]) == (date(2024, 7, first), date(2024, 7, last))
    assert len(table) == count
    assert us.get_current_time().isoformat() == f"2024-07-0{first}T04:00:00-04:00"


def test_backtest_days_alone_end_before_today(us):
    table = us.init_backtest(None, backtest_days=5)
    assert len(table) == 5
    assert table.dates[-1] < us.wall_now().astimezone(us.zone).date()


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({}, "start_date or backtest_days"),
        ({"start_date": date(2024, 7, 6), "end_date": date(2024, 7, 7)}, "no trading day"),
        ({"backtest_days": 0}, "at least 1"),
        (
            {"start_date": date(2024, 7, 1), "end_date": date(2024, 7, 7), "backtest_days": 2},
            "found three",
        ),
    ],
)
def test_unclear_ranges_are_refused(us, chosen, said):
    with pytest.raises(UsageError, match=said):
        us.init_backtest(None, **chosen)


def test_advance_to_market_open_follows_the_calendar(us):
    us.init_backtest(None, date(2025, 1, 8), date(2025, 1, 10))
    opens = [us.advance_to_market_open(None).isoformat() for _ in range(2)]
    assert opens == ["2025-01-08T09:30:00-05:00", "2025-01-10T09:30:00-05:00"]
    assert us.get_current_time().isoformat() == opens[-1]


def test_the_wall_clock_cannot_be_moved(us):
    with pytest.raises(UsageError, match="wall clock"):
        us.advance_to_market_open(None)


def test_steps_of_no_days_are_refused(us):
    with pytest.raises(UsageError, match="at least 1"):
        us.get_next_trading_date(None, date(2024, 7, 3), 0)


def test_times_outside_the_calendar_are_refused(us):
    with pytest.raises(DataError, match="outside the calendar"):
        us.is_market_open(None, us.wall_now() + timedelta(days=1000))


@pytest.mark.parametrize(
    ("group", "asset", "said"),
    [("US_EQUTY", "EQUITY", "US_EQUITY"), ("US_EQUITY", "EQUITIES", "EQUITY")],
)
def test_unknown_markets_name_the_nearest(calendars, group, asset, said):
    with pytest.raises(ConfigError) as refusal:
        TimeManager(calendars, group, asset)
    assert f"did you mean '{said}'" in refusal.value.hint


def test_threads_share_one_manager(calendars):
    manager = TimeManager(calendars)
    answers: list[bool] = []
    at = datetime(2024, 7, 3, 15, tzinfo=UTC)
    threads = [
        threading.Thread(target=lambda: answers.append(manager.is_market_open(None, at)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 8
