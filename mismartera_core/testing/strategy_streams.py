"""Trades and quotes for the days on which strategies are tested."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mismartera_core.contracts.strategy import Strategy
from mismartera_core.model.columns import QuoteColumns, TickColumns
from mismartera_core.testing.builders import ticks_of
from mismartera_core.testing.strategy_bars import Bars
from mismartera_core.threads.plan import Plan, StrategyClass

TICKS, QUOTES = "ticks", "quotes"

_HANDLERS = {TICKS: "on_tick", QUOTES: "on_quote"}
_HALF_SPREAD = 0.01
_SIZE = 100.0


@dataclass(frozen=True, slots=True)
class Streams:
    """What is streamed beside bars, by kind and symbol; a kind that is not there is not streamed.

    Attributes:
        columns: Trades and quotes.
    """

    columns: Mapping[str, Mapping[str, Any]]

    def into(self, plan: Plan) -> Plan:
        """A plan that streams them, too.

        Args:
            plan: A plan with bars only.
        """
        return replace(plan, load_ticks=self._loader(TICKS), load_quotes=self._loader(QUOTES))

    def after(self, instant: int, past: Streams) -> Streams:
        """These rows after an instant, and those of another set up to it.

        Args:
            instant: Nanoseconds UTC; what came at it has been.
            past: Where rows up to it come from.
        """
        return Streams(
            {
                kind: {
                    name: _joined(past.columns[kind][name], rows, instant)
                    for name, rows in by_symbol.items()
                }
                for kind, by_symbol in self.columns.items()
            }
        )

    def _loader(self, kind: str) -> Callable[[str, int, int], Any] | None:
        held = self.columns.get(kind)
        if held is None:
            return None

        def load(symbol: str, start_ns: int, end_ns: int) -> Any:
            rows = held[symbol]
            low, high = np.searchsorted(rows.ts, (start_ns, end_ns)).tolist()
            return rows.slice(low, high)

        return load


def handled(made: StrategyClass) -> tuple[str, ...]:
    """Kinds of data that a strategy has handlers for.

    Args:
        made: The class.
    """
    if not issubclass(made, Strategy):
        return ()
    return tuple(
        kind
        for kind, name in _HANDLERS.items()
        if getattr(made, name) is not getattr(Strategy, name)
    )


def streams_of(bars: Bars, kinds: tuple[str, ...], *, silent: bool = False) -> Streams:
    """Trades and quotes that agree with bars.

    Args:
        bars: By symbol.
        kinds: What is streamed.
        silent: Whether there is none of it.
    """
    found: dict[str, dict[str, Any]] = {kind: {} for kind in kinds}
    for name, part in bars.items():
        ticks = ticks_of(part.slice(0, 0) if silent else part)
        if TICKS in found:
            found[TICKS][name] = ticks
        if QUOTES in found:
            found[QUOTES][name] = _quotes(ticks)
    return Streams(found)


def _quotes(ticks: TickColumns) -> QuoteColumns:
    """A quote around each trade, at its instant."""
    size = np.full(len(ticks), _SIZE)
    columns = (ticks.price - _HALF_SPREAD, ticks.price + _HALF_SPREAD, size, size)
    for column in columns:
        column.flags.writeable = False
    return QuoteColumns(ticks.ts, *columns)


def _joined(past: Any, rows: Any, instant: int) -> Any:
    low = int(np.searchsorted(past.ts, instant, side="right"))
    high = int(np.searchsorted(rows.ts, instant, side="right"))
    return type(rows).concat([past.slice(0, low), rows.slice(high, len(rows))])
