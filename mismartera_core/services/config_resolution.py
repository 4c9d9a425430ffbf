"""Turns the names of a session config into records and validated plugin configs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from mismartera_core.config.loading import config_error, validated
from mismartera_core.config.problems import field_names, sentences, unknown
from mismartera_core.config.schema import SLOTS, Option
from mismartera_core.config.session_config import PluginChoice, SessionConfig
from mismartera_core.contracts.costs import CostRole
from mismartera_core.errors import PluginError
from mismartera_core.registrations import CostModelReg, Registration
from mismartera_core.registry import Registry, config_model

_LISTS = {"strategies": "strategy", "risk": "risk_check", "outputs": "report"}
"""Kinds of plugins of which a config names several, by its field."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A plugin that a config has chosen.

    Attributes:
        record: Its registration.
        config: Its validated config or params; None where it takes none.
    """

    record: Any
    config: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Every plugin a session config names, in its order.

    Attributes:
        data_provider: Where data come from.
        gap_filler: None where none is named.
        strategies: With their params.
        broker: Who fills orders.
        costs: By role; a role without a model is absent.
        risk: Checks, in order; None where the config has no risk block.
        outputs: Reports.
    """

    data_provider: Choice
    gap_filler: Choice | None
    strategies: tuple[Choice, ...]
    broker: Choice
    costs: Mapping[CostRole, Choice]
    risk: tuple[Choice, ...] | None
    outputs: tuple[Choice, ...]


