"""The gap filler: bars that a stream has missed, asked for by REST."""

from __future__ import annotations

from mismartera_alpaca.config import DataConfig
from mismartera_alpaca.provider import AlpacaProvider
from mismartera_core import BarColumns, BrokerError, DataError, PluginContext


class AlpacaFiller:
    """Bars of Alpaca's history.

    Args:
        config: Feed, adjustment, limits; the feed should be the one that is streamed.
        context: Calendar, clock and secrets.
    """

    def __init__(self, config: DataConfig, context: PluginContext) -> None:
        self._provider = AlpacaProvider(config, context)

    def fill(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Bars with start_ns <= ts < end_ns that have ended.

        Raises:
            DataError: Alpaca does not answer, refuses, or does not know the symbol.
        """
        try:
            return self._provider.get_bars(symbol, interval, start_ns, end_ns)
        except BrokerError as error:
            raise DataError(str(error), hint=error.hint) from error

    def close(self) -> None:
        """End what is under way and release connections."""
        self._provider.close()
