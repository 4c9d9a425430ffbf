import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from mismartera_core import CostRole
from mismartera_core.config.loading import config_from, load_config
from mismartera_core.errors import ConfigError, PluginError
from mismartera_core.registry import Registry
from mismartera_core.services.config_explanation import explain
from mismartera_core.services.config_resolution import resolve, validate_plugin_config

QUICKSTART = Path(__file__).parents[3] / "session_configs/quickstart.json"


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


def config(**changes):
    return config_from({**json.loads(QUICKSTART.read_text()), "costs": {}, **changes})


def strategy(name="sma_cross", **rest):
    return {"strategies": [{"name": name, **rest}]}


def cost(role, name):
    return {"costs": {role: {"name": name}}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (strategy("sma_crss"), "strategies.0.name: there is no strategy named 'sma_crss'; did you"),
        (strategy(params={"fsat": 1}), "strategies.0.params.fsat: unknown; did you mean 'fast'?"),
        (strategy(params={"fast": 50}), "strategies.0.params: expected fast < slow, was fast=50, "),
        (strategy(params={"fast": "x"}), "strategies.0.params.fast: expected a valid integer"),
        ({"broker": {"name": "simulated"}}, "broker.config.cash: is missing"),
        (
            {"broker": {"name": "simulated", "config": {"cash": "1", "leverge": 2}}},
            "broker.config.leverge: unknown; did you mean 'leverage'?",
        ),
        ({"data_provider": {"name": "sampel"}}, "data_provider.name: there is no data provider"),
        ({"risk": [{"name": "max_los"}]}, "risk.0.name: there is no risk check named 'max_los'"),
        ({"outputs": [{"name": "excel"}]}, "outputs.0.name: there is no report named 'excel'"),
        (cost("slippage", "per_share"), "costs.slippage.name: expected a slippage model, 'per_"),
    ],
)
def test_what_a_config_says_to_plugins_is_checked_with_its_path(registry, changes, message):
    with pytest.raises(ConfigError) as caught:
        resolve(config(**changes), registry, "my.json")
    assert str(caught.value).startswith("my.json: ")
    assert message in str(caught.value)
    assert str(caught.value).count(", was ") <= 1


def test_problems_of_several_plugins_are_told_at_once(registry):
    changes = {**strategy(params={"fsat": 1}), "data_provider": {"name": "x"}, "outputs": []}
    with pytest.raises(ConfigError, match="2 problems"):
        resolve(config(**changes), registry)


def test_the_quickstart_resolves(registry):
    found = resolve(load_config(QUICKSTART), registry)
    assert found.strategies[0].config.fast == 10
    assert found.broker.config.cash == 100_000
    assert set(found.costs) == {CostRole.COMMISSION}
    assert found.risk is None
    assert found.gap_filler is None


def test_an_unknown_name_is_a_config_error_even_beside_a_broken_plugin():
    class Module:
        pass

    broken = Registry.from_modules({"empty": Module()})
    assert broken.problems
    with pytest.raises(ConfigError, match="there is no strategy"):
        resolve(config(), broken)


def test_a_plugin_whose_library_is_missing_is_a_plugin_error():
    from mismartera_core import StrategyReg, hookimpl

    class Module:
        @hookimpl
        def mismartera_strategies(self):
            return [StrategyReg(name="sma_cross", factory="no_such_library:X")]

    with pytest.raises(PluginError, match=r"strategies.0.name: .*no_such_library"):
        resolve(config(), Registry.from_modules({"mine": Module()}))


def test_a_typo_is_found_even_where_the_author_forgot_to_forbid_it():
    class Careless(BaseModel):
        period: int = 5

    _, problems = validate_plugin_config(Careless, {"peroid": 3}, "x.config")
    assert problems == ["x.config.peroid: unknown; did you mean 'period'?"]
    assert validate_plugin_config(None, {"a": 1}, "x.config")[1] == [
        "x.config.a: unknown; there is nothing to configure"
    ]


def test_explain_says_what_is_simulated_free_and_unchecked(registry):
    data = json.loads(QUICKSTART.read_text())
    del data["costs"]
    data["strategies"][0] |= {"interval": "5m", "flat_by_close": 5, "id": "mine"}
    found = config_from(data)
    said = dict(explain(found, resolve(found, registry)))
    assert "SIMULATED" in said["data"]
    assert said["bars"] == "1m from the provider; 5m generated from finer ones"
    assert said["commission"].startswith("none")
    assert said["risk"].startswith("none")
    assert said["strategy"].startswith("mine (sma_cross) on AAPL, IBM, 5m: fast=10, slow=30")
    assert said["strategy"].endswith("flat 5 minutes before the close")
    assert said["dates"].startswith("2012-10-01 to 2012-10-26, both included; as fast as possible")
