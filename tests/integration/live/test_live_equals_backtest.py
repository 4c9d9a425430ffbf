"""The same bars give the same decisions live and in a backtest."""

from __future__ import annotations

import pytest
from engine_sessions import session
from live_sessions import MINUTE, SECOND, STREAMS, Scripted, VenueClock, in_time
from recorded_sessions import DATA, DAY, SYMBOLS, Crosses

from mismartera_core.builtin.sample_provider import SampleConfig, SampleProvider
from mismartera_core.testing import plugin_context, session_table

RISK = [{"name": "standard"}]


@pytest.fixture(autouse=True)
def _own_runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))


@pytest.fixture
def history(tmp_path):
    provider = SampleProvider(SampleConfig(), plugin_context(tmp_path))
    return {symbol: provider.get_bars(symbol, "1m", 0, 2**62) for symbol in SYMBOLS}


@pytest.fixture
def today():
    return session_table(DAY, DAY)


def test_a_live_session_of_bars_in_time_trades_like_the_backtest(history, today, mean_plugin):
    open_ns, close_ns = int(today.open_ns[0]), int(today.close_ns[0])
    bars = {s: b.slice(*b.ts.searchsorted((open_ns, close_ns))) for s, b in history.items()}
    clock = VenueClock(open_ns - 5 * MINUTE)

    def provider(config, context):
        return Scripted(history, in_time(bars), clock, close_ns + SECOND)

    common = {"data": DATA, "risk": RISK, "plugins": mean_plugin}
    live = session(Crosses, None, (provider, STREAMS), wall=clock, **common).run()
    days = {"start_date": str(DAY), "end_date": str(DAY)}
    past = session(Crosses, days, **common).run()
    assert len(past.fills) > 20
    assert live.trade_hash == past.trade_hash
    assert live.record.bars == past.record.bars
    assert live.equity.equals(past.equity)
    assert live.orders.equals(past.orders)
