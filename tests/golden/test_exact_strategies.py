"""Strategies over whole sessions, on generated and on real bars: exactly the reference's fills."""

from __future__ import annotations

import pandas as pd
import pytest
from bars import day_session, random_walk, tuples
from engine_runs import assert_equal, engine_fills, played, reference_fills, registry
from reference.simulator import Market
from shared_data import shared

from mismartera_core import backtest
from mismartera_core.config.session_config import PluginChoice

PER_SHARE = PluginChoice(name="per_share", config={"per_share": 0.005, "minimum": 1.0})
BPS = PluginChoice(name="bps_slippage", config={"bps": 2})
TENTH = PluginChoice(name="volume_limit", config={"fraction": 0.02})
COSTS = {"commission": (1.0, 0.0, 0.005, 0.0, 0.0), "slippage": (0.0, 2 * 1e-4, 0.0)}

REAL = {
    "SPY_2013-10-04_2013-10-11": {},
    "IBM_2013-10-04_2013-10-11": {},
    "GOOG_2015-12-23_2015-12-28": {"2015-12-24": "13:00"},
    "AAPL_2014-06-05_2014-06-09": {},
    "TSLA_2019-02-11_2019-02-15": {},
}
"""Files, and the days that close early."""
GENERATED = {
    "walk": {"seed": 1},
    "thin walk": {"seed": 2, "present": 0.2},
    "short days": {"seed": 3, "minutes": 120},
}
DAYS = ["2024-03-07", "2024-03-08", "2024-03-11", "2024-03-12"]


def regular(frame, early):
    """Rows of the regular session only, and the sessions: by hand, without the calendar."""
    local = frame.tz_convert("America/New_York")
    days = sorted({str(day) for day in local.index.date})
    sessions = [day_session(day, early.get(day, "16:00")) for day in days]
    stamps = local.index.as_unit("ns").asi8
    keep = [any(first <= ts < close for first, close, _ in sessions) for ts in stamps]
    return local[keep], sessions


def market_data(name):
    """(frame, sessions) of a case by name."""
    if name in GENERATED:
        return regular(random_walk(DAYS, **GENERATED[name]), {})
    path = shared(f"data/us_equity_1m/{name}.csv")
    frame = pd.read_csv(path, index_col="timestamp", parse_dates=True)
    return regular(frame, REAL[name])


class Cross:
    """The reference's SMA cross: integer sums of prices in 1e-6, so that a tie is a tie."""

    def __init__(self, fast=10, slow=30, units=100):
        self.fast, self.slow, self.units, self.closes = fast, slow, units, []

    def on_bar(self, desk, symbol, bar):
        self.closes.append(round(bar[4] * 1e6))
        if len(self.closes) < self.slow:
            return
        fast = sum(self.closes[-self.fast :]) * self.slow
        slow = sum(self.closes[-self.slow :]) * self.fast
        if fast == slow:
            fast, slow = self.tied()
        if fast > slow:
            if desk.position(symbol) == 0 and not desk.open_orders(symbol):
                desk.place(symbol, 1, self.units)
        elif fast < slow and desk.position(symbol) > 0:
            desk.close(symbol)

    def tied(self):
        """Where the averages are equal, TA-Lib's running sums decide by their rounding."""
        import numpy as np
        import talib

        closes = np.array(self.closes) / 1e6
        return talib.SMA(closes, self.fast)[-1], talib.SMA(closes, self.slow)[-1]


class Periodic:
    """Every seventh bar another kind of order, priced off the bar that has just closed."""

    def __init__(self, kinds):
        self.kinds, self.seen = kinds, 0

    def on_bar(self, desk, symbol, bar):
        self.seen += 1
        if self.seen % 7:
            return
        kind = self.kinds[self.seen // 7 % len(self.kinds)]
        side = 1 if self.seen // 7 % 3 else -1
        close = bar[4]
        near, far = round(close * 0.0008, 2), round(close * 0.002, 2)
        if kind == "market":
            desk.place(symbol, side, 100)
        elif kind == "limit":
            desk.place(symbol, side, 100, limit=round(close - side * near, 4))
        elif kind == "stop":
            desk.place(symbol, side, 100, stop=round(close + side * near, 4))
        elif kind == "stop_limit":
            stop = round(close + side * near, 4)
            desk.place(symbol, side, 100, stop=stop, limit=round(stop + side * near, 4))
        elif kind == "trailing":
            desk.place(symbol, side, 100, trail=near, tif="gtc")
        elif kind == "bracket":
            target, stop = round(close + side * far, 4), round(close - side * far, 4)
            desk.place(symbol, side, 100, take_profit=target, stop_loss=stop)
        elif kind == "oco":
            one = desk.place(symbol, side, 100, limit=round(close - side * near, 4))
            desk.place(symbol, side, 100, stop=round(close + side * near, 4), oco=one)
        elif kind == "close":
            desk.close(symbol)


ALL = ["market", "limit", "stop", "stop_limit", "trailing", "bracket", "oco", "close"]
STRATEGIES = {kind: [kind, "close"] for kind in ALL[:-1]} | {"all": ALL}


def compare(frame, sessions, make, *, account=None, **options):
    run = backtest(frame, played(lambda symbol: make()), registry=registry(), **options)
    market = Market({"SYMBOL": tuples(frame)}, sessions, {"Played": make()}, **account).run()
    assert_equal("fill", engine_fills(run.record), reference_fills(market))
    return market


@pytest.mark.parametrize("data", [*GENERATED, *REAL])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_orders(data, strategy):
    frame, sessions = market_data(data)
    market = compare(
        frame,
        sessions,
        lambda: Periodic(STRATEGIES[strategy]),
        account={"cash": 1_000_000, **COSTS, "participation": 0.02},
        cash=1_000_000,
        leverage=None,
        commission=PER_SHARE,
        slippage=BPS,
        participation=TENTH,
    )
    assert market.fills


@pytest.mark.parametrize("data", [*GENERATED, *REAL])
def test_orders_flat_by_close_within_buying_power(data):
    frame, sessions = market_data(data)
    market = compare(
        frame,
        sessions,
        lambda: Periodic(ALL),
        account={"cash": 200_000, "leverage": 2, "flat_by_close": {"Played": 5}},
        cash=200_000,
        leverage=2.0,
        flat_by_close=5,
    )
    assert market.fills


@pytest.mark.parametrize("data", [*GENERATED, *REAL])
def test_sma_cross(data):
    frame, sessions = market_data(data)
    run = backtest(
        frame,
        "sma_cross",
        params={"fast": 10, "slow": 30, "shares": 100},
        cash=100_000,
        leverage=None,
        commission=PER_SHARE,
        registry=registry(),
    )
    market = Market(
        {"SYMBOL": tuples(frame)},
        sessions,
        {"sma_cross": Cross()},
        cash=100_000,
        commission=COSTS["commission"],
    ).run()
    assert market.fills
    assert_equal("fill", engine_fills(run.record), reference_fills(market))
