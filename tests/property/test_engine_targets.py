"""Random targets: a SignalStrategy holds what the reference holds, bar by bar."""

from __future__ import annotations

import math

import numpy as np
import pytest
from engine_runs import SESSION, assert_same, run_engine, run_reference, world_bars
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import generate

from mismartera_core import Signals, SignalStrategy

UNITS = st.sampled_from([math.nan, math.nan, 0.0, 10.0, 10.0, 25.0, -10.0])
NO_PRICE = st.just(math.nan)


class Follower:
    """The reference's strategy: at its n-th bar go after the n-th target."""

    def __init__(self, rows):
        self.rows, self.seen = rows, 0

    def on_bar(self, desk, symbol, bar):
        target, stop_loss, take_profit = self.rows[self.seen]
        self.seen += 1
        words = {"stop_loss": stop_loss, "take_profit": take_profit}
        given_words = {n: p for n, p in words.items() if not math.isnan(p) and target}
        desk.target(symbol, target, **given_words)


def signalling(rows):
    class Given(SignalStrategy):
        def signals(self, bars, indicators):
            columns = np.array(rows[: len(bars)], dtype=np.float64).reshape(-1, 3).T
            return Signals(columns[0], columns[1], columns[2])

    return Given


@st.composite
def worlds(draw):
    minutes = draw(st.integers(1, 2)) * SESSION
    row = st.one_of(generate.rows(), generate.rows(), generate.rows(), st.none())
    rows = draw(st.lists(row, min_size=minutes, max_size=minutes))
    leg = draw(st.sampled_from([NO_PRICE, st.one_of(NO_PRICE, generate.PRICES)]))
    wish = st.tuples(UNITS, leg, leg)
    account = {
        "cash": 1_000_000,
        "participation": draw(st.sampled_from([None, None, 0.1])),
        "flat_by_close": draw(st.sampled_from([{}, {}, {"one": 3}])),
    }
    return rows, draw(st.lists(wish, min_size=minutes, max_size=minutes)), account


@settings(max_examples=100)
@given(worlds())
def test_targets_equal_reference(world):
    rows, wishes, account = world
    bars, sessions = world_bars({"A": rows})
    market = run_reference(bars, sessions, {"one": Follower(wishes)}, **account)
    assert_same(run_engine(bars, sessions, {"one": signalling(wishes)}, **account), market)


NONE = math.nan
DROP = (97, 97, 93, 94, 1000)
RISE = (103, 107, 103, 106, 1000)
THIN = (100, 100, 100, 100, 40)
QUIET = (100, 100, 100, 100, 1000)
KEPT = {
    "stopped after it was reduced": ([QUIET] * 4 + [DROP, QUIET], [10, NONE, 5, NONE, NONE, NONE]),
    "sold after it was reduced": ([QUIET] * 4 + [RISE, QUIET], [10, NONE, 5, NONE, NONE, NONE]),
    "a short is covered": ([QUIET] * 4 + [RISE, QUIET], [-10, NONE, -5, NONE, NONE, NONE]),
    "asked for at every bar": ([QUIET] * 6, [10, 10, 5, 5, 5, 5]),
    "reduced twice": ([QUIET] * 5 + [DROP], [25, NONE, 15, 5, NONE, NONE]),
    "enlarged in part": ([QUIET, QUIET, THIN, QUIET, DROP, QUIET], [5, 15, 9, NONE, NONE, NONE]),
    "turned in part": (
        [QUIET] * 5 + [THIN] + [QUIET, DROP] + [QUIET] * 4,
        [-3, NONE, NONE, NONE, 8, NONE] + [NONE] * 6,
    ),
    "not even turned": (
        [QUIET] * 5 + [THIN] + [QUIET, DROP] + [QUIET] * 4,
        [-9, NONE, NONE, NONE, 8, NONE] + [NONE] * 6,
    ),
}
"""Rows, and targets that have a stop at 95 (a short at 105) and a take-profit at 105 (95)."""


@pytest.mark.parametrize("case", KEPT)
def test_what_protects_a_position_never_enlarges_or_turns_it(case):
    rows, targets = KEPT[case]
    wishes = [(float(t), *((105.0, 95.0) if t < 0 else (95.0, 105.0))) for t in targets]
    bars, sessions = world_bars({"A": rows})
    market = run_reference(bars, sessions, {"one": Follower(wishes)}, participation=0.1)
    record = run_engine(bars, sessions, {"one": signalling(wishes)}, participation=0.1)
    assert_same(record, market)
    held = np.cumsum(record.fills.side * record.fills.quantity)
    asked = {t for t in targets if not math.isnan(t)} | {0.0}
    assert held.min() >= min(asked)
    assert held.max() <= max(asked)


def test_no_target_undoes_flat_by_close():
    quiet = (100, 100, 100, 100, 1000)
    bars, sessions = world_bars({"A": [quiet] * SESSION})
    for later in (25.0, 0.0, 10.0, -10.0):
        wishes = [(10.0, math.nan, math.nan)] * 3 + [(later, math.nan, math.nan)] * 3
        record = run_engine(bars, sessions, {"one": signalling(wishes)}, flat_by_close={"one": 2})
        moves = record.fills.side * record.fills.quantity
        assert moves.tolist() == [10.0, -10.0], later
        assert record.fills.bar_ts[-1] == bars["A"][4][0], later


@pytest.mark.parametrize(
    ("target", "moves", "ends"),
    [
        (0.0, [10.0, -10.0], ["filled", "filled"]),
        (10.0, [10.0], ["filled", "cancelled"]),
        (-5.0, [10.0, -15.0], ["filled", "cancelled", "filled"]),
    ],
)
def test_an_order_of_flat_by_close_that_still_works_counts_as_a_target(target, moves, ends):
    quiet, silent = (100, 100, 100, 100, 1000), (100, 100, 100, 100, 0)
    session = [quiet] * 3 + [silent] * (SESSION - 3)
    bars, sessions = world_bars({"A": [*session, silent, *[quiet] * (SESSION - 1)]})
    wishes = [(math.nan, math.nan, math.nan)] * (2 * SESSION)
    wishes[0], wishes[SESSION] = (10.0, *wishes[0][1:]), (target, *wishes[0][1:])
    account = {"flat_by_close": {"one": 2}}
    record = run_engine(bars, sessions, {"one": signalling(wishes)}, **account)
    second = record.fills.filled_ns < sessions[1][1] - 120 * 10**9
    signed = (record.fills.side * record.fills.quantity)[second]
    assert (signed.tolist(), list(record.orders.status)[: len(ends)]) == (moves, ends)
    assert_same(record, run_reference(bars, sessions, {"one": Follower(wishes)}, **account))
