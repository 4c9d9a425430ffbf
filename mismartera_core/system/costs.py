"""Cost models by name become functions with numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mismartera_core.config.session_config import PluginChoice
from mismartera_core.contracts.broker import Costs
from mismartera_core.contracts.costs import CostFunction, CostRole
from mismartera_core.errors import ConfigError
from mismartera_core.registrations import CostModelReg
from mismartera_core.registry import Registry, config_model, resolve_attribute
from mismartera_core.system.face_words import checked

Priced = tuple[CostFunction, tuple[float, ...]]
CostChoice = PluginChoice | Mapping[str, Any]


def priced(record: CostModelReg, config: Any) -> Priced:
    """A cost function with the numbers its config comes to."""
    parameters = resolve_attribute(record.parameters)
    return resolve_attribute(record.factory), tuple(float(x) for x in parameters(config))


def costs_by_name(
    registry: Registry,
    commission: CostChoice | None,
    slippage: CostChoice | None,
    participation: CostChoice | None,
) -> Costs:
    """Costs of models chosen by name, as a session config writes them.

    Raises:
        ConfigError: A model's config is wrong, or it plays another role.
        PluginError: There is no such model.
    """
    return Costs(
        commission=_choose(registry, CostRole.COMMISSION, commission),
        slippage=_choose(registry, CostRole.SLIPPAGE, slippage),
        participation=_choose(registry, CostRole.PARTICIPATION, participation),
    )


def _choose(registry: Registry, role: CostRole, wanted: CostChoice | None) -> Priced | None:
    if wanted is None:
        return None
    choice = checked(PluginChoice, wanted, f"{role.value}.")
    record: CostModelReg = registry.get("cost_model", choice.name)
    if record.role is not role:
        raise ConfigError(f"{choice.name!r} is a {record.role.value} model, not a {role.value} one")
    model = config_model(record)
    where = f"{role.value}.config."
    return priced(record, None if model is None else checked(model, choice.config, where))
