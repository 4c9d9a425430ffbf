"""Moving average crossover: the strategy to read first."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from mismartera_core import Bar, Strategy, StrategyParams


class SmaCross(Strategy):
    """Long while the fast average is above the slow one, flat while it is below."""

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

    def setup(self) -> None:
        """Declare the two averages."""
        self.fast = self.indicator("sma", period=self.params.fast)
        self.slow = self.indicator("sma", period=self.params.slow)

    def on_bar(self, bar: Bar) -> None:  # noqa: ARG002 - the averages say it all
        """Buy above, close below; before the averages have warmed up neither is true."""
        if self.fast.value > self.slow.value:
            if self.position.is_flat and not self.orders:
                self.buy(self.params.shares, tag="fast above slow")
        elif self.fast.value < self.slow.value and self.position.is_long:
            self.close("fast below slow")
