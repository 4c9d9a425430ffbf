"""Simulated brokers that break a rule of docs/order-semantics.md are caught by its test."""

from __future__ import annotations

from dataclasses import replace

import pytest
from suite_runs import assert_caught, failures

from mismartera_core import BrokerReg, OrderStatus
from mismartera_core.builtin.simulated_broker import SimulatedBroker, SimulatedConfig
from mismartera_core.testing import run_suite


class FillsAtTheSignalBar(SimulatedBroker):
    def submit(self, order):
        order.from_ns = 0
        super().submit(order)


class FillsAtTheClose(SimulatedBroker):
    def _fill(self, order, price, when, bar, now_ns):
        super()._fill(order, bar.close, when, bar, now_ns)


class FillsWhereNothingTraded(SimulatedBroker):
    def match(self, symbol, bar, now_ns):
        volume = bar.volume or 1.0
        whole = type(bar)(bar.series, bar.ts, *bar.ohlcv[:4], volume, bar.available_ns)
        super().match(symbol, whole, now_ns)


class KeepsTheOther(SimulatedBroker):
    """Knows no OCO."""

    def submit(self, order):
        if order.oco is not None:
            order.oco.oco = order.oco = None
        super().submit(order)


class NeverExpires(SimulatedBroker):
    def end_session(self, close_ns):
        del close_ns


class ExpiresAll(SimulatedBroker):
    def end_session(self, close_ns):
        for book in list(self.working_symbols().values()):
            for order in tuple(book):
                self._end(order, OrderStatus.EXPIRED, "the session ended", close_ns)


class ForgetsToTell(SimulatedBroker):
    def start(self, costs, on_fill, on_done):
        super().start(costs, on_fill, lambda order: None)


class DividesByItsDelay(SimulatedBroker):
    delay = 0

    def submit(self, order):
        order.from_ns += order.from_ns // self.delay
        super().submit(order)


class OneBook(SimulatedBroker):
    """Its books belong to the class."""

    books = {}  # noqa: RUF012 - the fault under test

    def __init__(self, config, context=None):
        super().__init__(config, context)
        self._books = self.books


class NoSlippage(SimulatedBroker):
    def start(self, costs, on_fill, on_done):
        super().start(replace(costs, slippage=None), on_fill, on_done)


class NoLimit(SimulatedBroker):
    def start(self, costs, on_fill, on_done):
        super().start(replace(costs, participation=None), on_fill, on_done)


class NumbersAnew(SimulatedBroker):
    def submit(self, order):
        super().submit(order)
        order.id += 1000


class FillsWhatIsDone(SimulatedBroker):
    """Fills the last order that ended once more."""

    last = None

    def start(self, costs, on_fill, on_done):
        def done(order):
            self.last = order
            on_done(order)

        super().start(costs, on_fill, done)

    def match(self, symbol, bar, now_ns):
        super().match(symbol, bar, now_ns)
        order, self.last = self.last, None
        if order is not None:
            self._books.setdefault(symbol, []).append(order)
            self._fill(order, bar.open, 1, bar, now_ns)


class CashAsFloat(SimulatedBroker):
    def __init__(self, config, context=None):
        super().__init__(config, context)
        self.cash = float(config.cash)


BROKEN = {
    FillsAtTheSignalBar: (
        "no fill from a bar that opened before the order",
        ["from the bar that opened a minute before the order"],
    ),
    FillsAtTheClose: ("first bar[market buy: at the open]", ["100 at 100.2 in the bar"]),
    FillsWhereNothingTraded: ("nothing fills where nothing traded", ["volume 0 fills nothing"]),
    KeepsTheOther: ("one cancels other", ["cancels the other", "order 2 is"]),
    NeverExpires: ("day order expires and gtc lives on", ["order 1 is working"]),
    ExpiresAll: ("day order expires and gtc lives on", ["order 2 is expired", "good till"]),
    ForgetsToTell: ("cancelled order never fills", ["on_done told of it 0 times"]),
    DividesByItsDelay: (
        "an order is filled once",
        ["a broker raises nothing", "ZeroDivisionError", "in submit: order.from_ns +="],
    ),
    OneBook: ("brokers share nothing", ["keep books in the instance"]),
    NoSlippage: ("costs are charged", ["slippage on market and stop orders only"]),
    NoLimit: ("participation limits what a bar fills", ["30 units a bar"]),
    NumbersAnew: ("fills name their order and their bar", ["leave order.id alone"]),
    FillsWhatIsDone: ("orders that have ended never come back", ["it had ended"]),
    CashAsFloat: ("account is told", ["cash is a Decimal above zero", "100000.0"]),
}


def broker(cls):
    return BrokerReg(
        name="made",
        factory=cls,
        config_model=SimulatedConfig,
        summary="Made by a test",
        simulated=True,
        example={"cash": "100000"},
    )


def test_a_sound_broker_breaks_nothing():
    assert failures("broker", broker(SimulatedBroker)) == {}


def test_a_broker_of_a_venue_is_told_why_nothing_is_tested():
    found = run_suite("broker", replace(broker(SimulatedBroker), simulated=False))
    why = {promise.message for promise in found if promise.outcome == "skipped"}
    assert any("the registration names no suite that has one" in it for it in why)


@pytest.mark.parametrize("cls", BROKEN, ids=lambda cls: cls.__name__)
def test_a_broken_broker_is_caught(cls):
    promise, words = BROKEN[cls]
    assert_caught("broker", broker(cls), [promise], words, more=True)
