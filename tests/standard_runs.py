"""Runs of the engine under `standard`: an hour a session, one bar a minute, prices by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from engine_runs import MINUTE, HandClock, columns, registry, table

from mismartera_core import Costs, PortfolioStrategy, Strategy
from mismartera_core.builtin.simulated_broker import SimulatedBroker, SimulatedConfig
from mismartera_core.builtin.standard.check import StandardCheck
from mismartera_core.builtin.standard.config import StandardConfig
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.system.run import Run
from mismartera_core.system.system_manager import SystemManager
from mismartera_core.threads.plan import Plan, StrategyPlan, TrailingAverage
from mismartera_core.threads.replay.facts import AVERAGE_VOLUME, VOLUME_DAYS

HOUR = 60
DAY = 24 * 60 * MINUTE
FIRST = 1_700_000_040 * 1_000_000_000 // MINUTE * MINUTE
"""Open of the first session of history; 2023-11-14, when day trades were counted."""
VOLUME = 10_000.0
"""Units traded on every day of history."""
WIDE = {
    "order_notional": None,
    "order_notional_percent": None,
    "order_volume_percent": None,
    "position_percent": None,
    "gross_percent": None,
}
"""No limit on sizes."""


def opens(day):
    """The open of a session that is replayed, from 0."""
    return FIRST + (VOLUME_DAYS + day) * DAY


def at(minute, day=0):
    """The instant so many minutes after the open."""
    return opens(day) + minute * MINUTE


def acting(plan):
    """A strategy that does at a minute after the open what {(day, minute): function} says."""

    class Acting(Strategy):
        day = -1

        def on_session_start(self):
            self.day += 1

        def on_bar(self, bar):
            minute = (bar.available_ns - opens(self.day)) // MINUTE
            act = plan.get((self.day, minute)) or (plan.get(minute) if self.day == 0 else None)
            if act is not None:
                act(self)

    return Acting


def _bars(prices, gone, days, volume):
    """Bars of a symbol: a day of history is one bar, a day that is replayed has one a minute."""
    rows = [(opens(day), 50.0, 50.0, 50.0, 50.0, volume) for day in range(-VOLUME_DAYS, 0)]
    price = 50.0
    for day in range(days):
        for minute in range(HOUR):
            price = prices.get((day, minute), prices.get(minute, price) if day == 0 else price)
            if (day, minute) not in gone:
                rows.append((at(minute, day), price, price, price, price, 1_000.0))
    return rows


def run(
    plan,
    config=None,
    *,
    prices=None,
    symbols=("AAPL",),
    gone=None,
    days=1,
    cash=100_000,
    leverage=None,
    volume=VOLUME,
    control=None,
    broker=SimulatedBroker,
    quotes=None,
    others=None,
    strategies=None,
    flat=None,
    trailing=0,
    zone="UTC",
):
    """Run strategies under `standard` with a config.

    Args:
        plan: What a strategy does when, on every symbol, or by symbol.
        prices: Price from a minute on, by symbol.
        gone: (day, minute) without a bar, by symbol.
        quotes: Quotes by symbol.
        others: Further checks by name, asked first.
        strategies: Classes by name, in place of the one that acts.
        trailing: Days of history that a session shows.
        zone: Of the exchange.

    Returns:
        The run, and what stopped it.
    """
    prices, gone = prices or {}, gone or {}
    data = {s: columns(_bars(prices.get(s, {}), gone.get(s, ()), days, volume)) for s in symbols}

    def load(wanted, interval, start, end):
        found = {}
        for name in wanted:
            begin, stop = np.searchsorted(data[name].ts, (start, end)).tolist()
            found[name] = data[name].slice(begin, stop)
        return found

    check = StandardCheck(StandardConfig(**(config or {})))
    sessions = [(opens(d), at(HOUR, d)) for d in range(-VOLUME_DAYS, days)]
    every = tuple(range(len(symbols)))
    classes = strategies or {"mine": acting(plan)}
    made = Plan(
        session_name="standard",
        symbols=tuple(symbols),
        table=replace(table(sessions), timezone=zone),
        first=VOLUME_DAYS,
        interval="1m",
        extended=False,
        trailing=trailing,
        load=load,
        load_quotes=None if quotes is None else lambda symbol, start, end: quotes[symbol],
        historical={
            AVERAGE_VOLUME: TrailingAverage(field="volume", days=VOLUME_DAYS, symbols=every)
        },
        strategies=tuple(
            StrategyPlan(
                label=name,
                cls=cls,
                params=cls.Params(),
                symbols=every,
                interval="1m",
                flat_minutes=flat,
            )
            for name, cls in classes.items()
        ),
        broker=broker(SimulatedConfig(cash=cash, leverage=leverage)),
        costs=Costs(),
        risk=(*(others or {}).items(), ("standard", check)),
        control=control,
        measure_quality=False,
    )
    outcome = SystemManager(made, registry(), HandClock()).run()
    return Run(outcome.record), outcome.error


def controlled(act_at):
    """A control, and a strategy's act that does something with it: `act(control)` at minutes."""
    control = RiskControl()
    plan = {minute: (lambda strategy, act=act: act(control)) for minute, act in act_at.items()}
    return control, plan


def buy(quantity, **words):
    """An act that buys."""
    return lambda strategy: strategy.buy(quantity, **words)


def sell(quantity, **words):
    """An act that sells."""
    return lambda strategy: strategy.sell(quantity, **words)


def both(*acts):
    """Several acts at one instant."""

    def do(strategy):
        for act in acts:
            act(strategy)

    return do


def close(strategy):
    """An act that leaves the position."""
    strategy.close()


def limits(run):
    """The limits that have kept an order back, in order."""
    table = run.decisions
    return table[table["side"] != ""]["limit"].tolist()


def states(run):
    """The states that the account went to, with the limit of each."""
    table = run.decisions
    changed = table[table["side"] == ""]
    return list(zip(changed["verdict"], changed["limit"], strict=True))


@cache
def shares(*targets):
    """A portfolio strategy that wants units by minute: (minute, (units, ...))."""

    class Wants(PortfolioStrategy):
        targets = "shares"

        def on_step(self, step):
            wanted = dict(WANTED).get((step.now_ns - opens(0)) // MINUTE)
            return None if wanted is None else np.array(wanted, dtype=float)

    WANTED = targets  # noqa: N806 - the class has a name of its own for it
    return Wants
