"""The indicator: a function of columns."""

from __future__ import annotations

import numpy as np
from mismartera_core import BarColumns, IndicatorOutputs
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import BaseModel, ConfigDict, Field


class Params(BaseModel):
    """Parameters of the indicator."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: int = Field(default=20, ge=2, le=10_000, description="Bars looked back over.")


def compute(bars: BarColumns, *, period: int) -> IndicatorOutputs:
    """Where the close lies in the range of the last bars; row i depends on rows <= i only.

    Formula: (close - lowest low) / (highest high - lowest low) of the last `period` bars.
    Units: 0 at the lowest low, 1 at the highest high; 0.5 where there is no range.
    Warm-up: `period` - 1 bars, NaN until then.

    Args:
        bars: Bars of one symbol.
        period: Bars looked back over.
    """
    value = np.full(len(bars), np.nan)
    if len(bars) >= period:
        highest = sliding_window_view(bars.high, period).max(axis=1)
        lowest = sliding_window_view(bars.low, period).min(axis=1)
        height = highest - lowest
        above = bars.close[period - 1 :] - lowest
        value[period - 1 :] = np.where(height == 0.0, 0.5, above / np.where(height, height, 1.0))
    return {"value": value}
