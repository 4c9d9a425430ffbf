"""What a PortfolioStrategy is handed at each step."""

from __future__ import annotations

import math

import numpy as np

from mismartera_core.model.columns import BoolArray, FloatArray
from mismartera_core.threads.replay.panel import Panel


class StepRow:
    """One instant over all symbols; see `Step`. The same object every time, moved on."""

    __slots__ = ("_nothing", "_panel", "before", "index", "now_ns", "row")

    def __init__(self, symbols: int) -> None:
        self._panel: Panel | None = None
        self._nothing = np.full(symbols, math.nan)
        self.before: dict[str, FloatArray] = {}
        self.index = 0
        self.row = 0
        self.now_ns = 0

    def take(self, panel: Panel, *, opens: bool) -> None:
        """Go on with the rows of another frame."""
        if opens or self._panel is None:
            self.before = {}
            self.index = -1
        elif len(self._panel.instants):
            fields = ("open", "high", "low", "close", "volume")
            self.before = {name: self._rows(name)[-1] for name in fields}
        self._panel = panel
        self.row = -1

    def _rows(self, field: str) -> FloatArray:
        assert self._panel is not None  # noqa: S101 - taken before the first step
        return self._panel.last(field, self.before.get(field, self._nothing))

    @property
    def open(self) -> FloatArray:
        """First prices of the newest bars."""
        row: FloatArray = self._rows("open")[self.row]
        return row

    @property
    def high(self) -> FloatArray:
        """Highest prices of the newest bars."""
        row: FloatArray = self._rows("high")[self.row]
        return row

    @property
    def low(self) -> FloatArray:
        """Lowest prices of the newest bars."""
        row: FloatArray = self._rows("low")[self.row]
        return row

    @property
    def close(self) -> FloatArray:
        """Last prices of the newest bars."""
        row: FloatArray = self._rows("close")[self.row]
        return row

    @property
    def volume(self) -> FloatArray:
        """Units traded in the newest bars."""
        row: FloatArray = self._rows("volume")[self.row]
        return row

    @property
    def present(self) -> BoolArray:
        """Whether a symbol has a bar at this instant."""
        assert self._panel is not None  # noqa: S101 - taken before the first step
        row: BoolArray = self._panel.present()[self.row]
        return row
