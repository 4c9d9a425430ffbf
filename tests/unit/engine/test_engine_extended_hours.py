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
    """Orders far from the market before the open, at noon, and in the post-market."""

    def on_bar(self, bar):
        at = f"{self.now:%H:%M}"
        if at == "05:00":
            self.buy(1, limit=50, tag="day")
        elif at == "12:00":
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
    strategy, seen = noting(lambda s, _: (s.position.quantity, s.buy(1, limit=101).status))
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

    strategy, _ = noting(lambda s, _: s.buy(s.now.hour * 60 + s.now.minute, limit=50))
    words = {"params": {}, "cash": 1000, "leverage": None, "interval": None, "commission": None}
    words |= {"slippage": None, "exchange_group": "US_EQUITY", "asset_class": "EQUITY"}
    made = prepare(quiet(day), strategy, hours="extended", symbol="A", registry=registry(), **words)
    plan = replace(made.plan, risk=(("probe", Probe()),))
    SystemManager(plan, made.registry, made.clock).run()
    close = int(DAYS[day][0][:2]) * 60
    assert minutes[5 * 60] == (-270.0, close - 300.0)
    assert minutes[10 * 60] == (30.0, close - 600.0)
    assert minutes[close + 60] == (close + 60 - 570.0, -60.0)


class Rests(Strategy):
    """Holds a unit, and has orders rest that the bars of the post-market would all fill."""

    def on_bar(self, bar):
        if f"{self.now:%d %H:%M}" == "02 12:00":
            self.buy(1, tag="entry", stop_loss=98)
            self.buy(2, limit=98.5, tag="gtc limit", time_in_force="gtc")
            self.buy(3, stop=103, tag="gtc stop", time_in_force="gtc")
        elif self.now.hour == 16 and not self.now.minute:
            self.tickets = [self.buy(4, limit=98.5, tag="plain")]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_outside_of_regular_hours_plain_limit_orders_for_the_day_alone_fill(way):
    first, second = quiet("2024-07-02"), quiet("2024-07-03")
    late = first.index >= pd.Timestamp("2024-07-02 16:00", tz=NEW_YORK)
    first.loc[late, ["open", "high", "low", "close"]] = (100.0, 104.0, 97.0, 100.0)
    bars = pd.concat([first, second])
    orders = run(bars, Rests, hours="extended", **way).orders
    filled = orders[orders["status"] == "filled"]
    assert filled["tag"].tolist() == ["entry", "plain"]
    assert filled["updated_at"].dt.strftime("%d %H:%M").tolist() == ["02 12:05", "02 16:05"]


@pytest.mark.parametrize(("hours", "refused"), [("extended", True), ("regular", False)])
@pytest.mark.parametrize(
    ("how", "what"),
    [
        ({}, "a market order"),
        ({"stop": 120}, "a stop order"),
        ({"stop": 120, "limit": 121}, "a stop-limit order"),
        ({"limit": 50, "time_in_force": "gtc"}, "a limit order that is good till cancelled"),
        ({"limit": 50, "stop_loss": 40}, "a limit order with legs"),
    ],
)
def test_what_no_venue_fills_outside_of_regular_hours_is_refused_there(hours, refused, how, what):
    strategy, seen = noting(lambda s, _: s.buy(1, **how))
    run(quiet("2024-07-02"), strategy, hours=hours)
    words = f"outside of regular hours only limit orders for the day, without legs, was {what}"
    at = [f"{now:%H:%M}" for _, now, ticket in seen if ticket.reason == words]
    assert at[:1] + at[-1:] == (["04:05", "20:00"] if refused else [])
    assert not [each for each in at if "09:30" <= each <= "16:00"]


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
