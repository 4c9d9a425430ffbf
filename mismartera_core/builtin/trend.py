"""A strategy to try things out with: what a first session needs beside its data."""

from __future__ import annotations

from pydantic import Field

from mismartera_core import Bar, Strategy, StrategyParams


class Trend(Strategy):
    """Long while the price is above its exponential average of the day, flat below it."""

    class Params(StrategyParams):
        """How slow the average is and how much is bought."""

        period: int = Field(30, ge=2, description="Bars of the average: it moves by 2/(period + 1)")
        shares: int = Field(100, gt=0, description="Units of a position")

    def setup(self) -> None:
        """The average begins with the day's first close."""
        self.average: float | None = None

    def on_bar(self, bar: Bar) -> None:
        """Buy above the average, close below it."""
        before = bar.close if self.average is None else self.average
        self.average = before + (bar.close - before) * 2.0 / (self.params.period + 1)
        if bar.close > self.average and self.position.is_flat and not self.orders:
            self.buy(self.params.shares, tag="above average")
        elif bar.close < self.average and self.position.is_long:
            self.close("below average")
