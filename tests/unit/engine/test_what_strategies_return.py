"""What a strategy returns is followed as it is meant, or refused in a sentence that names it."""

import numpy as np
import pandas as pd
import pytest
from bars import random_walk

from mismartera_core import (
    ConfigError,
    PortfolioStrategy,
    Signals,
    SignalStrategy,
    Strategy,
    StrategyError,
    StrategyParams,
    backtest,
    sweep,
)

BARS = random_walk(["2024-03-04", "2024-03-05"], seed=1)
TEN = np.where(np.arange(len(BARS)) % 20 < 10, 10.0, 0.0)


def signalling(returned):
    class Signalling(SignalStrategy):
        class Params(StrategyParams):
            n: int = 1

        def signals(self, bars, indicators):
            return returned() if callable(returned) else returned

    return Signalling


def weighing(returned):
    class Weighing(PortfolioStrategy):
        def on_step(self, step):
            return returned

    return Weighing


@pytest.mark.parametrize("leverage", [None, 1.0], ids=["compiled", "stepped"])
@pytest.mark.parametrize("kind", [list, pd.Series, np.float32, np.int16], ids=lambda k: k.__name__)
def test_columns_of_any_numbers_are_the_same_signals(kind, leverage):
    given = TEN.astype(kind) if kind in (np.float32, np.int16) else kind(TEN)
    runs = [
        backtest(BARS, signalling(Signals(target)), leverage=leverage) for target in (TEN, given)
    ]
    assert len(runs[0].fills) > 10
    assert runs[0].trade_hash == runs[1].trade_hash


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, "expected Signals, was NoneType"),
        (TEN, "expected Signals, was ndarray"),
        (Signals(TEN[1:]), f"expected {len(TEN)} targets, was {len(TEN) - 1}"),
        (Signals(TEN, stop_loss=99.0), f"expected {len(TEN)} stop_loss, was an array of shape ()"),
        (Signals(TEN, take_profit=TEN[1:]), f"expected {len(TEN)} take_profit"),
        (Signals(TEN.astype(str).astype(object) + "x"), "expected numbers as targets"),
        (lambda: 1 / 0, "raised ZeroDivisionError in signals"),
    ],
    ids=["none", "array", "short", "one price", "short prices", "text", "raises"],
)
@pytest.mark.parametrize(
    "way", [backtest, lambda bars, cls: sweep(bars, cls, {"n": [7]})], ids=["backtest", "sweep"]
)
def test_what_are_no_signals_is_refused(way, returned, said):
    with pytest.raises(StrategyError) as refused:
        way(BARS, signalling(returned))
    assert "Signalling" in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize("leverage", [None, 2.0], ids=["arrays", "orders"])
@pytest.mark.parametrize("kind", ["float16", "float32", "int8"])
def test_weights_of_few_bits_are_the_same_weights(kind, leverage):
    bars, words = {"A": BARS, "B": BARS}, {"cash": 123_456_789, "leverage": leverage}
    weights = np.array([0.5, -0.25]) if kind != "int8" else np.array([1.0, -1.0])
    runs = [backtest(bars, weighing(w), **words) for w in (weights, weights.astype(kind))]
    assert len(runs[0].fills) > 1
    assert runs[0].trade_hash == runs[1].trade_hash


@pytest.mark.parametrize(
    ("word", "ask"),
    [
        ("cancel", lambda s, ticket: s.cancel(ticket.id)),
        ("replace", lambda s, ticket: s.replace(ticket.id, limit=2.0)),
        ("oco", lambda s, ticket: s.buy(1, limit=1.0, oco=ticket.id)),
    ],
)
def test_the_number_of_an_order_is_no_ticket(word, ask):
    class ByNumber(Strategy):
        def on_bar(self, bar):
            ask(self, self.buy(1, limit=1.0))

    with pytest.raises(ConfigError, match=f"{word}: expected what buy or sell returned, was 1"):
        backtest(BARS, ByNumber)
