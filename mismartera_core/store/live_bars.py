"""Bars of one symbol that grow while a session is live."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from mismartera_core.model.columns import BAR_FIELDS, PRICE_FIELDS, BarColumns

_SPARE = 512
"""Rows of room that are made at once."""


class LiveRow(NamedTuple):
    """One bar as it came.

    Attributes:
        ts: Its open, nanoseconds UTC.
        prices: Open, high, low, close and volume.
    """

    ts: int
    prices: tuple[float, float, float, float, float]


class LiveBars:
    """History and session of one symbol; rows are added at the end, inserted or corrected.

    Columns that were handed out never change: a row at the end goes where none of them reaches,
    and whatever alters an older row makes new arrays.

    Args:
        columns: What is known when the session begins; history first.
        session: Number of the session that goes on.
    """

    def __init__(self, columns: BarColumns, session: int) -> None:
        self._session = session
        self._count = len(columns)
        self._arrays = self._room({name: getattr(columns, name) for name in BAR_FIELDS})
        self._made: BarColumns | None = None

    def __len__(self) -> int:
        return self._count

    @property
    def columns(self) -> BarColumns:
        """All rows; read only."""
        if self._made is None:
            views = {name: array[: self._count] for name, array in self._arrays.items()}
            for view in views.values():
                view.flags.writeable = False
            self._made = BarColumns(**views)
        return self._made

    @property
    def newest_ts(self) -> int:
        """Open of the newest bar, nanoseconds UTC; before everything where there is none."""
        return int(self._arrays["ts"][self._count - 1]) if self._count else -(1 << 62)

    def row_of(self, ts: int) -> int | None:
        """The row of a bar by its open; None where there is none."""
        row = int(np.searchsorted(self._arrays["ts"][: self._count], ts))
        return row if row < self._count and self._arrays["ts"][row] == ts else None

    def prices(self, row: int) -> tuple[float, ...]:
        """Open, high, low, close and volume of a row."""
        return tuple(float(self._arrays[name][row]) for name in PRICE_FIELDS)

    def append(self, bar: LiveRow, known_ns: int) -> None:
        """Add a bar that is newer than all others.

        Args:
            bar: The bar.
            known_ns: When it became known, nanoseconds UTC.
        """
        if self._count == len(self._arrays["ts"]):
            self._arrays = self._room(self._arrays)
        self._write(self._count, bar, known_ns)
        self._count += 1
        self._made = None

    def insert(self, bar: LiveRow, known_ns: int) -> None:
        """Put a bar between older ones.

        Args:
            bar: The bar; there is none with its open.
            known_ns: When it counts as known; not after the bar that follows it.
        """
        row = int(np.searchsorted(self._arrays["ts"][: self._count], bar.ts))
        if row:  # a late bar before it may have become known after its close
            known_ns = max(known_ns, int(self._arrays["available_at"][row - 1]))
        self._arrays = {
            name: np.insert(array, row, array.dtype.type(0)) for name, array in self._arrays.items()
        }
        self._write(row, bar, known_ns)
        self._count += 1
        self._made = None

    def revise(self, row: int, bar: LiveRow) -> None:
        """Put a bar in the place of the one with its open; it stays known since when it was."""
        known_ns = int(self._arrays["available_at"][row])
        self._arrays = {name: array.copy() for name, array in self._arrays.items()}
        self._write(row, bar, known_ns)
        self._made = None

    def _write(self, row: int, bar: LiveRow, known_ns: int) -> None:
        values: dict[str, Any] = dict(zip(PRICE_FIELDS, bar.prices, strict=True))
        values |= {"ts": bar.ts, "available_at": known_ns, "session": self._session}
        for name, value in values.items():
            self._arrays[name][row] = value

    def _room(self, arrays: dict[str, Any]) -> dict[str, Any]:
        """The rows there are, with room for more behind them."""
        made = {}
        for name, array in arrays.items():
            made[name] = np.zeros(self._count + _SPARE, dtype=array.dtype)
            made[name][: self._count] = array[: self._count]
        return made
