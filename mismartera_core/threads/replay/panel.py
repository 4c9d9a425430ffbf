"""A panel: the bars of all symbols of a frame, time-major, one row a step."""

from __future__ import annotations

import numpy as np

from mismartera_core.model.columns import BoolArray, FloatArray, IntArray
from mismartera_core.store.frame import Track


class Panel:
    """Rows of a frame's new steps over the symbols of one strategy; columns are made on demand.

    Args:
        tracks: The bars the strategy listens to, by symbol.
        starts: First new row of each track.

    Attributes:
        aligned: Whether every symbol has a bar at every step.
        instants: When the bars of each row became known, nanoseconds UTC.
    """

    def __init__(self, tracks: list[Track], starts: list[int]) -> None:
        self._tracks = tracks
        self._starts = starts
        self.aligned = _aligned(tracks, starts)
        self._opens = [t.columns.ts[s : t.stop] for t, s in zip(tracks, starts, strict=True)]
        known = [
            t.columns.available_at[s : t.stop]
            for t, s in zip(tracks[: 1 if self.aligned else None], starts, strict=False)
        ]
        self.instants: IntArray = known[0] if self.aligned else np.unique(np.concatenate(known))
        self._known = known
        self._made: dict[str, FloatArray] = {}
        self._filled: dict[str, FloatArray] = {}

    def exact(self, field: str) -> FloatArray:
        """A column at the bars; NaN where a symbol has none. Shape (steps, symbols)."""
        if field not in self._made:
            self._made[field] = self.rows(
                [
                    getattr(t.columns, field)[s : t.stop]
                    for t, s in zip(self._tracks, self._starts, strict=True)
                ]
            )
        return self._made[field]

    def opens_at(self, row: int, symbols: IntArray) -> IntArray:
        """Opens of the bars of a step, nanoseconds UTC, of symbols that have one."""
        if self.aligned:
            return np.full(len(symbols), self._opens[0][row])
        now = self.instants[row]
        found = [self._opens[i][np.searchsorted(self._known[i], now)] for i in symbols.tolist()]
        return np.array(found, dtype=np.int64)

    def present(self) -> BoolArray:
        """Whether a symbol has a bar at a step."""
        found: BoolArray = ~np.isnan(self.exact("close"))
        return found

    def last(self, field: str, before: FloatArray) -> FloatArray:
        """A column with the last bar's value where a symbol has no bar.

        Args:
            field: Column.
            before: Values before the first row, one a symbol.
        """
        if field not in self._filled:
            exact = self.exact(field)
            self._filled[field] = exact if self.aligned else forward_fill(exact, before)
        return self._filled[field]

    def rows(self, columns: list[FloatArray]) -> FloatArray:
        """Columns by symbol as rows by step."""
        if self.aligned:
            return np.ascontiguousarray(np.array(columns).T)
        made = np.full((len(self.instants), len(columns)), np.nan)
        for i, (column, known) in enumerate(zip(columns, self._known, strict=True)):
            made[np.searchsorted(self.instants, known), i] = column
        return made


def _aligned(tracks: list[Track], starts: list[int]) -> bool:
    """Whether all tracks have bars at the same instants."""
    first, begin = tracks[0], starts[0]
    stamps = first.columns.ts[begin : first.stop].tobytes()
    return all(
        (t.columns.ts is first.columns.ts and s == begin and t.stop == first.stop)
        or t.columns.ts[s : t.stop].tobytes() == stamps
        for t, s in zip(tracks, starts, strict=True)
    )


def forward_fill(rows: FloatArray, before: FloatArray) -> FloatArray:
    """Each NaN replaced by the last value above it, or by what came before the first row."""
    whole = np.vstack([before, rows])
    at = np.where(np.isnan(whole), 0, np.arange(len(whole))[:, None])
    np.maximum.accumulate(at, axis=0, out=at)
    filled: FloatArray = np.take_along_axis(whole, at, axis=0)[1:]
    return filled
