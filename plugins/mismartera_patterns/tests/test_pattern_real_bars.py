"""On real bars: every report is one a trader could have acted upon."""

from __future__ import annotations

import csv
from datetime import datetime

import numpy as np
import pytest
from mismartera_patterns.finding import PATTERNS
from mismartera_patterns.levels import support_resistance
from shared_data import shared

from mismartera_core import BarColumns, interval_ns

MINUTE = interval_ns("1m")
FILES = ["SPY_2025-07-01_2025-07-30", "AAPL_2014-06-05_2014-06-09", "TSLA_2019-02-11_2019-02-15"]


def real_bars(name):
    with shared(f"data/us_equity_1m/{name}.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    seconds = [datetime.fromisoformat(row["timestamp"]).timestamp() for row in rows]
    columns = {
        field: [float(row[field] or "nan") for row in rows]
        for field in ("open", "high", "low", "close", "volume")
    }
    return BarColumns.build(
        np.array(seconds).astype(np.int64) * 10**9, **columns, interval_ns=MINUTE
    )


@pytest.mark.parametrize("file", FILES)
def test_reports_on_real_minutes_keep_their_promises(file):
    bars = real_bars(file)
    found = {name: pattern.find(bars) for name, pattern in PATTERNS.items()}
    assert sum(map(len, found.values())) > 0
    for name, reports in found.items():
        for report in reports:
            close = bars.close[report.row]
            assert report.signal * report.invalidation < report.signal * close, name
            assert report.signal * close < report.signal * report.target, name
            assert report.points[-1].row <= report.row
            assert 0.0 <= report.score <= 1.0


def test_reports_on_real_minutes_are_those_of_every_prefix():
    bars = real_bars("SPY_2025-07-01_2025-07-30")
    for pattern in PATTERNS.values():
        whole = pattern.find(bars)
        for stop in (1_000, 7_777, len(bars) - 1):
            known = [report for report in whole if report.row < stop]
            assert pattern.find(bars.slice(0, stop)) == known


def test_levels_of_real_minutes_lie_around_the_close():
    bars = real_bars("SPY_2025-07-01_2025-07-30")
    outputs = support_resistance(bars)
    known = ~np.isnan(outputs["support"]) & ~np.isnan(outputs["resistance"])
    assert known.any()
    assert (outputs["support"][known] <= bars.close[known]).all()
    assert (outputs["resistance"][known] > bars.close[known]).all()
    assert (outputs["support_touches"][known] >= 3).all()
