"""Sessions of one strategy on data of a test's own, run from a config."""

from __future__ import annotations

import types

import numpy as np

from mismartera_core import (
    DataProviderReg,
    Session,
    StrategyReg,
    TickColumns,
    hookimpl,
    interval_ns,
)
from mismartera_core.registry import Registry
from mismartera_core.services.bar_aggregation import ticks_to_bars

DAYS = {"start_date": "2012-10-01", "end_date": "2012-10-02"}
BROKER = {"name": "simulated", "config": {"cash": "100000", "leverage": None}}


def session(
    strategy,
    days=DAYS,
    provider=None,
    *,
    name="sample",
    data=None,
    plugins=None,
    wall=None,
    **changes,
):
    """A session of one strategy; a provider is a factory and its capabilities; live has no days."""
    plugin = types.ModuleType("plugin")

    @hookimpl
    def mismartera_strategies():
        return [StrategyReg(name="mine", factory=strategy)]

    @hookimpl
    def mismartera_data_providers():
        factory, capabilities = provider
        return [DataProviderReg(name="made", factory=factory, capabilities=capabilities)]

    plugin.mismartera_strategies = mismartera_strategies
    if provider is not None:
        plugin.mismartera_data_providers = mismartera_data_providers
        name = "made"
    config = {
        "session_name": "planning",
        "exchange_group": "US_EQUITY",
        "asset_class": "EQUITY",
        **({"mode": "backtest", "backtest_config": days} if days else {"mode": "live"}),
        "session_data_config": {"symbols": ["IBM"], "streams": ["bars_1m"], **(data or {})},
        "data_provider": {"name": name},
        "strategies": [{"name": "mine"}],
        "broker": BROKER,
        **changes,
    }
    registry = Registry.from_modules({"plugin": plugin, **(plugins or {})})
    return Session(config, registry=registry, wall=wall)


OPEN = 1_349_098_200 * 1_000_000_000
"""2012-10-01 09:30 in New York."""
SECOND = interval_ns("1s")
HOUR = interval_ns("1h")


def some_ticks():
    """Trades from before the open until after the close."""
    rng = np.random.default_rng(3)
    ts = np.sort(rng.integers(OPEN - HOUR, OPEN + 8 * HOUR, 4000))
    price = 100 + np.cumsum(rng.integers(-2, 3, len(ts))) * 0.01
    return TickColumns(ts, price, rng.integers(1, 9, len(ts)).astype(float))


def fine_bars():
    """One bar a second where something traded, extended hours among them."""
    ticks = some_ticks()
    anchor = np.array([OPEN - HOUR])
    return ticks_to_bars(ticks, SECOND, anchor, anchor + 10 * HOUR)
