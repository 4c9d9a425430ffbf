"""One number for the trades of a run: equal trades, equal hash, on any machine.

The bytes that are hashed (sha256):

1. the line `mismartera fills 1` and a line feed;
2. a JSON array of the strategies that have fills, by name, and a line feed (ASCII, no spaces);
3. the same of the symbols that have fills;
4. the number of fills, as a little-endian int64;
5. the columns, one after the other, each as little-endian 8-byte numbers: filled_ns, strategy
   (place in the array of 2), symbol (place in the array of 3), bar_ts, side, price,
   quantity, commission (in 1e-6). Prices and quantities are float64, the others int64.

The rows are sorted by all columns in this order. So the hash does not know order ids, the order of
strategies and symbols in the config, or symbols that never traded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.results import FillColumns

_COLUMNS = 8


def trade_hash(fills: FillColumns, strategies: Sequence[str], symbols: Sequence[str]) -> str:
    """sha256 over the canonical fills, as 64 hexadecimal digits.

    Args:
        fills: Executions, in any order; of parts each is later than the one before it.
        strategies: Names, by row of `fills.strategy`.
        symbols: Tickers, by row of `fills.symbol`.
    """
    used = _used(fills)
    names, places = zip(*map(_places, used, (strategies, symbols)), strict=True)

    @lru_cache(maxsize=1)  # one part is sorted once, and of many none is kept
    def sorted_part(part: FillColumns) -> list[IntArray | FloatArray]:
        return _canonical(part, *places)

    digest = hashlib.sha256(b"mismartera fills 1\n")
    for each in names:
        digest.update(json.dumps(each, separators=(",", ":")).encode("ascii") + b"\n")
    digest.update(len(fills).to_bytes(8, "little"))
    for number in range(_COLUMNS):
        for part in fills.parts():
            column = sorted_part(part)[number]
            kind = "<f8" if column.dtype.kind == "f" else "<i8"
            digest.update(np.ascontiguousarray(column, dtype=kind).data)
    return digest.hexdigest()


def _used(fills: FillColumns) -> tuple[list[int], list[int]]:
    """Rows of the strategies and of the symbols that have fills."""
    strategies: set[int] = set()
    symbols: set[int] = set()
    for part in fills.parts():
        strategies.update(np.unique(part.strategy).tolist())
        symbols.update(np.unique(part.symbol).tolist())
    return sorted(strategies), sorted(symbols)


def _places(rows: Sequence[int], names: Sequence[str]) -> tuple[list[str], IntArray]:
    """The names in use, sorted, and by row of all names its place among them."""
    used = sorted({names[row] for row in rows})
    place = {name: number for number, name in enumerate(used)}
    return used, np.array([place.get(name, -1) for name in names], dtype=np.int64)


def _canonical(
    fills: FillColumns, strategies: IntArray, symbols: IntArray
) -> list[IntArray | FloatArray]:
    """The columns that are hashed, their rows sorted by all of them."""
    # Adding zero makes a zero of a minus zero.
    columns: list[IntArray | FloatArray] = [
        fills.filled_ns,
        strategies[fills.strategy],
        symbols[fills.symbol],
        fills.bar_ts,
        fills.side,
        fills.price + 0.0,
        fills.quantity + 0.0,
        fills.commission,
    ]
    order = _order(columns)
    return [column[order] for column in columns]


def _order(columns: Sequence[IntArray | FloatArray]) -> IntArray:
    """Rows sorted by all columns; later columns are looked at only where the first three tie."""
    first = columns[:3]
    order = np.lexsort(first[::-1])
    ties = np.ones(max(len(order) - 1, 0), dtype=np.bool_)
    for column in first:
        ties &= np.diff(column[order]) == 0
    return np.lexsort(columns[::-1]) if ties.any() else order
