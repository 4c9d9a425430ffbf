"""A panel: the bars of all symbols of a frame, time-major, one row a step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mismartera_core.model.columns import BoolArray, FloatArray, IntArray
from mismartera_core.store.frame import Track


class Panel:
    """Rows of a frame's new steps over the symbols of one strategy; columns are made on demand.

    Args:
        tracks: The bars the strategy listens to, by symbol.
        starts: First new row of each track.
        uniform: Whether it is known that all have the same stamps in the same rows.
        traded: Whether it is known that something traded in every bar.

    Attributes:
        aligned: Whether every symbol has a bar at every step.
        instants: When the bars of each row became known, nanoseconds UTC.
    """

    def __init__(
        self,
        tracks: list[Track],
        starts: list[int],
        *,
        uniform: bool = False,
        traded: bool = False,
    ) -> None:
        self._tracks = tracks
        self._starts = starts
        self.aligned = uniform or _aligned(tracks, starts)
        self._rows = _same_rows(tracks[:1] if uniform else tracks, starts) if self.aligned else None
        known = [
            t.columns.available_at[s : t.stop]
            for t, s in zip(tracks[: 1 if self.aligned else None], starts, strict=False)
        ]
        self.instants: IntArray = known[0] if self.aligned else np.unique(np.concatenate(known))
        self._known = known
        self._made: dict[str, FloatArray] = {}
        self._joined: dict[str, FloatArray] = {}
        self._filled: dict[str, FloatArray] = {}
        self._present: BoolArray | None = None
        self._tradable: BoolArray | None = None
        self._all_tradable: bool | None = True if traded and self.aligned else None
        self._newest: IntArray | None = None

    def exact(self, field: str) -> FloatArray:
        """A column at the bars; NaN where a symbol has none. Shape (steps, symbols)."""
        if field not in self._made:
            self._made[field] = self.rows(self._columns(field))
        return self._made[field]

    def at(self, field: str, rows: IntArray, symbols: IntArray) -> FloatArray:
        """A column at bars by step and symbol; costs less than rows where few are wanted."""
        if not self.aligned:
            return self.exact(field)[rows, symbols]
        if field not in self._joined:
            self._joined[field] = np.concatenate(self._columns(field))
        return self._joined[field].take(symbols * len(self.instants) + rows)

    def opens_at(self, rows: IntArray, symbols: IntArray) -> IntArray:
        """Opens of bars by step and symbol, nanoseconds UTC; each must have one."""
        if self.aligned:
            return self._tracks[0].columns.ts[self._starts[0] + rows]
        found = [
            self._tracks[i].columns.ts[self._starts[i] + np.searchsorted(self._known[i], now)]
            for i, now in zip(symbols.tolist(), self.instants[rows].tolist(), strict=True)
        ]
        return np.array(found, dtype=np.int64)

    def tradable(self) -> BoolArray:
        """Whether a symbol has a bar at a step in which something traded."""
        if self._tradable is None:
            self._tradable = self.present() & (self.exact("volume") != 0.0)
        return self._tradable

    @property
    def all_tradable(self) -> bool:
        """Whether every symbol traded at every step."""
        if self._all_tradable is None:
            self._all_tradable = self.aligned and bool(
                np.concatenate(self._columns("volume")).all()  # NaN is not zero
            )
        return self._all_tradable

    def present(self) -> BoolArray:
        """Whether a symbol has a bar at a step."""
        if self._present is None:
            self._present = ~np.isnan(self.exact("close"))
            self._present.flags.writeable = False
        return self._present

    def last(self, field: str, before: FloatArray) -> FloatArray:
        """A column with the last bar's value where a symbol has no bar.

        Args:
            field: Column.
            before: Values before the first row, one a symbol.
        """
        if field not in self._filled:
            self._filled[field] = self.fill(self.exact(field), before)
        return self._filled[field]

    def fill(self, rows: FloatArray, before: FloatArray) -> FloatArray:
        """Rows with the value at the last bar where a symbol has no bar, be that value NaN.

        Args:
            rows: Shape (steps, symbols).
            before: Values before the first row, one a symbol.
        """
        if self.aligned:
            return rows
        if self._newest is None:
            numbers = np.arange(1, len(self.instants) + 1)[:, None]
            self._newest = np.maximum.accumulate(np.where(self.present(), numbers, 0), axis=0)
        filled = np.take_along_axis(np.vstack([before, rows]), self._newest, axis=0)
        filled.flags.writeable = False
        return filled

    def values(self, whole: Sequence[FloatArray] | FloatArray, before: FloatArray) -> FloatArray:
        """Values of an indicator on these very bars as rows by step; see `fill`.

        Args:
            whole: One array a symbol, by the rows of its track from `hist` on.
            before: Values before the first row.
        """
        if isinstance(whole, np.ndarray) and self._rows is not None:
            return _by_step(whole[:, self._rows])
        each = zip(whole, self._tracks, self._starts, strict=True)
        return self.fill(self.rows([v[s - t.hist : t.stop - t.hist] for v, t, s in each]), before)

    def rows(self, columns: list[FloatArray]) -> FloatArray:
        """Columns by symbol as rows by step; strategies are handed them, so nobody writes there."""
        if self.aligned:
            shape = len(columns), len(self.instants)
            return _by_step(np.concatenate(columns).reshape(shape))
        made = np.full((len(self.instants), len(columns)), np.nan)
        for i, (column, known) in enumerate(zip(columns, self._known, strict=True)):
            made[np.searchsorted(self.instants, known), i] = column
        made.flags.writeable = False
        return made

    def _columns(self, field: str) -> list[FloatArray]:
        """The new rows of a column, by symbol."""
        tracks = zip(self._tracks, self._starts, strict=True)
        return [getattr(t.columns, field)[start : t.stop] for t, start in tracks]


def _by_step(values: FloatArray) -> FloatArray:
    """Rows by symbol as rows by step."""
    made = np.ascontiguousarray(values.T)
    made.flags.writeable = False
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


def _same_rows(tracks: list[Track], starts: list[int]) -> slice | None:
    """The new rows counted from `hist` on, where they are the same of every symbol."""
    first = starts[0] - tracks[0].hist
    if any(s - t.hist != first for t, s in zip(tracks, starts, strict=False)):
        return None
    return slice(first, tracks[0].stop - tracks[0].hist)
