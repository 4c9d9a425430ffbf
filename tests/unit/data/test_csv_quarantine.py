"""Rows of a CSV file that are no bars are put aside with their line, text and reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from csv_files import HEAD, MONDAY, UTC_STAMPS, ns, parse, rows, weekdays

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
     ("2024-03-18T13:75:00Z", "the time cannot be read"),
     ("2024-03-18T13:34:60Z", "the time cannot be read"),
     ("2024-03-18T25:34:00Z", "the time cannot be read"),
     ("2024-03-18T13:34:00+25:00", "the time cannot be read"),
     ("2024-03-18T13:34:00", "the time cannot be read")],
)  # fmt: skip
def test_a_row_without_a_readable_time_is_quarantined(tmp_path, stamp: str, reason: str) -> None:
    parsed = parse(tmp_path, HEAD + rows(UTC_STAMPS) + f"{stamp},10,12,9,11,5\n")
    assert [(q.line, q.reason) for q in parsed.quarantine] == [(6, reason)]


@pytest.mark.parametrize(
    ("good", "bad"), [("100.4;101.5;99.5;100.5", "100,4;101,5;99,5;100,5"),
                      ("100,4;101,5;99,5;100,5", "100.4;101.5;99.5;100.5")],
)  # fmt: skip
def test_one_row_with_the_other_decimal_mark_does_not_change_the_others(tmp_path, good, bad):
    body = "".join(f"{stamp};{good};10\n" for stamp in UTC_STAMPS)
    parsed = parse(tmp_path, HEAD.replace(",", ";") + body + f"2024-03-18T13:34:00Z;{bad};10\n")
    assert parsed.columns.open.tolist() == [100.4] * 4
    assert [(q.line, q.reason) for q in parsed.quarantine] == [(6, "open is not a number")]


def test_a_row_far_in_the_future_does_not_hide_the_others(tmp_path: Path) -> None:
    def horizon(first, last):
        assert last.year < 2030
        return weekdays(first, last)

    text = HEAD + rows(UTC_STAMPS) + "2124-03-18T13:34:00Z,10,12,9,11,5\n"
    parsed = parse(tmp_path, text, sessions=horizon, now_ns=ns(MONDAY, 20))
    assert [(q.line, q.reason) for q in parsed.quarantine] == [(6, "the bar has not ended yet")]


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
