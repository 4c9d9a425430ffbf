import json

import pytest

from mismartera_core.config.schema import SLOTS, json_schema
from mismartera_core.registry import Registry
from mismartera_core.services.config_resolution import schema_options


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
    assert names(schema["$defs"]["broker_choice"]) == ["simulated"]
    assert "per_share" in names(schema["$defs"]["commission_choice"])
    assert "per_share" not in names(schema["$defs"]["slippage_choice"])
    first = schema["$defs"]["broker_choice"]["properties"]["name"]["oneOf"][0]
    assert first["description"].startswith("Fills orders")


def test_the_config_of_a_plugin_is_checked_by_its_name(schema):
    (rule,) = schema["$defs"]["broker_choice"]["allOf"]
    assert rule["if"]["properties"]["name"] == {"const": "simulated"}
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
