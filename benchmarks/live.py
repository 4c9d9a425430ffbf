"""How long a live session takes from the arrival of a bar to the decision on it."""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.runner import Sample
from mismartera_core import (
    BarColumns,
    DataProvider,
    DataProviderReg,
    ProviderCapabilities,
    Session,
    Strategy,
    StrategyReg,
    StreamChanged,
    StreamedBars,
    StreamedQuotes,
    StreamState,
    hookimpl,
)
from mismartera_core.config.settings import Settings
from mismartera_core.model.columns import QuoteColumns
from mismartera_core.registry import Registry
from mismartera_core.testing import session_table, walk_bars

DAY = date(2024, 3, 5)
SECOND = 1_000_000_000


@dataclass
class Clock:
    """The wall clock of the venue."""

    now_ns: int


@dataclass
class Watch:
    """When bars were pushed and when the last strategy had decided on them.

    Attributes:
        pushed: Seconds at which the first bar of each minute was pushed.
        decided: Seconds at which the last strategy was done with each minute.
        calls: Calls of on_bar.
        quotes: Calls of on_quote.
    """

    symbols: int
    pushed: list[float] = field(default_factory=list)
    decided: list[float] = field(default_factory=list)
    calls: int = 0
    quotes: int = 0
    done: Event = field(default_factory=Event)

    def decision(self) -> None:
        """A strategy is done with a bar."""
        self.calls += 1
        if self.calls % self.symbols == 0:
            self.decided.append(perf_counter())
            self.done.set()


class Busy(Strategy):
    """Ten indicators on 1m, 5m, 15m and 60m bars."""

    watch: Watch

    def setup(self) -> None:
        """Declare them."""
        names = [("sma", {"period": 10}), ("ema", {"period": 20}), ("rsi", {"period": 14})]
        self.values = [self.indicator(name, **params) for name, params in names]
        self.values += [self.indicator("atr", period=14), self.indicator("vwap")]
        for interval in ("5m", "15m", "60m"):
            self.values.append(self.indicator("sma", interval=interval, period=5))
        self.values += [
            self.indicator("rsi", interval="5m", period=14),
            self.indicator("atr", interval="15m", period=5),
        ]

    def on_bar(self, bar: Any) -> None:
        """Look at all of them."""
        total = bar.close
        for handle in self.values:
            total += handle.value
        if total < 0.0:
            self.buy(1)
        self.watch.decision()


class Idle(Strategy):
    """Looks at the bar alone."""

    watch: Watch

    def on_bar(self, bar: Any) -> None:
        """Look at it."""
        if bar.close < 0.0:
            self.buy(1)
        self.watch.decision()


class Quoted(Busy):
    """Listens to quotes as well."""

    def on_quote(self, quote: Any) -> None:
        """Count it."""
        self.watch.quotes += quote.bid > 0.0


