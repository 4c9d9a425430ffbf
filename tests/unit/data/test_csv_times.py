"""What the stamps of a CSV file mean: zone, day and month, label, interval."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from csv_files import (
    EPOCH,
    HEAD,
    MONDAY,
    PRICES,
    UTC_STAMPS,
    assert_the_four_bars,
    ns,
    parse,
    rows,
    session_rows,
    weekdays,
)

from mismartera_core.errors import DataError, UsageError
from mismartera_core.model.intervals import DAY, HOUR, MINUTE, SECOND


@pytest.mark.parametrize(
    "stamps",
    [
        UTC_STAMPS,
        [s.replace("T", " ").replace("Z", "+00:00") for s in UTC_STAMPS],
        [s.replace("13:", "09:").replace("Z", "-0400") for s in UTC_STAMPS],
        [s.replace("T13:", " 19:").replace(":00Z", " UTC+06:00") for s in UTC_STAMPS],
        [s.replace("Z", ".000000000Z") for s in UTC_STAMPS],
        [f"18.03.2024 15:3{m}:00.000 GMT+0200" for m in range(4)],
        [f"18-Mar-2024 13:3{m}:00 GMT" for m in range(4)],
        [f"2024-03-18 15:3{m}:00 GMT+2" for m in range(4)],
        [f"2024-03-18 08:3{m} UTC-05" for m in range(4)],
        [f"March 18, 2024 01:3{m} PM Z" for m in range(4)],
        [f"20240318T133{m}00Z" for m in range(4)],
        [EPOCH + 60 * m for m in range(4)],
        [f"{EPOCH + 60 * m}.0" for m in range(4)],
        [(EPOCH + 60 * m) * 10**3 for m in range(4)],
        [(EPOCH + 60 * m) * 10**6 for m in range(4)],
        [(EPOCH + 60 * m) * 10**9 for m in range(4)],
    ],
    ids=str,
)
def test_stamps_with_a_zone_need_nothing_said(tmp_path: Path, stamps) -> None:
    quoted = [f'"{s}"' if "," in str(s) else s for s in stamps]
    assert_the_four_bars(parse(tmp_path, HEAD + rows(quoted)))


@pytest.mark.parametrize(
    "stamps",
    [
        [f"2024-03-18 09:3{m}" for m in range(4)],
        [f"2024/03/18 9:3{m}:00" for m in range(4)],
        [f"3/18/2024 9:3{m} AM" for m in range(4)],
        [f"18.03.2024 09:3{m}:00.000" for m in range(4)],
        [f"18/03/24 09:3{m}" for m in range(4)],
        [f"20240318 09:3{m}:00" for m in range(4)],
        [f"20240318 093{m}00" for m in range(4)],
        [f"202403180930{m}0"[:8] + f"093{m}00" for m in range(4)],
        [f"20240318093{m}" for m in range(4)],
    ],
    ids=str,
)
def test_naive_stamps_take_the_zone_that_is_said(tmp_path: Path, stamps) -> None:
    parsed = parse(tmp_path, HEAD + rows(stamps), timezone="America/New_York")
    assert_the_four_bars(parsed)
    assert parsed.understanding["time zone"] == "America/New_York (as said)"


@pytest.mark.parametrize(
    "clock",
    ["9:3{m} AM", "09:3{m}:00-04:00", "93{m}", "093{m}00"],
)
def test_a_date_and_a_time_of_day_in_two_columns_are_one_stamp(tmp_path: Path, clock: str) -> None:
    head = "Date,Time,Open,High,Low,Close,Volume\n"
    stamps = ["2024-03-18," + clock.format(m=m) for m in range(4)]
    blank = "2024-03-18,,10,12,9,11,1\n"
    parsed = parse(tmp_path, head + blank + rows(stamps), timezone="America/New_York")
    assert [(q.line, q.reason) for q in parsed.quarantine] == [(2, "the time is missing")]
    assert parsed.columns.ts.tolist() == [ns(MONDAY, 9, 30) + n * MINUTE for n in range(4)]


def test_years_of_two_digits_are_of_the_last_century_from_69_on(tmp_path: Path) -> None:
    stamps = ["12/30/99", "12/31/99", "01/03/00", "01/04/00"]
    parsed = parse(tmp_path, HEAD + rows(stamps), sessions=weekdays)
    assert parsed.columns.ts[0] == ns(date(1999, 12, 30), 9, 30)


def test_an_impossible_time_is_quarantined_whoever_reads_it(tmp_path: Path) -> None:
    epochs = [str(EPOCH + 60 * m) for m in range(3)]
    parsed = parse(tmp_path, HEAD + rows([*epochs, "9999999999999999999"]))
    assert [(q.line, q.reason) for q in parsed.quarantine] == [(5, "the time cannot be read")]
    days = ["2024-03-14", "2024-03-15", "2024-03-18", "2999-12-31"]
    parsed = parse(tmp_path, HEAD + rows(days), dateformat="%Y-%m-%d")
    assert [(q.line, q.reason) for q in parsed.quarantine] == [(5, "the time cannot be read")]


@pytest.mark.parametrize(("zone", "hour"), [("UTC", 13), ("America/New_York", 9)])
def test_a_zone_that_the_date_format_reads_counts(tmp_path: Path, zone: str, hour: int) -> None:
    stamps = [f"20240318 {hour:02}:3{m}:00 {zone}" for m in range(4)]
    dateformat = "%Y%m%d %H:%M:%S %Z"
    parsed = parse(tmp_path, HEAD + rows(stamps), dateformat=dateformat, timezone="Asia/Tokyo")
    assert_the_four_bars(parsed)


@pytest.mark.parametrize(
    ("stamps", "words"),
    [
        (["13/03/2024", "14/03/2024", "15/03/2024", "18/03/2024"], "day before month"),
        (["03/13/2024", "03/14/2024", "03/15/2024", "03/18/2024"], "month before day"),
        (["28/02/2024", "29/02/2024", "01/03/2024", "04/03/2024"], "day before month"),
        (["01/03/2024", "04/03/2024", "05/03/2024", "01/04/2024"], "day before month"),
        (["03/01/2024", "03/04/2024", "03/05/2024", "04/01/2024"], "month before day"),
    ],
)
def test_day_and_month_are_told_apart_by_the_whole_file(tmp_path, stamps, words: str) -> None:
    parsed = parse(tmp_path, HEAD + rows(stamps))
    assert parsed.understanding["dates"].startswith(words)
    assert parsed.interval == "1d"
    assert (np.diff(parsed.columns.ts) > 0).all()


def test_dates_that_can_be_read_both_ways_are_refused(tmp_path: Path) -> None:
    stamps = [f"01/02/2024 09:3{m}" for m in range(4)]
    with pytest.raises(DataError, match="day and month cannot be told apart") as caught:
        parse(tmp_path, HEAD + rows(stamps), timezone="UTC")
    assert "--date-format '%d/%m/%Y'" in caught.value.hint
    for dateformat, day in (
        ("%d/%m/%Y %H:%M", date(2024, 2, 1)),
        ("%m/%d/%Y %H:%M", date(2024, 1, 2)),
    ):
        parsed = parse(tmp_path, HEAD + rows(stamps), timezone="UTC", dateformat=dateformat)
        assert parsed.columns.ts[0] == ns(day, 9, 30, ZoneInfo("UTC"))


def test_a_date_format_that_fits_nothing_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not fit '2024-03-18T13:30:00Z'"):
        parse(tmp_path, HEAD + rows(UTC_STAMPS), dateformat="%d.%m.%Y")


def test_the_calendar_tells_zone_and_label(tmp_path: Path) -> None:
    for first, label in ((570, "start"), (571, "end")):
        days = "".join(session_rows(first, 390, MONDAY + timedelta(days=n)) for n in range(3))
        parsed = parse(tmp_path, HEAD + days, sessions=weekdays)
        assert parsed.understanding["time zone"].startswith("America/New_York")
        assert parsed.understanding["stamp"].startswith(label)
        assert parsed.columns.ts[0] == ns(MONDAY, 9, 30)
        assert parsed.columns.ts[-1] == ns(MONDAY + timedelta(days=2), 15, 59)


@pytest.mark.parametrize("label", ["start", "end"])
def test_with_extended_hours_the_volume_at_the_open_tells_the_label(tmp_path, label: str) -> None:
    late = int(label == "end")

    def volume(clock: int) -> int:
        return 5000 if clock - late in (570, 571) else 40

    stamps = session_rows(240, 961, volume=volume)
    parsed = parse(tmp_path, HEAD + stamps, sessions=weekdays, timezone="America/New_York")
    assert parsed.understanding["stamp"].startswith(label)
    at = int(np.argmax(parsed.columns.volume))
    assert parsed.columns.ts[at] == ns(MONDAY, 9, 30)


def test_a_few_bars_up_to_the_close_do_not_make_it_an_end(tmp_path: Path) -> None:
    thin = "".join(session_rows(clock, 1) for clock in (574, 575, 700, 900, 959, 960))
    options = {"sessions": weekdays, "timezone": "America/New_York"}
    assert "assumed" in parse(tmp_path, HEAD + thin, **options).understanding["stamp"]


def test_what_is_said_of_the_label_counts(tmp_path: Path) -> None:
    parsed = parse(tmp_path, HEAD + rows(UTC_STAMPS), label="end")
    assert parsed.columns.ts[0] == ns(MONDAY, 9, 29)
    with pytest.raises(UsageError, match="--label start or --label end"):
        parse(tmp_path, HEAD + rows(UTC_STAMPS), label="middle")


def test_a_close_time_column_marks_the_end(tmp_path: Path) -> None:
    stamps = [(EPOCH + 60 * m) * 1000 - 1 for m in range(1, 5)]
    head = HEAD.replace("timestamp", "Close time")
    assert_the_four_bars(parse(tmp_path, head + rows(stamps)))


def test_an_undecided_label_is_assumed_to_be_the_start_and_says_so(tmp_path: Path) -> None:
    parsed = parse(tmp_path, HEAD + rows(UTC_STAMPS))
    assert "assumed" in parsed.understanding["stamp"]
    assert any("--label end" in warning for warning in parsed.warnings)


def test_naive_stamps_that_nothing_places_are_refused_with_the_option(tmp_path: Path) -> None:
    text = HEAD + session_rows(600, 5)
    for sessions in (None, weekdays):
        with pytest.raises(DataError, match="carry no zone") as caught:
            parse(tmp_path, text, sessions=sessions)
        assert "--tz America/New_York" in caught.value.hint


def test_an_unknown_zone_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'Mars/Olympus'"):
        parse(tmp_path, HEAD + session_rows(600, 5), timezone="Mars/Olympus")


def test_times_that_the_clock_shows_twice_or_never_are_put_aside(tmp_path: Path) -> None:
    text = HEAD + rows(
        ["2024-03-10 01:59", "2024-03-10 02:30", "2024-03-10 03:00", "2024-03-10 03:01"]
    )
    parsed = parse(tmp_path, text, timezone="America/New_York")
    assert [(q.line, "twice or never" in q.reason) for q in parsed.quarantine] == [(3, True)]
    assert np.diff(parsed.columns.ts).tolist() == [MINUTE, MINUTE]


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_tells_the_two_hours_of_autumn_apart(tmp_path: Path, turned: bool) -> None:
    clocks = [*range(30, 120), *range(60, 180)]
    lines = [f"2024-11-03 {c // 60:02}:{c % 60:02},10,11,9,10,1" for c in clocks]
    text = HEAD + "\n".join(reversed(lines) if turned else lines)
    parsed = parse(tmp_path, text, timezone="America/New_York")
    assert parsed.quarantine == ()
    assert len(parsed.columns) == len(clocks)
    assert (np.diff(parsed.columns.ts) == MINUTE).all()


def test_a_row_given_twice_does_not_turn_the_clock_back(tmp_path: Path) -> None:
    clocks = ["00:30", "01:00", "01:30", "01:30", "02:00", "02:30", "03:00"]
    lines = [f"2024-11-03 {clock},10,11,9,10,1\n" for clock in clocks]
    parsed = parse(tmp_path, HEAD + "".join(lines), timezone="America/New_York")
    assert [q.line for q in parsed.quarantine] == [3, 4, 5]
    assert len(parsed.columns) == 4


def test_todays_daily_bar_is_finished_when_its_session_is(tmp_path: Path) -> None:
    text = HEAD + rows(["2024-03-13", "2024-03-14", "2024-03-15", "2024-03-18"])
    for hour, kept in ((15, 3), (16, 4)):
        parsed = parse(tmp_path, text, sessions=weekdays, now_ns=ns(MONDAY, hour))
        assert len(parsed.columns) == kept


def test_daily_bars_are_laid_at_the_open_of_their_session(tmp_path: Path) -> None:
    stamps = ["2024-03-07", "2024-03-08", "2024-03-11", "2024-03-16"]
    parsed = parse(tmp_path, HEAD + rows(stamps), sessions=weekdays)
    assert parsed.columns.ts.tolist() == [ns(date(2024, 3, d), 9, 30) for d in (7, 8, 11)]
    assert parsed.quarantine[0].reason == "not a trading day of the exchange"
    offsets = [f"2024-03-{d:02} 00:00:00-05:00" for d in (4, 5, 6, 7)]
    parsed = parse(tmp_path, HEAD + rows(offsets), sessions=weekdays)
    assert parsed.columns.ts.tolist() == [ns(date(2024, 3, d), 9, 30) for d in (4, 5, 6, 7)]


@pytest.mark.parametrize(
    ("step", "interval"),
    [(SECOND, "1s"), (30 * SECOND, "30s"), (5 * MINUTE, "5m"), (HOUR, "1h"), (4 * HOUR, "4h")],
)
def test_the_interval_is_the_most_frequent_distance(
    tmp_path: Path, step: int, interval: str
) -> None:
    stamps = [(EPOCH * SECOND + n * step) for n in (0, 1, 2, 7)]
    assert parse(tmp_path, HEAD + rows(stamps)).interval == interval


def test_an_interval_is_checked_and_asked_for_where_it_is_not_to_be_seen(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected 5m bars .* 60 seconds apart"):
        parse(tmp_path, HEAD + rows(UTC_STAMPS), interval="5m")
    one = HEAD + rows(UTC_STAMPS[:1], prices=PRICES[:1])
    with pytest.raises(DataError, match="one time only") as caught:
        parse(tmp_path, one)
    assert "--interval" in caught.value.hint
    assert parse(tmp_path, one, interval="1m").interval == "1m"
    weekly = [(EPOCH + n * 7 * 86_400) for n in range(4)]
    with pytest.raises(DataError, match="7 days apart"):
        parse(tmp_path, HEAD + rows(weekly))


def test_an_interval_that_no_two_bars_keep_is_said(tmp_path: Path) -> None:
    """A bar taken for shorter than it is would be known before its end."""
    stamps = [EPOCH + 300 * n for n in range(4)]
    parsed = parse(tmp_path, HEAD + rows(stamps), interval="1m")
    assert "no two bars are 1m apart, the nearest are 300 seconds apart" in parsed.warnings
    days = ["2024-03-13", "2024-03-14", "2024-03-15", "2024-03-18"]
    with pytest.raises(DataError, match="found days without a time"):
        parse(tmp_path, HEAD + rows(days), interval="1m", timezone="UTC")


def test_days_without_a_calendar_begin_at_midnight(tmp_path: Path) -> None:
    stamps = ["2024-03-15", "2024-03-16", "2024-03-17", "2024-03-18"]
    parsed = parse(tmp_path, HEAD + rows(stamps))
    assert (parsed.columns.ts % DAY == 0).all()
    assert "without a calendar" in parsed.understanding["time zone"]
