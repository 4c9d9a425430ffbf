"""The suite of strategies streams trades and quotes to those that take them."""

from __future__ import annotations

from typing import ClassVar

import pytest
from suite_runs import assert_caught

from mismartera_core import Strategy, StrategyReg
from mismartera_core.testing import StrategyConformance, run_suite

FUTURE = "orders do not depend on the future"
SILENT = "survives a day without trades and quotes"


class OnTick(Strategy):
    """Buys a trade above the one before, sells below."""

    def setup(self):
        self.last = 0.0

    def on_tick(self, tick):
        if self.last and tick.price > self.last * 1.002 and self.position.is_flat:
            if not self.orders:
                self.buy(5)
        elif tick.price < self.last * 0.999:
            self.close()
        self.last = tick.price


class OnQuote(Strategy):
    """Bids a cent below the best bid, once in a while."""

    def setup(self):
        self.count = 0

    def on_quote(self, quote):
        self.count += 1
        if self.count % 200 == 0 and not self.orders:
            self.buy(1, limit=quote.bid - 0.01)


class OnDelta(Strategy):
    """Follows the sum of trades at rising and falling prices."""

    def setup(self):
        self.delta = self.indicator("cumulative_delta")

    def on_bar(self, bar):
        if self.delta.value > 0.0 and self.position.is_flat and not self.orders:
            self.buy(1)
        elif self.delta.value < 0.0:
            self.close()


class OnBarOnly(Strategy):
    def on_bar(self, bar):
        if bar.close > bar.open and not self.orders:
            self.buy(1)


SEEN: dict = {}


class PeeksAtTicks(Strategy):
    """Remembers the trades of a run in a global, and looks the next one up in the next run."""

    def setup(self):
        self.before = None

    def on_tick(self, tick):
        ahead = SEEN.get((self.symbol, tick.ts))
        if self.before is not None:
            SEEN[self.symbol, self.before] = tick.price
        self.before = tick.ts
        if ahead is None or ahead > tick.price * 1.003:
            self.buy(1)


class NeedsATrade(Strategy):
    """Takes for granted that a bar has trades."""

    def setup(self):
        self.price = None

    def on_tick(self, tick):
        self.price = tick.price

    def on_bar(self, bar):
        if self.price > bar.open:
            self.buy(1)


def record(cls):
    return StrategyReg(name="mine", factory=cls, summary="A test")


def kept(cls):
    found = run_suite("strategy", record(cls))
    assert not [it for it in found if it.outcome == "failed"], found
    return {it.name: it for it in found}


@pytest.mark.parametrize("cls", [OnTick, OnQuote, OnDelta])
def test_one_that_takes_trades_or_quotes_is_tested_with_them(cls):
    found = kept(cls)
    assert found[FUTURE].outcome == "passed", found[FUTURE].message
    assert found["steps give the trades of whole sessions"].outcome == "passed"
    assert found[SILENT].outcome == "passed"


def test_one_that_takes_bars_only_is_told_why_it_gets_no_trades():
    found = kept(OnBarOnly)[SILENT]
    assert found.outcome == "skipped"
    assert "neither on_tick nor on_quote" in found.message


def test_looking_ahead_at_trades_is_caught():
    SEEN.clear()
    assert_caught("strategy", record(PeeksAtTicks), [FUTURE], ["no look-ahead"], more=True)


def test_taking_trades_for_granted_is_caught():
    assert_caught("strategy", record(NeedsATrade), [SILENT], ["no trade and no quote"], more=True)


class TestNamed(StrategyConformance):
    """The class may say itself what is streamed."""

    streams: ClassVar = ("ticks", "quotes")

    @pytest.fixture
    def registration(self):
        return record(OnQuote)

    def test_both_are_streamed(self, kinds):
        assert kinds == ("ticks", "quotes")
