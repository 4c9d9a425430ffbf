"""What tests of the CSV reader share: four bars, the text of a file, and a plain calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from mismartera_core.model.intervals import MINUTE, SECOND
from mismartera_core.model.sessions import SessionTable
from mismartera_core.services.csv_parsing import ParsedBars, parse_bars_csv

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2024, 3, 18)
PRICES = [(10, 12, 9, 11, 100), (11, 13, 10, 12, 200), (12, 12, 8, 9, 0), (9, 10, 9, 10, 50)]
UTC_STAMPS = [f"2024-03-18T13:3{m}:00Z" for m in range(4)]
HEAD = "timestamp,open,high,low,close,volume\n"
EPOCH = int(datetime(2024, 3, 18, 9, 30, tzinfo=NEW_YORK).timestamp())
"""Seconds at the first of the stamps."""


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


def session_rows(first: int, count: int, day: date = MONDAY, volume=lambda clock: 100) -> str:
    """Naive stamps of New York from minute `first` of the day on."""
    clocks = range(first, first + count)
    return "".join(f"{day} {c // 60:02}:{c % 60:02},10,11,9,10,{volume(c)}\n" for c in clocks)


def assert_the_four_bars(parsed: ParsedBars) -> None:
    assert parsed.interval == "1m"
    assert parsed.columns.ts.tolist() == [ns(MONDAY, 9, 30) + n * MINUTE for n in range(4)]
    bars = parsed.columns
    got = zip(bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
    assert [tuple(map(float, row)) for row in got] == [tuple(map(float, row)) for row in PRICES]
    assert (bars.available_at - bars.ts == MINUTE).all()
    assert parsed.quarantine == ()
    assert parsed.rows == 4


def session_csv(path: Path, last: str = "") -> Path:
    """A file of one session of minutes in New York, and perhaps one more line."""
    clocks = range(570, 960)
    lines = [f"2024-03-18 {c // 60:02}:{c % 60:02},10,11,9,10.5,{c}" for c in clocks]
    path.write_text("\n".join(["datetime,open,high,low,close,volume", *lines, last]))
    return path
