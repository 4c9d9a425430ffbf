from __future__ import annotations

import gzip
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from mismartera_core.errors import DataError, UsageError
from mismartera_core.model.intervals import DAY, HOUR, MINUTE, SECOND
from mismartera_core.model.sessions import SessionTable
from mismartera_core.services.csv_parsing import ParsedBars, parse_bars_csv

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2024, 3, 18)
PRICES = [(10, 12, 9, 11, 100), (11, 13, 10, 12, 200), (12, 12, 8, 9, 0), (9, 10, 9, 10, 50)]


def ns(day: date, hour: int, minute: int = 0, zone=NEW_YORK) -> int:
    at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    return int(at.timestamp()) * SECOND


def weekdays(first: date, last: date) -> SessionTable:
    """Every weekday from 9:30 to 16:00 in New York, pre-market from 4:00, post-market to 20:00."""
    span = (first + timedelta(days=n) for n in range((last - first).days + 1))
    days = tuple(d for d in span if d.weekday() < 5)
    pre, opened, closed, post = (
        np.array([ns(d, *clock) for d in days], np.int64)
        for clock in ((4, 0), (9, 30), (16, 0), (20, 0))
    )
    none = np.zeros(len(days), np.int64)
    early = (False,) * len(days)
    return SessionTable(days, opened, closed, pre, post, none, none, early, "America/New_York")


def parse(tmp_path: Path, text: str | bytes, name: str = "SPY.csv", **options) -> ParsedBars:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return parse_bars_csv(path, **options)


def rows(stamps, delimiter: str = ",", prices=PRICES) -> str:
    lines = (delimiter.join(map(str, (s, *p))) for s, p in zip(stamps, prices, strict=True))
    return "\n".join(lines) + "\n"


UTC_STAMPS = [f"2024-03-18T13:3{m}:00Z" for m in range(4)]
HEAD = "timestamp,open,high,low,close,volume\n"


