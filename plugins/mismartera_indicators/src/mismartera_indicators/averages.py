"""Moving averages that TA-Lib lacks, or computes less safely. Parameters: see `params`."""

from __future__ import annotations

from math import floor

import numpy as np
import numpy.typing as npt

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs
from mismartera_indicators.kernel import run, series, talib_function

_SUM, _STDDEV, _EMA = talib_function("SUM"), talib_function("STDDEV"), talib_function("EMA")


def vwma(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Volume-weighted moving average.

    Formula: sum of value * volume / sum of volume over the last `period` bars; NaN where none of
    them traded. Units: those of the source. Warm-up: period - 1 bars. Source: the usual
    definition; as TA-Lib VWMA, which divides what rounding leaves by zero where nothing traded.
    """
    return {"value": run(_vwma, (series(bars, source), bars.volume), (period,))}


def _vwma(value: FloatArray, volume: FloatArray, period: int) -> FloatArray:
    result = np.full(len(value), np.nan)
    money, total = _SUM(value * volume, period), _SUM(volume, period)
    np.divide(money, total, out=result, where=some_traded(volume, period))
    return result


def some_traded(volume: FloatArray, period: int) -> npt.NDArray[np.bool_]:
    """Whether one of the last `period` bars had volume; sums of volumes may leave a rest."""
    traded: npt.NDArray[np.bool_] = _SUM((volume > 0.0).astype(np.float64), period) > 0.0
    return traded


def alma(
    bars: BarColumns, *, period: int, offset: float, sigma: float, source: str
) -> IndicatorOutputs:
    """Arnaud Legoux moving average.

    Formula: mean of the last `period` values with weights exp(-(i - m)^2 / (2 * s^2)), i = 0 for
    the oldest, m = offset * (period - 1) rounded down, s = period / sigma. Units: those of the
    source. Warm-up: period - 1 bars. Source: Legoux and Kouzis-Loukas (2009).
    """
    distance = np.arange(period) - floor(offset * (period - 1))
    weights = np.exp(-0.5 * (distance * sigma / period) ** 2)
    return {"value": run(_weighted, (series(bars, source),), (weights / weights.sum(),))}


def _weighted(value: FloatArray, weights: FloatArray) -> FloatArray:
    result = np.full(len(value), np.nan)
    if len(value) >= len(weights):
        result[len(weights) - 1 :] = np.correlate(value, weights, "valid")
    return result


def vidya(bars: BarColumns, *, fast: int, slow: int, alpha: float, source: str) -> IndicatorOutputs:
    """Variable index dynamic average.

    Formula: vidya += alpha * stddev(fast) / stddev(slow) * (value - vidya), begun with the value
    before the first one; it stands still where the slow deviation is 0. Units: those of the
    source. Warm-up: slow - 1 bars. Source: Chande (1992).
    """
    return {"value": run(_vidya, (series(bars, source),), (fast, slow, alpha))}


def _vidya(value: FloatArray, fast: int, slow: int, alpha: float) -> FloatArray:
    result = np.full(len(value), np.nan)
    first = slow - 1
    deviation = _STDDEV(value, slow)[first:]
    share = np.zeros(len(deviation))
    np.divide(alpha * _STDDEV(value, fast)[first:], deviation, out=share, where=deviation > 0.0)
    average = float(value[first - 1]) if len(value) >= slow else 0.0
    found = []
    # Every value needs the one before it; lists are the fastest way in Python.
    for newest, weight in zip(value[first:].tolist(), share.tolist(), strict=True):
        average += weight * (newest - average)
        found.append(average)
    result[first:] = found
    return result


def ema_from_first(value: FloatArray, period: int) -> FloatArray:
    """An exponential average begun with the first value instead of a mean: no warm-up."""
    if len(value) == 0:
        return value
    # The mean of copies of the first value is that value.
    lead = np.full(period - 1, value[0])
    average: FloatArray = _EMA(np.concatenate([lead, value]), period)[period - 1 :]
    return average
