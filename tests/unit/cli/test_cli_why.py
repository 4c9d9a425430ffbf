import json
from pathlib import Path

import pytest

CONFIGS = Path(__file__).parents[3] / "session_configs"


@pytest.fixture
def opening_range(cli, monkeypatch):
    monkeypatch.setenv("MISMARTERA_PLUGIN_SECONDS", "60")
    days = ("--set", "backtest_config.end_date=2012-11-13")
    assert cli("run", CONFIGS / "opening_range.json", "--quiet", *days)[0] == 0


def test_why_of_a_backtest_computes_the_values_anew(cli, opening_range):
    code, out, _ = cli("why", "--symbol", "IBM", "--at", "2012-11-12 10:00", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["verdict"].startswith("there was a trade: buy 50 stop (stop 190.17) at 10:00:00")
    assert found["values"]["opening_range(minutes=30) on 1m: high"] == 190.17
    assert found["values_from"].startswith("the data, computed anew")


def test_without_a_day_the_last_session_is_meant(cli, opening_range):
    code, out, _ = cli("why", "--symbol", "IBM", "--at", "15:56")
    assert code == 0
    assert "Tue 2012-11-13 15:56:00 EST" in out


def test_strategies_over_all_symbols_say_so(cli, monkeypatch):
    monkeypatch.setenv("MISMARTERA_PLUGIN_SECONDS", "60")
    config = json.loads((CONFIGS / "portfolio.json").read_text())
    assert cli("run", CONFIGS / "portfolio.json", "--quiet")[0] == 0
    symbol = config["session_data_config"]["symbols"][0]
    code, out, _ = cli("why", "--symbol", symbol, "--at", "11:00")
    assert code == 0
    assert "a strategy over all symbols" in out


def test_of_several_strategies_one_is_to_be_named(cli, monkeypatch):
    monkeypatch.setenv("MISMARTERA_PLUGIN_SECONDS", "60")
    config = json.loads((CONFIGS / "two_strategies.json").read_text())
    assert cli("run", CONFIGS / "two_strategies.json", "--quiet")[0] == 0
    symbol = config["session_data_config"]["symbols"][0]
    code, _, err = cli("why", "--symbol", symbol, "--at", "11:00")
    assert code == 2
    assert "expected one strategy" in err
