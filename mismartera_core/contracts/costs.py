"""Cost models: commission, slippage and participation as pure scalar functions."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class CostRole(StrEnum):
    """What a cost model decides."""

    COMMISSION = "commission"
    """The fee of one fill, in account currency."""
    SLIPPAGE = "slippage"
    """The price really paid or received."""
    PARTICIPATION = "participation"
    """The most units that one bar can fill."""


class CostFunction(Protocol):
    """Arithmetic on floats only: no state, no lookups, so that it compiles with numba."""

    def __call__(
        self,
        side: float,
        quantity: float,
        price: float,
        open_: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        *params: float,
    ) -> float:
        """One number, by the role of the model.

        Args:
            side: +1.0 buys, -1.0 sells.
            quantity: Units, positive.
            price: Price before slippage (slippage) or after it (commission).
            open_: Open of the bar that fills.
            high: Its high.
            low: Its low.
            close: Its close.
            volume: Its volume.
            *params: The numbers that `parameters` of the registration made of the config.
        """