class Feed(DataProvider):
    """Pushes a minute when the one before has been decided on."""

    def __init__(
        self, bars: dict[str, BarColumns], clock: Clock, watch: Watch, quotes: int, minutes: int
    ) -> None:
        self._bars = bars
        self._clock = clock
        self._watch = watch
        self._quotes = quotes
        self._minutes = minutes
        self._pushed = 0

    def symbols(self) -> Sequence[str]:
        """All of them."""
        return sorted(self._bars)

    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """What is over by the clock."""
        assert interval == "1m"
        bars = self._bars[symbol]
        low, high = np.searchsorted(bars.ts, (start_ns, end_ns)).tolist()
        bars = bars.slice(low, high)
        return bars.take(bars.available_at <= self._clock.now_ns)

    def stream(self, wanted: Any, emit: Any, stop: Event) -> None:
        """Push today's bars, in lock-step with the decisions."""
        assert len(wanted.symbols) == len(self._bars)
        emit(StreamChanged(StreamState.LIVE))
        table = session_table(DAY, DAY)
        first = {s: int(np.searchsorted(b.ts, table.open_ns[0])) for s, b in self._bars.items()}
        for minute in range(self._minutes):
            close_ns = int(table.open_ns[0]) + (minute + 1) * 60 * SECOND
            self._push_quotes(emit, close_ns - 59 * SECOND, 59, stop)
            self._clock.now_ns = max(self._clock.now_ns, close_ns + SECOND // 20)
            self._watch.done.clear()
            self._watch.pushed.append(perf_counter())
            for symbol, bars in self._bars.items():
                row = first[symbol] + minute
                emit(StreamedBars(symbol, bars.slice(row, row + 1)))
            self._push_quotes(emit, close_ns, 1, stop)
            while not self._watch.done.wait(0.1):
                if stop.is_set():
                    return
        self._clock.now_ns = int(table.close_ns[0]) + SECOND
        stop.wait()

    def _push_quotes(self, emit: Any, from_ns: int, seconds: int, stop: Event) -> None:
        """So many quotes a second, in turn over the symbols."""
        names = list(self._bars)
        for number in range(self._quotes * seconds):
            at_ns = from_ns + number * SECOND // self._quotes
            self._clock.now_ns = max(self._clock.now_ns, at_ns)
            self._quote(emit, names[number % len(names)], at_ns)
            self._pushed += 1
            # A tenth of a second's quotes may wait: as many as wait where they come in real time
            # and the engine takes a tenth of a second for the bars of a minute.
            while self._pushed - self._watch.quotes > self._quotes // 10:
                if stop.wait(0.0005):
                    return

    @staticmethod
    def _quote(emit: Any, symbol: str, ts: int) -> None:
        one = np.ones(1)
        quote = QuoteColumns(np.array([ts]), one * 99.9, one * 100.1, one, one)
        emit(StreamedQuotes(symbol, quote))


def run_live(symbols: int, quotes: int = 0, minutes: int = 390, *, idle: bool = False) -> Watch:
    """A whole session at the speed of the engine.

    Args:
        symbols: How many.
        quotes: Quotes a second.
        minutes: Minutes that have bars.
        idle: Whether the strategies have no indicators.
    """
    table = session_table(DAY - timedelta(days=1), DAY)
    bars = {f"S{n:05d}": walk_bars(table, seed=n % 500) for n in range(symbols)}
    clock = Clock(int(table.open_ns[-1]) - 60 * SECOND)
    watch = Watch(symbols)
    base = Quoted if quotes else Idle if idle else Busy
    strategy = type("Strategy", (base,), {"watch": watch})
    plugin = types.ModuleType("live_load")

    @hookimpl
    def mismartera_strategies() -> list[StrategyReg]:
        return [StrategyReg(name="busy", factory=strategy)]

    @hookimpl
    def mismartera_data_providers() -> list[DataProviderReg]:
        able = ProviderCapabilities(bars=("1m",), quotes=True, stream=True)
        return [
            DataProviderReg(
                name="feed",
                factory=lambda *_: Feed(bars, clock, watch, quotes, minutes),
                capabilities=able,
            )
        ]

    plugin.mismartera_strategies = mismartera_strategies
    plugin.mismartera_data_providers = mismartera_data_providers
    with TemporaryDirectory() as folder:
        config = {
            "session_name": "live load",
            "exchange_group": "US_EQUITY",
            "asset_class": "EQUITY",
            "mode": "live",
            "session_data_config": {
                "symbols": sorted(bars),
                "streams": ["bars_1m", *(["quotes"] if quotes else [])],
                "historical": {
                    "data": [{"apply_to": "all", "intervals": ["1m"], "trailing_days": 1}]
                },
            },
            "data_provider": {"name": "feed"},
            "strategies": [{"name": "busy"}],
            "broker": {"name": "simulated", "config": {"cash": "1000000", "leverage": 1}},
            "risk": [{"name": "max_orders_per_session", "config": {"limit": 1000}}],
        }
        modules = {"live_load": plugin, "indicators": import_module("mismartera_indicators.plugin")}
        settings = Settings(runtime_dir=Path(folder))
        Session(config, settings, Registry.from_modules(modules), wall=clock).run()
    return watch


@cache
def latencies(symbols: int, quotes: int, minutes: int) -> tuple[float, ...]:
    """Milliseconds from the first bar of a minute to the last decision on it, ascending."""
    found = run_live(symbols, quotes, minutes)
    assert found.calls == symbols * minutes, "a bar was lost"
    took = (np.array(found.decided) - np.array(found.pushed))[1:]  # the first waits for history
    return tuple(np.sort(took * 1e3).tolist())


def percentile(percent: float, symbols: int, quotes: int = 0, minutes: int = 120) -> Sample:
    """A percentile of `latencies`."""
    took = latencies(symbols, quotes, minutes)
    return Sample(float(np.percentile(took, percent)), note=f"{minutes} minutes, 0 bars lost")


def burst(symbols: int) -> Sample:
    """Milliseconds until a bar of every symbol at once has been decided on."""
    found = run_live(symbols, minutes=4, idle=True)
    took = (np.array(found.decided) - np.array(found.pushed))[1:] * 1e3
    return Sample(float(took.max()), note="the slowest of 3 minutes")
