"""What holds for every day and instant of every market."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.model.sessions import MarketSession
from mismartera_core.repositories.database import open_database

GROUPS = {"US_EQUITY": "EQUITY", "JP_EQUITY": "EQUITY", "CME": "FUTURES", "CRYPTO": "CRYPTO"}
DAYS = st.dates(date(2000, 1, 1), date(2026, 12, 31))
FIRST = datetime(2000, 1, 3, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=9850)).map(lambda since: FIRST + since)
SOME = settings(max_examples=100)


@pytest.fixture(scope="module")
def managers(tmp_path_factory):
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('calendars') / 'all.db'}")
    yield {group: TimeManager(database, group, asset) for group, asset in GROUPS.items()}
    database.close()


@SOME
@given(group=st.sampled_from(sorted(GROUPS)), day=DAYS, n=st.integers(1, 40))
def test_next_and_previous_are_inverse(managers, group, day, n):
    manager = managers[group]
    trading = manager.get_first_trading_date(None, day)
    forward = manager.get_next_trading_date(None, trading, n)
    assert manager.get_previous_trading_date(None, forward, n) == trading
    assert manager.count_trading_days(None, trading, forward) == n + 1


@SOME
@given(group=st.sampled_from(sorted(GROUPS)), start=DAYS, days=st.integers(0, 60))
def test_count_agrees_with_listing(managers, group, start, days):
    manager = managers[group]
    every = [start + timedelta(days=n) for n in range(days + 1)]
    listed = [day for day in every if manager.get_trading_session(None, day).is_trading_day]
    assert manager.count_trading_days(None, start, every[-1]) == len(listed)
    assert list(manager.session_table(start, every[-1]).dates) == listed
    eves = [day - timedelta(days=1) for day in listed]
    assert [manager.get_next_trading_date(None, eve) for eve in eves] == listed


@SOME
@given(group=st.sampled_from(sorted(GROUPS)), at=INSTANTS)
def test_part_of_the_day_agrees_with_a_scan(managers, group, at):
    manager = managers[group]
    near = [at.date() + timedelta(days=n) for n in range(-3, 4)]
    expected = MarketSession.CLOSED
    for session in (manager.get_trading_session(None, day) for day in near):
        if session.regular_open is None or session.regular_close is None:
            continue
        if (session.pre_market_open or session.regular_open) <= at < session.regular_open:
            expected = MarketSession.PRE_MARKET
        elif session.regular_open <= at < session.regular_close:
            lunch = session.break_start and session.break_start <= at < session.break_end
            expected = MarketSession.CLOSED if lunch else MarketSession.REGULAR
        elif session.regular_close <= at < (session.post_market_close or session.regular_close):
            expected = MarketSession.POST_MARKET
    assert manager.get_market_session(None, at) is expected


@SOME
@given(at=INSTANTS)
@example(at=datetime(2024, 11, 3, 5, 30, tzinfo=UTC))  # 01:30 in New York, for the first time
@example(at=datetime(2024, 11, 3, 6, 30, tzinfo=UTC))  # and for the second
def test_time_set_is_time_told(managers, at):
    manager = managers["US_EQUITY"]
    manager.set_backtest_time(at)
    # As instants: a time that a clock shows twice equals none of another zone (PEP 495).
    assert manager.get_current_time().astimezone(UTC) == at
