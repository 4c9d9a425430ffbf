"""A SignalStrategy compiled and stepped: the same fills, orders, cash and equity, bit for bit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from engine_runs import EXACT, FREE, run_engine
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.simulator import MINUTE

from mismartera_core import Signals, SignalStrategy

SESSION, DAY = 6, 10  # minutes; the next session opens four minutes after the close
EXPENSIVE = {
    "commission": (1.0, 0.1, 0.005, 0.001, 0.01),
    "slippage": (0.25, 0.001, 0.1),
}


def follower(name, wanted):
    """A strategy that wants what `wanted` says, by minute and symbol."""

    class Follow(SignalStrategy):
        def signals(self, bars, indicators):
            minutes = bars.ts // MINUTE
            key = np.round(bars.open * 4).astype(np.int64) + minutes * 7
            return Signals(np.array([wanted[k % len(wanted)] for k in key.tolist()], dtype=float))

    Follow.__name__ = name
    return Follow


def assert_equal_runs(compiled, stepped):
    """Everything that a run leaves behind is equal."""
    for part in ("fills", "orders", "equity"):
        ours, theirs = getattr(compiled, part), getattr(stepped, part)
        for field in dataclasses.fields(ours):
            a, b = getattr(ours, field.name), getattr(theirs, field.name)
            np.testing.assert_array_equal(a, b, err_msg=f"{part}.{field.name}")
    np.testing.assert_array_equal(compiled.closing_prices, stepped.closing_prices)
    assert compiled.trade_hash == stepped.trade_hash
    assert compiled.bars == stepped.bars


def world(rows, symbols):
    """Series by symbol and sessions of rows (open, high, low, close, volume), None for no bar."""
    starts = [(1 + day) * DAY for day in range(len(rows) // symbols // SESSION)]
    stamps = [start + minute for start in starts for minute in range(SESSION)]
    series = {
        f"S{number}": [
            (minute * MINUTE, *row, (minute + 1) * MINUTE)
            for minute, row in zip(stamps, rows[number::symbols], strict=True)
            if row is not None
        ]
        for number in range(symbols)
    }
    return series, [(start * MINUTE, (start + SESSION) * MINUTE) for start in starts]


@st.composite
def bars(draw):
    """A possible bar in quarters, often without volume, or none."""
    if draw(st.integers(0, 4)) == 0:
        return None
    prices = sorted(draw(st.lists(st.integers(380, 420), min_size=4, max_size=4)))
    low, a, b, high = (p / 4 for p in prices)
    first, last = (a, b) if draw(st.booleans()) else (b, a)
    return first, high, low, last, draw(st.sampled_from([0.0, 50.0, 900.0, np.nan]))


@st.composite
def worlds(draw):
    symbols = draw(st.integers(1, 3))
    count = draw(st.integers(1, 4)) * SESSION * symbols
    rows = draw(st.lists(bars(), min_size=count, max_size=count))
    targets = st.sampled_from([np.nan, np.nan, 0.0, 10.0, -10.0, 5.0, 25.0])
    wanted = st.lists(targets, min_size=3, max_size=9)
    names = ["one", "two"][: draw(st.integers(1, 2))]
    strategies = {name: follower(name, draw(wanted)) for name in names}
    every = tuple(range(symbols))
    on = {name: draw(st.sampled_from([every, every, every[-1:]])) for name in names}
    return world(rows, symbols), strategies, on


@pytest.mark.parametrize("account", [{}, EXPENSIVE, {"slippage": EXACT, "commission": FREE}])
@settings(max_examples=60)
@given(
    worlds(),
    st.sampled_from([1, 2, 5]),
    st.sampled_from([None, 0, 1]),
    st.sampled_from([1.0, 5.0, 10.0]),
)
def test_compiled_equals_stepped(account, made, block, trailing, lot):
    (series, sessions), strategies, on = made
    if not any(series.values()):
        return
    words = {"block_sessions": block, "trailing": trailing, "lot": lot, "on": on, **account}
    stepped = run_engine(series, sessions, strategies, compiled=False, **words)
    compiled = run_engine(series, sessions, strategies, compiled=True, **words)
    assert not compiled.notes
    assert_equal_runs(compiled, stepped)
