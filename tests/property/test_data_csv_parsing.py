from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mismartera_core.errors import DataError
from mismartera_core.model.columns import BarColumns
from mismartera_core.services.csv_parsing import parse_bars_csv

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Bars:
    ts: list[int]
    prices: list[tuple[float, float, float, float, int]]


@st.composite
def bars(draw) -> Bars:
    start = draw(st.integers(17_000_000, 40_000_000)) * MINUTE
    minutes = draw(st.lists(st.integers(0, 5000), min_size=3, max_size=25, unique=True))
    minutes = sorted({0, 1, *minutes})
    prices = []
    for _ in minutes:
        low, one, two, high = sorted(draw(st.lists(st.integers(1, 10**7), min_size=4, max_size=4)))
        prices.append((one / 100, high / 100, low / 100, two / 100, draw(st.integers(1, 10**6))))
    return Bars([start + m * MINUTE for m in minutes], prices)


def at(ns: int, zone=UTC) -> datetime:
    return datetime.fromtimestamp(ns // SECOND, zone)


STAMPS = {
    "epoch s": lambda ns: str(ns // SECOND),
    "epoch ms": lambda ns: str(ns // 10**6),
    "epoch ns": str,
    "iso z": lambda ns: f"{at(ns):%Y-%m-%dT%H:%M:%S}Z",
    "iso offset": lambda ns: at(ns, NEW_YORK).isoformat(sep=" "),
    "month name": lambda ns: f"{at(ns):%d %b %Y %H:%M} UTC",
}
NUMBER = {"point": str, "comma": lambda x: str(x).replace(".", ",")}


def written(source: Bars, stamp: str, delimiter: str, mark: str, header: bool, turned: bool) -> str:
    lines = [
        delimiter.join([STAMPS[stamp](ts), *map(NUMBER[mark], row[:4]), str(row[4])])
        for ts, row in zip(source.ts, source.prices, strict=True)
    ]
    head = [delimiter.join(("Date", "Open", "HIGH", "low", "Close", "Volume"))] if header else []
    return "\n".join([*head, *(reversed(lines) if turned else lines)])


def assert_equals(got: BarColumns, source: Bars) -> None:
    assert got.ts.tolist() == source.ts
    rows = zip(got.open, got.high, got.low, got.close, got.volume, strict=True)
    assert [tuple(map(float, row)) for row in rows] == [tuple(map(float, r)) for r in source.prices]


@settings(max_examples=100)
@given(
    source=bars(),
    stamp=st.sampled_from(sorted(STAMPS)),
    dialect=st.sampled_from([(",", "point"), (";", "point"), (";", "comma"), ("\t", "comma")]),
    header=st.booleans(),
    turned=st.booleans(),
)
def test_what_is_written_in_any_dialect_is_understood(
    source: Bars, stamp: str, dialect: tuple[str, str], header: bool, turned: bool
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "X.csv"
        path.write_text(written(source, stamp, *dialect, header, turned))
        parsed = parse_bars_csv(path, interval="1m")
    assert_equals(parsed.columns, source)
    assert parsed.quarantine == ()


@settings(max_examples=100)
@given(
    source=bars(),
    damage=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
)
def test_every_row_of_a_damaged_file_is_accounted_for(
    source: Bars, damage: list[tuple[int, int]]
) -> None:
    """Spoilt bytes: refused in a sentence, or each line is a bar, doubled or put aside."""
    content = bytearray(written(source, "iso z", ",", "point", True, False).encode())
    head = content.index(b"\n") + 1
    for place, byte in damage:
        content[head + place % (len(content) - head)] = byte
    with TemporaryDirectory() as folder:
        path = Path(folder) / "X.csv"
        path.write_bytes(content)
        try:
            parsed = parse_bars_csv(path, interval="1m")
        except DataError:
            return
    bars_ = parsed.columns
    assert len(bars_) + parsed.duplicates + len(parsed.quarantine) == parsed.rows
    lines = [line for line in bytes(content[head:]).splitlines() if line.strip()]
    assert parsed.rows == len(lines)
    assert (np.diff(bars_.ts) > 0).all()
    assert (bars_.low <= np.minimum(bars_.open, bars_.close)).all()
    assert (bars_.high >= np.maximum(bars_.open, bars_.close)).all()
