"""The strategy: a function of columns, which backtests run compiled."""

from __future__ import annotations

import numpy as np
from mismartera_core import BarColumns, IndicatorSource, Signals, SignalStrategy, StrategyParams
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field


class {{ cookiecutter.__class }}(SignalStrategy):
    """Long from a close above the highest high of the bars before to one below their lowest low."""

    class Params(StrategyParams):
        """What a session config can set."""

        period: int = Field(default=30, ge=2, description="Bars looked back over.")
        shares: int = Field(default=100, gt=0, description="Units of a position.")

    def signals(self, bars: BarColumns, indicators: IndicatorSource) -> Signals:
        """The position wanted after each bar, NaN for "as it is"; no row may look ahead."""
        target = np.full(len(bars), np.nan)
        period = self.params.period
        if len(bars) > period:
            highest = sliding_window_view(bars.high[:-1], period).max(axis=1)
            lowest = sliding_window_view(bars.low[:-1], period).min(axis=1)
            target[period:][bars.close[period:] > highest] = self.params.shares
            target[period:][bars.close[period:] < lowest] = 0.0
        return Signals(target)
