"""A sweep against the benchmarks' own reference, over a half day that the data leave out."""

from __future__ import annotations

import pytest

from benchmarks import bare, ours, reference
from benchmarks.data import Shape, before_half_days, make

HERE = 2
"""A seed with which some pairs of averages cross at the last close before the half day."""

pytestmark = pytest.mark.filterwarnings("ignore:Series.values:DeprecationWarning")
"""exchange_calendars calls what pandas deprecates."""


@pytest.fixture(scope="module")
def market():
    """Half a year with 2024-07-03 in it, a half day."""
    return make(Shape("half day", symbols=1, sessions=130, seed=HERE))


def test_every_pair_of_a_sweep_gives_the_fills_and_the_cash_of_the_reference(market):
    found = ours.sweep(market)
    expected = [reference.expected(market, found.rule, *pair) for pair in bare.PAIRS]
    assert found.fills == [result.fills for result in expected]
    assert found.cash == pytest.approx([result.cash for result in expected], abs=0.005)


def test_day_orders_make_a_difference_where_a_half_day_is_left_out(market):
    assert len(before_half_days(market.ts)) == 1
    rules = ("next open", "next open, day orders")
    plain, day = ([reference.expected(market, r, *p) for p in bare.PAIRS] for r in rules)
    assert plain != day
