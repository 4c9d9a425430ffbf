"""Ticks and quotes of a frame for the strategies that listen to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from mismartera_core.contracts.strategy import Strategy
from mismartera_core.model.columns import IntArray, QuoteColumns, TickColumns
from mismartera_core.model.market import Quote, Series, Tick
from mismartera_core.store.frame import Frame

Events = tuple[list[int], Iterator[None]]
"""Instants, and what to advance at each."""


class EventFeed:
    """Hands a strategy the ticks and quotes of its symbol, each once.

    Args:
        strategy: What `on_tick` or `on_quote` it overrides is fed.
        symbol: Row of its symbol.
        series: What ticks and quotes are of.
    """

    def __init__(self, strategy: Strategy, symbol: int, series: Series) -> None:
        kind = type(strategy)
        self._symbol = symbol
        self._series = series
        self._tick = strategy.on_tick if kind.on_tick is not Strategy.on_tick else None
        self._quote = strategy.on_quote if kind.on_quote is not Strategy.on_quote else None

    @property
    def listens(self) -> bool:
        """Whether the strategy wants ticks or quotes."""
        return self._tick is not None or self._quote is not None

    def events(self, frame: Frame) -> list[Events]:
        """What a frame adds, as streams of events."""
        found = []
        if self._tick is not None and _brings(frame.ticks, self._symbol, frame.seen_ns):
            ticks = frame.ticks[self._symbol]
            new = ticks.slice(_after(ticks.ts, frame.seen_ns), len(ticks))
            found.append((new.ts.tolist(), _feed(_ticks(new, self._series), self._tick)))
        if self._quote is not None and _brings(frame.quotes, self._symbol, frame.seen_ns):
            quotes = frame.quotes[self._symbol]
            fresh = quotes.slice(_after(quotes.ts, frame.seen_ns), len(quotes))
            found.append((fresh.ts.tolist(), _feed(_quotes(fresh, self._series), self._quote)))
        return found


def _brings(
    columns: Sequence[TickColumns] | Sequence[QuoteColumns], symbol: int, seen_ns: int
) -> bool:
    """Whether there is something of a symbol that was not known at an instant."""
    if not columns:
        return False
    ts = columns[symbol].ts
    return len(ts) > 0 and ts.item(-1) > seen_ns


def _after(ts: IntArray, seen_ns: int) -> int:
    """First row that was not known at an instant."""
    return int(np.searchsorted(ts, seen_ns, side="right"))


def _feed(values: Iterator[Any], listener: Callable[[Any], None]) -> Iterator[None]:
    for value in values:
        listener(value)
        yield


def _ticks(ticks: TickColumns, series: Series) -> Iterator[Tick]:
    rows = zip(
        repeat(series), ticks.ts.tolist(), ticks.price.tolist(), ticks.size.tolist(), strict=False
    )
    return map(tuple.__new__, repeat(Tick), rows)


def _quotes(quotes: QuoteColumns, series: Series) -> Iterator[Quote]:
    rows = zip(
        repeat(series),
        quotes.ts.tolist(),
        quotes.bid.tolist(),
        quotes.ask.tolist(),
        quotes.bid_size.tolist(),
        quotes.ask_size.tolist(),
        strict=False,
    )
    return map(tuple.__new__, repeat(Quote), rows)
