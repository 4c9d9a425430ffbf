"""Quotes and trades that the venue replays beside its bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from mismartera_core.model.columns import QuoteColumns, TickColumns
from mismartera_core.testing.venue.events import MarketEvent

QUOTE_FIELDS = ("bid", "ask", "bid_size", "ask_size")
TICK_FIELDS = ("price", "size")


class Ticker:
    """Quotes and trades by symbol.

    Args:
        quotes: By symbol.
        ticks: By symbol.
    """

    def __init__(
        self, quotes: Mapping[str, QuoteColumns], ticks: Mapping[str, TickColumns]
    ) -> None:
        self._columns: dict[str, dict[str, QuoteColumns | TickColumns]] = {
            "quote": dict(quotes),
            "trade": dict(ticks),
        }

    def series(self) -> Iterator[tuple[str, str]]:
        """Kind and symbol of everything there is."""
        return ((kind, symbol) for kind, found in self._columns.items() for symbol in found)

    def stamp(self, kind: str, symbol: str, row: int) -> int | None:
        """Instant of a row, nanoseconds UTC; None after the last."""
        columns = self._columns[kind][symbol]
        return int(columns.ts[row]) if row < len(columns) else None

    def first_after(self, kind: str, symbol: str, at_ns: int) -> int:
        """Number of the first row after an instant."""
        return int(np.searchsorted(self._columns[kind][symbol].ts, at_ns, side="right"))

    def event(self, kind: str, symbol: str, row: int) -> MarketEvent:
        """A row as it is published."""
        columns = self._columns[kind][symbol]
        fields = QUOTE_FIELDS if kind == "quote" else TICK_FIELDS
        values = {name: float(getattr(columns, name)[row]) for name in fields}
        return MarketEvent(kind, symbol, int(columns.ts[row]), values)

    def rows(
        self, kind: str, symbol: str, first_ns: int, last_ns: int
    ) -> Iterator[tuple[int, MarketEvent]]:
        """Numbers and rows within a range.

        Args:
            kind: "quote" or "trade".
            symbol: Ticker; one without any has none.
            first_ns: Earliest instant.
            last_ns: Latest instant, included.
        """
        columns = self._columns[kind].get(symbol)
        if columns is None:
            return
        start = int(np.searchsorted(columns.ts, first_ns))
        stop = int(np.searchsorted(columns.ts, last_ns, side="right"))
        for row in range(start, stop):
            yield row, self.event(kind, symbol, row)
