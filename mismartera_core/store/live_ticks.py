"""Trades of one symbol that grow while a session is live."""

from __future__ import annotations

from typing import Any

import numpy as np

from mismartera_core.model.columns import TickColumns

_FIELDS = tuple(TickColumns.__dataclass_fields__)


class LiveTicks:
    """Trades up to now; columns that were handed out never change."""

    def __init__(self) -> None:
        self._count = 0
        self._arrays: dict[str, Any] = {
            name: np.zeros(0, dtype=np.int64 if name == "ts" else np.float64) for name in _FIELDS
        }

    @property
    def columns(self) -> TickColumns:
        """All trades; read only."""
        views: dict[str, Any] = {n: array[: self._count] for n, array in self._arrays.items()}
        for view in views.values():
            view.flags.writeable = False
        return TickColumns(**views)

    def add(self, ticks: TickColumns) -> None:
        """Add trades that are newer than all others."""
        count = self._count + len(ticks)
        for name, array in self._arrays.items():
            if count > len(array):  # twice the room, so that a trade is copied twice at most
                array = np.concatenate([array[: self._count], np.zeros_like(array, shape=count)])
                self._arrays[name] = array
            array[self._count : count] = getattr(ticks, name)
        self._count = count
