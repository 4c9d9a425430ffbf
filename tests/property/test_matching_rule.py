"""The scalar matching function equals the reference's table."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import rules

from mismartera_core.builtin.simulated_broker import _in_reach
from mismartera_core.services import cost_formulas
from mismartera_core.services.matching import (
    AT_OPEN,
    INSIDE,
    LIMIT,
    MARKET,
    NONE,
    STOP,
    STOP_LIMIT,
    TRAILING,
    TRIGGERED,
    match,
    trail,
)

KINDS = {
    "market": MARKET,
    "limit": LIMIT,
    "stop": STOP,
    "stop_limit": STOP_LIMIT,
    "trailing": TRAILING,
}
# A small grid, so that prices meet: every <= and >= of the table is also seen as an equality.
ticks = st.integers(95, 105).map(float)
money = st.floats(0.0, 50.0)


@st.composite
def bar_prices(draw):
    prices = sorted(draw(st.lists(ticks, min_size=4, max_size=4)))
    low, one, two, high = prices
    return draw(st.permutations([one, two]))[0], high, low


@settings(max_examples=100)
@given(st.data())
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("kind", KINDS)
def test_match_equals_the_table(kind, side, data):
    open_, high, low = data.draw(bar_prices())
    limit, stop = data.draw(ticks), data.draw(ticks)
    order = {"kind": kind, "side": side, "limit": limit, "stop": stop, "triggered": False}
    price, at_open, triggered, _ = rules.outcome(order, open_, high, low)
    got, when = match(KINDS[kind], float(side), limit, stop, open_, high, low)
    if price is not None:
        assert (got, when) == (price, AT_OPEN if at_open else INSIDE)
        assert low <= got <= high
    else:
        assert math.isnan(got)
        assert when == (TRIGGERED if triggered else NONE)


@settings(max_examples=200)
@given(st.tuples(*[ticks | st.just(math.nan)] * 5))
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("kind", KINDS)
def test_an_order_is_out_of_reach_where_the_rule_does_nothing_to_it(kind, side, prices):
    open_, high, low, limit, stop = prices  # of a bar that cannot be, too
    order = SimpleNamespace(kind=KINDS[kind], side=side, limit=limit, stop=stop, inside_ts=-1)
    _, when = match(KINDS[kind], float(side), limit, stop, open_, high, low)
    assert _in_reach(order, 0, (open_, high, low)) == (when != NONE)


@settings(max_examples=100)
@given(ticks, ticks, st.integers(1, 5), ticks, st.sampled_from([1.0, -1.0]))
def test_a_trailing_stop_never_moves_away(stop, high, distance, low, side):
    moved = trail(side, stop, float(distance), max(high, low), min(high, low))
    assert side * moved <= side * stop


@settings(max_examples=100)
@given(
    st.sampled_from([1, -1]),
    st.integers(1, 10_000),
    bar_prices(),
    st.sampled_from([0.0, 1.0, 300.0, 1e6, math.nan]),
    st.tuples(*[st.floats(0.0, 2.0)] * 3),
)
def test_slippage_equals_the_formula(side, quantity, prices, volume, numbers):
    open_, high, low = prices
    bar = (0, open_, high, low, open_, volume, 0)
    got = cost_formulas.slippage(
        float(side), float(quantity), open_, open_, high, low, open_, volume, *numbers
    )
    assert got == pytest.approx(rules.slipped(open_, side, quantity, bar, *numbers), abs=1e-6)
    assert low <= got <= high


@settings(max_examples=100)
@given(st.integers(1, 10_000), ticks, money, money, money, st.floats(0, 0.1), st.floats(0, 0.1))
def test_commission_equals_the_formula(quantity, price, minimum, per_order, per_share, rate, cap):
    numbers = (minimum, per_order, per_share, rate, cap)
    got = cost_formulas.commission(
        1.0, float(quantity), price, price, price, price, price, 1.0, *numbers
    )
    assert cost_formulas.to_micros(got) == pytest.approx(
        rules.commission(quantity, price, *numbers), abs=1
    )


@settings(max_examples=100)
@given(st.integers(0, 100_000), st.sampled_from([0.01, 0.1, 0.25, 1.0]), st.sampled_from([1, 100]))
def test_participation_is_whole_lots_of_a_share_of_the_volume(volume, fraction, lot):
    got = cost_formulas.participation(
        0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, float(volume), fraction, float(lot)
    )
    assert got == rules.participation(float(volume), fraction, lot)
    assert got % lot == 0
    unknown = cost_formulas.participation(
        0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, math.nan, fraction, float(lot)
    )
    assert unknown == math.inf
