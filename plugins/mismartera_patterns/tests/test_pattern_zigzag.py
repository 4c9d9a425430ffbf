"""The zigzag: pivots alternate, and each is known when the price has turned far enough."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mismartera_patterns.drawing import random_walk
from mismartera_patterns.params import Zigzag
from mismartera_patterns.zigzag import HIGH, LOW, chart_of, steadied, zigzag
from pydantic import ValidationError

from mismartera_core import BarColumns

SETTINGS = Zigzag(atr_period=2, reversal=0.0, percent=10.0)


def bars_of(close):
    close = np.asarray(close, dtype=float)
    return BarColumns.build(
        np.arange(len(close)),
        close,
        close.copy(),
        close.copy(),
        close,
        np.ones(len(close)),
        interval_ns=1,
    )


def test_a_pivot_is_known_when_the_price_has_turned_by_the_percentage():
    chart = chart_of(bars_of([100, 100, 104, 120, 115, 107, 100, 106, 115]), SETTINGS)
    assert [(p.row, p.price, p.kind, p.known) for p in chart.pivots] == [
        (0, 100.0, LOW, 3),
        (3, 120.0, HIGH, 5),
        (6, 100.0, LOW, 8),
    ]


def test_the_indicator_says_which_pivot_was_confirmed_how_long_ago():
    outputs = zigzag(bars_of([100, 100, 104, 120, 115, 107]), **SETTINGS.model_dump())
    assert outputs["signal"].tolist() == [0, 0, 0, 1, 0, -1]
    np.testing.assert_array_equal(outputs["price"], [np.nan] * 3 + [100, np.nan, 120])
    np.testing.assert_array_equal(outputs["age"], [np.nan] * 3 + [3, np.nan, 2])


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), reversal=st.floats(0.1, 8.0), period=st.integers(2, 50))
def test_pivots_alternate_and_are_the_extremes_between_their_neighbours(seed, reversal, period):
    chart = chart_of(random_walk(600, seed), Zigzag(atr_period=period, reversal=reversal))
    for one, after in pairwise(chart.pivots):
        assert one.kind == -after.kind
        assert one.row < one.known <= after.known
        assert one.row < after.row < after.known
        swing = slice(one.row + 1, after.row + 1)
        if after.kind == HIGH:
            assert after.price == chart.high[swing].max()
        else:
            assert after.price == chart.low[swing].min()
    for pivot in chart.pivots:
        turned = chart.low if pivot.kind == HIGH else chart.high
        reach = pivot.kind * (pivot.price - turned[pivot.row + 1 : pivot.known + 1])
        least = reversal * chart.atr[pivot.row + 1 : pivot.known + 1]
        assert reach[-1] >= least[-1]


def test_the_average_true_range_is_wilders():
    *_, found = steadied([11, 13, 12, 16], [9, 11, 10, 14], [10, 12, 11, 15], 2)
    assert found == [2.0, 2.5, 2.25, 3.625]


def test_a_wick_counts_for_one_true_range_at_most():
    high, low, close = [101.0] * 30, [99.0] * 30, [100.0] * 30
    high[20], low[25] = 150.0, 50.0
    highs, lows, ranges = steadied(high, low, close, 14)
    assert (highs[20], lows[20]) == (102.0, 99.0)
    assert ranges[20] == pytest.approx(2.0 + 1.0 / 14.0)
    assert lows[25] == 100.0 - ranges[24]


@pytest.mark.parametrize("false_price", [50.0, 150.0])
def test_a_lone_false_price_makes_no_pivot(false_price):
    bars = bars_of([100.0, 101.0] * 100)
    bars.high[60] = max(bars.high[60], false_price)
    bars.low[60] = min(bars.low[60], false_price)
    assert chart_of(bars, Zigzag()).pivots == []


def test_no_reversal_at_all_is_refused():
    with pytest.raises(ValidationError, match="above 0"):
        Zigzag(reversal=0.0)
