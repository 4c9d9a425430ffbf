"""Trades and quotes that wait for the next step of a live session."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from mismartera_core.model.columns import IntArray, QuoteColumns, TickColumns

MOST_QUOTES = 256
"""Quotes of one symbol that one step brings at most; of more, the newest stay."""

Columns = TypeVar("Columns", TickColumns, QuoteColumns)


class LiveEvents:
    """What has come since the last step, by symbol row.

    Attributes:
        arrived: When each event came, nanoseconds UTC.
        conflated: Quotes that newer ones have replaced.
    """

    def __init__(self, symbols: int) -> None:
        self._ticks: dict[int, list[TickColumns]] = {}
        self._quotes: dict[int, list[QuoteColumns]] = {}
        self._symbols = symbols
        self.arrived: list[int] = []
        self.conflated = 0

    def ticks(self, row: int, ticks: TickColumns, arrived_ns: int) -> None:
        """Take trades of a symbol."""
        self._ticks.setdefault(row, []).append(ticks)
        self.arrived.append(arrived_ns)

    def quotes(self, row: int, quotes: QuoteColumns, arrived_ns: int) -> None:
        """Take quotes of a symbol."""
        self._quotes.setdefault(row, []).append(quotes)
        self.arrived.append(arrived_ns)

    def drain(
        self, seen_ns: int, upto_ns: int
    ) -> tuple[tuple[tuple[int, TickColumns], ...], tuple[tuple[int, QuoteColumns], ...]]:
        """All of it, stamped within (seen_ns, upto_ns]: nothing was known before it came.

        A quote says what is, so of many the newest are enough; a trade says what was, so all stay.
        """
        ticks = tuple(
            (row, _stamped(TickColumns.concat(parts), seen_ns, upto_ns))
            for row, parts in sorted(self._ticks.items())
        )
        quotes = []
        for row, parts in sorted(self._quotes.items()):
            whole = QuoteColumns.concat(parts)
            kept = whole.slice(max(len(whole) - MOST_QUOTES, 0), len(whole))
            self.conflated += len(whole) - len(kept)
            quotes.append((row, _stamped(kept, seen_ns, upto_ns)))
        self._ticks, self._quotes, self.arrived = {}, {}, []
        return ticks, tuple(quotes)


def _stamped(columns: Columns, seen_ns: int, upto_ns: int) -> Columns:
    stamps: IntArray = np.maximum.accumulate(np.clip(columns.ts, seen_ns + 1, upto_ns))
    return replace(columns, ts=stamps)
