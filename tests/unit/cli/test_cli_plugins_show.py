"""What `plugins show` gives to paste is accepted as it is."""

import ast
import json

import pytest

from mismartera_core.config.loading import config_from
from mismartera_core.registry import Registry, config_model
from mismartera_core.services.config_resolution import resolve, validate_plugin_config

BASE = {
    "session_name": "pasted",
    "exchange_group": "US_EQUITY",
    "asset_class": "EQUITY",
    "mode": "backtest",
    "backtest_config": {"start_date": "2024-07-03", "end_date": "2024-07-05"},
    "session_data_config": {"symbols": ["AAPL"], "streams": ["bars_1m"]},
    "data_provider": {"name": "sample"},
    "strategies": [{"name": "sma_cross"}],
    "broker": {"name": "simulated", "config": {"cash": "100000"}},
}
REGISTRY = Registry.discover()
CHOSEN = [it for it in REGISTRY.offers() if it.kind not in ("indicator", "template")]
INDICATORS = [it for it in REGISTRY.offers() if it.kind == "indicator"]


def shown(cli, offer):
    found = json.loads(cli("plugins", "show", offer.record.name, "--json")[1])["found"]
    return next(one for one in found if one["kind"] == offer.kind)


@pytest.mark.parametrize("offer", CHOSEN, ids=lambda it: f"{it.kind}-{it.record.name}")
def test_every_block_is_a_valid_part_of_a_session_config(cli, offer):
    block = json.loads("{" + shown(cli, offer)["paste"] + "}")
    data = BASE["session_data_config"] | block.pop("session_data_config", {})
    config = BASE | block | {"session_data_config": data}
    assert resolve(config_from(config), REGISTRY).broker is not None


def test_every_call_of_an_indicator_is_valid(cli):
    for name in ("sma", *(it.record.name for it in INDICATORS[::20])):
        (one,) = json.loads(cli("plugins", "show", name, "--json", "--kind", "indicator")[1])[
            "found"
        ]
        call = ast.parse(one["paste"], mode="eval").body
        given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
        record = REGISTRY.get("indicator", ast.literal_eval(call.args[0]))
        assert validate_plugin_config(config_model(record), given, name)[1] == []


def test_types_tell_limits_and_choices(cli):
    fields = {it["name"]: it for it in shown(cli, by_name("trading_window"))["config"]}
    assert fields["after_open"]["type"] == "number >= 0 <= 1440"
    assert fields["after_open"]["required"]
    assert "Minutes after the open" in fields["after_open"]["meaning"]
    cash = next(it for it in shown(cli, by_name("simulated"))["config"] if it["name"] == "cash")
    assert cash["type"] == "number > 0.0, also as text"


def test_required_fields_stand_where_they_are_declared(cli):
    block = json.loads("{" + shown(cli, by_name("simulated"))["paste"] + "}")
    assert list(block["broker"]["config"]) == ["cash", "leverage", "lot"]


def test_what_a_broker_of_a_venue_can_do_is_told(cli):
    offer = next(it for it in CHOSEN if (it.kind, it.record.name) == ("broker", "alpaca"))
    told = shown(cli, offer)["capabilities"]
    assert (told["simulated"], told["brackets"], told["replace"]) == (False, True, True)
    assert told["types"] == sorted(told["types"])
    assert "limit" in told["types"]


def test_no_name_of_a_field_is_broken(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    out = cli("plugins", "show", "standard")[1]
    assert " strategy_orders_per_minute " in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_template_is_used_by_the_command_that_makes_a_project(cli):
    out = cli("plugins", "show", "indicator", "--kind", "template")[1]
    assert "mismartera new indicator my_indicator" in out


def test_what_cannot_be_used_is_shown_with_its_status(cli, install):
    code = (
        "@hookimpl\ndef mismartera_strategies():\n    return [StrategyReg(name='two', factory={})]"
    )
    install("first", code.format("dict"))
    install("second", code.format("dict"))
    out = cli("plugins", "show", "two")[1]
    assert "of plugin first 1.2 (conflict)" in out
    assert "of plugin second 1.2 (conflict)" in out


def test_a_config_that_cannot_be_told_is_a_sentence(cli, install):
    install(
        "odd",
        "from pydantic import BaseModel\n"
        "class C(BaseModel, arbitrary_types_allowed=True):\n    x: complex = 1j\n    y: object\n"
        "    z: type(None) = None\n    class Odd: pass\n    w: Odd = None\n"
        "@hookimpl\ndef mismartera_strategies():\n"
        "    return [StrategyReg(name='odd', factory=dict, config_model=C)]",
    )
    code, out, _ = cli("plugins", "show", "odd")
    assert code == 0
    assert "the config of 'odd' cannot be told" in out


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("examples", 2, "choose one of: cross_sectional"),
        ("sma_corss", 4, "did you mean 'sma_cross'"),
    ],
)
def test_a_wrong_name_is_one_sentence(cli, name, code, message):
    found, _, err = cli("plugins", "show", name)
    assert found == code
    assert message in err


def by_name(name):
    return next(it for it in CHOSEN if it.record.name == name)
