"""Oscillators and rates of change. Parameters: see `params`."""

from __future__ import annotations

from mismartera_core import BarColumns, IndicatorOutputs
from mismartera_indicators.kernel import series, several, single, talib_function

_RSI, _STOCH, _CCI = talib_function("RSI"), talib_function("STOCH"), talib_function("CCI")
_ROC, _MOM, _WILLR = talib_function("ROC"), talib_function("MOM"), talib_function("WILLR")
_SIMPLE = 0  # TA-Lib's number of the simple moving average.


def rsi(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Relative strength index.

    Formula: 100 * gain / (gain + loss), gain and loss being Wilder's averages of the rises and the
    falls over `period`; 0 where nothing has moved. Units: 0 to 100. Warm-up: period bars.
    Source: Wilder, "New Concepts in Technical Trading Systems" (1978); TA-Lib RSI.
    """
    return {"value": single(_RSI, series(bars, source), params=(period,))}


def stoch(bars: BarColumns, *, period: int, k_smoothing: int, d_smoothing: int) -> IndicatorOutputs:
    """Slow stochastic oscillator.

    Formula: k = mean over `k_smoothing` of 100 * (close - lowest low) / (highest high - lowest
    low) of `period` bars, 0 where they are equal; d = mean of k over `d_smoothing`. Units: 0 to
    100. Warm-up: period + k_smoothing + d_smoothing - 3 bars for both. Source: Lane; TA-Lib STOCH.
    """
    k, d = several(
        _STOCH,
        bars.high,
        bars.low,
        bars.close,
        params=(period, k_smoothing, _SIMPLE, d_smoothing, _SIMPLE),
    )
    return {"k": k, "d": d}


def cci(bars: BarColumns, *, period: int) -> IndicatorOutputs:
    """Commodity channel index.

    Formula: (p - mean(p)) / (0.015 * mean absolute deviation of p) over `period` bars,
    p = (high + low + close) / 3; 0 where nothing deviates. Units: none, mostly -200 to 200.
    Warm-up: period - 1 bars. Source: Lambert (1980); TA-Lib CCI.
    """
    return {"value": single(_CCI, bars.high, bars.low, bars.close, params=(period,))}


def roc(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Rate of change.

    Formula: 100 * (value / value `period` bars before - 1); 0 where that was 0. Units: percent.
    Warm-up: period bars. Source: TA-Lib ROC.
    """
    return {"value": single(_ROC, series(bars, source), params=(period,))}


def mom(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Momentum.

    Formula: value - value `period` bars before. Units: those of the source. Warm-up: period bars.
    Source: TA-Lib MOM.
    """
    return {"value": single(_MOM, series(bars, source), params=(period,))}


def willr(bars: BarColumns, *, period: int) -> IndicatorOutputs:
    """Williams' %R.

    Formula: -100 * (highest high - close) / (highest high - lowest low) of `period` bars; 0 where
    they are equal. Units: -100 to 0. Warm-up: period - 1 bars. Source: Williams; TA-Lib WILLR.
    """
    return {"value": single(_WILLR, bars.high, bars.low, bars.close, params=(period,))}
