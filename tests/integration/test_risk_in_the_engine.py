"""Risk checks in a run: they see what working orders may still do, and refuse with numbers."""

import types

import pytest

from mismartera_core import Session, Strategy, StrategyReg, hookimpl
from mismartera_core.registry import Registry


class FiveExits(Strategy):
    """Buys ten, then asks to sell them five times over."""

    def on_bar(self, bar):
        if not self.orders and self.position.is_flat:
            self.buy(10)
        elif self.position.is_long and not self.orders:
            for _ in range(5):
                self.sell(10, limit=bar.close * 2)


def run(tmp_path, monkeypatch, strategy, risk, leverage=None):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))
    plugin = types.ModuleType("plugin")

    @hookimpl
    def mismartera_strategies():
        return [StrategyReg(name="mine", factory=strategy)]

    plugin.mismartera_strategies = mismartera_strategies
    config = {
        "session_name": "risk",
        "exchange_group": "US_EQUITY",
        "asset_class": "EQUITY",
        "mode": "backtest",
        "backtest_config": {"start_date": "2012-10-01", "end_date": "2012-10-01"},
        "session_data_config": {"symbols": ["IBM"], "streams": ["bars_1m"]},
        "data_provider": {"name": "sample"},
        "strategies": [{"name": "mine"}],
        "broker": {"name": "simulated", "config": {"cash": "100000", "leverage": leverage}},
        "risk": risk,
        "outputs": [{"name": "markdown"}],
    }
    return Session(config, registry=Registry.from_modules({"plugin": plugin})).run()


def test_orders_that_each_reduce_a_position_are_not_all_reductions(tmp_path, monkeypatch):
    limit = {"name": "max_position_notional", "config": {"limit": 2500.0}}
    signals = run(tmp_path, monkeypatch, FiveExits, [limit]).signals
    exits = signals[signals["side"] == "sell"].head(5)
    assert exits["status"].tolist()[0] != "rejected"
    assert "risk max_position_notional" in " ".join(exits["reason"])


@pytest.mark.parametrize("limit", [1, 3])
def test_orders_of_a_session_are_counted(tmp_path, monkeypatch, limit):
    check = {"name": "max_orders_per_session", "config": {"limit": limit}}
    run_ = run(tmp_path, monkeypatch, FiveExits, [check])
    assert (run_.orders["side"] == "buy").sum() + (run_.orders["side"] == "sell").sum() >= limit
    assert run_.signals["reason"].str.contains("max_orders_per_session").any()


def test_the_markdown_report_is_in_the_run_folder(tmp_path, monkeypatch):
    done = run(tmp_path, monkeypatch, FiveExits, None)
    text = (done.folder / "report.md").read_text()
    assert text.startswith("# risk (simulated intraday)")
    assert "| trade_hash |" in text
    assert "no risk block" in text


class TooMuch(Strategy):
    """Asks for more than the account can buy, once."""

    asked = False

    def on_bar(self, bar):
        if not self.asked:
            self.asked = True
            self.buy(1_000)


def test_an_order_beyond_the_buying_power_is_refused_with_the_numbers(tmp_path, monkeypatch):
    done = run(tmp_path, monkeypatch, TooMuch, [], leverage=1)
    (reason,) = done.signals["reason"]
    assert reason.startswith("buying power: needs 2")
    assert reason.endswith("has 100000.00")
