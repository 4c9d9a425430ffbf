"""The strategy: one instance for all symbols, called once a step."""

from __future__ import annotations

import numpy as np
from mismartera_core import FloatArray, PortfolioStrategy, Step, StrategyParams
from pydantic import Field


class {{ cookiecutter.__class }}(PortfolioStrategy):
    """Equal weights for the symbols above their first price of the day, decided every so often."""

    class Params(StrategyParams):
        """What a session config can set."""

        every: int = Field(default=30, ge=1, description="Steps between two decisions.")
        invested: float = Field(default=0.9, gt=0, le=1, description="Fraction of the equity.")

    def setup(self) -> None:
        """Forget yesterday's first prices."""
        self.first = np.full(len(self.symbols), np.nan)

    def on_step(self, step: Step) -> FloatArray | None:
        """Target weights, one a symbol; None leaves everything as it is."""
        self.first = np.where(np.isnan(self.first), step.open, self.first)
        if (step.index + 1) % self.params.every:
            return None
        rising = step.close > self.first
        weights: FloatArray = rising * self.params.invested / max(1, np.count_nonzero(rising))
        return weights
