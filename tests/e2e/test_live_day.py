"""A whole day at a fake Alpaca with the real client: flat at the close, and as in a backtest."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from live_day import MINUTE, SECOND, live_config, play, registry

from mismartera_core import load_run
from mismartera_core.builtin.sample_provider import SampleConfig, SampleProvider
from mismartera_core.config.settings import load_settings
from mismartera_core.system.recorded.parity import parity
from mismartera_core.system.recorded.replaying import replay
from mismartera_core.testing import AlpacaVenue, plugin_context, session_table

SYMBOLS = ["AAPL", "FB", "GOOG", "IBM", "MSFT"]
FULL_DAY, HALF_DAY = date(2012, 10, 2), date(2012, 11, 23)
VENUE = {"multiplier": 4, "prompt": True}
RISK = {"order_notional": 10_000}


@pytest.fixture(autouse=True)
def _own_place(tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("ALPACA_API_KEY", "PKTEST")
    monkeypatch.setenv("ALPACA_SECRET_KEY", "secret")


def market(day: date, tmp_path):
    """Bars of five symbols from six weeks before a day, and the day's open and close."""
    table = session_table(day - timedelta(days=42), day)
    begin, open_ns, close_ns = (
        int(table.open_ns[0]),
        int(table.open_ns[-1]),
        int(table.close_ns[-1]),
    )
    provider = SampleProvider(SampleConfig(), plugin_context(tmp_path))
    bars = {s: provider.get_bars(s, "1m", begin, close_ns) for s in SYMBOLS}
    return bars, open_ns, close_ns


def trade(venue: AlpacaVenue, close_ns: int, **how):
    config = live_config(venue, SYMBOLS, risk=[{"name": "standard", "config": RISK}])
    config["strategies"] = [
        {"name": "opening_range_breakout", "params": {"shares": 10}, "flat_by_close": 5}
    ]
    return play(venue, config, until_ns=close_ns + 30 * SECOND, **how)


@pytest.mark.parametrize("day", [FULL_DAY, HALF_DAY], ids=["full day", "half day"])
def test_a_day_ends_flat_to_the_cent_and_as_the_backtest_does(day, tmp_path):
    bars, open_ns, close_ns = market(day, tmp_path)
    with AlpacaVenue(bars, start_ns=open_ns - MINUTE, **VENUE) as venue:
        made = trade(venue, close_ns)
        fills, run = made.ran.fills, made.ran
        assert len(fills) >= 4
        assert not any(venue.ledger.position(symbol) for symbol in SYMBOLS)
        assert Decimal(str(run.summary["ending_equity"])) == venue.ledger.cash
        assert fills.filled_at.max().value < close_ns
        assert len(venue.book.fills) == len(fills)
    plugins = registry()
    found = parity(made.folder, load_settings(), plugins)
    assert found.parity.differences == ()
    assert found.parity.paired == found.parity.orders
    again = replay(made.folder, load_settings(), plugins)
    assert again.difference == ""
    assert load_run(made.folder).trade_hash == run.trade_hash
