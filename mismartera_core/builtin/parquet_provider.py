"""The parquet provider: what `mismartera data import` has stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from mismartera_core import (
    BarColumns,
    DataProvider,
    Origin,
    PluginContext,
    QuoteColumns,
    TickColumns,
)

if TYPE_CHECKING:
    from mismartera_core import BarStore


class ParquetConfig(BaseModel):
    """Config of the parquet provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = Field(
        default=None, description="Folder of the store; by default where imports go."
    )


class ParquetProvider(DataProvider):
    """Bars, ticks and quotes of a store.

    Args:
        config: Where the store is.
        context: Where imports go.
    """

    def __init__(self, config: ParquetConfig, context: PluginContext) -> None:
        from mismartera_core import BarStore

        self._store: BarStore = BarStore(config.path or context.data_dir)

    def symbols(self) -> Sequence[str]:
        """Symbols that have bars."""
        return self._store.symbols()

    def intervals(self, symbol: str) -> Sequence[str]:
        """Bar intervals stored for a symbol."""
        return self._store.intervals(symbol)

    def coverage(self, symbol: str, interval: str) -> tuple[int, int] | None:
        """First and last open stored."""
        return self._store.coverage(symbol, interval)

    def provenance(
        self, symbol: str, interval: str, start_ns: int, end_ns: int
    ) -> Sequence[Origin]:
        """What was noted when the bars were stored."""
        return self._store.origins(symbol, interval, start_ns, end_ns)

    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Stored bars.

        Raises:
            DataError: Symbol or interval is not stored, or a file is damaged.
        """
        return self._store.read_bars(symbol, interval, start_ns, end_ns)

    def load_bars(
        self, symbols: Sequence[str], interval: str, start_ns: int, end_ns: int
    ) -> Mapping[str, BarColumns]:
        """Stored bars of several symbols."""
        return self._store.read_many(symbols, interval, start_ns, end_ns)

    def get_ticks(self, symbol: str, start_ns: int, end_ns: int) -> TickColumns:
        """Stored trades.

        Raises:
            DataError: The symbol has none, or a file is damaged.
        """
        return self._store.read_ticks(symbol, start_ns, end_ns)

    def get_quotes(self, symbol: str, start_ns: int, end_ns: int) -> QuoteColumns:
        """Stored quotes.

        Raises:
            DataError: The symbol has none, or a file is damaged.
        """
        return self._store.read_quotes(symbol, start_ns, end_ns)
