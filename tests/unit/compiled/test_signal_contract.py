"""A SignalStrategy that breaks its contract is told so in a sentence, by backtest and by sweep."""

from __future__ import annotations

import numpy as np
import pytest
from bars import random_walk
from engine_eyes import run
from engine_runs import registry

from mismartera_core import (
    ConfigError,
    Signals,
    SignalStrategy,
    StrategyError,
    StrategyParams,
    sweep,
)

FRAME = random_walk(["2024-07-02", "2024-07-03"], minutes=60)
ROWS = len(FRAME)
WRONG = {
    "expected Signals, was NoneType": lambda n: None,
    f"expected {ROWS} targets, was 3": lambda n: Signals(np.zeros(3)),
    f"expected {ROWS} targets, was 5.0": lambda n: Signals(5.0),
    f"stop_loss: expected {ROWS} prices or None, was 95.0": lambda n: Signals(np.ones(n), 95.0),
    f"take_profit: expected {ROWS} prices or None, was {ROWS + 1}": lambda n: Signals(
        np.ones(n), None, np.ones(n + 1)
    ),
    "raised ZeroDivisionError in signals": lambda n: Signals(np.ones(n) * (1 // 0)),
}


def signalling(make):
    class Given(SignalStrategy):
        class Params(StrategyParams):
            n: int = 1

        def signals(self, bars, indicators):
            return make(len(bars))

    return Given


def swept(frame, strategy, grid=None):
    return sweep(frame, strategy, grid or {"n": [1]}, registry=registry(), hashes=True)


@pytest.mark.parametrize("act", [run, swept])
@pytest.mark.parametrize("words", WRONG)
def test_what_is_not_one_number_a_bar_is_refused(words, act):
    with pytest.raises(StrategyError, match=words):
        act(FRAME, signalling(WRONG[words]))


@pytest.mark.parametrize("kind", [list, np.array, lambda x: np.array(x, dtype=np.int32)])
def test_any_column_of_numbers_is_taken_alike(kind):
    strategy = signalling(lambda n: Signals(kind([i % 3 for i in range(n)])))
    record = run(FRAME, strategy)
    assert len(record.fills)
    assert record.trade_hash == swept(FRAME, strategy).frame["trade_hash"][0]


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ({"n": 5}, "n: expected several values, was 5"),
        ({"n": "abc"}, "n: expected several values, was 'abc'"),
        ("n", "expected values by parameter, was str"),
        (FRAME, "expected values by parameter, was DataFrame"),
        ({"n": []}, "no set of parameters"),
    ],
)
def test_a_grid_that_is_none_says_what_one_looks_like(grid, words):
    with pytest.raises(ConfigError, match=words) as raised:
        sweep(FRAME, signalling(lambda n: Signals(np.ones(n))), grid, registry=registry())
    assert '{"period": [10, 20]}' in raised.value.hint


def test_a_combination_that_leaves_a_parameter_out_shows_its_default():
    found = swept(FRAME, signalling(lambda n: Signals(np.ones(n))), [{"n": 3}, {}])
    assert found.frame["n"].tolist() == [3, 1]
