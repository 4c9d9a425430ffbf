"""One result, and an account that adds up: on symbols that miss minutes, whole days or all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bars import day_session, random_walk, tuples
from engine_eyes import STEPS, run
from engine_runs import run_engine

from mismartera_core import (
    Bar,
    Costs,
    PortfolioStrategy,
    Signals,
    SignalStrategy,
    Strategy,
    WorkingOrder,
)
from mismartera_core.builtin.simulated_broker import SimulatedBroker, SimulatedConfig

DAYS = ["2024-07-01", "2024-07-02", "2024-07-05"]
WAYS = [STEPS, {"prefetch_days": 1}, {"prefetch_days": 2}, {**STEPS, "prefetch_days": 1}]
COSTS = {
    "commission": {"name": "per_share", "config": {"per_share": 0.005, "minimum": 1.0}},
    "slippage": {"name": "bps_slippage", "config": {"bps": 3.0}},
}


def thin(minutes=60, days=DAYS):
    """The second misses most minutes, the third a day."""
    return {
        "A": random_walk(days, seed=121, minutes=minutes, present=0.8),
        "B": random_walk(days, seed=122, minutes=minutes, present=0.2, price=40.0),
        "C": random_walk(days[::2], seed=123, minutes=minutes, present=0.5, price=70.0),
    }


class Events(Strategy):
    """Orders of many kinds, by what bars of two intervals say."""

    def setup(self):
        self.fast = self.indicator("ema", period=3)
        self.five = self.indicator("sma", interval="5m", period=2)

    def on_bar(self, bar):
        if self.position.is_flat and not self.orders:
            if self.fast.value > self.five.value:
                self.buy(10, stop_loss=bar.close * 0.998, take_profit=bar.close * 1.002)
            else:
                self.sell(5, limit=bar.close + 0.03)
        elif len(self.bars("15m")) % 3 == 2:
            self.close()
        elif bar.volume > 700:
            self.buy(1, trail=0.05)


class Targets(SignalStrategy):
    """Long or short by two averages."""

    def signals(self, bars, indicators):
        fast, slow = indicators("ema", period=3), indicators("ema", period=8)
        return Signals(np.where(np.isnan(slow), np.nan, np.where(fast > slow, 20.0, -10.0)))


class Weights(PortfolioStrategy):
    """Half of the account in what has risen."""

    def setup(self):
        self.mean = self.indicator("sma", period=5)

    def on_step(self, step):
        up = step.close > self.mean.value
        return np.where(np.isnan(self.mean.value), np.nan, up / max(1, 2 * up.sum()))


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("options", [{}, {"flat_by_close": 350, **COSTS}], ids=["plain", "flat"])
@pytest.mark.parametrize("listen", ["1m", "5m"])
@pytest.mark.parametrize("strategy", [Events, Targets, Weights])
def test_thin_symbols_give_one_result(strategy, listen, options, way):
    options = {"interval": "1m", "listen": listen, **options}
    whole = run(thin(), strategy, **options)
    other = run(thin(), strategy, **options, **way)
    assert len(whole.fills) > 8
    assert other.trade_hash == whole.trade_hash
    pd.testing.assert_frame_equal(other.equity, whole.equity)
    pd.testing.assert_frame_equal(other.signals, whole.signals)
    pd.testing.assert_frame_equal(other.quality, whole.quality)


@pytest.mark.parametrize("way", [{}, *WAYS], ids=str)
@pytest.mark.parametrize("strategy", [Events, Targets, Weights])
def test_history_that_covers_the_run_is_all_history(strategy, way):
    whole = run(thin(), strategy, interval="1m")
    assert run(thin(), strategy, interval="1m", trailing_days=5, **way).record.trade_hash == (
        whole.trade_hash
    )


class Orb(Strategy):
    """Needs nothing of the days before."""

    def setup(self):
        self.seen = []

    def on_bar(self, bar):
        self.seen.append(bar.close)
        if self.position.is_flat and bar.close >= max(self.seen) and len(self.seen) > 5:
            self.buy(3)
        elif bar.close <= min(self.seen[-5:]):
            self.close()


@pytest.mark.parametrize("trailing", [0, 1, 2])
@pytest.mark.parametrize("way", [{}, STEPS], ids=str)
def test_history_that_nobody_looks_at_changes_nothing(trailing, way):
    whole = run(thin(), Orb, interval="1m")
    assert len(whole.fills) > 10
    assert run(thin(), Orb, interval="1m", trailing_days=trailing, **way).trade_hash == (
        whole.trade_hash
    )


def several(**options):
    """Three styles on three symbols at once."""
    bars = {name: tuples(frame) for name, frame in thin().items()}
    sessions = [day_session(day, "10:30")[:2] for day in DAYS]
    strategies = {"events": Events, "targets": Targets, "weights": Weights}
    return run_engine(bars, sessions, strategies, **options)


@pytest.mark.parametrize(
    "way", [{"speed": 1e6}, {"block_sessions": 1}, {"block_sessions": 2, "speed": 1e6}], ids=str
)
@pytest.mark.parametrize("flat", [None, {"weights": 5, "events": 9}])
def test_several_strategies_at_once_give_one_result(flat, way):
    whole = several(flat_by_close=flat)
    other = several(flat_by_close=flat, **way)
    assert {whole.strategies[i] for i in whole.fills.strategy} == {"events", "targets", "weights"}
    assert other.trade_hash == whole.trade_hash
    np.testing.assert_array_equal(other.equity.equity, whole.equity.equity)
    np.testing.assert_array_equal(other.equity.gross, whole.equity.gross)


def by_strategy(record, name):
    rows = record.fills.strategy == record.strategies.index(name)
    names = ("symbol", "side", "quantity", "price", "filled_ns")
    return list(zip(*(getattr(record.fills, n)[rows].tolist() for n in names), strict=True))


def test_strategies_do_not_know_of_each_other():
    together = several()
    bars = {name: tuples(frame) for name, frame in thin().items()}
    sessions = [day_session(day, "10:30")[:2] for day in DAYS]
    for name, strategy in (("events", Events), ("targets", Targets)):
        alone = run_engine(bars, sessions, {name: strategy})
        assert by_strategy(together, name) == by_strategy(alone, name)


def ledger(bars, run_):
    """Cash, equity and exposure at every step, one bar and one fill at a time."""
    fills = run_.fills.to_dict("records")
    cash, held, closes, rows = 100_000.0, dict.fromkeys(bars, 0.0), dict.fromkeys(bars, np.nan), []
    known = {}
    for name, frame in bars.items():
        for stamp, close in frame["close"].items():
            known.setdefault(stamp + pd.Timedelta(minutes=1), {})[name] = close
    for now in sorted(known):
        closes |= known[now]
        while fills and fills[0]["filled_at"] <= now:
            fill = fills.pop(0)
            side = 1 if fill["side"] == "buy" else -1
            cash -= side * fill["quantity"] * fill["price"] + fill["commission"]
            held[fill["symbol"]] += side * fill["quantity"]
        worth = [held[n] * closes[n] for n in bars if held[n]]
        rows.append((now, cash, cash + sum(worth), sum(map(abs, worth))))
    assert not fills
    return rows


@pytest.mark.parametrize("way", [{}, *WAYS], ids=str)
@pytest.mark.parametrize("strategy", [Events, Targets, Weights])
def test_the_account_adds_up_at_every_step(strategy, way):
    data = thin()
    run_ = run(data, strategy, interval="1m", **COSTS, **way)
    rows = ledger(data, run_)
    assert run_.equity.index.tolist() == [row[0] for row in rows]
    equity = run_.equity["equity"]
    np.testing.assert_allclose(run_.equity["cash"], [row[1] for row in rows], atol=1e-3)
    np.testing.assert_allclose(equity, [row[2] for row in rows], atol=1e-3)
    gross = run_.record.equity.gross
    np.testing.assert_allclose(gross, [row[3] for row in rows], atol=1e-3)
    assert float(run_.summary["ending_equity"]) == pytest.approx(equity.iloc[-1])


@pytest.mark.parametrize("way", [{}, STEPS], ids=str)
@pytest.mark.parametrize("strategy", [Events, Weights])
def test_equity_that_a_strategy_asks_for_is_that_of_the_books(strategy, way):
    seen = []

    class Asking(strategy):
        def look(self):
            seen.append((self.now, float(self.equity), float(self.cash)))

        def on_bar(self, bar):
            super().on_bar(bar)
            self.look()

        def on_step(self, step):
            self.look()
            return super().on_step(step)

    run_ = run(thin(), Asking, interval="1m", **way)
    books = run_.equity
    for now, equity, cash in seen:
        assert equity == pytest.approx(books["equity"][now], abs=1e-5)
        assert cash == pytest.approx(books["cash"][now], abs=1e-5)


@pytest.mark.parametrize("block", [1, 3])
@pytest.mark.parametrize("lot", [10, 0.1, 0.001])
def test_portfolios_in_lots_of_any_size(lot, block):
    bars = {name: tuples(frame) for name, frame in thin().items()}
    sessions = [day_session(day, "10:30")[:2] for day in DAYS]
    records = []
    for leverage in (None, 1e12):
        options = {"leverage": leverage, "lot": lot, "block_sessions": block}
        records.append(run_engine(bars, sessions, {"weights": Weights}, **options))
    arrays, single = records
    assert len(arrays.fills) > 100
    assert arrays.trade_hash == single.trade_hash
    assert list(arrays.orders.reason) == list(single.orders.reason)
    lots = arrays.fills.quantity / lot
    np.testing.assert_allclose(lots, np.rint(lots), atol=1e-6)
    assert (np.rint(lots) > 0).all(), "an order over less than a lot"


def test_an_order_within_a_minute_waits_for_a_bar_that_opens_later():
    """What a tick shows within a minute is not traded at that minute's open."""
    broker = SimulatedBroker(SimulatedConfig(cash=1000, leverage=None))
    fills = []
    broker.start(Costs(), lambda order, *rest: fills.append(rest), lambda order: None)
    minute = 60_000_000_000
    broker.submit(WorkingOrder(None, 0, 1, 1.0, minute + minute // 2))
    for k in (1, 2):
        bar = Bar(None, k * minute, 100.0 + k, 103.0, 99.0, 101.0, 10.0, (k + 1) * minute)
        if 0 in broker.working_symbols():
            broker.match(0, bar, (k + 1) * minute)
    assert [fill[1] for fill in fills] == [102.0]
