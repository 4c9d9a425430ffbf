"""Exponential average crossover as a function of columns: fast enough for large sweeps."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from mismartera_core import BarColumns, IndicatorSource, Signals, SignalStrategy, StrategyParams


class EmaSignal(SignalStrategy):
    """Long while the fast average is above the slow one, flat while it is not."""

    class Params(StrategyParams):
        """How fast, how slow and how much."""

        fast: int = Field(10, ge=2, description="Bars of the fast average")
        slow: int = Field(30, ge=3, description="Bars of the slow average")
        shares: int = Field(100, gt=0, description="Units of a position")

        @model_validator(mode="after")
        def _ordered(self) -> Self:
            if self.fast >= self.slow:
                raise ValueError(f"expected fast < slow, was fast={self.fast}, slow={self.slow}")
            return self

    def signals(self, bars: BarColumns, indicators: IndicatorSource) -> Signals:  # noqa: ARG002
        """The position wanted after each bar; NaN until both averages have warmed up."""
        fast = indicators("ema", period=self.params.fast)
        slow = indicators("ema", period=self.params.slow)
        flat_or_unknown = np.where(np.isnan(slow), np.nan, 0.0)
        return Signals(target=np.where(fast > slow, float(self.params.shares), flat_or_unknown))