def assert_the_four_bars(parsed: ParsedBars) -> None:
    assert parsed.interval == "1m"
    assert parsed.columns.ts.tolist() == [ns(MONDAY, 9, 30) + n * MINUTE for n in range(4)]
    bars = parsed.columns
    got = zip(bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
    assert [tuple(map(float, row)) for row in got] == [tuple(map(float, row)) for row in PRICES]
    assert (bars.available_at - bars.ts == MINUTE).all()
    assert parsed.quarantine == ()
    assert parsed.rows == 4


EPOCH = ns(MONDAY, 9, 30) // SECOND


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
    ("head", "body"),
    [
        ("Date,Time,Open,High,Low,Close,Volume", [f"2024-03-18,13:3{m}" for m in range(4)]),
        (
            "<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
            [f"20240318,133{m}00" for m in range(4)],
        ),
        ("", [f"2024-03-18,13:3{m}:00" for m in range(4)]),
        ("", UTC_STAMPS),
        ("Gmt time,O,H,L,C,V", [s[:-1] for s in UTC_STAMPS]),
        ("timestamp,1. open,2. high,3. low,4. close,5. volume", UTC_STAMPS),
        (",OPEN,HIGH,LOW,CLOSE,Vol.", UTC_STAMPS),
    ],
    ids=str,
)
def test_columns_are_found_by_name_or_by_place(tmp_path: Path, head: str, body) -> None:
    text = (head + "\n" if head else "") + rows(body)
    assert_the_four_bars(parse(tmp_path, text, timezone="UTC"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_any_delimiter_byte_order_mark_and_line_end(
    tmp_path: Path, delimiter: str, mark: bytes, end: str
) -> None:
    text = (HEAD + rows(UTC_STAMPS)).replace(",", delimiter).replace("\n", end)
    assert_the_four_bars(parse(tmp_path, mark + text.encode()))
    assert_the_four_bars(parse(tmp_path, text.encode("utf-16")))


def test_compressed_files_are_read(tmp_path: Path) -> None:
    text = (HEAD + rows(UTC_STAMPS)).encode()
    assert_the_four_bars(parse(tmp_path, gzip.compress(text), "SPY.csv.gz"))
    with zipfile.ZipFile(tmp_path / "SPY.zip", "w") as archive:
        archive.writestr("SPY.csv", text)
    assert_the_four_bars(parse_bars_csv(tmp_path / "SPY.zip"))


@pytest.mark.parametrize(
    ("delimiter", "one", "value"),
    [
        (";", "1234,5", 1234.5),
        (";", "1.234,5", 1234.5),
        (";", "1,234.5", 1234.5),
        (",", '"1,234.5"', 1234.5),
        (",", '"1,234"', 1234.0),
        (",", '"1234,5"', 1234.5),
        (",", "1.2345e3", 1234.5),
    ],
)
def test_decimal_marks_and_thousands(
    tmp_path: Path, delimiter: str, one: str, value: float
) -> None:
    line = delimiter.join(["{}", one, one, one, one, "7"])
    text = HEAD.replace(",", delimiter) + "\n".join(line.format(s) for s in UTC_STAMPS)
    assert parse(tmp_path, text).columns.close.tolist() == [value] * 4


def test_newest_first_is_turned_and_disorder_sorted(tmp_path: Path) -> None:
    lines = rows(UTC_STAMPS).splitlines()
    turned = parse(tmp_path, HEAD + "\n".join(reversed(lines)))
    assert_the_four_bars(turned)
    assert turned.understanding["order"] == "newest first, turned round"
    mixed = parse(tmp_path, HEAD + "\n".join([lines[0], lines[2], lines[1], lines[3]]))
    assert_the_four_bars(mixed)
    assert "oldest first; 1 time(s) out of order, sorted" in mixed.warnings


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


def session_rows(first: int, count: int, day: date = MONDAY, volume=lambda clock: 100) -> str:
    """Naive stamps of New York from minute `first` of the day on."""
    clocks = range(first, first + count)
    return "".join(f"{day} {c // 60:02}:{c % 60:02},10,11,9,10,{volume(c)}\n" for c in clocks)


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


def test_daily_bars_are_laid_at_the_open_of_their_session(tmp_path: Path) -> None:
    stamps = ["2024-03-07", "2024-03-08", "2024-03-11", "2024-03-16"]
    parsed = parse(tmp_path, HEAD + rows(stamps), sessions=weekdays)
    assert parsed.columns.ts.tolist() == [ns(date(2024, 3, d), 9, 30) for d in (7, 8, 11)]
    assert parsed.quarantine[0].reason == "not a trading day of the exchange"
    offsets = [f"2024-03-{d:02} 00:00:00-05:00" for d in (4, 5, 6, 7)]
    parsed = parse(tmp_path, HEAD + rows(offsets), sessions=weekdays)
    assert parsed.columns.ts.tolist() == [ns(date(2024, 3, d), 9, 30) for d in (4, 5, 6, 7)]


IMPOSSIBLE = {
    "10,9,11,10,5": "high is below low",
    "10,12,9,13,5": "close is above high",
    "8,12,9,11,5": "open is below low",
    "0,12,0,11,5": "open is zero",
    "-1,12,-2,11,5": "open is negative",
    "nan,12,9,11,5": "open is missing",
    ",12,9,11,5": "open is missing",
    "inf,12,9,11,5": "open is not a number",
    "10,abc,9,11,5": "high is not a number",
    "10,12,9,11,-5": "volume is negative",
    "10,12,9,11,many": "volume is not a number",
    "10,12,9,11": "5 cells, expected 6",
    "10,12,9,11,5,6": "7 cells, expected 6",
}


@pytest.mark.parametrize(("cells", "reason"), IMPOSSIBLE.items())
def test_an_impossible_row_is_quarantined_with_line_text_and_reason(
    tmp_path: Path, cells: str, reason: str
) -> None:
    bad = f"2024-03-18T13:34:00Z,{cells}"
    lines = rows(UTC_STAMPS).splitlines()
    parsed = parse(tmp_path, HEAD + "\n".join([*lines[:2], "", bad, *lines[2:]]))
    assert [(q.line, q.reason, q.text) for q in parsed.quarantine] == [(5, reason, bad)]
    assert len(parsed.columns) == 4
    assert parsed.rows == 5


@pytest.mark.parametrize(
    ("stamp", "reason"),
    [("", "the time is missing"), ("yesterday", "the time cannot be read"),
     ("2024-02-30T00:00:00Z", "the time cannot be read"),
     ("2024-03-18T13:34:00", "the time cannot be read")],
)  # fmt: skip
def test_a_row_without_a_readable_time_is_quarantined(tmp_path, stamp: str, reason: str) -> None:
    parsed = parse(tmp_path, HEAD + rows(UTC_STAMPS) + f"{stamp},10,12,9,11,5\n")
    assert [(q.line, q.reason) for q in parsed.quarantine] == [(6, reason)]


def test_equal_rows_are_counted_and_conflicting_rows_all_quarantined(tmp_path: Path) -> None:
    lines = rows(UTC_STAMPS).splitlines()
    other = lines[1].replace("13,10,12", "14,10,12")
    parsed = parse(tmp_path, HEAD + "\n".join([*lines, lines[0], lines[0], other]))
    assert parsed.duplicates == 2
    assert [q.line for q in parsed.quarantine] == [3, 8]
    assert len(parsed.columns) + parsed.duplicates + len(parsed.quarantine) == parsed.rows == 7


def test_an_unfinished_last_bar_is_quarantined(tmp_path: Path) -> None:
    whole = [f"{MONDAY}T13:{m:02}:00Z,10,11,9,10,5" for m in range(40)]
    flat = f"{MONDAY}T13:40:00Z,10,10,10,10,0"
    off = f"{MONDAY}T13:40:17Z,10,11,9,10,5"
    for last in (flat, off):
        parsed = parse(tmp_path, HEAD + "\n".join([*whole, last]))
        assert [q.reason.split(":")[0] for q in parsed.quarantine] == ["unfinished last bar"]
    parsed = parse(tmp_path, HEAD + "\n".join(whole), now_ns=ns(MONDAY, 9, 39))
    assert [q.reason for q in parsed.quarantine] == ["the bar has not ended yet"]


def test_missing_volume_is_unknown_not_zero(tmp_path: Path) -> None:
    text = "timestamp,open,high,low,close\n" + "".join(f"{s},10,11,9,10\n" for s in UTC_STAMPS)
    parsed = parse(tmp_path, text)
    assert np.isnan(parsed.columns.volume).all()
    assert "no volume" in parsed.warnings[0]


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


def test_lines_before_the_header_are_skipped(tmp_path: Path) -> None:
    parsed = parse(tmp_path, "https://www.example.com\n" + HEAD + rows(UTC_STAMPS))
    assert_the_four_bars(parsed)
    assert "after 1 other line(s)" in parsed.understanding["header"]


def test_a_symbol_column_names_the_symbol(tmp_path: Path) -> None:
    def text(*symbols: str) -> str:
        lines = rows(UTC_STAMPS).splitlines()
        return HEAD.replace("\n", ",ticker\n") + "\n".join(
            f"{line},{symbol}" for line, symbol in zip(lines, symbols, strict=True)
        )

    assert parse(tmp_path, text(*["QQQ"] * 4)).symbol == "QQQ"
    with pytest.raises(DataError, match=r"expected one symbol .* found 2: IWM, QQQ"):
        parse(tmp_path, text("QQQ", "QQQ", "IWM", "QQQ"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\0\1\2\3", "is binary"),
        (b"hello\nworld\n", "expected a table"),
        (HEAD.encode(), "no row"),
        (b"timestamp,open,high,low,price2,volume\n" + rows(UTC_STAMPS).encode(), "found no close"),
        ((HEAD + rows(["soon"] * 4)).encode(), "cannot read 'soon'"),
        ((HEAD + "2024-03-18T13:30:00Z,5,4,6,5,1\n").encode(), "line 2: high is below low"),
    ],
)
def test_what_is_no_table_of_bars_is_refused_in_a_sentence(tmp_path, content, message) -> None:
    with pytest.raises(DataError, match=message):
        parse(tmp_path, content)


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "SPY.csv").write_text("x")
    with pytest.raises(DataError, match="there is no file") as caught:
        parse_bars_csv(tmp_path / "SYP.csv")
    assert "did you mean 'SPY.csv'?" in caught.value.hint


def test_days_without_a_calendar_begin_at_midnight(tmp_path: Path) -> None:
    stamps = ["2024-03-15", "2024-03-16", "2024-03-17", "2024-03-18"]
    parsed = parse(tmp_path, HEAD + rows(stamps))
    assert (parsed.columns.ts % DAY == 0).all()
    assert "without a calendar" in parsed.understanding["time zone"]
