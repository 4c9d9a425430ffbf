"""The suite of strategies: a good one keeps every promise, each broken one is caught by its own."""

from __future__ import annotations

import random
from typing import ClassVar

import numpy as np
import pytest
from pydantic import BaseModel, Field

from mismartera_core import (
    PortfolioStrategy,
    Signals,
    SignalStrategy,
    Strategy,
    StrategyParams,
    StrategyReg,
)
from mismartera_core.testing import StrategyConformance, run_suite


class Params(StrategyParams):
    period: int = Field(5, ge=2, le=100)


class Good(Strategy):
    """Buys above the mean of the last closes, sells below it."""

    Params = Params

    def on_bar(self, bar):
        closes = self.bars().close[-self.params.period :]
        if len(closes) < self.params.period:
            return
        if bar.close > closes.mean() and self.position.is_flat and not self.orders:
            self.buy(10, stop_loss=bar.close * 0.99)
        elif bar.close < closes.mean() and self.position.is_long:
            self.close("below")


class GoodPortfolio(PortfolioStrategy):
    """Holds the symbols that have risen since their first price."""

    def setup(self):
        self.first = np.full(len(self.symbols), np.nan)

    def on_step(self, step):
        self.first = np.where(np.isnan(self.first), step.open, self.first)
        if step.index % 15:
            return None
        return np.where(step.close > self.first, 0.2, 0.0)


class GoodSignals(SignalStrategy):
    """Wants a position while the close is above the one before."""

    Params = Params

    def signals(self, bars, indicators):
        before = np.concatenate((np.full(min(1, len(bars)), np.nan), bars.close[:-1]))
        return Signals(np.where(bars.close > before, 10.0, 0.0))


class CentredMean(SignalStrategy):
    def signals(self, bars, indicators):
        if len(bars) < 5:
            return Signals(np.full(len(bars), np.nan))
        mean = np.convolve(bars.close, np.ones(5) / 5, mode="same")
        return Signals(np.where(bars.close > mean, 10.0, 0.0))


class LastRow(SignalStrategy):
    def signals(self, bars, indicators):
        last = bars.close[-1] if len(bars) else 0.0
        return Signals(np.where(bars.close < last, 10.0, 0.0))


class OneRowAhead(SignalStrategy):
    """Looks one row ahead, and only where it would buy."""

    def signals(self, bars, indicators):
        ahead = np.append(bars.close[1:], bars.close[-1:])
        up = (ahead > bars.close) & (bars.close > bars.open * 1.003)
        return Signals(np.where(up, 10.0, 0.0))


class DayIsOver(SignalStrategy):
    """Goes flat at the last bar of the day, which it knows by the next."""

    def signals(self, bars, indicators):
        last = np.append(np.diff(bars.session) != 0, [False] * min(1, len(bars)))
        return Signals(np.where(last[: len(bars)], 0.0, 10.0))


class TooFew(SignalStrategy):
    def signals(self, bars, indicators):
        return Signals(bars.close[1:])


class BareArray(SignalStrategy):
    def signals(self, bars, indicators):
        return bars.close


class WritesSignals(SignalStrategy):
    def signals(self, bars, indicators):
        if bars.close.flags.writeable:
            bars.close[:1] = 0.0
        return Signals(np.where(bars.close > bars.open, 10.0, 0.0))


class Writes(Strategy):
    def on_bar(self, bar):
        self.bars().close[-1] = 0.0


SEEN: dict = {}


class Peeks(Strategy):
    """Remembers all it has seen in a global, and looks the next price up there."""

    def on_bar(self, bar):
        ahead = SEEN.get((self.symbol, bar.ts + 60_000_000_000))
        SEEN[self.symbol, bar.ts] = bar.close
        if ahead is None or ahead > bar.close:
            self.buy(1)


class Rolls(Strategy):
    """Tosses a coin without a seed."""

    def on_bar(self, bar):
        if random.random() < 0.1:  # noqa: S311 - a coin
            self.buy(1)


class Counts(Strategy):
    """Keeps a count in the class, across runs."""

    bought = 0

    def on_bar(self, bar):
        if self.position.is_flat and not self.orders:
            Counts.bought += 1
            self.buy(Counts.bought)


class NeedsTwoBars(Strategy):
    def on_bar(self, bar):
        if bar.close > self.bars()[-2].close:
            self.buy(1)


class NeedsABarASession(Strategy):
    def on_session_start(self):
        self.count = 0

    def on_bar(self, bar):
        self.count += 1
        self.first = bar.open
        if self.count == 3:
            self.buy(1)

    def on_session_end(self):
        assert self.count > 0, "there was no bar"


class DividesByTheRange(Strategy):
    def on_bar(self, bar):
        if (bar.close - bar.low) / (bar.high - bar.low) > 0.9:
            self.buy(1)


