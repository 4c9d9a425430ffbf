"""Ranges, bands and deviations. Parameters: see `params`."""

from __future__ import annotations

from mismartera_core import BarColumns, IndicatorOutputs
from mismartera_indicators.kernel import series, several, single, talib_function

_TRANGE, _ATR, _NATR = talib_function("TRANGE"), talib_function("ATR"), talib_function("NATR")
_BBANDS, _STDDEV = talib_function("BBANDS"), talib_function("STDDEV")


def true_range(bars: BarColumns) -> IndicatorOutputs:
    """True range.

    Formula: max(high, previous close) - min(low, previous close). Units: price. Warm-up: 1 bar.
    Source: Wilder, "New Concepts in Technical Trading Systems" (1978); TA-Lib TRANGE.
    """
    return {"value": single(_TRANGE, bars.high, bars.low, bars.close, params=())}


def atr(bars: BarColumns, *, period: int) -> IndicatorOutputs:
    """Average true range.

    Formula: atr += (true range - atr) / period, begun with the mean of the first `period` true
    ranges. Units: price. Warm-up: period bars. Source: Wilder (1978); TA-Lib ATR.
    """
    return {"value": single(_ATR, bars.high, bars.low, bars.close, params=(period,))}


def natr(bars: BarColumns, *, period: int) -> IndicatorOutputs:
    """Average true range in percent of the close.

    Formula: 100 * atr / close. Units: percent. Warm-up: period bars. Source: TA-Lib NATR.
    """
    return {"value": single(_NATR, bars.high, bars.low, bars.close, params=(period,))}


def bbands(bars: BarColumns, *, period: int, deviations: float, source: str) -> IndicatorOutputs:
    """Bollinger bands.

    Formula: middle = sma(period); upper and lower = middle +- deviations * population standard
    deviation of the last `period` values. Units: those of the source. Warm-up: period - 1 bars.
    Source: Bollinger, "Bollinger on Bollinger Bands" (2001); TA-Lib BBANDS.
    """
    upper, middle, lower = several(
        _BBANDS, series(bars, source), params=(period, deviations, deviations)
    )
    return {"upper": upper, "middle": middle, "lower": lower}


def stddev(bars: BarColumns, *, period: int, source: str) -> IndicatorOutputs:
    """Standard deviation.

    Formula: sqrt(mean of squares - square of mean) of the last `period` values (population).
    Units: those of the source. Warm-up: period - 1 bars. Source: TA-Lib STDDEV.
    """
    return {"value": single(_STDDEV, series(bars, source), params=(period,))}
