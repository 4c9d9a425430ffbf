"""Bands, stops and directions. Parameters: see `params`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs
from mismartera_indicators.kernel import run, series, shifted, talib_function

_ATR, _EMA, _AROON = talib_function("ATR"), talib_function("EMA"), talib_function("AROON")
_MAX, _MIN, _MIDPRICE = talib_function("MAX"), talib_function("MIN"), talib_function("MIDPRICE")
_SUPERTREND, _FRACTAL = talib_function("SUPERTREND"), talib_function("FRACTAL")


def aroon(bars: BarColumns, *, period: int) -> IndicatorOutputs:
    """How recent the highest high and the lowest low are.

    Formula: up = 100 * (period - bars since the highest high) / period, over period + 1 bars; down
    with the lowest low. Units: 0 to 100. Warm-up: period bars. Source: Chande (1995); TA-Lib AROON.
    """
    down, up = run(_AROON, (bars.high, bars.low), (period,))
    return {"up": up, "down": down}


def supertrend(bars: BarColumns, *, period: int, multiple: float) -> IndicatorOutputs:
    """Band of true ranges that is not let back, and its direction.

    Formula: (high + low) / 2 - multiple * atr below the price while direction is 1, + above it
    while -1; the band never moves away from the price, and the direction turns where the close
    crosses it. Units: price; direction 1 or -1. Warm-up: period bars. Source: Seban; TA-Lib
    SUPERTREND.
    """
    value, direction = run(_supertrend, (bars.high, bars.low, bars.close), (period, multiple))
    return {"value": value, "direction": direction}


def _supertrend(
    high: FloatArray, low: FloatArray, close: FloatArray, period: int, multiple: float
) -> tuple[FloatArray, FloatArray]:
    value, direction = _SUPERTREND(high, low, close, period, multiple)
    return value, np.where(np.isnan(value), np.nan, direction)


def fractal(bars: BarColumns, *, left: int, right: int) -> IndicatorOutputs:
    """Turning points, told once they are confirmed.

    Formula: high = 100 where the high `right` bars before is above the highs of `left` bars before
    it and of the `right` bars after it, else 0; low likewise with the lows. Nothing is known of
    the future: a turning point shows `right` bars late. Units: 0 or 100. Warm-up: left + right
    bars. Source: Williams; TA-Lib FRACTAL.
    """
    high, low = run(_fractal, (bars.high, bars.low), (left, right))
    return {"high": high, "low": low}


def _fractal(
    high: FloatArray, low: FloatArray, left: int, right: int
) -> tuple[FloatArray, FloatArray]:
    found: tuple[npt.NDArray[np.int32], ...] = _FRACTAL(high, low, left, right)
    tops, bottoms = (flags.astype(np.float64) for flags in found)
    tops[: left + right] = bottoms[: left + right] = np.nan
    return tops, bottoms


def keltner(
    bars: BarColumns, *, period: int, atr_period: int, multiple: float, source: str
) -> IndicatorOutputs:
    """Band of true ranges around an exponential average.

    Formula: middle = ema(period); upper and lower = middle +- multiple * atr(atr_period). Units:
    price. Warm-up: the longer of period - 1 and atr_period bars. Source: Keltner (1960), as Raschke
    has it; with source hlc3 TA-Lib's KC.
    """
    value = series(bars, source)
    inputs = (value, bars.high, bars.low, bars.close)
    upper, middle, lower = run(_keltner, inputs, (period, atr_period, multiple))
    return {"upper": upper, "middle": middle, "lower": lower}


def _keltner(
    value: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    period: int,
    atr_period: int,
    multiple: float,
) -> tuple[FloatArray, ...]:
    middle, width = _EMA(value, period), multiple * _ATR(high, low, close, atr_period)
    upper, lower = middle + width, middle - width
    # All three begin together.
    middle[np.isnan(upper)] = np.nan
    return upper, middle, lower


def atr_bands(bars: BarColumns, *, period: int, multiple: float, source: str) -> IndicatorOutputs:
    """Band of true ranges around a price.

    Formula: middle = the source; upper and lower = middle +- multiple * atr(period). Units: price.
    Warm-up: period bars. Source: Wilder (1978) for the range; TA-Lib ATR.
    """
    middle = series(bars, source)
    width = multiple * run(_ATR, (bars.high, bars.low, bars.close), (period,))
    upper = middle + width
    return {
        "upper": upper,
        "middle": np.where(np.isnan(upper), np.nan, middle),
        "lower": middle - width,
    }


def chandelier(bars: BarColumns, *, period: int, multiple: float) -> IndicatorOutputs:
    """Stops so many true ranges from the extremes.

    Formula: long = highest high - multiple * atr, short = lowest low + multiple * atr, all of
    `period` bars. Units: price. Warm-up: period bars. Source: LeBeau (1999).
    """
    inputs = (bars.high, bars.low, bars.close)
    long, short = run(_chandelier, inputs, (period, multiple))
    return {"long": long, "short": short}


def _chandelier(
    high: FloatArray, low: FloatArray, close: FloatArray, period: int, multiple: float
) -> tuple[FloatArray, FloatArray]:
    width = multiple * _ATR(high, low, close, period)
    return _MAX(high, period) - width, _MIN(low, period) + width


def ichimoku(
    bars: BarColumns, *, conversion: int, base: int, span: int, displacement: int
) -> IndicatorOutputs:
    """Ichimoku lines and cloud, nothing displaced from the future.

    Formula: conversion, base and lead_b are the middle of the highest high and the lowest low of
    so many bars, lead_a = (conversion + base) / 2; span_a and span_b, the cloud at the current
    bar, are lead_a and lead_b of `displacement` bars before. The lagging line is the close itself,
    drawn backwards, and is left out. Units: price. Warm-up: span - 1 + displacement bars (lines:
    base - 1). Source: Hosoda (1969).
    """
    periods = (conversion, base, span, displacement)
    lines = run(_ichimoku, (bars.high, bars.low), periods)
    names = ("conversion", "base", "span_a", "span_b", "lead_a", "lead_b")
    return dict(zip(names, lines, strict=True))


def _ichimoku(
    high: FloatArray, low: FloatArray, conversion: int, base: int, span: int, displacement: int
) -> tuple[FloatArray, ...]:
    fast, slow, lead_b = (_MIDPRICE(high, low, period) for period in (conversion, base, span))
    lead_a = (fast + slow) / 2.0
    return fast, slow, shifted(lead_a, displacement), shifted(lead_b, displacement), lead_a, lead_b
