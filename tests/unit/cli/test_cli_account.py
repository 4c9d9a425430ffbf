import json

import pytest
from still_venue import PLUGIN, StillProvider, StillVenue, account, order, position

from mismartera_core import BrokerError, VenueStatus
from mismartera_core.repositories.run_folder import create_run_folder, start_run


@pytest.fixture
def live(install, monkeypatch):
    """The JSON of a live config on a venue where nothing moves."""
    StillVenue.reset()
    StillProvider.reset()
    monkeypatch.setenv("MISMARTERA_PLUGIN_SECONDS", "60")  # a busy machine is not what is tested
    install("still_plugin", PLUGIN, name="still")
    return {
        "session_name": "live",
        "exchange_group": "US_EQUITY",
        "asset_class": "EQUITY",
        "mode": "live",
        "session_data_config": {"symbols": ["SPY"], "streams": ["bars_1m"]},
        "data_provider": {"name": "still"},
        "strategies": [{"name": "sma_cross"}],
        "broker": {"name": "still"},
        "risk": [{"name": "max_order_notional", "config": {"limit": 5000}}],
    }


@pytest.fixture
def config(tmp_path, live):
    file = tmp_path / "live.json"
    file.write_text(json.dumps(live))
    return file


def test_the_account_is_told(cli, config):
    code, out, _ = cli("account", config)
    assert code == 0
    for words in ("PA123", "paper", "100,000.00 USD", "200,000.00", "not allowed"):
        assert words in out


def test_the_account_as_json_has_exact_money(cli, config):
    StillVenue.held = account(paper=False, blocked="suspended")
    code, out, _ = cli("account", config, "--json")
    assert code == 0
    assert json.loads(out) == {
        "version": 1,
        "kind": "account",
        "account_id": "PA123",
        "paper": False,
        "currency": "USD",
        "cash": "90000",
        "equity": "100000",
        "buying_power": "200000",
        "multiplier": "2",
        "shorting": False,
        "blocked": "suspended",
    }


def test_real_money_is_said_in_capitals(cli, config):
    StillVenue.held = account(paper=False)
    for command in ("account", "orders", "positions"):
        assert "LIVE, real money" in cli(command, config)[1]


def test_foreign_orders_and_open_legs_are_listed(cli, config):
    leg = order("v2", "", status=VenueStatus.PENDING, limit_price=None, stop_price=490)
    done = order("v3", "", status=VenueStatus.CANCELLED)
    StillVenue.orders = [order(legs=(leg, done))]
    code, out, _ = cli("orders", config)
    assert code == 0
    assert "limit 499.50" in out
    assert "stop 490" in out
    assert "2024-07-03 05:46:40" in out
    assert "0 ours, 2 foreign" in out
    rows = json.loads(cli("orders", config, "--json")[1])["orders"]
    assert [(row["venue_id"], row["ours"]) for row in rows] == [("v1", False), ("v2", False)]
    assert rows[0]["submitted_at"] == "2024-07-03T05:46:40-04:00"


def test_positions_are_told_with_what_they_cost(cli, config):
    StillVenue.holds = [position("SPY"), position("GLD", "-5", "200")]
    code, out, _ = cli("positions", config)
    assert code == 0
    assert "5,002.50" in out
    rows = json.loads(cli("positions", config, "--json")[1])["positions"]
    assert [(r["symbol"], r["side"], r["cost"], r["traded"]) for r in rows] == [
        ("SPY", "long", "5002.50", True),
        ("GLD", "short", "-1000", False),
    ]


@pytest.mark.parametrize(
    ("command", "words"), [("orders", "no open order"), ("positions", "no position")]
)
def test_nothing_is_said_to_be_nothing(cli, config, command, words):
    assert words in cli(command, config)[1]


@pytest.mark.parametrize("command", ["orders", "positions", "account"])
def test_a_venue_that_refuses_is_exit_code_5(cli, config, command):
    StillVenue.error = BrokerError("the venue refused the key", hint="set ALPACA_API_KEY")
    code, out, err = cli(command, config)
    assert (code, out) == (5, "")
    assert err == "Error: the venue refused the key\nTry: set ALPACA_API_KEY\n"
    assert StillVenue.closed == 1


def test_without_a_config_that_of_the_last_live_run_is_taken(cli, live, tmp_path):
    backtest = {**live, "mode": "backtest", "backtest_config": {"backtest_days": 1}}
    for name, config in (("1-live", live), ("2-backtest", backtest)):
        start_run(create_run_folder(tmp_path / "runtime/runs", name), config, {})
    code, out, _ = cli("account", "--json")
    assert (code, json.loads(out)["account_id"]) == (0, "PA123")


def test_without_a_config_and_a_live_run_it_says_so(cli):
    code, _, err = cli("positions")
    assert code == 2
    assert "a live run in runtime/runs" in err


def test_a_broker_without_an_account_is_told(cli, config):
    code, _, err = cli(
        "account", config, "--set", "broker.name=simulated", "--set", "broker.config.cash=1"
    )
    assert code == 2
    assert "fills orders itself and has no account" in err
