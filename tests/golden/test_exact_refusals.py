"""Orders that cannot be: refused with a reason, leaving nothing behind."""

from __future__ import annotations

import pytest
from engine_runs import run_engine, scripted, world_bars

from mismartera_core import ConfigError, Strategy

BUY, SELL = 1, -1
Q = (100, 100, 100, 100, 1000)


def run(script, **account):
    bars, sessions = world_bars({"A": [Q] * 6})
    return run_engine(bars, sessions, {"one": scripted({"A": script})}, **account)


def refused(record):
    rows = zip(record.orders.status, record.orders.reason, strict=True)
    return [reason for status, reason in rows if status == "rejected"]


class RefuseFirst:
    """A risk check that refuses the first order it sees."""

    def __init__(self):
        self.asked = 0

    def check(self, request, account):
        self.asked += 1
        return "the first is refused" if self.asked == 1 else None


def test_an_order_refused_by_risk_reserves_nothing():
    script = {0: [("order", BUY, 10, {})], 1: [("order", BUY, 10, {})]}
    record = run(script, cash=1000, leverage=1.0, risk=(("first", RefuseFirst()),))
    assert len(refused(record)) == 1
    assert record.fills.quantity.tolist() == [10]


@pytest.mark.parametrize("leverage", [None, 1.0])
def test_an_order_before_the_first_bar_does_not_stop_the_run(leverage):
    record = run({"start": [("order", BUY, 1, {})]}, leverage=leverage)
    assert len(refused(record)) + len(record.fills) == 1
    assert all(refused(record)) or len(record.fills)


def test_a_trailing_stop_before_the_first_bar_is_refused():
    record = run({"start": [("order", SELL, 1, {"trail": 1.0})]})
    assert len(refused(record)) == 1
    assert len(record.fills) == 0


@pytest.mark.parametrize("quantity", [0.1, 0.3, 0.7, 1.1, 33.3])
def test_decimal_lots_are_whole_lots(quantity):
    record = run({0: [("order", BUY, quantity, {})]}, lot=0.1)
    assert refused(record) == []
    assert record.fills.quantity.tolist() == [quantity]


@pytest.mark.parametrize("quantity", [0.05, 0.15, 0.0, -1.0])
def test_parts_of_a_lot_are_refused(quantity):
    assert len(refused(run({0: [("order", BUY, quantity, {})]}, lot=0.1))) == 1


@pytest.mark.parametrize(
    "prices", [{"limit": 0.0}, {"stop": -1.0}, {"trail": 0.0}, {"limit": float("nan")}]
)
def test_impossible_prices_are_refused(prices):
    record = run({0: [("order", BUY, 1, prices)]})
    assert len(refused(record)) == 1
    assert len(record.fills) == 0


def test_legs_with_impossible_prices_are_refused_with_their_entry():
    record = run({0: [("order", BUY, 1, {"stop_loss": float("nan")})]})
    assert len(refused(record)) >= 1
    assert len(record.fills) == 0


def test_a_sibling_of_another_symbol_is_refused():
    """It would meet the bars of this symbol and fill at their prices."""

    class Pair(Strategy):
        placed = {}  # noqa: RUF012 - shared on purpose

        def on_bar(self, bar):
            words = {"oco": self.placed["A"]} if self.placed else {}
            self.placed.setdefault(self.symbol, self.buy(1, limit=bar.close / 2, **words))

    cheap = (10, 10, 10, 10, 1000)
    bars, sessions = world_bars({"A": [Q] * 6, "B": [cheap] * 6})
    with pytest.raises(ConfigError, match="an order of strategy 'one' on B, was one of 'one' on A"):
        run_engine(bars, sessions, {"one": Pair})
