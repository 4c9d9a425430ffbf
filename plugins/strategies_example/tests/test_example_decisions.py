"""What the event-by-event examples do at a bar, with indicators and a position given by hand."""

from __future__ import annotations

from datetime import UTC
from types import SimpleNamespace

import numpy as np
import pytest
from strategies_example.cross_sectional import CrossSectional
from strategies_example.opening_range import OpeningRangeBreakout
from strategies_example.sma_cross import SmaCross
from strategies_example.vwap_reversion import VwapReversion

from mismartera_core import Bar, interval_ns
from mismartera_core.model.market import Series

NAN = float("nan")
MINUTE = interval_ns("1m")
SERIES = Series("AAPL", "1m", UTC)


class Position:
    """A position set by hand."""

    quantity = 0

    is_flat = property(lambda self: self.quantity == 0)
    is_long = property(lambda self: self.quantity > 0)
    is_short = property(lambda self: self.quantity < 0)


class Desk:
    """A host that writes down what a strategy asks for and fills nothing."""

    symbol = "AAPL"
    symbols = ("A", "B", "C", "D")

    def __init__(self):
        self.position = Position()
        self.orders = []
        self.asked = []
        self.values = {}

    def indicator(self, name, interval, params):
        return self.values[name if name != "sma" else params["period"]]

    def submit(self, side, quantity, limit, stop, trail, stop_loss, *rest):
        self.asked.append({"side": side, "quantity": quantity, "stop": stop, "loss": stop_loss})

    def close(self, tag):
        self.asked.append({"close": tag})


def handle(**outputs):
    """An indicator whose outputs are set by hand."""
    names = {name: SimpleNamespace(value=value) for name, value in outputs.items()}
    return SimpleNamespace(value=next(iter(outputs.values())), **names)


def bar(close):
    return Bar(SERIES, 0, close, close, close, close, 100.0, MINUTE)


def started(strategy, desk, **params):
    instance = strategy(strategy.Params(**params), desk)
    instance.setup()
    return instance


@pytest.mark.parametrize(
    ("fast", "slow", "held", "asked"),
    [
        (2.0, 1.0, 0, [{"side": 1, "quantity": 100, "stop": None, "loss": None}]),
        (2.0, 1.0, 100, []),
        (1.0, 2.0, 100, [{"close": "fast below slow"}]),
        (1.0, 2.0, 0, []),
        (1.0, 1.0, 100, []),
        (2.0, NAN, 0, []),
    ],
)
def test_sma_cross(fast, slow, held, asked):
    desk = Desk()
    desk.position.quantity = held
    desk.values = {10: handle(average=fast), 30: handle(average=slow)}
    started(SmaCross, desk).on_bar(bar(5.0))
    assert desk.asked == asked


def test_opening_range_places_one_bracket_a_day():
    desk = Desk()
    desk.values["opening_range"] = handle(high=NAN, low=NAN)
    strategy = started(OpeningRangeBreakout, desk)
    strategy.on_bar(bar(10.0))
    assert desk.asked == []
    strategy.high.value, strategy.low.value = 11.0, 9.0
    strategy.on_bar(bar(10.0))
    strategy.on_bar(bar(12.0))
    bracket = {"side": 1, "quantity": 100, "stop": 11.0, "loss": 9.0}
    assert desk.asked == [bracket]
    strategy.setup()
    strategy.high.value, strategy.low.value = 11.0, 9.0
    strategy.on_bar(bar(10.0))
    assert desk.asked == [bracket, bracket]


def vwap_at_10_with_deviation_2(**params):
    desk = Desk()
    desk.values["vwap"] = handle(vwap=10.0, upper=12.0)
    return desk, started(VwapReversion, desk, wait=1, **params)


def test_vwap_reversion_watches_first_and_fades_then():
    desk, strategy = vwap_at_10_with_deviation_2()
    strategy.on_bar(bar(6.0))
    assert desk.asked == []
    strategy.on_bar(bar(6.0))
    assert desk.asked == [{"side": 1, "quantity": 100, "stop": None, "loss": 4.0}]


def test_vwap_reversion_fades_a_rise_by_selling_short():
    desk, strategy = vwap_at_10_with_deviation_2(stop=0.5)
    strategy.on_bar(bar(10.0))
    strategy.on_bar(bar(14.5))
    assert desk.asked == [{"side": -1, "quantity": 100, "stop": None, "loss": 15.5}]


def test_vwap_reversion_trades_again_only_after_the_price_has_been_back():
    desk, strategy = vwap_at_10_with_deviation_2()
    for close in (10.0, 5.0, 4.0, 7.0, 5.0):
        strategy.on_bar(bar(close))
    assert len(desk.asked) == 1
    for close in (9.0, 5.0):
        strategy.on_bar(bar(close))
    assert len(desk.asked) == 2


@pytest.mark.parametrize(
    ("held", "close", "closes"),
    [(100, 9.9, False), (100, 10.0, True), (-100, 10.1, False), (-100, 9.0, True)],
)
def test_vwap_reversion_leaves_at_the_vwap(held, close, closes):
    desk, strategy = vwap_at_10_with_deviation_2()
    desk.position.quantity = held
    strategy.on_bar(bar(close))
    assert desk.asked == [{"close": "back at the VWAP"}] * closes


def test_vwap_reversion_waits_for_a_price_that_has_moved():
    desk = Desk()
    desk.values["vwap"] = handle(vwap=10.0, upper=10.0)
    strategy = started(VwapReversion, desk, wait=1)
    strategy.on_bar(bar(10.0))
    strategy.on_bar(bar(9.0))
    assert desk.asked == []


def test_cross_sectional_rebalances_by_the_clock():
    strategy = started(CrossSectional, Desk(), top=1, every=2, gross=1.0)
    prices = {0: [10, 10, 10, NAN], 1: [11, 9, 10, 50], 3: [12, 9, 10, 55], 4: [10, 9, 12, 55]}
    found = {}
    for index, (minute, price) in enumerate(prices.items()):
        row = np.array(price, dtype=float)
        step = SimpleNamespace(index=index, now_ns=minute * MINUTE, open=row, close=row)
        found[minute] = strategy.on_step(step)
    assert [minute for minute, target in found.items() if target is not None] == [3]
    np.testing.assert_array_equal(found[3], [0.5, -0.5, 0, 0])
