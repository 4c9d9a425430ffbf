"""Columns of many symbols one after the other, for frames that share them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mismartera_core.model.columns import BarColumns, FloatArray, IntArray
from mismartera_core.store.frame import Track

MOST = 2**22
"""Rows of all symbols that are worth a second copy of a column: 32 MiB."""


class SideBySide:
    """Takes single values out of the columns of many symbols, which it lays side by side once.

    The frames of a block share their columns: joining them once costs a third of joining the rows
    of each session.
    """

    def __init__(self) -> None:
        self._of: BarColumns | None = None
        self._made: dict[str, FloatArray] = {}

    def fits(self, tracks: Sequence[Track]) -> bool:
        """Whether columns, all of them equally long, are not too many for a copy."""
        return len(tracks) * len(tracks[0].columns) <= MOST

    def take(
        self, tracks: Sequence[Track], field: str, rows: IntArray, symbols: IntArray
    ) -> FloatArray:
        """Values of a column.

        Args:
            tracks: One a symbol, all with equally long columns.
            field: Column.
            rows: Rows of the columns.
            symbols: The symbol of each.
        """
        first = tracks[0].columns
        if self._of is not first:
            self._of, self._made = first, {}
        joined = self._made.get(field)
        if joined is None:
            joined = np.concatenate([getattr(track.columns, field) for track in tracks])
            self._made[field] = joined
        return joined.take(symbols * len(first) + rows)
