"""Moving averages and prices made of a bar."""

from __future__ import annotations

from mismartera_indicators.catalogue.row import Row

_AVERAGES = (
    Row(
        "sma",
        "SeriesPeriod20",
        "Simple moving average",
        "Formula: mean of the last `period` values. Units: those of the source. "
        "Warm-up: period - 1 bars. Source: TA-Lib SMA.",
    ),
    Row(
        "ema",
        "SeriesPeriod20",
        "Exponential moving average",
        "Formula: ema += 2 / (period + 1) * (value - ema), begun with the mean of the first "
        "`period` values. Units: those of the source. Warm-up: period - 1 bars. "
        "Source: TA-Lib EMA.",
    ),
    Row(
        "wma",
        "SeriesPeriod20",
        "Linearly weighted moving average",
        "Formula: mean of the last `period` values with weights 1, 2 ... period, the newest "
        "weighing most. Units: those of the source. Warm-up: period - 1 bars. Source: TA-Lib WMA.",
    ),
    Row(
        "dema",
        "SeriesPeriod20",
        "Double exponential moving average",
        "Formula: 2 * ema - ema(ema). Units: those of the source. Warm-up: 2 * (period - 1) bars. "
        'Source: Mulloy, "Smoothing Data with Faster Moving Averages" (1994); TA-Lib DEMA.',
    ),
    Row(
        "tema",
        "SeriesPeriod20",
        "Triple exponential moving average",
        "Formula: 3 * ema - 3 * ema(ema) + ema(ema(ema)). Units: those of the source. "
        "Warm-up: 3 * (period - 1) bars. Source: Mulloy (1994); TA-Lib TEMA.",
    ),
    Row(
        "trima",
        "SeriesPeriod20",
        "Triangular moving average",
        "Formula: mean of the last `period` values with weights that rise to the middle of the "
        "window and fall again. Units: those of the source. Warm-up: period - 1 bars. "
        "Source: TA-Lib TRIMA.",
    ),
    Row(
        "rma",
        "SeriesPeriod14",
        "Wilder's smoothed moving average",
        "Formula: rma += (value - rma) / period, begun with the mean of the first `period` "
        "values. Units: those of the source. Warm-up: period - 1 bars. Source: Wilder, "
        '"New Concepts in Technical Trading Systems" (1978); TA-Lib RMA.',
    ),
    Row(
        "hma",
        "SeriesPeriod20",
        "Hull moving average",
        "Formula: wma(2 * wma(period / 2) - wma(period), square root of period), both rounded "
        "down. Units: those of the source. Warm-up: period + int(period**0.5) - 2 bars. "
        "Source: Hull (2005); TA-Lib HMA.",
    ),
    Row(
        "zlema",
        "SeriesPeriod20",
        "Zero-lag exponential moving average",
        "Formula: ema of value + (value - value (period - 1) / 2 bars before). Units: those of the "
        "source. Warm-up: period - 1 + (period - 1) // 2 bars. Source: Ehlers and Way (2010); "
        "TA-Lib ZLEMA.",
    ),
    Row(
        "kama",
        "SeriesPeriod10",
        "Kaufman's adaptive moving average",
        "Formula: kama += s^2 * (value - kama), s = e * (2/3 - 2/31) + 2/31, e = |change over "
        "period| / sum of the |changes| within it; begun with the value before the first one. "
        "Units: those of the source. Warm-up: period bars. "
        'Source: Kaufman, "Smarter Trading" (1995); TA-Lib KAMA.',
    ),
    Row(
        "t3",
        "T3",
        "Tillson's T3 average",
        "Formula: gd(gd(gd(value))), gd(x) = (1 + v) * ema(x) - v * ema(ema(x)), v = "
        "`volume_factor`. Units: those of the source. Warm-up: 6 * (period - 1) bars. "
        "Source: Tillson (1998); TA-Lib T3.",
    ),
    Row(
        "mama",
        "Mama",
        "MESA adaptive moving average and the one that follows it",
        "Formula: mama += a * (value - mama), a = `fast_limit` / change of the Hilbert transform's "
        "phase, held between the two limits; fama += a / 2 * (mama - fama). Units: those of the "
        "source. Warm-up: 32 bars. Source: Ehlers (2001); TA-Lib MAMA.",
        ("mama", "fama"),
    ),
    Row(
        "ma",
        "ChosenAverage",
        "Moving average of a kind that is chosen",
        "Formula: that of `average`: sma, ema, wma, dema, tema, trima, kama, t3, rma, hma or "
        "zlema. Units: those of the source. Warm-up: that of the average. Source: TA-Lib MA.",
    ),
    Row("vwma", "SeriesPeriod20", "Volume-weighted moving average", module="averages"),
    Row("alma", "Alma", "Arnaud Legoux moving average", module="averages"),
    Row("vidya", "Vidya", "Variable index dynamic average", module="averages"),
    Row(
        "ht_trendline",
        "Series",
        "Hilbert transform: instantaneous trend line",
        "Formula: mean over the dominant cycle, smoothed by weights 4, 3, 2, 1. Units: those of "
        "the source. Warm-up: 63 bars. Source: Ehlers, "
        '"Rocket Science for Traders" (2001); TA-Lib HT_TRENDLINE.',
        talib=("HT_TRENDLINE",),
    ),
    Row(
        "ht_trendmode",
        "Series",
        "Hilbert transform: trend or cycle",
        "Formula: 1 in a trend, 0 in a cycle, by the phase's speed and the distance from the "
        "trend line. Units: 0 or 1. Warm-up: 63 bars. Source: Ehlers (2001); TA-Lib HT_TRENDMODE.",
        talib=("HT_TRENDMODE",),
    ),
)

