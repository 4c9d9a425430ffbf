"""Calendars in the database: seeded once, overridable, kept across a new seeding."""

import threading
from datetime import date, time

import pytest
import sqlalchemy as sa

from mismartera_core.errors import UsageError
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.repositories import calendars
from mismartera_core.repositories.calendar_overrides import override_session, remove_override
from mismartera_core.repositories.tables import MarketRow, SessionOverrideRow, SessionRow

US = ("US_EQUITY", "EQUITY")
FRIDAY = date(2024, 7, 5)


@pytest.fixture
def manager(database):
    return TimeManager(database)


def set_day(manager, database, day, **word):
    with database.session() as db:
        override_session(db, *US, day, **word)
    manager.invalidate_cache()
    return manager.get_trading_session(None, day)


def test_sessions_are_rows_with_their_source(manager, database):
    manager.is_holiday(None, FRIDAY)
    with database.session() as db:
        row = db.scalars(sa.select(SessionRow).filter_by(day=date(2024, 11, 29))).one()
        assert (row.close_ns, row.early_close, row.name) == (
            1732903200 * 10**9,
            True,
            "Black Friday",
        )
        assert row.source.startswith("exchange_calendars ")


def test_seeded_once(manager, database, monkeypatch):
    assert manager.count_trading_days(None, date(2024, 1, 1), date(2024, 12, 31)) == 252
    monkeypatch.setattr(calendars, "seed_days", None)
    assert not TimeManager(database).is_holiday(None, FRIDAY)


def test_answers_come_from_memory(manager):
    assert not manager.is_holiday(None, FRIDAY)
    manager._database.close()
    manager._database = None
    assert manager.get_next_trading_date(None, FRIDAY) == date(2024, 7, 8)


def test_a_given_session_is_used(manager, database):
    with database.session() as db:
        assert manager.get_next_trading_date(db, FRIDAY) == date(2024, 7, 8)


def test_own_holiday(manager, database):
    session = set_day(manager, database, FRIDAY, holiday="Summer party")
    assert (session.is_trading_day, session.is_holiday) == (False, True)
    assert session.holiday_name == "Summer party"
    assert manager.get_next_trading_date(None, date(2024, 7, 3)) == date(2024, 7, 8)


def test_own_early_close(manager, database):
    session = set_day(manager, database, FRIDAY, early_close=time(12), name="Heat")
    assert session.is_early_close
    assert f"{session.regular_close:%H:%M} {session.post_market_close:%H:%M}" == "12:00 17:00"
    assert session.holiday_name == "Heat"


def test_own_hours_on_a_day_without_any(manager, database):
    saturday = date(2024, 7, 6)
    session = set_day(manager, database, saturday, hours=(time(10), time(14)), name="Test day")
    assert session.is_trading_day
    assert f"{session.regular_open:%H:%M}-{session.regular_close:%H:%M}" == "10:00-14:00"
    assert manager.get_next_trading_date(None, FRIDAY) == saturday


def test_overnight_hours_open_the_evening_before(database):
    with database.session() as db:
        override_session(db, "CME", "FUTURES", FRIDAY, hours=(time(18), time(15)))
    session = TimeManager(database, "CME", "FUTURES").get_trading_session(None, FRIDAY)
    assert session.regular_open.isoformat() == "2024-07-04T18:00:00-05:00"


def test_the_cache_holds_until_it_is_invalidated(manager, database):
    assert not manager.is_holiday(None, FRIDAY)
    with database.session() as db:
        override_session(db, *US, FRIDAY, holiday="Mine")
    assert not manager.is_holiday(None, FRIDAY)
    manager.invalidate_cache()
    assert manager.is_holiday(None, FRIDAY)


def test_the_last_word_counts_and_can_be_taken_back(manager, database):
    set_day(manager, database, FRIDAY, holiday="Mine")
    assert set_day(manager, database, FRIDAY, early_close=time(13)).is_trading_day
    with database.session() as db:
        assert remove_override(db, *US, FRIDAY)
        assert not remove_override(db, *US, FRIDAY)
    manager.invalidate_cache()
    assert not manager.is_early_close(None, FRIDAY)


@pytest.mark.parametrize(
    ("day", "word", "said"),
    [
        (FRIDAY, {}, "found 0"),
        (FRIDAY, {"holiday": "x", "early_close": time(12)}, "found 2"),
        (FRIDAY, {"early_close": time(17)}, "within its session"),
        (FRIDAY, {"early_close": time(9)}, "within its session"),
        (date(2024, 7, 4), {"early_close": time(12)}, "no trading day"),
        (date(2024, 7, 6), {"hours": (time(18), time(17))}, "reach into the session beside"),
    ],
)
def test_impossible_overrides_are_refused(manager, database, day, word, said):
    with pytest.raises(UsageError, match=said):
        set_day(manager, database, day, **word)


@pytest.mark.parametrize("outdated", [{"source": "exchange_calendars 0.1"}, {"rules": "other"}])
def test_a_new_library_or_rule_seeds_again_and_keeps_overrides(manager, database, outdated):
    set_day(manager, database, FRIDAY, holiday="Mine")
    with database.session() as db:
        db.execute(sa.update(MarketRow).values(**outdated))
        db.execute(sa.delete(SessionRow).filter(SessionRow.day > date(2024, 6, 1)))
    later = TimeManager(database)
    assert later.is_holiday(None, FRIDAY)
    assert later.get_next_trading_date(None, FRIDAY) == date(2024, 7, 8)
    with database.session() as db:
        assert db.scalar(sa.select(MarketRow.source)) == calendars.installed_source()
        assert db.scalar(sa.select(sa.func.count()).select_from(SessionOverrideRow)) == 1


def test_two_managers_may_seed_at_once(database):
    answers: list[date] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(TimeManager(database).get_next_trading_date(None, FRIDAY))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [date(2024, 7, 8)] * 2
    with database.session() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(MarketRow)) == 1
