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

import numpy as np

from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.results import FillColumns


def trade_hash(fills: FillColumns, strategies: Sequence[str], symbols: Sequence[str]) -> str:
    """sha256 over the canonical fills, as 64 hexadecimal digits.

    Args:
        fills: Executions, in any order.
        strategies: Names, by row of `fills.strategy`.
        symbols: Tickers, by row of `fills.symbol`.
    """
    strategy_names, strategy = _places(fills.strategy, strategies)
    symbol_names, symbol = _places(fills.symbol, symbols)
    whole = [fills.filled_ns, strategy, symbol, fills.bar_ts, fills.side]
    # Adding zero makes a zero of a minus zero.
    columns: list[IntArray | FloatArray] = [
        *whole,
        fills.price + 0.0,
        fills.quantity + 0.0,
        fills.commission,
    ]
    order = _order(columns)
    digest = hashlib.sha256(b"mismartera fills 1\n")
    for names in (strategy_names, symbol_names):
        digest.update(json.dumps(names, separators=(",", ":")).encode("ascii") + b"\n")
    digest.update(len(fills).to_bytes(8, "little"))
    for column in columns:
        kind = "<f8" if column.dtype.kind == "f" else "<i8"
        digest.update(np.ascontiguousarray(column[order], dtype=kind).data)
    return digest.hexdigest()


def _places(rows: IntArray, names: Sequence[str]) -> tuple[list[str], IntArray]:
    """The names in use, sorted, and for each row its place among them."""
    used = sorted({names[row] for row in np.unique(rows).tolist()})
    place = {name: number for number, name in enumerate(used)}
    table = np.array([place.get(name, -1) for name in names], dtype=np.int64)
    return used, table[rows] if len(names) else rows


def _order(columns: Sequence[IntArray | FloatArray]) -> IntArray:
    """Rows sorted by all columns; later columns are looked at only where the first three tie."""
    first = columns[:3]
    order = np.lexsort(first[::-1])
    ties = np.ones(max(len(order) - 1, 0), dtype=np.bool_)
    for column in first:
        ties &= np.diff(column[order]) == 0
    return np.lexsort(columns[::-1]) if ties.any() else order
