"""What volume says of a move. Parameters: see `params`."""

from __future__ import annotations

import numpy as np

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs
from mismartera_indicators.averages import ema_from_first, some_traded
from mismartera_indicators.kernel import run, shifted, talib_function

_RVOL, _SMA = talib_function("RVOL"), talib_function("SMA")


def rvol(bars: BarColumns, *, period: int) -> IndicatorOutputs:
    """Volume relative to that of the bars before.

    Formula: volume / mean volume of the `period` bars before; NaN where none of them traded. Units:
    ratio. Warm-up: period bars. Source: TA-Lib RVOL.
    """
    return {"value": run(_rvol, (bars.volume,), (period,))}


def _rvol(volume: FloatArray, period: int) -> FloatArray:
    traded = shifted(some_traded(volume, period).astype(np.float64), 1) == 1.0
    return np.where(traded, _RVOL(volume, period), np.nan)


def ease_of_movement(bars: BarColumns, *, period: int, scale: float) -> IndicatorOutputs:
    """Ease of movement, and its average.

    Formula: value = scale * change of (high + low) / 2 * (high - low) / volume, 0 where nothing
    traded; average = its sma. Units: none. Warm-up: period bars (value: 1). Source: Arms,
    "Volume Cycles in the Stock Market" (1983).
    """
    value, average = run(_ease, (bars.high, bars.low, bars.volume), (period, scale))
    return {"value": value, "average": average}


def _ease(
    high: FloatArray, low: FloatArray, volume: FloatArray, period: int, scale: float
) -> tuple[FloatArray, FloatArray]:
    middle = (high + low) / 2.0
    moved = middle - shifted(middle, 1)
    value = np.where(np.isnan(moved), np.nan, 0.0)
    np.divide(scale * moved * (high - low), volume, out=value, where=volume > 0.0)
    return value, _SMA(value, period)


def klinger(bars: BarColumns, *, fast: int, slow: int, signal: int) -> IndicatorOutputs:
    """Klinger's volume oscillator.

    Formula: value = ema(force, fast) - ema(force, slow), force = 100 * t * volume * |2 * range /
    c - 1|, t the direction (1, -1) in which high + low + close last moved, c the sum of the ranges
    since the bar before it turned, 0 where there is none; signal = ema of value. The averages
    begin with the first value. Units: units traded. Warm-up: 1 bars. Source: Klinger (1997).
    """
    inputs = (bars.high, bars.low, bars.close, bars.volume)
    value, average = run(_klinger, inputs, (fast, slow, signal))
    return {"value": value, "signal": average}


def _klinger(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    volume: FloatArray,
    fast: int,
    slow: int,
    signal: int,
) -> tuple[FloatArray, FloatArray]:
    force = _force(high, low, close, volume)
    value = ema_from_first(force, fast) - ema_from_first(force, slow)
    result = np.full((2, len(high)), np.nan)
    result[:, 1:] = value, ema_from_first(value, signal)
    return result[0], result[1]


def _force(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray) -> FloatArray:
    """Force of every bar but the first."""
    if len(high) == 0:
        return high
    rows = np.arange(len(high))
    moved = np.sign(np.diff(high + low + close, prepend=0.0))
    moved[0] = 1.0
    # Where it has not moved, the direction before holds.
    direction = moved[np.maximum.accumulate(np.where(moved == 0.0, 0, rows))]
    turned = np.diff(direction, prepend=0.0) != 0.0
    turned[1:2] = True
    before = np.maximum.accumulate(np.where(turned, np.maximum(rows - 1, 0), 0))
    spread = high - low
    sums = np.concatenate([[0.0], np.cumsum(spread)])
    since = sums[1:] - sums[before]
    share = np.zeros(len(high))
    np.divide(2.0 * spread, since, out=share, where=since > 0.0)
    weight = np.where(since > 0.0, np.abs(share - 1.0), 0.0)
    force: FloatArray = 100.0 * direction * volume * weight
    return force[1:]
