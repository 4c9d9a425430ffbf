"""The gap filler that asks another data provider."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from mismartera_core import BarColumns, DataError, PluginContext


class SecondSourceConfig(BaseModel):
    """Which provider is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str = Field(min_length=1, description="Data provider by name.")
    config: dict[str, Any] = Field(default={}, description="Its own config.")


class SecondSource:
    """Bars of another data provider.

    Args:
        config: Which provider.
        context: Builds it.
    """

    def __init__(self, config: SecondSourceConfig, context: PluginContext) -> None:
        self._provider = context.provider(config.provider, config.config)

    def fill(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Bars of the other provider with start_ns <= ts < end_ns, none where it lacks the symbol.

        Raises:
            DataError: It lacks the interval, cannot say what it has, or cannot be read.
        """
        try:
            return self._provider.get_bars(symbol, interval, start_ns, end_ns)
        except DataError:
            known = self._provider.symbols()
            if not known or symbol in known:
                raise
            return BarColumns.empty()  # asking again would not help
