"""Which rows belong to which session."""

from __future__ import annotations

import numpy as np

from mismartera_core.model.columns import BoolArray, IntArray


def inside(ts: IntArray, starts: IntArray, ends: IntArray) -> tuple[BoolArray, IntArray]:
    """Which instants lie in a session, and in which.

    Args:
        ts: Instants, nanoseconds UTC.
        starts: Start of each session, included; ascending.
        ends: End of each session, excluded; none after the next start.

    Returns:
        A mask over ts, and the session number of each instant the mask keeps.
    """
    if len(starts) == 0:
        return np.zeros(len(ts), dtype=np.bool_), np.zeros(0, dtype=np.int64)
    number = np.searchsorted(starts, ts, side="right") - 1
    mask = (number >= 0) & (ts < ends[number])
    return mask, number[mask]