class _Resolver:
    """Collects problems while it resolves, so that all are told at once."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.problems: list[str] = []
        self.plugin_fault = False

    def choose(
        self, path: str, kind: str, name: str, config: dict[str, Any], part: str = "config"
    ) -> Choice | None:
        try:
            record = self.registry.get(kind, name)
            model = config_model(record)
        except PluginError as error:
            self.plugin_fault |= bool(self.registry.sources(kind, name))
            self.problems.append(f"{path}.name: {error}; {error.hint}".removesuffix("; "))
            return None
        found, problems = validate_plugin_config(model, config, f"{path}.{part}")
        self.problems += problems
        return Choice(record, found)

    def plugin(self, path: str, kind: str, choice: PluginChoice) -> Choice | None:
        return self.choose(path, kind, choice.name, choice.config)

    def unchecked(self, data: Mapping[str, Any]) -> None:
        """Look at what can be understood of a config that is wrong as a whole."""
        for slot in ("data_provider", "broker"):
            self._named(slot, slot, data.get(slot))
        session = data.get("session_data_config")
        if isinstance(session, dict):
            path = "session_data_config.gap_filler"
            self._named(path, "gap_filler", session.get("gap_filler"))
        for slot, kind in (
            ("strategies", "strategy"),
            ("risk", "risk_check"),
            ("outputs", "report"),
        ):
            chosen = data.get(slot)
            for row, item in enumerate(chosen if isinstance(chosen, list) else ()):
                self._named(f"{slot}.{row}", kind, item)
        found = data.get("costs")
        costs = found if isinstance(found, dict) else {}
        for role in CostRole:
            self._named(f"costs.{role.value}", "cost_model", costs.get(role.value))

    def _named(self, path: str, kind: str, item: Any) -> None:
        part = "params" if kind == "strategy" else "config"
        if isinstance(item, dict) and isinstance(item.get("name"), str) and item["name"]:
            config = item.get(part, {})
            self.choose(path, kind, item["name"], config if isinstance(config, dict) else {}, part)

    def cost(self, role: CostRole, choice: PluginChoice | None) -> Choice | None:
        if choice is None:
            return None
        path = f"costs.{role.value}"
        found = self.plugin(path, "cost_model", choice)
        if found and isinstance(found.record, CostModelReg) and found.record.role is not role:
            self.problems.append(
                f"{path}.name: expected a {role.value} model, "
                f"{choice.name!r} is a {found.record.role.value} model"
            )
        return found


def validate_plugin_config(
    model: type[BaseModel] | None, config: Mapping[str, Any], path: str
) -> tuple[Any, list[str]]:
    """Validate what a config says to one plugin.

    Args:
        model: Its model; None where it takes no config.
        config: JSON values.
        path: Where they stand in the session config.

    Returns:
        The validated config, and what is wrong with it. Unknown keys are wrong even where the
        author forgot to forbid them: a misspelt key must never be ignored.
    """
    if model is None:
        return None, [f"{path}.{name}: unknown; there is nothing to configure" for name in config]
    problems: list[str] = []
    if model.model_config.get("extra") not in ("allow", "forbid"):
        names = field_names(model)
        problems = [f"{path}.{key}: {unknown(key, names)}" for key in config if key not in names]
    try:
        return model.model_validate_json(json.dumps(config)), problems
    except ValidationError as error:
        return None, problems + sentences(error, model, f"{path}.")


def check(
    data: Any, registry: Registry, source: str = "config", also: Sequence[str] = ()
) -> tuple[SessionConfig, Resolved]:
    """Validate a session config with its plugins, and say all that is wrong with it at once.

    Args:
        data: JSON values.
        registry: The plugins there are.
        source: What messages call the config, such as its file.
        also: Problems that were found elsewhere.

    Raises:
        ConfigError: It is wrong; the message names every problem.
        PluginError: A named plugin is broken.
    """
    config, problems = validated(data, source)
    if config is not None:
        return config, resolve(config, registry, source, also)
    to = _Resolver(registry)
    if isinstance(data, dict):
        to.unchecked(data)
    raise config_error(source, list(dict.fromkeys([*problems, *also, *to.problems])))


def resolve(
    config: SessionConfig, registry: Registry, source: str = "config", also: Sequence[str] = ()
) -> Resolved:
    """Find every plugin a session config names and validate what it says to each.

    Args:
        config: A session config.
        registry: The plugins there are.
        source: What messages call the config, such as its file.
        also: Problems that were found elsewhere.

    Raises:
        ConfigError: A name is unknown, or a plugin's config is wrong; all problems at once.
        PluginError: A named plugin is broken.
    """
    to = _Resolver(registry)
    filler = config.session_data_config.gap_filler
    provider = to.plugin("data_provider", "data_provider", config.data_provider)
    gaps = (
        to.choose("session_data_config.gap_filler", "gap_filler", filler.name, filler.config)
        if filler and filler.name
        else None
    )
    strategies = [
        to.choose(f"strategies.{row}", "strategy", item.name, item.params, "params")
        for row, item in enumerate(config.strategies)
    ]
    broker = to.plugin("broker", "broker", config.broker)
    costs = {role: to.cost(role, getattr(config.costs, role.value)) for role in CostRole}
    risk = [to.plugin(f"risk.{row}", "risk_check", x) for row, x in enumerate(config.risk or ())]
    outputs = [to.plugin(f"outputs.{row}", "report", x) for row, x in enumerate(config.outputs)]
    to.problems += [*registry.check_config(config), *also]
    if to.problems or provider is None or broker is None:
        error = config_error(source, to.problems)
        if to.plugin_fault:
            raise PluginError(str(error), hint="`mismartera plugins list` says more")
        raise error
    return Resolved(
        data_provider=provider,
        gap_filler=gaps,
        strategies=tuple(choice for choice in strategies if choice),
        broker=broker,
        costs={role: choice for role, choice in costs.items() if choice},
        risk=None if config.risk is None else tuple(choice for choice in risk if choice),
        outputs=tuple(choice for choice in outputs if choice),
    )


def schema_options(registry: Registry) -> dict[str, list[Option]]:
    """What each slot of a session config can name, for the JSON Schema.

    Args:
        registry: The plugins there are.
    """
    roles = {role.value for role in CostRole}
    return {
        slot: [
            Option(record.name, record.summary, _model_or_none(record))
            for record in registry.records("cost_model" if slot in roles else slot)
            if slot not in roles or record.role == slot
        ]
        for slot in SLOTS
    }


def _model_or_none(record: Registration) -> type[BaseModel] | None:
    """The model of a config; a plugin whose library is missing can still be named."""
    try:
        model: type[BaseModel] | None = config_model(record)
    except PluginError:
        return None
    return model
