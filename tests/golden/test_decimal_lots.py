"""Lots that binary fractions cannot write: 0.1 + 0.2 - 0.3 units are none, however it is run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from engine_runs import (
    assert_same,
    check_world,
    engine_fills,
    run_engine,
    run_reference,
    scripted,
    world_bars,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from mismartera_core import PortfolioStrategy, Signals, SignalStrategy, Strategy
from mismartera_core.model.quantities import all_in_lots, all_on_grid, in_lots, on_grid

BUY, SELL = 1, -1
Q = (100, 100, 100, 100, 1000)
THIN = (100, 101, 99, 100, 3)
TENTHS = {"lot": 0.1}

CASES = {
    "flat again": {0: [("order", BUY, 0.1, {})], 1: [("order", BUY, 0.2, {})]},
    "flat by the sum": {0: [("order", BUY, 0.1 + 0.2, {})], 2: [("order", SELL, 0.3, {})]},
    "closed": {0: [("order", BUY, 0.1, {}), ("order", BUY, 0.7, {})], 2: [("close",)]},
    "through zero": {0: [("order", BUY, 0.3, {})], 1: [("order", SELL, 0.7, {})], 3: [("close",)]},
    "a bracket": {0: [("order", BUY, 0.7, {"take_profit": 101, "stop_loss": 99})]},
}


@pytest.mark.parametrize("share", [None, 0.1])
@pytest.mark.parametrize("name", CASES)
def test_orders_in_tenths(name, share):
    rows = [Q, Q, Q, THIN, Q, THIN] + [Q] * 6
    script = {**CASES[name], 8: [("close",)]}
    market = check_world({"A": rows}, {"one": {"A": script}}, {**TENTHS, "participation": share})
    assert market.ledger.position(("one", "A")) == 0
    assert all(round(f["quantity"] * 10, 9).is_integer() for f in market.fills)


def test_a_position_is_flat_again():
    seen = []

    class Tenths(Strategy):
        def on_bar(self, bar):
            seen.append((self.position.quantity, self.position.is_flat))
            if len(seen) <= 3:
                (self.sell if len(seen) == 3 else self.buy)((0.1, 0.2, 0.3)[len(seen) - 1])

    bars, sessions = world_bars({"A": [Q] * 6})
    record = run_engine(bars, sessions, {"one": Tenths}, lot=0.1)
    assert seen[:5] == [(0.0, True), (0.1, False), (0.3, False), (0.0, True), (0.0, True)]
    assert record.equity.gross[-1] == 0.0


def test_a_limit_on_participation_leaves_no_dust():
    script = {0: [("order", BUY, 0.7, {"tif": "gtc"})]}
    bars, sessions = world_bars({"A": [Q] + [THIN] * 5})
    account = {"lot": 0.1, "participation": 0.1}
    record = run_engine(bars, sessions, {"one": scripted({"A": script})}, **account)
    assert record.fills.quantity.tolist() == [0.3, 0.3, 0.1]
    assert record.orders.filled_quantity.tolist() == [0.7]
    assert record.orders.status == ["filled"]


@pytest.mark.parametrize("lot", [1e-8, 0.001, 0.1])
def test_whole_lots_of_any_size_are_told(lot):
    for count in (1, 3, 7, 1234567, 987654321):
        units = on_grid(count * lot)
        assert in_lots(units, lot)
        assert not in_lots(on_grid(units + 0.4 * lot), lot)
    assert all_in_lots(np.array([3 * lot, 3.4 * lot, 0.4 * lot, math.inf]), lot).tolist() == [
        True,
        False,
        False,
        False,
    ]


@given(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15))
def test_the_grid_is_that_of_decimals(a, b):
    units = on_grid(a / 1e9) + on_grid(b / 1e9)
    if abs(a + b) < 9 * 10**15:
        assert on_grid(units) == (a + b) / 1e9
        assert all_on_grid(np.array([units])).tolist() == [(a + b) / 1e9]


@pytest.mark.parametrize("odd", [math.inf, -math.inf, 0.0, 1e300, 5.0])
def test_the_grid_leaves_whole_and_endless_numbers(odd):
    assert on_grid(odd) == odd == all_on_grid(np.array([odd]))[0]


@pytest.mark.parametrize("quantity", [math.inf, math.nan])
def test_what_is_refused_has_filled_nothing(quantity):
    script = {0: [("order", BUY, quantity, {})]}
    bars, sessions = world_bars({"A": [Q] * 6})
    orders = run_engine(bars, sessions, {"one": scripted({"A": script})}).orders
    assert list(orders.status) == ["rejected"]
    assert orders.filled_quantity.tolist() == [0.0]


# Targets: stepped, compiled, order by order and as arrays

WISHES = [math.nan, 0.0, 0.1, 0.2, 0.3, 0.1 + 0.2, 3 * 0.1, 0.7, -0.1, -0.3, 0.35, math.inf]


class Wishes:
    """The reference's strategy: at its n-th bar go after the n-th target."""

    def __init__(self, wishes):
        self.wishes, self.seen = wishes, 0

    def on_bar(self, desk, symbol, bar):
        desk.target(symbol, self.wishes[self.seen])
        self.seen += 1


def columns(wishes):
    class Given(SignalStrategy):
        def signals(self, bars, indicators):
            return Signals(np.array(wishes[: len(bars)]))

    return Given


def rows(wishes):
    class Given(PortfolioStrategy):
        targets = "shares"

        def setup(self):
            self.seen = getattr(self, "seen", -1)

        def on_step(self, step):
            self.seen += 1
            return np.array([wishes[self.seen]])

    return Given


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(WISHES), min_size=12, max_size=12),
    st.lists(st.sampled_from([1000, 1000, 0, 3]), min_size=12, max_size=12),
    st.sampled_from([0.1, 0.1, 1.0]),
)
def test_targets_in_tenths_are_one_result(wishes, volumes, lot):
    bars, sessions = world_bars({"A": [(100, 101, 99, 100, v) for v in volumes]})
    ways = [
        run_engine(bars, sessions, {"one": strategy(wishes)}, lot=lot, **way)
        for strategy, way in [
            (columns, {"compiled": False}),
            (columns, {"compiled": True}),
            (rows, {}),
            (rows, {"leverage": 1e12}),
        ]
    ]
    for record in ways[1:]:
        assert engine_fills(record) == engine_fills(ways[0])
        assert record.orders.reason == ways[0].orders.reason
        assert record.orders.quantity.tolist() == ways[0].orders.quantity.tolist()
        assert record.orders.filled_quantity.tolist() == ways[0].orders.filled_quantity.tolist()
    fine = [w for w in wishes if w not in (0.35, math.inf)]
    if lot == 0.1 and len(fine) == len(wishes):
        market = run_reference(bars, sessions, {"one": Wishes(wishes)}, lot=lot)
        assert_same(ways[0], market)
