"""The tables that the engine reads, against published answer files."""

import csv
import json
from datetime import UTC, date, datetime

import pytest
from shared_data import shared

JUNETEENTH = {
    date(2022, 6, 20),
    date(2023, 6, 19),
    date(2024, 6, 19),
    date(2025, 6, 19),
    date(2026, 6, 19),
    date(2027, 6, 18),
}


def stamp(text: str) -> int:
    if not text:
        return 0
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**9


def rows(name: str) -> list[list[str]]:
    with shared(f"conformance/calendars/{name}").open(newline="") as file:
        return list(csv.reader(file))[1:]


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("US_EQUITY", "xnys"),
        ("CA_EQUITY", "xtse"),
        ("UK_EQUITY", "xlon"),
        ("DE_EQUITY", "xetr"),
        ("JP_EQUITY", "xtks"),
        ("HK_EQUITY", "xhkg"),
        ("AU_EQUITY", "xasx"),
        ("CME", "cmes"),
        ("FX", "24-5"),
        ("CRYPTO", "24-7"),
    ],
)
def test_sessions_equal_the_answer_file(manager_of, group, name):
    answers = [
        (date.fromisoformat(row[0][:10]), *map(stamp, row[1:5]))
        for row in rows(f"exchange_calendars_{name}.csv")
    ]
    # The answers of CME are newer than the library: Juneteenth's early close was added later.
    unknown = JUNETEENTH if group == "CME" else set()
    table = manager_of(group).session_table(answers[0][0], answers[-1][0])
    columns = (table.open_ns, table.close_ns, table.break_start_ns, table.break_end_ns)
    found = zip(table.dates, *(column.tolist() for column in columns), strict=True)
    assert [row for row in found if row[0] not in unknown] == [
        row for row in answers if row[0] not in unknown
    ]


def test_us_sessions_to_2027_with_early_closes(manager_of):
    answers = rows("xnys_schedule_1990_2027_exchange_calendars_4.13.2.csv")
    table = manager_of("US_EQUITY").session_table(
        date(1990, 1, 1), date.fromisoformat(answers[-1][0])
    )
    found = zip(
        table.dates, table.open_ns.tolist(), table.close_ns.tolist(), table.early_close, strict=True
    )
    assert list(found) == [
        (date.fromisoformat(day), stamp(opens), stamp(closes), bool(early))
        for day, opens, closes, early in answers
    ]


def test_us_extended_hours_equal_pandas_market_calendars(manager_of):
    answers = [
        (date.fromisoformat(row[0]), *map(stamp, row[1:]))
        for row in rows("nyse_schedule_pre_post_1990_2027_pandas_market_calendars_5.5.0.csv")
        if row[0] >= "2010"
    ]
    table = manager_of("US_EQUITY").session_table(date(2010, 1, 1), answers[-1][0])
    columns = (table.pre_open_ns, table.open_ns, table.close_ns, table.post_close_ns)
    assert list(zip(table.dates, *(column.tolist() for column in columns), strict=True)) == answers


def test_special_sessions_of_new_york(manager_of):
    us = manager_of("US_EQUITY")
    special = json.loads(shared("conformance/calendars/xnys_special_sessions.json").read_text())
    for day, closes in special["early_closes"]:
        session = us.get_trading_session(None, date.fromisoformat(day))
        assert session.is_early_close, day
        assert f"{session.regular_close:%H:%M}" == closes, day
    for day in special["weekday_closures"]:
        assert us.is_holiday(None, date.fromisoformat(day)), day
    for day in special["of_which_unscheduled"]:
        assert us.get_trading_session(None, date.fromisoformat(day)).holiday_name, day
    for day, offset in special["dst_first_day_new_offset"]:
        following = us.get_trading_session(
            None, us.get_first_trading_date(None, date.fromisoformat(day))
        )
        assert following.regular_open.isoformat().endswith(f"T09:30:00{offset}"), day


def test_full_day_holidays_since_1990(manager_of):
    us = manager_of("US_EQUITY")
    with shared(
        "conformance/calendars/pmc_nyse_all_full_day_holidays_since_1928.csv"
    ).open() as file:
        days = [datetime.strptime(line.strip(), "%m/%d/%Y").date() for line in file]  # noqa: DTZ007
    since = [day for day in days if day.year >= 1990 and day.weekday() < 5]
    assert len(since) > 200
    assert [day for day in since if not us.is_holiday(None, day)] == []
