"""How far prices stray. Parameters: see `params`."""

from __future__ import annotations

from math import sqrt

import numpy as np

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs
from mismartera_indicators.kernel import run, series, talib_function

_STDDEV, _VAR, _ROC, _SMA = (talib_function(name) for name in ("STDDEV", "VAR", "ROC", "SMA"))
_MAX, _SLOPE = talib_function("MAX"), talib_function("LINEARREG_SLOPE")


def historical_volatility(
    bars: BarColumns, *, period: int, bars_per_year: int, source: str
) -> IndicatorOutputs:
    """Deviation of the changes, for a year, percent.

    Formula: sqrt(bars_per_year) * population standard deviation of the last `period` changes in
    percent. Units: percent. Warm-up: period bars. Source: the usual definition with relative
    changes; TA-Lib ROC, STDDEV.
    """
    inputs = (series(bars, source),)
    return {"value": run(_volatility, inputs, (period, sqrt(bars_per_year)))}


def _volatility(value: FloatArray, period: int, scale: float) -> FloatArray:
    deviation: FloatArray = _STDDEV(_ROC(value, 1), period)
    return scale * deviation


def ulcer(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Ulcer index: depth of the falls from the high.

    Formula: sqrt(mean of d^2 over `period` bars), d = 100 * (value / highest value of `period`
    bars - 1). Units: percent. Warm-up: 2 * (period - 1) bars. Source: Martin and McCann (1989).
    """
    return {"value": run(_ulcer, (series(bars, source),), (period,))}


def _ulcer(value: FloatArray, period: int) -> FloatArray:
    highest = _MAX(value, period)
    fall = np.where(np.isnan(highest), np.nan, 0.0)
    np.divide(100.0 * (value - highest), highest, out=fall, where=highest > 0.0)
    # TA-Lib's running sum may leave a little less than nothing.
    depth: FloatArray = np.sqrt(np.maximum(_SMA(fall * fall, period), 0.0))
    return depth


def stderr(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Standard error of the mean.

    Formula: stddev / sqrt(period) of the last `period` values, population. Units: those of the
    source. Warm-up: period - 1 bars. Source: the usual definition; TA-Lib STDDEV.
    """
    return {"value": run(_STDDEV, (series(bars, source),), (period,)) / sqrt(period)}


def linearreg_r2(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Linear regression: share of the variance it explains.

    Formula: slope^2 * (period^2 - 1) / 12 / variance of the last `period` values; 0 where they do
    not move. Units: 0 to 1. Warm-up: period - 1 bars. Source: the usual definition; TA-Lib
    LINEARREG_SLOPE, VAR.
    """
    return {"value": run(_r2, (series(bars, source),), (period,))}


def _r2(value: FloatArray, period: int) -> FloatArray:
    slope, variance = _SLOPE(value, period), _VAR(value, period)
    share = np.where(np.isnan(variance), np.nan, 0.0)
    explained = slope * slope * (period * period - 1) / 12.0
    np.divide(explained, variance, out=share, where=variance > 0.0)
    return share
