"""A whole live session, played within seconds for authors of gap fillers and venue brokers."""

from __future__ import annotations

from datetime import date

import pytest

from mismartera_core.testing import live_day, market_bars, session_table

HALF_DAY = date(2012, 11, 23)
SYMBOLS = ["AAPL", "IBM"]
CONFIG = {
    "session_name": "live day",
    "exchange_group": "US_EQUITY",
    "asset_class": "EQUITY",
    "mode": "backtest",
    "backtest_config": {"start_date": "2012-11-23", "end_date": "2012-11-23"},
    "session_data_config": {"symbols": SYMBOLS, "streams": ["bars_1m"]},
    "data_provider": {"name": "sample"},
    "strategies": [{"name": "trend", "params": {"shares": 10}}],
    "broker": {"name": "simulated", "config": {"cash": "100000", "leverage": 2}},
    "risk": [{"name": "standard"}],
}


@pytest.fixture(scope="module")
def bars():
    """Six weeks, of which the last session is played; the second symbol lacks some minutes."""
    return market_bars(SYMBOLS, session_table(date(2012, 10, 12), HALF_DAY))


def test_the_same_day_gives_the_same_trades(bars, tmp_path):
    one, other = (live_day(CONFIG, bars, tmp_path / name) for name in ("one", "other"))
    assert len(one.fills) > 10
    open_ns = int(session_table(HALF_DAY, HALF_DAY).open_ns[0])
    assert one.summary["bars"] == sum(int((each.ts >= open_ns).sum()) for each in bars.values())
    assert one.trade_hash == other.trade_hash


def test_a_gap_filler_asks_the_provider_that_it_names(bars, tmp_path):
    filler = {"name": "second_source", "config": {"provider": "sample"}}
    data = {**CONFIG["session_data_config"], "gap_filler": filler}
    config = {**CONFIG, "session_data_config": data}
    gaps = live_day(config, bars, tmp_path, lost=range(60, 70)).gaps
    found = gaps[gaps["start"].dt.strftime("%H:%M") == "10:30"]
    assert found["symbol"].tolist() == SYMBOLS
    assert found["bars"].tolist() == [10, 10]
    assert (found["state"] == "filled").all()
    assert (found["source"] == "second_source").all()
