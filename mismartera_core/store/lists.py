"""Columns become Python lists, laid out in memory in the order in which they are read.

Over many symbols the engine reads step by step, all symbols of a step before the next. Objects made
symbol by symbol would then be a cache miss each (measured on 500 symbols: 0.45 us a bar in place of
0.3 us), so where symbols have equally many rows they are made step by step too. They are freed in
that order as well: what holds all of them in the order of making is to be dropped last.

Bars are not made here at all but when they are handed out, one by one, and gone with the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mismartera_core.model.columns import FloatArray
from mismartera_core.model.market import BarRows, Series
from mismartera_core.store.frame import Track

MANY = 16
"""Columns whose lists do not fit into the nearest caches; for fewer the detour does not pay."""

Bars = tuple[BarRows, list[int]]
"""Bars, and the instants at which they become known."""


def to_lists(columns: Sequence[FloatArray]) -> tuple[list[list[float]], list[float]]:
    """Each column as a list; made row by row over all of them where they are equally long.

    Returns:
        The lists, and what is to be dropped last.
    """
    if not _side_by_side([len(column) for column in columns]):
        return [column.tolist() for column in columns], []
    flat = _flat(columns)
    width = len(columns)
    return [flat[i::width] for i in range(width)], flat


def bars_of(tracks: Sequence[Track], starts: Sequence[int], series: Sequence[Series]) -> list[Bars]:
    """Bars of the rows [start, stop) of each track.

    Args:
        tracks: One a symbol.
        starts: First row of each.
        series: What each is of.

    Returns:
        Bars by symbol.
    """
    rows = (
        BarRows(one, t.columns, s, t.stop) for t, s, one in zip(tracks, starts, series, strict=True)
    )
    return list(zip(rows, _known(tracks, starts), strict=True))


def _known(tracks: Sequence[Track], starts: Sequence[int]) -> list[list[int]]:
    """When the rows become known; symbols that share their stamps share the list."""
    made: dict[tuple[int, int, int], list[int]] = {}
    found = []
    for track, start in zip(tracks, starts, strict=True):
        stamps = track.columns.available_at
        key = (id(stamps), start, track.stop)
        if key not in made:
            made[key] = stamps[start : track.stop].tolist()
        found.append(made[key])
    return found


def _flat(columns: Sequence[FloatArray]) -> list[Any]:
    flat: list[Any] = np.array(columns).T.ravel().tolist()
    return flat


def _side_by_side(lengths: list[int]) -> bool:
    many = len(lengths) >= MANY and lengths[0] > 0
    return many and lengths.count(lengths[0]) == len(lengths)
