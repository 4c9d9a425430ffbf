"""The compiled functions are the Python functions, to the last bit, in pieces of any length."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mismartera_core.services import compiled as loop
from mismartera_core.services import cost_formulas as formulas
from mismartera_core.services.compiled import Pricing, kernels

MINUTE = 60_000_000_000
SESSION = 5

prices = st.one_of(
    st.floats(0.01, 1e5),
    st.integers(1, 10**7).map(lambda n: (n + 0.5) / 1e6),
    st.integers(1, 10**6).map(lambda n: n / 100),
)
amounts = st.one_of(st.just(0.0), st.floats(0.0, 2.0), st.floats(0.0, 1e-3))


@st.composite
def fills(draw):
    low, a, b, high = sorted(draw(st.lists(prices, min_size=4, max_size=4)))
    volume = draw(st.one_of(st.just(math.nan), st.floats(1.0, 1e9)))
    signed = draw(st.sampled_from([1.0, -1.0])) * draw(
        st.one_of(st.integers(1, 10_000).map(float), st.floats(1e-3, 1e4))
    )
    return signed, a, (a, high, low, b, volume)


@settings(max_examples=100)
@given(
    st.lists(fills(), min_size=1, max_size=8),
    st.tuples(amounts, amounts, amounts),
    st.tuples(amounts, amounts, amounts, amounts, amounts),
)
def test_costs_are_those_of_the_formulas(made, slipping, charging):
    signed, exact, bars = (np.array(column) for column in zip(*made, strict=True))
    numbers = np.zeros((len(made), 5), dtype=np.int64)
    numbers[:, loop.CODE] = loop.FILLED
    priced = np.column_stack([signed, exact])
    fees, slippage = Pricing(slipping, charging).apply(numbers, priced, bars)
    for row, (units, price, bar) in enumerate(made):
        side, quantity = math.copysign(1.0, units), abs(units)
        paid = formulas.slippage(side, quantity, price, *bar, *slipping)
        assert priced[row, loop.PRICE] == paid
        fee = formulas.commission(side, quantity, paid, *bar, *charging)
        assert fees[row] == formulas.to_micros(fee)
        values = [formulas.to_micros(quantity * at) for at in (paid, price)]
        assert slippage[row] == side * (values[0] - values[1])


@pytest.mark.parametrize("amount", [0.0000005, 0.0000015, 0.0000025, 1.0000005, 12345.6785])
def test_halves_round_alike(amount):
    """Half to even, in machine code as in Python."""
    none = np.zeros((1, 5))
    none[0] = (amount, amount, amount, amount, 1.0)
    numbers = np.zeros((1, 5), dtype=np.int64)
    numbers[0, loop.CODE] = loop.FILLED
    priced = np.array([[1.0, amount]])
    fees, _ = Pricing(formulas.EXACT, (0.0, 0.0, 0.0, 1.0, 0.0)).apply(numbers, priced, none)
    paid = formulas.slippage(1.0, 1.0, amount, *none[0], *formulas.EXACT)
    assert priced[0, loop.PRICE] == paid
    assert fees[0] == round(paid * formulas.MICROS)


def follow(trade, targets, volumes, cuts, lot):
    """Everything that `trade` says of rows that come in pieces."""
    count = len(targets)
    session = np.arange(count) // SESSION
    ts = (np.arange(count) + session * 10) * MINUTE
    known = ts + MINUTE
    closes = np.array(
        [known[min(s * SESSION + SESSION, count) - 1] for s in range(session[-1] + 1)]
    )
    units, waits = np.zeros((1, 2)), np.zeros((1, 2), dtype=np.int64)
    opens = np.arange(count) + 100.0
    found = []
    for begin, end in zip([0, *cuts], [*cuts, count], strict=True):
        numbers, priced = loop.scratch(end - begin)
        ended = int(session[end - 1]) + 1 if end in {*range(0, count, SESSION), count} else 0
        written = trade(
            *(opens, volumes, ts, known, session, closes, targets[begin:].copy()),
            *(begin, end, begin, ended, lot, 0, units, waits, numbers, priced),
        )
        found += [
            (*numbers[row].tolist(), *(None if x != x else x for x in priced[row].tolist()))
            for row in range(written)
        ]
    return found, units[0].tolist()


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from([math.nan, 0.0, 1.0, 2.0, -3.0, 2.5, math.inf]), min_size=2, max_size=40
    ),
    st.lists(st.sampled_from([0.0, 100.0, math.nan]), min_size=40, max_size=40),
    st.sets(st.integers(1, 39), max_size=4),
    st.sampled_from([1.0, 0.5]),
)
def test_compiled_and_plain_and_in_pieces_are_one(targets, volumes, cuts, lot):
    wanted, traded = np.array(targets), np.array(volumes[: len(targets)])
    inside = sorted(cut for cut in cuts if cut < len(targets))
    whole = follow(kernels().trade, wanted, traded, [], lot)
    assert follow(kernels().trade, wanted, traded, inside, lot) == whole
    assert follow(loop.trade, wanted, traded, inside, lot) == whole
