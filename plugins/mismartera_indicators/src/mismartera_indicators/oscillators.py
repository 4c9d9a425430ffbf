"""Oscillators that TA-Lib lacks. Parameters: see `params`."""

from __future__ import annotations

from math import log

import numpy as np

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs
from mismartera_indicators.kernel import run, series, talib_function

_EMA, _SMA, _MAX, _MIN = (talib_function(name) for name in ("EMA", "SMA", "MAX", "MIN"))
_STDDEV, _TRANGE = talib_function("STDDEV"), talib_function("TRANGE")
_LINEARREG = talib_function("LINEARREG")


def schaff(
    bars: BarColumns, *, fast: int, slow: int, period: int, smoothing: int, source: str
) -> IndicatorOutputs:
    """Schaff trend cycle.

    Formula: the place of ema(fast) - ema(slow) between its extremes of `period` bars, smoothed by
    ema(smoothing), and the same once more of what comes out; where the extremes are equal, the
    place before. Units: 0 to 100. Warm-up: slow + 2 * period + 2 * smoothing - 5 bars. Source:
    Schaff (1999).
    """
    periods = (fast, slow, period, smoothing)
    return {"value": run(_schaff, (series(bars, source),), periods)}


def _schaff(value: FloatArray, fast: int, slow: int, period: int, smoothing: int) -> FloatArray:
    line: FloatArray = _EMA(value, fast) - _EMA(value, slow)
    for _ in range(2):
        line = _EMA(_place(line, period), smoothing)
    return line


def _place(line: FloatArray, period: int) -> FloatArray:
    """100 * (line - lowest) / (highest - lowest); where they are equal, the place before."""
    lowest = _MIN(line, period)
    span = _MAX(line, period) - lowest
    place = np.where(np.isnan(span), np.nan, 0.0)
    np.divide(100.0 * (line - lowest), span, out=place, where=span > 0.0)
    filled = np.where(span == 0.0, 0, np.arange(len(place)))
    first = int(np.isnan(span).sum())
    filled[:first] = np.arange(first)
    filled[first : first + 1] = first
    kept: FloatArray = place[np.maximum.accumulate(filled)]
    return kept


def fisher(bars: BarColumns, *, period: int) -> IndicatorOutputs:
    """Fisher transform of the price.

    Formula: p = (high + low) / 2, x = 0.66 * ((p - lowest) / (highest - lowest) - 0.5) + 0.67 * x
    over `period` bars, held within -0.999 and 0.999; fisher = 0.5 * ln((1 + x) / (1 - x)) + 0.5 *
    fisher; trigger = fisher of the bar before. Units: none. Warm-up: period - 1 bars. Source:
    Ehlers (2002).
    """
    line, trigger = run(_fisher, (bars.high, bars.low), (period,))
    return {"fisher": line, "trigger": trigger}


_NO_RANGE = 0.001
"""What Ehlers divides by where the price has not moved."""
_EDGE, _NEAR_EDGE = 0.999, 0.99


def _fisher(high: FloatArray, low: FloatArray, period: int) -> tuple[FloatArray, FloatArray]:
    price = (high + low) / 2.0
    first = period - 1
    lowest = _MIN(price, period)[first:]
    span = _MAX(price, period)[first:] - lowest
    place = (price[first:] - lowest) / np.where(span > 0.0, span, _NO_RANGE)
    x = line = 0.0
    lines = [line]
    # Every value needs the one before it; lists are the fastest way in Python.
    for share in place.tolist():
        x = 0.66 * (share - 0.5) + 0.67 * x
        if x > _NEAR_EDGE:
            x = _EDGE
        elif x < -_NEAR_EDGE:
            x = -_EDGE
        line = 0.5 * log((1.0 + x) / (1.0 - x)) + 0.5 * line
        lines.append(line)
    both = np.full((2, len(price)), np.nan)
    both[:, first:] = lines[1:], lines[:-1]
    return both[0], both[1]


def ttm_squeeze(
    bars: BarColumns, *, period: int, deviations: float, multiple: float, source: str
) -> IndicatorOutputs:
    """Bollinger bands within Keltner's, and the momentum.

    Formula: on = 1 where deviations * stddev < multiple * sma of the true range, else 0; momentum =
    linear regression over `period` bars of value - ((highest high + lowest low) / 2 + sma) / 2.
    Units: momentum price, on 0 or 1. Warm-up: 2 * (period - 1) bars (on: period). Source: Carter,
    "Mastering the Trade" (2005).
    """
    inputs = (series(bars, source), bars.high, bars.low, bars.close)
    momentum, on = run(_squeeze, inputs, (period, deviations, multiple))
    return {"momentum": momentum, "on": on}


def _squeeze(
    value: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    period: int,
    deviations: float,
    multiple: float,
) -> tuple[FloatArray, FloatArray]:
    narrow = deviations * _STDDEV(value, period)
    wide = multiple * _SMA(_TRANGE(high, low, close), period)
    middle = (_MAX(high, period) + _MIN(low, period)) / 2.0
    momentum = _LINEARREG(value - (middle + _SMA(value, period)) / 2.0, period)
    return momentum, np.where(np.isnan(wide), np.nan, narrow < wide)
