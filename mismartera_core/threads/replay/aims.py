"""Targets of many steps become orders at once, where every order fills at the step after."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mismartera_core.model.columns import BoolArray, FloatArray, IntArray

MANY = 64
"""Steps after which targets become orders whether somebody looks or not: their rows fit a cache."""
_LARGEST = 2.0**53


class Aims:
    """Targets that strategies have returned and nobody has asked the outcome of yet.

    Args:
        symbols: Number of symbols.

    Attributes:
        rows: The step of each, as rows of the panel.
    """

    def __init__(self, symbols: int) -> None:
        self._table = np.empty((MANY + 1, symbols))
        self.rows: list[int] = []

    def add(self, row: int, targets: FloatArray) -> int:
        """Keep a copy of the targets of a step; returns how many are kept now."""
        rows = self.rows
        rows.append(row)
        count = len(rows)
        self._table[count] = targets
        return count

    def targets(self, number: int) -> FloatArray:
        """What was kept, counted from zero."""
        kept: FloatArray = self._table[number + 1]
        return kept

    def clear(self) -> None:
        """Forget them."""
        self.rows.clear()

    def orders(self, held: FloatArray, lot: float) -> Orders | None:
        """The orders that all of them come to, if each fills before the next step's targets.

        Args:
            held: Units held at the beginning.
            lot: Smallest tradable number of units.

        Returns:
            The orders; None where one is not of whole lots.
        """
        table, width = self._table[: len(self.rows) + 1], len(held)
        table[0] = held
        missing: BoolArray = np.isnan(table)
        for row in np.flatnonzero(missing.any(axis=1)).tolist():
            np.copyto(table[row], table[row - 1], where=missing[row])  # NaN leaves it as it is
        flat = table.ravel()
        at = (flat[width:] != flat[:-width]).nonzero()[0]
        before = flat[at]
        signed = flat[at + width] - before
        if not _whole(signed / lot):
            table[missing] = np.nan
            return None
        steps, symbols = np.divmod(at, width)
        counts = np.bincount(steps, minlength=len(self.rows)).tolist()
        return Orders(counts, symbols, signed, before, table[-1] + 0.0)


class Orders(NamedTuple):
    """Orders of some steps, by step and then by symbol.

    Attributes:
        counts: How many each step brought.
        symbols: Rows of their symbols.
        signed: Units, negative to sell.
        before: Units held without each.
        held: Units held when all have filled, one a symbol.
    """

    counts: list[int]
    symbols: IntArray
    signed: FloatArray
    before: FloatArray
    held: FloatArray


def _whole(lots: FloatArray) -> bool:
    """Whether all are whole numbers; what is endless or undefined is not."""
    if not len(lots):
        return True
    return bool(np.abs(lots).max() < _LARGEST and (np.rint(lots) == lots).all())
