"""Cross-sectional momentum: all symbols compared with each other, one decision for all."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from mismartera_core import FloatArray, PortfolioStrategy, Step, StrategyParams, interval_ns

_MINUTE = interval_ns("1m")


class CrossSectional(PortfolioStrategy):
    """Long the strongest symbols of the day, short the weakest, rebalanced every so often.

    Strength is the return since each symbol's first price of the session. Both sides get half of
    the gross exposure, shared equally. Give it `"flat_by_close": 5` in the session config.
    """

    class Params(StrategyParams):
        """How many, how often and how much."""

        top: int = Field(2, ge=1, description="Symbols on each side")
        every: int = Field(30, ge=1, description="Minutes between two rebalances")
        gross: float = Field(1.0, gt=0, le=4, description="Exposure of both sides, of equity")

    def setup(self) -> None:
        """Forget yesterday's first prices."""
        self.first = np.full(len(self.symbols), np.nan)
        self.due = 0

    def on_step(self, step: Step) -> FloatArray | None:
        """Target weights at a rebalance, nothing in between."""
        self.first = np.where(np.isnan(self.first), step.open, self.first)
        wait = self.params.every * _MINUTE
        if step.index == 0:
            self.due = step.now_ns + wait
        if step.now_ns < self.due:
            return None
        self.due = step.now_ns + wait
        return weights(step.close / self.first - 1.0, self.params.top, self.params.gross)


def weights(returns: FloatArray, top: int, gross: float) -> FloatArray | None:
    """Equal weights for the highest returns, negative ones for the lowest.

    Args:
        returns: One per symbol, NaN where there is none yet.
        top: Symbols on each side.
        gross: Sum of the absolute weights.

    Returns:
        One weight per symbol; None where there are too few returns to fill both sides.
    """
    known = np.flatnonzero(~np.isnan(returns))
    if len(known) < 2 * top:
        return None
    ranked = known[np.argsort(returns[known], kind="stable")]
    target = np.zeros(len(returns))
    target[ranked[-top:]] = gross / (2 * top)
    target[ranked[:top]] = -gross / (2 * top)
    return target
