"""Data providers by name, for plugins that stand on another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.provider import DataProvider
from mismartera_core.errors import ConfigError
from mismartera_core.registry import Registry, config_model, resolve_attribute
from mismartera_core.services.config_resolution import validate_plugin_config


def with_providers(context: PluginContext, registry: Registry) -> PluginContext:
    """A context whose `provider` builds any data provider of the registry.

    Args:
        context: What every plugin of the run is told.
        registry: The plugins there are.
    """

    def build(name: str, config: Mapping[str, Any]) -> DataProvider:
        record = registry.get("data_provider", name)
        found, problems = validate_plugin_config(config_model(record), config, "config")
        if problems:
            raise ConfigError(f"data provider {name!r}: {'; '.join(problems)}")
        # The provider gets the plain context: providers do not stand on providers.
        provider: DataProvider = resolve_attribute(record.factory)(found, context)
        return provider

    return replace(context, provider=build)
