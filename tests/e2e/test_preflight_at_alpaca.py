"""The preflight with the real client, at a fake Alpaca on this machine."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from live_day import MINUTE, live_config, registry

from mismartera_core.builtin.sample_provider import SampleConfig, SampleProvider
from mismartera_core.config.loading import config_from
from mismartera_core.config.settings import load_settings
from mismartera_core.system.access import Access
from mismartera_core.system.preflight import exit_code, preflight
from mismartera_core.testing import AlpacaVenue, plugin_context, session_table

DAY = date(2012, 10, 2)
SYMBOLS = ["AAPL", "IBM"]


@pytest.fixture
def venue(tmp_path, monkeypatch):
    """A venue an hour after the open."""
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("ALPACA_API_KEY", "PKTEST")
    monkeypatch.setenv("ALPACA_SECRET_KEY", "secret")
    table = session_table(DAY - timedelta(days=7), DAY)
    provider = SampleProvider(SampleConfig(), plugin_context(tmp_path))
    span = int(table.open_ns[0]), int(table.close_ns[-1])
    bars = {symbol: provider.get_bars(symbol, "1m", *span) for symbol in SYMBOLS}
    with AlpacaVenue(bars, start_ns=int(table.open_ns[-1]) + 60 * MINUTE) as made:
        yield made


def looked(venue):
    """Rows by the name of the check, and the exit code."""
    config = config_from(live_config(venue, SYMBOLS))
    access = Access(config, load_settings(), registry(), wall=venue.clock)
    try:
        rows = list(preflight(access, 10.0))
    finally:
        access.close()
    return {row.check: row for row in rows}, exit_code(rows)


def test_everything_is_go(venue):
    rows, code = looked(venue)
    assert {check: row.found for check, row in rows.items() if row.verdict == "no-go"} == {}
    assert code == 0
    assert "(paper)" in rows["account"].found
    assert rows["clock"].verdict == "go"
    assert "bars of 2012-10-02 for 2 symbols" in rows["data"].found
    assert rows["stream"].found == "connected; 2 symbols subscribed"


def test_refused_keys_are_no_go(venue, monkeypatch):
    monkeypatch.setenv("ALPACA_SECRET_KEY", "wrong")
    rows, code = looked(venue)
    assert rows["account"].verdict == "no-go"
    assert code == 5
    assert "wrong" not in str(rows)
