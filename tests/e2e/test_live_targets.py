"""Targets with a stop-loss at a venue, whose legs are for what their entry is for."""

from __future__ import annotations

from datetime import date, timedelta
from types import ModuleType

import numpy as np
import pytest
from live_day import MINUTE, SECOND, live_config, play, registry

from mismartera_core import Signals, SignalStrategy, StrategyReg, hookimpl
from mismartera_core.config.settings import load_settings
from mismartera_core.system.recorded.replaying import replay
from mismartera_core.testing import AlpacaVenue, session_table, walk_bars

DAY = date(2023, 11, 24)
TABLE = session_table(DAY - timedelta(days=42), DAY)
OPEN_NS, CLOSE_NS = int(TABLE.open_ns[-1]), int(TABLE.close_ns[-1])


@pytest.fixture(autouse=True)
def _own_place(tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("ALPACA_API_KEY", "PKTEST")
    monkeypatch.setenv("ALPACA_SECRET_KEY", "secret")


class Wanted(SignalStrategy):
    """Ten units long from minute 5 on, others from minute 20 on, protected far away."""

    then = 0.0

    def signals(self, bars, indicators):
        minute = (bars.ts - OPEN_NS) // MINUTE
        target = np.where(minute < 5, np.nan, np.where(minute < 20, 10.0, self.then))
        away = np.where(target > 0, 0.5, 1.5)
        return Signals(target, stop_loss=np.round(bars.close * away, 2))


@pytest.mark.parametrize("then", [-10.0, 25.0], ids=["turned", "enlarged"])
def test_what_protects_a_position_at_the_venue_is_for_all_of_it(then):
    wanted = type("Wanted", (Wanted,), {"then": then})

    @hookimpl
    def mismartera_strategies():
        return [StrategyReg(name="wanted", factory=wanted)]

    plugin = ModuleType("wanted")
    plugin.mismartera_strategies = mismartera_strategies
    bars = {"AAPL": walk_bars(TABLE, seed=1)}
    with AlpacaVenue(bars, start_ns=OPEN_NS - SECOND, prompt=True, sessions=TABLE) as venue:
        risk = [{"name": "standard", "config": {"shorts": True}}]
        config = live_config(venue, ["AAPL"], risk=risk)
        config["strategies"] = [{"name": "wanted"}]
        made = play(venue, config, until_ns=CLOSE_NS + 30 * SECOND, plugins={"wanted": plugin})
        orders = venue.book.orders.values()
        sent = [
            (str(o.side), float(o.quantity), [float(leg.quantity) for leg in o.legs])
            for o in orders
            if o.client_id.startswith("mm-")
        ]
    enters, leaves = ("buy", "sell") if then > 0 else ("sell", "buy")
    assert sent == [
        ("buy", 10.0, [10.0]),
        ("sell", 10.0, []),
        (enters, abs(then), [abs(then)]),
        (leaves, abs(then), []),  # flat by close
    ]
    assert replay(made.folder, load_settings(), registry(wanted=plugin)).difference == ""
