"""The gap filler: asked for bars that are missing."""

from __future__ import annotations

from typing import Any

from mismartera_core import BarColumns, PluginContext
from pydantic import BaseModel, ConfigDict, Field


class {{ cookiecutter.__class }}Config(BaseModel):
    """What a session config can set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str = Field(min_length=1, description="Data provider that is asked, by name.")
    config: dict[str, Any] = Field(default={}, description="The provider's own config.")


class {{ cookiecutter.__class }}:
    """Asks another data provider."""

    def __init__(self, config: {{ cookiecutter.__class }}Config, context: PluginContext) -> None:
        self._provider = context.provider(config.provider, config.config)

    def fill(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Bars that open at start_ns or later and before end_ns; fewer, or none, where unknown.

        Raises:
            DataError: The provider failed; the host tries again as the config says.
        """
        bars = self._provider.get_bars(symbol, interval, start_ns, end_ns)
        return bars.take(bars.volume > 0.0)
