"""Trades and quotes of a file keep their symbol, their order and their exact times."""

from __future__ import annotations

from pathlib import Path

import pytest
from csv_files import EPOCH, UTC_STAMPS

from mismartera_core.errors import DataError
from mismartera_core.model.intervals import SECOND
from mismartera_core.services.csv_parsing import ParsedEvents, parse_events_csv


def trades(tmp_path: Path, head: str, *lines: str, **options) -> ParsedEvents:
    path = tmp_path / "trades.csv"
    path.write_text("\n".join([head, *lines]) + "\n")
    return parse_events_csv(path, **options)


def test_a_symbol_column_names_the_symbol(tmp_path: Path) -> None:
    head = "ticker,time,price,size"
    lines = [f"QQQ,{stamp},10,1" for stamp in UTC_STAMPS]
    assert trades(tmp_path, head, *lines).symbol == "QQQ"
    with pytest.raises(DataError, match=r"expected one symbol .* found 2: IWM, QQQ"):
        trades(tmp_path, head, *lines, f"IWM,{UTC_STAMPS[3]},10,1")


@pytest.mark.parametrize(
    ("scale", "fraction", "expected"),
    [(1, ".123456789", 123_456_789), (1, ".5", 500_000_000), (1000, ".25", 250_000)],
)
def test_a_fraction_of_an_epoch_is_kept(tmp_path: Path, scale, fraction, expected: int) -> None:
    parsed = trades(tmp_path, "time,price,size", f"{EPOCH * scale}{fraction},10,1")
    assert parsed.columns.ts.tolist() == [EPOCH * SECOND + expected]


def test_newest_first_is_turned_round_within_a_second_too(tmp_path: Path) -> None:
    at = [UTC_STAMPS[n] for n in (0, 0, 0, 1, 1, 1)]
    lines = [f"{stamp},{number},1" for number, stamp in enumerate(at, start=1)]
    parsed = trades(tmp_path, "time,price,size", *reversed(lines))
    assert parsed.columns.price.tolist() == [1, 2, 3, 4, 5, 6]
    assert parsed.warnings == ()


def test_times_out_of_order_are_sorted_and_counted(tmp_path: Path) -> None:
    lines = [f"{UTC_STAMPS[n]},{n + 1},1" for n in (0, 2, 1, 3)]
    parsed = trades(tmp_path, "time,price,size", *lines)
    assert parsed.columns.price.tolist() == [1, 2, 3, 4]
    assert parsed.warnings == ("1 time(s) out of order, sorted",)


def test_a_trade_without_a_time_of_day_is_not_one_of_midnight(tmp_path: Path) -> None:
    lines = ["2024-03-18,,10,1", *(f"2024-03-18,09:30:0{n},10,1" for n in range(3))]
    parsed = trades(tmp_path, "date,time,price,size", *lines, timezone="UTC")
    assert [(q.line, q.reason) for q in parsed.quarantine] == [(2, "the time is missing")]
