"""New rows into stored rows of one year, with every row's provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mismartera_core.model.columns import BoolArray
from mismartera_core.repositories.bar_store_format import FIELDS, Columns, Provenance

Stored = tuple[Columns, tuple[Provenance, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The rows of a year after a write, and what changed."""

    columns: Columns
    source: npt.NDArray[np.int16]
    provenance: tuple[Provenance, ...]
    added: int
    changed: int
    unchanged: int
    removed: int

    @property
    def differs(self) -> bool:
        """Whether the file has to be written."""
        return bool(self.added or self.changed or self.removed)


def split_years(columns: Columns) -> dict[int, Columns]:
    """Rows by their year, UTC."""
    ts = columns["ts"]
    years = ts.astype("datetime64[ns]").astype("datetime64[Y]").astype(np.int64) + 1970
    starts = np.flatnonzero(np.diff(years, prepend=-1)).tolist()
    stops = [*starts[1:], len(ts)][: len(starts)]
    return {
        int(years[start]): {name: column[start:stop] for name, column in columns.items()}
        for start, stop in zip(starts, stops, strict=True)
    }


def merge(
    kind: str, before: Stored | None, rows: Columns, provenance: Provenance, mode: str
) -> Merged:
    """Merge new rows into those stored.

    Bars of equal ts are replaced; an equal bar keeps its provenance. Ticks and quotes may repeat a
    ts, so theirs are replaced from the first to the last new ts.

    Args:
        kind: "bars", "ticks" or "quotes".
        before: Stored rows with their source numbers, and their provenance list.
        rows: New rows, ascending.
        provenance: Where the new rows come from.
        mode: "merge", or "replace" to keep none of those stored.
    """
    count = len(rows["ts"])
    if before is None:
        return Merged(
            columns=rows,
            source=np.zeros(count, np.int16),
            provenance=(provenance,),
            added=count,
            changed=0,
            unchanged=0,
            removed=0,
        )
    old, listed = before
    match, equal, at = (_matched if kind == "bars" else _same_span)(old, rows, FIELDS[kind])
    kept = np.zeros(len(old["ts"]), np.bool_) if mode == "replace" else _outside(kind, old, rows)
    source = np.concatenate(
        [old["source"][kept], np.where(equal, old["source"][at], len(listed)).astype(np.int16)]
    )
    joined = {name: np.concatenate([old[name][kept], rows[name]]) for name in FIELDS[kind]}
    order = np.argsort(joined["ts"], kind="stable")
    numbers, renumbered = np.unique(source[order], return_inverse=True)
    unchanged = int(np.count_nonzero(equal))
    changed = int(np.count_nonzero(match)) - unchanged
    everything = (*listed, provenance)
    return Merged(
        columns={name: column[order] for name, column in joined.items()},
        source=renumbered.astype(np.int16),
        provenance=tuple(everything[int(n)] for n in numbers),
        added=count - unchanged - changed,
        changed=changed,
        unchanged=unchanged,
        removed=len(old["ts"]) - int(np.count_nonzero(kept)) - changed - unchanged,
    )


def _matched(
    old: Columns, rows: Columns, names: Sequence[str]
) -> tuple[BoolArray, BoolArray, npt.NDArray[np.intp]]:
    """For each new bar: whether its ts is stored, with equal values, and where."""
    at = np.minimum(np.searchsorted(old["ts"], rows["ts"]), len(old["ts"]) - 1)
    match = old["ts"][at] == rows["ts"]
    equal = match.copy()
    for name in names[1:]:
        before, now = old[name][at], rows[name]
        equal &= (before == now) | (np.isnan(before) & np.isnan(now))
    return match, equal, at


def _same_span(
    old: Columns, rows: Columns, names: Sequence[str]
) -> tuple[BoolArray, BoolArray, npt.NDArray[np.intp]]:
    """The same for ticks and quotes: all of the span are stored and equal, or none."""
    low = int(np.searchsorted(old["ts"], rows["ts"][0], "left"))
    high = int(np.searchsorted(old["ts"], rows["ts"][-1], "right"))
    same = all(np.array_equal(old[n][low:high], rows[n], equal_nan=True) for n in names)
    flags = np.full(len(rows["ts"]), same)
    at = low + np.arange(len(flags)) if same else np.zeros(len(flags), np.intp)
    return flags, flags, at


def _outside(kind: str, old: Columns, rows: Columns) -> BoolArray:
    """Which stored rows a merge leaves alone."""
    if kind == "bars":
        return np.isin(old["ts"], rows["ts"], invert=True)
    outside: BoolArray = (old["ts"] < rows["ts"][0]) | (old["ts"] > rows["ts"][-1])
    return outside
