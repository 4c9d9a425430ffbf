"""Live sessions to test with: a stream that a test writes, and a clock that follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event

import numpy as np

from mismartera_core import (
    BarColumns,
    DataProvider,
    ProviderCapabilities,
    StreamChanged,
    StreamedBars,
    StreamState,
)

SECOND = 1_000_000_000
MINUTE = 60 * SECOND


@dataclass
class VenueClock:
    """A wall clock that the stream moves."""

    now_ns: int = 0


@dataclass
class Scripted(DataProvider):
    """Streams what it is told, each event at its instant, and has history.

    Attributes:
        history: Bars by symbol that can be asked for; those not over by the clock are not there.
        script: Instants and events, in order.
        clock: Follows the script.
    """

    history: dict[str, BarColumns]
    script: Sequence[tuple[int, object]]
    clock: VenueClock
    end_ns: int = 0
    asked: list[tuple[str, int, int]] = field(default_factory=list)

    def symbols(self):
        return sorted(self.history)

    def get_bars(self, symbol, interval, start_ns, end_ns):
        self.asked.append((symbol, start_ns, end_ns))
        bars = self.history[symbol]
        low, high = np.searchsorted(bars.ts, (start_ns, end_ns)).tolist()
        bars = bars.slice(low, high)
        return bars.take(bars.available_at <= self.clock.now_ns)

    def stream(self, wanted, emit, stop: Event):
        emit(StreamChanged(StreamState.LIVE))
        for at, event in self.script:
            if stop.is_set():
                return
            self.clock.now_ns = max(self.clock.now_ns, at)
            emit(event)
        self.clock.now_ns = max(self.clock.now_ns, self.end_ns)
        stop.wait()


def in_time(
    bars: dict[str, BarColumns], delay_ns: int = 50_000_000
) -> list[tuple[int, StreamedBars]]:
    """Every bar, so long after its close."""
    script = [
        (int(columns.available_at[row]) + delay_ns, StreamedBars(symbol, one_bar(columns, row)))
        for symbol, columns in bars.items()
        for row in range(len(columns))
    ]
    return sorted(script, key=lambda each: each[0])


def one_bar(bars: BarColumns, row: int) -> BarColumns:
    """A row by itself."""
    return bars.slice(row, row + 1)


STREAMS = ProviderCapabilities(bars=("1m",), ticks=True, quotes=True, stream=True)
