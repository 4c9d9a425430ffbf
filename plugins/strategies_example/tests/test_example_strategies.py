"""Parameters, and the parts of the examples that need no engine."""

from __future__ import annotations

from pkgutil import resolve_name

import numpy as np
import pytest
from pydantic import ValidationError
from strategies_example.cross_sectional import weights
from strategies_example.ema_signal import EmaSignal
from strategies_example.plugin import mismartera_strategies

from mismartera_core import BarColumns

NAN = float("nan")
STRATEGIES = {record.name: resolve_name(record.factory) for record in mismartera_strategies()}


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_parameter_has_a_default_and_a_description(name):
    params = STRATEGIES[name].Params()
    assert all(field.description for field in type(params).model_fields.values())


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("sma_cross", {"fast": 30, "slow": 10}),
        ("sma_cross", {"fast": 10, "slow": 10}),
        ("sma_cross", {"fats": 10}),
        ("ema_signal", {"fast": 30, "slow": 10}),
        ("opening_range_breakout", {"minutes": 0}),
        ("opening_range_breakout", {"shares": -1}),
        ("vwap_reversion", {"entry": 0}),
        ("vwap_reversion", {"stop": NAN}),
        ("cross_sectional", {"top": 0}),
        ("cross_sectional", {"gross": 0}),
    ],
)
def test_wrong_parameters_are_refused(name, params):
    with pytest.raises(ValidationError):
        STRATEGIES[name].Params(**params)


def test_weights_are_long_the_strongest_and_short_the_weakest():
    found = weights(np.array([0.01, NAN, -0.02, 0.03, 0.0]), top=1, gross=1.0)
    np.testing.assert_array_equal(found, [0, 0, -0.5, 0.5, 0])


def test_weights_wait_for_enough_symbols():
    assert weights(np.array([0.01, NAN, NAN, 0.03]), top=2, gross=1.0) is None


def test_weights_of_equal_returns_do_not_net_to_nothing():
    found = weights(np.zeros(4), top=2, gross=2.0)
    np.testing.assert_array_equal(found, [-0.5, -0.5, 0.5, 0.5])


def test_ema_signal_leaves_the_position_alone_until_both_averages_are_known():
    averages = {2: np.array([NAN, 2.0, 3.0, 1.0, 2.0]), 3: np.array([NAN, NAN, 2.0, 2.0, 2.0])}
    strategy = EmaSignal(EmaSignal.Params(fast=2, slow=3, shares=50))
    signals = strategy.signals(BarColumns.empty(), lambda name, period: averages[period])
    np.testing.assert_array_equal(signals.target, [NAN, NAN, 50, 0, 0])
