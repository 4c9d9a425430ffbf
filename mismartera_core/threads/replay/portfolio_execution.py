"""How targets of a portfolio become fills, order by order."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from mismartera_core.model.columns import FloatArray
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.panel import Panel
from mismartera_core.threads.replay.step_row import StepRow
from mismartera_core.threads.replay.targets import TargetUnit


class OrderByOrder:
    """Every target an order of its own, through risk, buying power and the broker.

    Args:
        desk: What the units of a run share.
        units: One a symbol.

    Attributes:
        remember: Takes targets before the first order towards them leaves; None for nobody.
    """

    def __init__(self, desk: Desk, units: list[TargetUnit]) -> None:
        self.remember: Callable[[FloatArray], None] | None = None
        self._desk = desk
        self._units = units

    @property
    def quantities(self) -> FloatArray:
        """Units held, one a symbol."""
        return np.array([unit.position.quantity for unit in self._units])

    def equity(self, closes: FloatArray) -> float:  # noqa: ARG002 - the desk knows them
        """Cash plus positions at their last closes."""
        return float(self._desk.equity())

    def follow(self, panel: Panel, step: StepRow) -> None:
        """The broker does it."""

    def aim(self, targets: FloatArray, now_ns: int) -> None:  # noqa: ARG002 - the clock stands there
        """Go after targets, symbol by symbol."""
        if self.remember is not None:
            self.remember(targets)
        for unit, target in zip(self._units, targets.tolist(), strict=True):
            if not math.isnan(target):
                unit.aim(target)

    def flatten(self) -> None:
        """Leave every position; asked again, those whose exit was refused."""
        for unit in self._units:
            if unit.stays or not unit.flattened:
                unit.flatten()

    @property
    def stays(self) -> bool:
        """Whether the exit of a position was refused."""
        return any(unit.stays for unit in self._units)

    def begin_session(self) -> None:
        """Entries are possible again."""
        for unit in self._units:
            unit.flattened = False
            unit.take_up()

    def end_session(self, close_ns: int) -> None:
        """The broker expires day orders."""

    def settle(self) -> None:
        """Everything is booked already."""

    def finish(self) -> None:
        """Everything is booked already."""
