"""A data provider whose bars a test made itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Event

import numpy as np

from mismartera_core.contracts.provider import DataProvider, ProviderCapabilities
from mismartera_core.contracts.stream import (
    Emit,
    StreamChanged,
    StreamedBars,
    StreamRequest,
    StreamState,
)
from mismartera_core.errors import DataError, did_you_mean
from mismartera_core.model.columns import BarColumns


class MemoryProvider(DataProvider):
    """Bars of one interval, held in memory; it streams them one by one as fast as it can.

    Args:
        bars: Columns by symbol.
        interval: Their interval.

    Attributes:
        capabilities: What a registration of it says.
    """

    def __init__(self, bars: Mapping[str, BarColumns], interval: str = "1m") -> None:
        self.capabilities = ProviderCapabilities(bars=(interval,), stream=True)
        self._bars = dict(bars)
        self._interval = interval

    def symbols(self) -> Sequence[str]:
        """Symbols it was given."""
        return sorted(self._bars)

    def intervals(self, symbol: str) -> Sequence[str]:
        """The one interval."""
        self._held(symbol, self._interval)
        return (self._interval,)

    def coverage(self, symbol: str, interval: str) -> tuple[int, int] | None:
        """First and last open, None where it has no bar."""
        bars = self._held(symbol, interval)
        return (int(bars.ts[0]), int(bars.ts[-1])) if len(bars) else None

    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Bars of a range.

        Raises:
            DataError: The symbol or the interval is not held.
        """
        bars = self._held(symbol, interval)
        low, high = np.searchsorted(bars.ts, (start_ns, end_ns)).tolist()
        return bars.slice(low, high)

    def stream(self, wanted: StreamRequest, emit: Emit, stop: Event) -> None:
        """Emit all bars in the order in which they became known, then wait for the stop.

        Raises:
            DataError: A symbol or the interval is not held, or trades or quotes are wanted.
        """
        if wanted.ticks or wanted.quotes:
            raise DataError("it holds bars only, wanted were trades or quotes")
        held = {symbol: self._held(symbol, wanted.interval) for symbol in wanted.symbols}
        rows = [
            (int(known), symbol, row)
            for symbol, bars in held.items()
            for row, known in enumerate(bars.available_at)
        ]
        if stop.is_set():
            return
        emit(StreamChanged(StreamState.LIVE))
        for _, symbol, row in sorted(rows):
            if stop.is_set():
                return
            emit(StreamedBars(symbol, held[symbol].slice(row, row + 1)))
        stop.wait()

    def _held(self, symbol: str, interval: str) -> BarColumns:
        if symbol not in self._bars:
            raise DataError(f"there is no symbol {symbol!r}", hint=did_you_mean(symbol, self._bars))
        if interval != self._interval:
            raise DataError(f"expected {self._interval} bars, asked for was {interval!r}")
        return self._bars[symbol]
