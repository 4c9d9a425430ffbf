"""How a table of bars is found in a CSV file: columns, delimiters, marks, order, symbol."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
from csv_files import EPOCH, HEAD, UTC_STAMPS, assert_the_four_bars, parse, rows

from mismartera_core.errors import DataError
from mismartera_core.services.csv_parsing import parse_bars_csv


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
        (
            "window_start,open,high,low,close,volume",
            [f"{EPOCH + 60 * m}000000000" for m in range(4)],
        ),
    ],
    ids=str,
)
def test_columns_are_found_by_name_or_by_place(tmp_path: Path, head: str, body) -> None:
    text = (head + "\n" if head else "") + rows(body)
    assert_the_four_bars(parse(tmp_path, text, timezone="UTC"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
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
        (",", "$1234.5", 1234.5),
        (",", '"$1,234.50"', 1234.5),
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


def test_thousands_beside_smaller_prices_with_a_fraction(tmp_path: Path) -> None:
    body = "".join(f'{s},"1,234","1,234",999.5,"1,000",7\n' for s in UTC_STAMPS)
    assert parse(tmp_path, HEAD + body).columns.low.tolist() == [999.5] * 4


def test_newest_first_is_turned_and_disorder_sorted(tmp_path: Path) -> None:
    lines = rows(UTC_STAMPS).splitlines()
    turned = parse(tmp_path, HEAD + "\n".join(reversed(lines)))
    assert_the_four_bars(turned)
    assert turned.understanding["order"] == "newest first, turned round"
    mixed = parse(tmp_path, HEAD + "\n".join([lines[0], lines[2], lines[1], lines[3]]))
    assert_the_four_bars(mixed)
    assert "oldest first; 1 time(s) out of order, sorted" in mixed.warnings


def test_missing_volume_is_unknown_not_zero(tmp_path: Path) -> None:
    text = "timestamp,open,high,low,close\n" + "".join(f"{s},10,11,9,10\n" for s in UTC_STAMPS)
    parsed = parse(tmp_path, text)
    assert np.isnan(parsed.columns.volume).all()
    assert "no volume" in parsed.warnings[0]


def test_lines_before_the_header_are_skipped(tmp_path: Path) -> None:
    parsed = parse(tmp_path, "https://www.example.com\n" + HEAD + rows(UTC_STAMPS))
    assert_the_four_bars(parsed)
    assert "after 1 other line(s)" in parsed.understanding["header"]


def test_a_blank_line_below_the_header_is_no_line_of_yfinance(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found no open"):
        parse(tmp_path, "Price,Time,High,Low,Volume\n\n" + "10,2024-03-18,11,9,1\n" * 3)
    with pytest.raises(DataError, match="found no time"):
        parse(tmp_path, "Price,Close,High,Low,Open\nTicker,SPY,SPY,SPY,SPY\n\n" + "x,1,1,1,1\n" * 3)


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


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("SPY.csv", b"\xff\xfe" + HEAD.encode("utf-16-le") + b"2"),
        ("SPY.csv.gz", gzip.compress(HEAD.encode())[:10] + b"\xff" * 40),
        ("SPY.csv.gz", gzip.compress(HEAD.encode())[:-9]),
    ],
    ids=["utf-16", "gzip", "cut"],
)
def test_a_damaged_file_cannot_be_read_and_is_named(tmp_path, name: str, content: bytes) -> None:
    with pytest.raises(DataError, match=rf"{name} cannot be read"):
        parse(tmp_path, content, name)


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "SPY.csv").write_text("x")
    with pytest.raises(DataError, match="there is no file") as caught:
        parse_bars_csv(tmp_path / "SYP.csv")
    assert "did you mean 'SPY.csv'?" in caught.value.hint
    (tmp_path / "SYPS.csv").mkdir()
    with pytest.raises(DataError) as caught:
        parse_bars_csv(tmp_path / "SYP.csv")
    assert "SYPS" not in caught.value.hint
