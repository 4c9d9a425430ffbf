"""All that is wrong with a session config is told at once, whatever part knows it."""

import json

import pytest

GOOD = {
    "session_name": "mine",
    "mode": "backtest",
    "exchange_group": "US_EQUITY",
    "asset_class": "EQUITY",
    "data_provider": {"name": "sample"},
    "session_data_config": {"symbols": ["AAPL"], "streams": ["bars_1m"]},
    "backtest_config": {"start_date": "2010-03-01", "end_date": "2010-03-02"},
    "strategies": [{"name": "sma_cross", "params": {"fast": 5, "slow": 9}}],
    "broker": {"name": "simulated", "config": {"cash": "100000"}},
}
WRONG = {
    "mode": ("nonsense", "mode: "),
    "exchange_group": ("MARS_EQUITY", "exchange_group: there is no exchange group 'MARS_EQUITY'"),
    "asset_class": ("BONDS", "asset_class: exchange group 'US_EQUITY' has no asset class 'BONDS'"),
    "data_provider": (
        {"name": "sampel"},
        "data_provider.name: there is no data provider named 'sampel'",
    ),
    "strategies": (
        [{"name": "sma_cross", "params": {"fast": 5, "slow": 9, "slwo": 3}}],
        "strategies.0.params.slwo: ",
    ),
    "broker": ({"name": "simulated", "config": {"csah": "1"}}, "broker.config.csah: "),
    "costs": ({"commission": {"name": "per_shaer"}}, "costs.commission.name: there is no"),
    "risk": ([{"name": "no_such_check"}], "risk.0.name: there is no"),
    "outputs": ([{"name": "no_such_report"}], "outputs.0.name: there is no"),
}


@pytest.fixture
def checked(cli, tmp_path):
    """What `config check` says of a config: exit code and text."""

    def check(**changes):
        file = tmp_path / "config.json"
        file.write_text(json.dumps({**GOOD, **changes}))
        code, out, err = cli("config", "check", str(file))
        return code, out + err

    return check


def test_a_good_config_is_in_order(checked):
    assert checked()[0] == 0


@pytest.mark.parametrize("name", WRONG)
def test_each_is_told_by_itself(checked, name):
    value, words = WRONG[name]
    code, said = checked(**{name: value})
    assert code == 2
    assert words in said


def test_all_are_told_at_once(checked):
    wrong = {name: found for name, found in WRONG.items() if name != "asset_class"}
    code, said = checked(**{name: value for name, (value, _) in wrong.items()}, no_such_key=1)
    assert code == 2
    for _, words in wrong.values():
        assert words in said, said
    assert "no_such_key: " in said


@pytest.mark.parametrize(
    "odd",
    [
        {"data_provider": 3, "broker": [], "strategies": {}, "risk": 1, "outputs": "x", "costs": 2},
        {"session_data_config": [], "strategies": [1, {"name": 4}], "costs": {"commission": 1}},
        {"mode": 1, "broker": {"name": "simulated", "config": 7}, "exchange_group": 5},
    ],
)
def test_nothing_is_too_odd_to_be_told(checked, odd):
    code, said = checked(**odd)
    assert code == 2
    assert "Traceback" not in said