class SizesByVolume(Strategy):
    def on_bar(self, bar):
        self.buy(max(1, int(bar.volume) // 1000))


class NeedsEverySymbol(PortfolioStrategy):
    def on_step(self, step):
        assert not np.isnan(step.close).any(), "a symbol has no price"


class ByTheClockOfSteps(Strategy):
    """Breaks at a full day: it knows how many bars one has."""

    def on_session_end(self):
        assert self.now.hour == 16, "the day must end at four"


class StatefulSignals(SignalStrategy):
    """Another answer at each call: fine in one batch, wrong step by step."""

    def signals(self, bars, indicators):
        self.calls = getattr(self, "calls", 0) + 1
        return Signals(np.full(len(bars), 10.0 * self.calls))


class LooseParams(BaseModel):
    period: int = 5


class Loose(Good):
    Params = LooseParams


class AgainstTheAverage(Strategy):
    """Buys bars of more volume than the days before had on average."""

    def on_bar(self, bar):
        if bar.volume > self.historical("mean_volume") / 400:
            self.buy(1)


class TestHistorical(StrategyConformance):
    historical: ClassVar = {
        "mean_volume": {
            "type": "trailing_average",
            "field": "volume",
            "period": "1d",
            "granularity": "daily",
        }
    }

    @pytest.fixture
    def registration(self):
        return StrategyReg(name="mine", factory=AgainstTheAverage, summary="A test")


class NeedsTwo(PortfolioStrategy):
    def on_step(self, step):
        assert len(self.symbols) > 1, "two symbols make a pair"


class TestPair(StrategyConformance):
    least_symbols = 2

    @pytest.fixture
    def registration(self):
        return StrategyReg(name="mine", factory=NeedsTwo, summary="A test")


class Quiet(Strategy):
    """Never trades."""


class SmallPeriodBreaks(Good):
    def setup(self):
        assert self.params.period > 3, "too short"


class NoStrategy:
    pass


def record(cls, **changes):
    return StrategyReg(name="mine", summary="A test", factory=cls, **changes)


def outcomes(cls, outcome, **changes):
    found = run_suite("strategy", record(cls, **changes))
    return {promise.name: promise.message for promise in found if promise.outcome == outcome}


@pytest.mark.parametrize("cls", [Good, GoodPortfolio, GoodSignals])
def test_a_good_one_keeps_every_promise(cls):
    found = run_suite("strategy", record(cls))
    assert not [promise for promise in found if promise.outcome == "failed"]
    skipped = {promise.name: promise.message for promise in found if promise.outcome == "skipped"}
    allowed = {
        "config keeps its secrets",
        "discovery imports no library",
        "every choice of parameters runs",
        "compiled loop gives the stepped trades",
        "targets do not depend on the future",
        "targets have one row a bar",
        "survives a day without trades and quotes",
    }
    assert set(skipped) <= allowed
    assert all(skipped.values())
    assert (cls is GoodSignals) == ("targets have one row a bar" not in skipped)


FUTURE, SAME = "orders do not depend on the future", "same bars give same trades"


@pytest.mark.parametrize(
    ("cls", "promise", "said"),
    [
        (CentredMean, FUTURE, "no look-ahead"),
        (CentredMean, "targets do not depend on the future", "no centred window"),
        (LastRow, FUTURE, "with another future from 2024-07-0"),
        (LastRow, "targets do not depend on the future", "'target' at row"),
        (OneRowAhead, FUTURE, "no look-ahead"),
        (OneRowAhead, "targets do not depend on the future", "bit for bit"),
        (DayIsOver, "targets do not depend on the future", "bit for bit"),
        (DayIsOver, "steps give the trades of whole sessions", "step by step"),
        (TooFew, "targets have one row a bar", "for 1 bars"),
        (BareArray, "targets have one row a bar", "ndarray"),
        (WritesSignals, "it writes to no column", "after signals()"),
        (Writes, "it writes to no column", "nobody writes to them"),
        (Peeks, FUTURE, "keep nothing of other runs in a global"),
        (Rolls, SAME, "seed what is random"),
        (Rolls, FUTURE, "no look-ahead"),
        (Counts, SAME, "keep no state in globals or class attributes"),
        (NeedsTwoBars, "survives one bar", "IndexError"),
        (NeedsABarASession, "survives an empty session", "there was no bar"),
        (DividesByTheRange, "survives flat prices", "ZeroDivisionError"),
        (SizesByVolume, "survives untraded bars", "every volume is unknown"),
        (NeedsEverySymbol, "survives a symbol without bars", "a symbol has no price"),
        (ByTheClockOfSteps, "survives a half day", "at four"),
        (StatefulSignals, "steps give the trades of whole sessions", "step by step, as live"),
        (Loose, "unknown parameters are refused", "no_such_parameter"),
        (Loose, "parameters are typed and frozen", "StrategyParams"),
        (SmallPeriodBreaks, "every choice of parameters runs", "{'period': 2}"),
        (NoStrategy, SAME, "derived from Strategy"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_broken_one_is_caught(cls, promise, said):
    SEEN.clear()
    found = outcomes(cls, "failed")
    assert promise in found, found
    assert said in found[promise]
    assert all(text.startswith("Contract: ") for text in found.values()), found


def test_one_that_never_trades_is_told_that_little_is_shown():
    assert "shorter lookbacks" in outcomes(Quiet, "skipped")[FUTURE]


def test_a_message_names_the_line_of_the_author():
    message = outcomes(DividesByTheRange, "failed")["survives flat prices"]
    assert "test_strategy_suite.py" in message
    assert "in on_bar" in message
