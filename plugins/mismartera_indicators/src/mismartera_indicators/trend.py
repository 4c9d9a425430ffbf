"""Averages, channels and direction. Parameters: see `params`."""

from __future__ import annotations

from typing import Any

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs
from mismartera_indicators.kernel import series, several, single, talib_function

_SMA, _EMA, _WMA = talib_function("SMA"), talib_function("EMA"), talib_function("WMA")
_DEMA, _TEMA, _KAMA = talib_function("DEMA"), talib_function("TEMA"), talib_function("KAMA")
_MACD, _AROON, _ADX = talib_function("MACD"), talib_function("AROON"), talib_function("ADX")
_PLUS_DI, _MINUS_DI = talib_function("PLUS_DI"), talib_function("MINUS_DI")
_MAX, _MIN = talib_function("MAX"), talib_function("MIN")


def sma(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Simple moving average.

    Formula: mean of the last `period` values. Units: those of the source.
    Warm-up: period - 1 bars. Source: TA-Lib SMA.
    """
    return {"value": single(_SMA, series(bars, source), params=(period,))}


def ema(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Exponential moving average.

    Formula: ema += 2 / (period + 1) * (value - ema), begun with the mean of the first `period`
    values. Units: those of the source. Warm-up: period - 1 bars. Source: TA-Lib EMA.
    """
    return {"value": single(_EMA, series(bars, source), params=(period,))}


def wma(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Linearly weighted moving average.

    Formula: mean of the last `period` values with weights 1, 2 ... period, the newest weighing
    most. Units: those of the source. Warm-up: period - 1 bars. Source: TA-Lib WMA.
    """
    return {"value": single(_WMA, series(bars, source), params=(period,))}


def dema(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Double exponential moving average.

    Formula: 2 * ema - ema(ema). Units: those of the source. Warm-up: 2 * (period - 1) bars.
    Source: Mulloy, "Smoothing Data with Faster Moving Averages" (1994); TA-Lib DEMA.
    """
    return {"value": single(_DEMA, series(bars, source), params=(period,))}


def tema(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Triple exponential moving average.

    Formula: 3 * ema - 3 * ema(ema) + ema(ema(ema)). Units: those of the source.
    Warm-up: 3 * (period - 1) bars. Source: Mulloy (1994); TA-Lib TEMA.
    """
    return {"value": single(_TEMA, series(bars, source), params=(period,))}


def kama(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Kaufman's adaptive moving average.

    Formula: kama += s^2 * (value - kama), s = e * (2/3 - 2/31) + 2/31, e = |change over period| /
    sum of the |changes| within it; begun with the value before the first one. Units: those of the
    source. Warm-up: period bars. Source: Kaufman, "Smarter Trading" (1995); TA-Lib KAMA.
    """
    return {"value": single(_KAMA, series(bars, source), params=(period,))}


def macd(bars: BarColumns, *, fast: int, slow: int, signal: int, source: str) -> IndicatorOutputs:
    """Moving average convergence and divergence.

    Formula: macd = ema(fast) - ema(slow), both begun at the same bar; signal = ema(macd, signal);
    histogram = macd - signal. Units: those of the source. Warm-up: slow + signal - 2 bars for all
    three. Source: Appel (1979); TA-Lib MACD.
    """
    line, average, histogram = several(_MACD, series(bars, source), params=(fast, slow, signal))
    return {"macd": line, "signal": average, "histogram": histogram}


def adx(bars: BarColumns, *, period: int) -> IndicatorOutputs:
    """Average directional index with its two directional indicators.

    Formula: +DM and -DM are the larger of the rise of the high and the fall of the low (else 0);
    plus_di and minus_di = 100 * DM / true range, both smoothed by Wilder over `period`; adx =
    Wilder's average of 100 * |plus_di - minus_di| / (plus_di + minus_di). Units: 0 to 100.
    Warm-up: 2 * period - 1 bars (plus_di, minus_di: period). Source: Wilder, "New Concepts in
    Technical Trading Systems" (1978); TA-Lib ADX, PLUS_DI, MINUS_DI.
    """
    line, plus, minus = several(_directional, bars.high, bars.low, bars.close, params=(period,))
    return {"adx": line, "plus_di": plus, "minus_di": minus}


def _directional(*arguments: Any) -> tuple[FloatArray, ...]:
    return _ADX(*arguments), _PLUS_DI(*arguments), _MINUS_DI(*arguments)


def aroon(bars: BarColumns, *, period: int) -> IndicatorOutputs:
    """How recent the highest high and the lowest low are.

    Formula: up = 100 * (period - bars since the highest high) / period, over period + 1 bars; down
    with the lowest low. Units: 0 to 100. Warm-up: period bars. Source: Chande (1995); TA-Lib AROON.
    """
    down, up = several(_AROON, bars.high, bars.low, params=(period,))
    return {"up": up, "down": down}


def donchian(bars: BarColumns, *, period: int) -> IndicatorOutputs:
    """Donchian channel, the current bar included.

    Formula: upper = highest high, lower = lowest low of the last `period` bars, middle = their
    mean. Units: price. Warm-up: period - 1 bars. Source: Donchian; TA-Lib MAX, MIN.
    """
    upper, lower = several(_extremes, bars.high, bars.low, params=(period,))
    return {"upper": upper, "middle": (upper + lower) / 2.0, "lower": lower}


def _extremes(high: FloatArray, low: FloatArray, period: int) -> tuple[FloatArray, ...]:
    return _MAX(high, period), _MIN(low, period)


def highest(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Highest value of the last bars, the current one included.

    Formula: maximum of the last `period` values. Units: those of the source.
    Warm-up: period - 1 bars. Source: TA-Lib MAX.
    """
    return {"value": single(_MAX, series(bars, source), params=(period,))}


def lowest(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Lowest value of the last bars, the current one included.

    Formula: minimum of the last `period` values. Units: those of the source.
    Warm-up: period - 1 bars. Source: TA-Lib MIN.
    """
    return {"value": single(_MIN, series(bars, source), params=(period,))}
