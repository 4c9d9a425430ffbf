"""Bars that are flat, unknown, few or without volume."""

from __future__ import annotations

from dataclasses import replace
from pkgutil import resolve_name

import numpy as np
import pytest
from mismartera_patterns.drawing import draw, random_walk
from mismartera_patterns.finding import PATTERNS
from mismartera_patterns.measure import lengths
from mismartera_patterns.plugin import mismartera_indicators

from mismartera_core import BarColumns

RECORDS = list(mismartera_indicators())
by_name = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
FIELDS = ("open", "high", "low", "close")


def flat(count):
    same = np.full(count, 100.0)
    return BarColumns.build(np.arange(count), same, same, same, same, same, interval_ns=1)


def unknown(count):
    bars = flat(count)
    return replace(bars, **{name: np.full(count, np.nan) for name in FIELDS})


@by_name
@pytest.mark.parametrize("bars", [BarColumns.empty(), flat(1), flat(500), unknown(1), unknown(500)])
def test_nothing_is_found_where_nothing_is(record, bars):
    outputs = resolve_name(record.factory)(bars)
    assert tuple(outputs) == record.outputs
    for name in record.outputs:
        assert outputs[name].dtype == np.float64
        expected = np.zeros(len(bars)) if name == "signal" else np.full(len(bars), np.nan)
        np.testing.assert_array_equal(outputs[name], expected)


@by_name
def test_volume_does_not_matter(record):
    bars = random_walk(2_000, 5)
    compute = resolve_name(record.factory)
    for volume in (0.0, np.nan):
        other = compute(replace(bars, volume=np.full(len(bars), volume)))
        for name, values in compute(bars).items():
            assert values.tobytes() == other[name].tobytes()


@pytest.mark.parametrize("name", PATTERNS)
def test_a_row_without_prices_is_passed_over(name):
    bars = draw(name, lengths(name)[1], 0.01, 0).bars
    gap = 60
    hole = np.insert(np.arange(len(bars)), gap, gap)
    gappy = replace(bars.take(hole), **{n: getattr(bars, n)[hole] for n in FIELDS})
    gappy.high[gap] = np.nan
    expected = [
        replace(
            report,
            row=report.row + (report.row >= gap),
            points=tuple(p._replace(row=p.row + (p.row >= gap)) for p in report.points),
        )
        for report in PATTERNS[name].find(bars)
    ]
    assert PATTERNS[name].find(gappy) == expected
