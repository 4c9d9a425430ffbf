"""Pre- and post-market belong to the session; orders and risk go by the regular hours."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from bars import NEW_YORK, frame
from engine_eyes import STEPS, noting, run
from engine_runs import registry

from mismartera_core import PortfolioStrategy, Signals, SignalStrategy, Strategy
from mismartera_core.system.python_face import prepare
from mismartera_core.system.system_manager import SystemManager

WAYS = [{}, STEPS, {"prefetch_days": 1}]
DAYS = {"2024-07-02": ("16:00", "20:00"), "2024-07-03": ("13:00", "17:00")}
"""Regular close and end of the post-market; the second is a half day."""
CASES = [(day, way) for day in DAYS for way in WAYS]


def quiet(day):
    """Bars of five minutes from 04:00 to the end of the post-market, all alike."""
    opens = pd.date_range(
        f"{day} 04:00", f"{day} {DAYS[day][1]}", freq="5min", tz=NEW_YORK, inclusive="left"
    ).as_unit("ns")
    return frame(opens, [(100, 101, 99, 100, 500)] * len(opens))


def before(hour, minutes):
    """A time of day so many minutes earlier."""
    return (pd.Timestamp(f"2024-01-01 {hour}") - pd.Timedelta(minutes=minutes)).strftime("%H:%M")


class Early(Strategy):
    """Orders far from the market before the open, and one in the post-market."""

    def on_bar(self, bar):
        at = f"{self.now:%H:%M}"
        if at == "05:00":
            self.buy(1, limit=50, tag="day")
            self.buy(1, limit=50, tag="gtc", time_in_force="gtc")
        elif at == before(DAYS[f"{self.now:%Y-%m-%d}"][1], 60):
            self.buy(1, limit=50, tag="late")


@pytest.mark.parametrize(("day", "way"), CASES, ids=str)
def test_day_orders_expire_at_the_regular_close(day, way):
    orders = run(quiet(day), Early, hours="extended", **way).orders.set_index("tag")
    ended = orders["updated_at"].dt.strftime("%H:%M")
    assert (orders["status"]["day"], ended["day"]) == ("expired", DAYS[day][0])
    assert orders["status"]["gtc"] == "working"
    assert orders["status"]["late"] == "working"  # for the next session


@pytest.mark.parametrize(("day", "way"), CASES, ids=str)
def test_flat_by_close_means_the_regular_close(day, way):
    strategy, seen = noting(lambda s, _: (s.position.quantity, s.buy(1).status))
    run_ = run(quiet(day), strategy, hours="extended", flat_by_close=10, **way)
    leaving = before(DAYS[day][0], 10)
    refused = [f"{now:%H:%M}" for _, now, (_, status) in seen if status == "rejected"]
    assert (refused[0], refused[-1]) == (leaving, DAYS[day][1])
    assert {held for _, now, (held, _) in seen if f"{now:%H:%M}" > leaving} == {0.0}
    closing = run_.orders[run_.orders["side"] == "sell"]
    assert closing["submitted_at"].dt.strftime("%H:%M").tolist() == [leaving]


@pytest.mark.parametrize("day", DAYS)
def test_risk_checks_count_minutes_from_the_regular_open_and_to_the_regular_close(day):
    minutes = {}

    class Probe:
        def check(self, request, account):
            minutes[request.quantity] = account.minutes_since_open, account.minutes_to_close
            return "no"

    strategy, _ = noting(lambda s, _: s.buy(s.now.hour * 60 + s.now.minute))
    words = {"params": {}, "cash": 1000, "leverage": None, "interval": None, "commission": None}
    words |= {"slippage": None, "exchange_group": "US_EQUITY", "asset_class": "EQUITY"}
    made = prepare(quiet(day), strategy, hours="extended", symbol="A", registry=registry(), **words)
    plan = replace(made.plan, risk=(("probe", Probe()),))
    SystemManager(plan, made.registry, made.clock).run()
    close = int(DAYS[day][0][:2]) * 60
    assert minutes[5 * 60] == (-270.0, close - 300.0)
    assert minutes[10 * 60] == (30.0, close - 600.0)
    assert minutes[close + 60] == (close + 60 - 570.0, -60.0)


class Wish(SignalStrategy):
    """One unit, wanted once: after the bar with a volume of 777."""

    def signals(self, bars, indicators):
        return Signals(np.where(bars.volume == 777, 1.0, math.nan))


class WishForAll(PortfolioStrategy):
    """The same, for all symbols."""

    targets = "shares"

    def on_step(self, step):
        return np.where(step.volume == 777, 1.0, math.nan)


@pytest.mark.parametrize("way", [{}, STEPS], ids=str)
@pytest.mark.parametrize("strategy", [Wish, WishForAll])
def test_orders_towards_targets_expire_at_the_regular_close_too(strategy, way):
    bars = pd.concat([quiet("2024-07-02"), quiet("2024-07-03")])
    last = bars.index.get_loc(pd.Timestamp("2024-07-02 15:55", tz=NEW_YORK))
    bars.iloc[last - 1, 4], bars.iloc[last, 4] = 777, 0  # nothing trades before the close
    orders = run(bars, strategy, hours="extended", **way).orders
    assert orders["status"].tolist() == ["expired"]
    assert orders["updated_at"].dt.strftime("%d %H:%M").tolist() == ["02 16:00"]
