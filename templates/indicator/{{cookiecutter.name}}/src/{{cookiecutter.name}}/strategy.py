"""A strategy that trades the indicator."""

from __future__ import annotations

from mismartera_core import Bar, Strategy, StrategyParams
from pydantic import Field


class {{ cookiecutter.__class }}Strategy(Strategy):
    """Long while the indicator is high, flat while it is low."""

    class Params(StrategyParams):
        """What a session config can set."""

        high: float = Field(default=0.8, ge=0, le=1, description="Buy above.")
        low: float = Field(default=0.2, ge=0, le=1, description="Leave below.")
        shares: int = Field(default=100, gt=0, description="Units of a position.")

    def setup(self) -> None:
        """Declare the indicator."""
        self.place = self.indicator("{{ cookiecutter.name }}")

    def on_bar(self, bar: Bar) -> None:
        """Decide by the newest value, which is NaN and compares false until warmed up."""
        if self.place.value > self.params.high and self.position.is_flat and not self.orders:
            self.buy(self.params.shares)
        elif self.place.value < self.params.low and self.position.is_long:
            self.close()
