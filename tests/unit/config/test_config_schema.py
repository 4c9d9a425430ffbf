import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from mismartera_core.config.loading import config_from
from mismartera_core.config.schema import SLOTS, json_schema
from mismartera_core.errors import MisMarteraError
from mismartera_core.registry import Registry
from mismartera_core.services.config_resolution import resolve, schema_options

CONFIGS = Path(__file__).parents[3] / "session_configs"
MISMARTERA = "import sys; from mismartera_core.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def schema():
    return json_schema(schema_options(Registry.discover()))


def references(part):
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def names(part):
    return [option["const"] for option in part["properties"]["name"]["oneOf"]]


def test_every_reference_leads_somewhere(schema):
    for reference in references(schema):
        assert reference.startswith("#/$defs/")
        assert reference.removeprefix("#/$defs/") in schema["$defs"], reference


def test_unknown_keys_are_forbidden_everywhere(schema):
    parts = [part for part in schema["$defs"].values() if part.get("type") == "object"]
    assert all(part["additionalProperties"] is False for part in [schema, *parts])


def test_names_become_choices_with_their_summaries(schema):
    assert "sma_cross" in names(schema["$defs"]["StrategyConfig"])
    assert "simulated" in names(schema["$defs"]["broker_choice"])
    assert "per_share" in names(schema["$defs"]["commission_choice"])
    assert "per_share" not in names(schema["$defs"]["slippage_choice"])
    brokers = schema["$defs"]["broker_choice"]["properties"]["name"]["oneOf"]
    (simulated,) = [it for it in brokers if it["const"] == "simulated"]
    assert simulated["description"].startswith("Fills orders")


def test_the_config_of_a_plugin_is_checked_by_its_name(schema):
    rules = schema["$defs"]["broker_choice"]["allOf"]
    (rule,) = [r for r in rules if r["if"]["properties"]["name"] == {"const": "simulated"}]
    assert rule["then"]["required"] == ["config"]
    assert "cash" in schema["$defs"]["broker.simulated"]["required"]
    strategies = schema["$defs"]["StrategyConfig"]["allOf"]
    assert any("fast" in str(schema["$defs"].get("strategy.sma_cross")) for _ in strategies)


def test_what_matters_is_required_and_described():
    plain = json_schema()
    assert {"session_name", "mode", "broker", "data_provider"} <= set(plain["required"])
    assert "risk" not in plain["required"]
    every = [plain, *plain["$defs"].values()]
    fields = [field for part in every for field in part.get("properties", {}).items()]
    assert [name for name, field in fields if not field.keys() & {"description", "$ref"}] == []


def test_every_slot_can_be_offered_nothing():
    assert json.dumps(json_schema({slot: [] for slot in SLOTS}))


@pytest.fixture(scope="module")
def validator():
    """What an editor does with what `mismartera config schema` prints."""
    words = [sys.executable, "-c", MISMARTERA, "config", "schema"]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    schema = json.loads(printed)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$schema"]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker(["date"]))


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.json")), ids=lambda path: path.name)
def test_the_schema_is_valid_and_every_example_fits_it(validator, path):
    assert [e.message for e in validator.iter_errors(json.loads(path.read_text()))] == []


LIVE = {"mode": "live", "backtest_config": None}
CHECK = {"name": "max_open_positions", "config": {"limit": 3}}
HISTORY = {"apply_to": "all", "intervals": ["1d"], "trailing_days": 5}
FINE = [
    {"backtest_config": {"backtest_days": 5, "start_date": None, "end_date": None}},
    {"session_data_config.streams": ["ticks", "quotes", "bars_30s", "bars_1d"]},
    {"session_data_config.historical": {"data": [HISTORY]}},
    {"strategies.0.interval": "5m", "strategies.0.symbols": None},
    {"costs": {"commission": None}},
    {**LIVE, "risk": [CHECK]},
]
WRONG = [
    {"moode": "live"},
    {"mode": "liv"},
    {"session_name": ""},
    {"session_name": 7},
    {"broker": None},
    {"broker": {"nmae": "x"}},
    {"broker": {"name": "simulatd"}},
    {"broker": {"name": "simulated", "config": {}}},
    {"broker.config.cahs": 5},
    {"broker.config.cash": -5},
    {"costs.comission": None},
    {"costs.commission": {"name": "fixed_slippage"}},
    {"strategies": []},
    {"strategies.0.name": "sma_crss"},
    {"strategies.0.params.fasst": 3},
    {"strategies.0.params.fast": "three"},
    {"strategies.0.flat_by_close": -1},
    {"strategies.0.interval": "2d"},
    {"strategies.0.symbols": ["AAPL", "AAPL"]},
    {"data_provider": {"name": "smaple"}},
    {"session_data_config.symbls": []},
    {"session_data_config.symbols": []},
    {"session_data_config.symbols": ["A", "A"]},
    {"session_data_config.symbols": "AAPL"},
    {"session_data_config.symbols": ["../x"]},
    {"session_data_config.symbols": ["a/../x"]},
    {"session_data_config.streams": ["bars_7x"]},
    {"session_data_config.streams": ["bars_2d"]},
    {"session_data_config.streams": ["tick"]},
    {"session_data_config.streams": ["bars_1m", "bars_1m"]},
    {"session_data_config.hours": "all"},
    {"session_data_config.min_quality": 1.5},
    {"session_data_config.historical": {"enable_quality": "yes"}},
    {"session_data_config.historical": {"data": [HISTORY | {"apply_to": "al"}]}},
    {"session_data_config.historical": {"data": [HISTORY | {"intervals": []}]}},
    {"session_data_config.historical": {"data": [HISTORY | {"intervals": ["1d", "1d"]}]}},
    {"session_data_config.historical": {"data": [HISTORY | {"trailing_days": -1}]}},
    {"session_data_config.gap_filler": {"name": "nobody"}},
    {"backtest_config": None},
    {"backtest_config": {}},
    {"backtest_config.backtest_days": 5},
    {"backtest_config.start_date": None},
    {"backtest_config.end_date": "2012-02-30"},
    {"backtest_config.end_date": 20120230},
    {"backtest_config.prefetch_days": 0},
    {"backtest_config.prefetch_days": 1.5},
    {"backtest_config.speed_multiplier": -1},
    {"risk": [{"name": "max_open_positions", "config": {"limit": -3}}]},
    {"mode": "live", "risk": [CHECK]},
    LIVE,
    {**LIVE, "risk": []},
]


def changed(changes):
    """The quickstart with values set at paths."""
    data = json.loads((CONFIGS / "quickstart.json").read_text())
    for path, value in changes.items():
        *parents, last = path.split(".")
        part = data
        for step in parents:
            part = part[int(step)] if step.isdecimal() else part.setdefault(step, {})
        part[last] = value
    return data


def accepted(data):
    """Whether the models take a config, and those of its plugins theirs."""
    try:
        resolve(config_from(data), Registry.discover(), "my.json")
    except MisMarteraError:
        return False
    return True


@pytest.mark.parametrize("changes", FINE, ids=str)
def test_what_the_models_take_the_schema_takes(validator, changes):
    assert accepted(changed(changes))
    assert [e.message for e in validator.iter_errors(changed(changes))] == []


@pytest.mark.parametrize("changes", WRONG, ids=str)
def test_what_is_wrong_fails_in_the_models_and_in_the_schema(validator, changes):
    assert not accepted(changed(changes))
    assert not validator.is_valid(changed(changes))
