"""What slippage costs is told apart from the price, on every path to a fill."""

import numpy as np
import pandas as pd
import pytest
from bars import random_walk
from engine_eyes import STEPS, run

from mismartera_core import PortfolioStrategy, Signals, SignalStrategy, Strategy
from mismartera_core.services.run_record import from_document, to_document

DAYS = ["2024-07-01", "2024-07-02"]
SLIPPAGE = {"slippage": {"name": "bps_slippage", "config": {"bps": 3.0}}}
COMMISSION = {"commission": {"name": "per_order", "config": {"per_order": 1.0}}}


def data():
    return {
        "A": random_walk(DAYS, seed=5, minutes=60, present=0.8),
        "B": random_walk(DAYS, seed=6, minutes=60, price=40.0),
    }


class Turns(Strategy):
    """Market and limit orders, by the clock."""

    def on_bar(self, bar):
        if self.now.minute % 7 == 0:
            self.close() if self.position.is_long else self.buy(10)
        elif self.now.minute % 7 == 3:
            self.sell(5, limit=bar.close - 0.02)


class Columns(SignalStrategy):
    """Long and short in turn."""

    def signals(self, bars, indicators):
        return Signals(np.where(np.arange(len(bars)) // 9 % 2, 10.0, -10.0))


class Rows(PortfolioStrategy):
    """Long and short in turn, all symbols at once."""

    targets = "shares"

    def on_step(self, step):
        return np.full(len(step.close), 10.0 if self.now.minute // 9 % 2 else -10.0)


PATHS = {
    "event by event": (Turns, {"leverage": None}),
    "compiled": (Columns, {"leverage": None}),
    "stepped": (Columns, {"leverage": None, **STEPS}),
    "arrays": (Rows, {"leverage": None}),
    "order by order": (Rows, {"leverage": 1e12}),
}
every_path = pytest.mark.parametrize(("strategy", "way"), PATHS.values(), ids=PATHS)


def ran(strategy, way, **costs):
    return run(data(), strategy, interval="1m", cash=1e6, **way, **costs)


@every_path
def test_slippage_is_what_the_cash_lacks_against_a_run_without(strategy, way):
    free, slipped = ran(strategy, way), ran(strategy, way, **SLIPPAGE)
    lost = free.equity["cash"].iloc[-1] - slipped.equity["cash"].iloc[-1]
    assert len(slipped.fills) == len(free.fills) > 10
    assert slipped.fills["slippage"].sum() == pytest.approx(lost, abs=1e-9)
    assert lost > 0
    assert slipped.summary["slippage"] == pytest.approx(lost, abs=1e-9)
    assert sum(row["slippage"] for row in slipped.strategies) == pytest.approx(lost, abs=1e-9)
    assert not free.fills["slippage"].any()


@every_path
def test_slippage_of_a_fill_is_units_times_the_way_from_the_exact_price(strategy, way):
    free, slipped = ran(strategy, way), ran(strategy, way, **SLIPPAGE)
    side = np.where(slipped.fills["side"] == "buy", 1, -1)
    way_from = side * (slipped.fills["price"] - free.fills["price"])
    expected = (way_from * slipped.fills["quantity"]).rename("slippage")
    pd.testing.assert_series_equal(slipped.fills["slippage"], expected, atol=1e-9)


@every_path
def test_commission_alone_is_no_slippage(strategy, way):
    charged = ran(strategy, way, **COMMISSION)
    assert charged.summary["commission"] == len(charged.fills) > 0
    assert charged.summary["slippage"] == 0.0


@pytest.mark.parametrize(("one", "other"), [("compiled", "stepped"), ("arrays", "order by order")])
def test_two_paths_to_the_same_fills_have_the_same_slippage(one, other):
    first, second = (ran(*PATHS[path], **SLIPPAGE, **COMMISSION) for path in (one, other))
    pd.testing.assert_frame_equal(first.fills, second.fills)
    assert first.trade_hash == second.trade_hash


def test_slippage_outlives_the_run_and_older_runs_have_none():
    record = ran(*PATHS["event by event"], **SLIPPAGE).record
    fills = ran(*PATHS["event by event"], **SLIPPAGE).fills
    document = to_document(record)
    again = from_document(document, {"fills": fills})
    np.testing.assert_array_equal(again.fills.slippage, record.fills.slippage)
    older = from_document(document, {"fills": fills.drop(columns="slippage")})
    assert older.fills.slippage.tolist() == [0] * len(fills)