_PRICES = (
    Row(
        "avgprice",
        "Params",
        "Average price",
        "Formula: (open + high + low + close) / 4. Units: price. Warm-up: 0 bars. "
        "Source: TA-Lib AVGPRICE.",
    ),
    Row(
        "medprice",
        "Params",
        "Median price",
        "Formula: (high + low) / 2. Units: price. Warm-up: 0 bars. Source: TA-Lib MEDPRICE.",
    ),
    Row(
        "typprice",
        "Params",
        "Typical price",
        "Formula: (high + low + close) / 3. Units: price. Warm-up: 0 bars. "
        "Source: TA-Lib TYPPRICE.",
    ),
    Row(
        "wclprice",
        "Params",
        "Weighted close",
        "Formula: (high + low + 2 * close) / 4. Units: price. Warm-up: 0 bars. "
        "Source: TA-Lib WCLPRICE.",
    ),
    Row(
        "midpoint",
        "SeriesPeriod14",
        "Middle of the highest and the lowest value",
        "Formula: (highest + lowest of the last `period` values) / 2. Units: those of the source. "
        "Warm-up: period - 1 bars. Source: TA-Lib MIDPOINT.",
    ),
    Row(
        "midprice",
        "bar_params:Period14",
        "Middle of the highest high and the lowest low",
        "Formula: (highest high + lowest low of the last `period` bars) / 2. Units: price. "
        "Warm-up: period - 1 bars. Source: TA-Lib MIDPRICE.",
    ),
    Row(
        "heikin_ashi",
        "Params",
        "Heikin-Ashi bars",
        "Formula: close = (open + high + low + close) / 4; open = mean of the open and the close "
        "of the Heikin-Ashi bar before, begun with (open + close) / 2; high and low are the "
        "extremes of the bar and of these two. Units: price. Warm-up: 0 bars. "
        'Source: Valcu, "Using the Heikin-Ashi Technique" (2004); TA-Lib HA.',
        ("open", "high", "low", "close"),
        talib=("HA",),
    ),
    Row(
        "highest",
        "SeriesPeriod20",
        "Highest value of the last bars",
        "Formula: maximum of the last `period` values, the current one included. Units: those of "
        "the source. Warm-up: period - 1 bars. Source: TA-Lib MAX.",
        talib=("MAX",),
    ),
    Row(
        "lowest",
        "SeriesPeriod20",
        "Lowest value of the last bars",
        "Formula: minimum of the last `period` values, the current one included. Units: those of "
        "the source. Warm-up: period - 1 bars. Source: TA-Lib MIN.",
        talib=("MIN",),
    ),
)

ROWS = (*_AVERAGES, *_PRICES)
