import math
from decimal import Decimal
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from mismartera_core import CostModelReg, CostRole, StrategyParams, hookimpl
from mismartera_core.config.session_config import PluginChoice
from mismartera_core.errors import ConfigError, PluginError
from mismartera_core.registry import Registry, config_model, resolve_attribute
from mismartera_core.services import cost_formulas
from mismartera_core.system.costs import costs_by_name

BUILT_IN = Registry.from_modules({})
BAR = (50.0, 52.0, 48.0, 51.0, 10_000.0)
IBKR = {"per_share": 0.005, "minimum": 1, "cap": 0.01}


def cost(role, name, registry=None, **config):
    """A cost model by name: its function bound to its numbers."""
    choice = PluginChoice(name=name, config=config)
    choices = {one.value: choice if one == role else None for one in CostRole}
    function, numbers = getattr(costs_by_name(registry or BUILT_IN, **choices), role)
    return lambda side, quantity, price, *bar: function(
        side, quantity, price, *(bar or BAR), *numbers
    )


def model(name):
    return config_model(BUILT_IN.get("cost_model", name))


@pytest.mark.parametrize(
    ("name", "config", "quantity", "price", "fee"),
    [
        ("per_share", IBKR, 100, 25.0, 1.00),
        ("per_share", IBKR, 1000, 25.0, 5.00),
        ("per_share", IBKR, 1000, 0.25, 2.50),
        ("per_share", IBKR, 10, 5.0, 0.50),
        ("per_share", {"per_share": 0.005}, 10, 5.0, 0.05),
        ("percent", {"percent": 0.1}, 100, 25.0, 2.50),
        ("percent", {"percent": 0.1, "minimum": 4}, 100, 25.0, 4.00),
        ("per_order", {"per_order": "4.95"}, 1, 25.0, 4.95),
    ],
)
def test_a_commission_charges_what_its_config_says(name, config, quantity, price, fee):
    charge = cost("commission", name, **config)
    assert charge(1.0, quantity, price) == pytest.approx(fee, rel=1e-12)
    assert charge(-1.0, quantity, price) == charge(1.0, quantity, price)


@pytest.mark.parametrize(
    ("name", "config", "side", "paid"),
    [
        ("fixed_slippage", {"amount": 0.01}, 1.0, 50.01),
        ("fixed_slippage", {"amount": 0.01}, -1.0, 49.99),
        ("bps_slippage", {"bps": 5}, 1.0, 50.025),
        ("bps_slippage", {"bps": 5}, -1.0, 49.975),
        ("volume_slippage", {"impact": 0.1}, 1.0, 50.05),
        ("volume_slippage", {"impact": 0.1}, -1.0, 49.95),
        ("fixed_slippage", {"amount": 9}, 1.0, 52.0),
        ("fixed_slippage", {"amount": 9}, -1.0, 48.0),
    ],
)
def test_slippage_goes_against_the_trader_and_stays_in_the_bar(name, config, side, paid):
    assert cost("slippage", name, **config)(side, 1000.0, 50.0) == paid


@pytest.mark.parametrize(
    ("config", "volume", "units"),
    [
        ({"fraction": 0.1}, 999.0, 99.0),
        ({"fraction": 0.1, "lot": 10}, 999.0, 90.0),
        ({"fraction": 1}, 0.0, 0.0),
        ({"fraction": 0.1}, math.nan, math.inf),
    ],
)
def test_a_volume_limit_gives_whole_lots_of_a_fraction(config, volume, units):
    limit = cost("participation", "volume_limit", **config)
    assert limit(1.0, 500.0, 50.0, *BAR[:4], volume) == units


def test_every_model_is_the_formula_of_its_role():
    for record in BUILT_IN.records("cost_model"):
        function = resolve_attribute(record.factory)
        assert function is getattr(cost_formulas, record.role.value)


@pytest.mark.parametrize("value", [0.005, "0.005", Decimal("0.005")])
def test_numbers_may_be_floats_or_decimals(value):
    assert model("per_share")(per_share=value).per_share == 0.005


@pytest.mark.parametrize(
    ("name", "config", "said"),
    [
        ("per_share", {}, "per_share\n  Field required"),
        ("per_share", {"per_share": -0.01}, "greater than or equal to 0"),
        ("per_share", {"per_share": "NaN"}, "finite number"),
        ("per_share", {"per_share": True}, "expected a number, was true"),
        ("per_share", {"per_share": 0.005, "cap": 1.5}, "less than or equal to 1"),
        ("per_share", {"per_share": 0.005, "cap": 0}, "greater than 0"),
        ("per_share", {"per_share": 0.005, "minimun": 1}, "minimun\n  Extra inputs"),
        ("percent", {"percent": 100}, "less than or equal to 10"),
        ("per_order", {}, "Field required"),
        ("fixed_slippage", {"amount": -1}, "greater than or equal to 0"),
        ("bps_slippage", {"bps": 1001}, "less than or equal to 1000"),
        ("volume_slippage", {"impact": "inf"}, "finite number"),
        ("volume_limit", {"fraction": 0}, "greater than 0"),
        ("volume_limit", {"fraction": 10}, "less than or equal to 1"),
        ("volume_limit", {"fraction": 0.1, "lot": 0}, "greater than 0"),
    ],
)
def test_a_wrong_config_is_refused(name, config, said):
    with pytest.raises(ValidationError, match=said):
        model(name)(**config)


def test_every_number_is_described():
    for record in BUILT_IN.records("cost_model"):
        assert all(part.description for part in config_model(record).model_fields.values())


def tiered(side, quantity, price, open_, high, low, close, volume, base, discount):
    """Half of what is above a hundred units."""
    return base * (min(quantity, 100.0) + discount * max(quantity - 100.0, 0.0))


class TieredConfig(StrategyParams):
    base: float
    discount: float = 0.5


@hookimpl
def mismartera_cost_models():
    return [
        CostModelReg(
            name="tiered",
            role=CostRole.COMMISSION,
            factory=tiered,
            config_model=TieredConfig,
            parameters=lambda config: (config.base, config.discount),
        )
    ]


def test_a_foreign_model_is_chosen_by_name_like_a_built_in_one():
    plugin = SimpleNamespace(mismartera_cost_models=mismartera_cost_models)
    registry = Registry.from_modules({"broker_fees": plugin})
    assert registry.problems == ()
    charge = cost("commission", "tiered", registry, base=0.01)
    assert charge(1.0, 300.0, 50.0) == 0.01 * 200
    assert cost("commission", "per_order", registry, per_order=1)(1.0, 300.0, 50.0) == 1.0


def test_a_model_in_another_role_and_an_unknown_one_are_refused():
    with pytest.raises(ConfigError, match="'per_share' is a commission model, not a slippage one"):
        cost("slippage", "per_share", per_share=0.005)
    with pytest.raises(PluginError, match="no cost model named 'bps_slipage'"):
        cost("slippage", "bps_slipage", bps=5)
