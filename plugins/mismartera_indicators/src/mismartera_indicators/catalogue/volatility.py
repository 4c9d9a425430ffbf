"""Ranges, bands and deviations."""

from __future__ import annotations

from mismartera_indicators.catalogue.row import Row

_CHANNEL = ("upper", "middle", "lower")

ROWS = (
    Row(
        "true_range",
        "Params",
        "True range",
        "Formula: max(high, previous close) - min(low, previous close). Units: price. "
        "Warm-up: 1 bars. "
        'Source: Wilder, "New Concepts in Technical Trading Systems" (1978); TA-Lib TRANGE.',
        talib=("TRANGE",),
    ),
    Row(
        "atr",
        "bar_params:Period14",
        "Average true range",
        "Formula: atr += (true range - atr) / period, begun with the mean of the first `period` "
        "true ranges. Units: price. Warm-up: period bars. Source: Wilder (1978); TA-Lib ATR.",
    ),
    Row(
        "natr",
        "bar_params:Period14",
        "Average true range, percent of the close",
        "Formula: 100 * atr / close. Units: percent. Warm-up: period bars. Source: TA-Lib NATR.",
    ),
    Row(
        "adr",
        "bar_params:Period14",
        "Average range of the bars",
        "Formula: sma of high - low. Units: price. Warm-up: period - 1 bars. Source: TA-Lib ADR.",
    ),
    Row(
        "bbands",
        "Bands",
        "Bollinger bands",
        "Formula: middle = average(period); upper and lower = middle +- deviations * population "
        "standard deviation of the last `period` values. Units: those of the source. "
        "Warm-up: period - 1 bars for a simple average. "
        'Source: Bollinger, "Bollinger on Bollinger Bands" (2001); TA-Lib BBANDS.',
        _CHANNEL,
    ),
    Row(
        "stddev",
        "SeriesPeriod20",
        "Standard deviation, population",
        "Formula: sqrt(mean of squares - square of mean) of the last `period` values. "
        "Units: those of the source. Warm-up: period - 1 bars. Source: TA-Lib STDDEV.",
    ),
    Row(
        "cvi",
        "bar_params:ChaikinVolatility",
        "Chaikin's volatility",
        "Formula: rate of change over `change` bars of ema(high - low, period). Units: percent. "
        "Warm-up: period + change - 1 bars. Source: Chaikin; TA-Lib CVI.",
    ),
    Row(
        "mass",
        "bar_params:MassIndex",
        "Mass index",
        "Formula: sum over `slow` bars of ema(high - low, fast) / ema of that. Units: none, around "
        "`slow`. Warm-up: 2 * (fast - 1) + slow - 1 bars. Source: Dorsey (1992); TA-Lib MASSI.",
        talib=("MASSI",),
    ),
    Row(
        "rvi",
        "RelativeVolatility",
        "Relative volatility index",
        "Formula: 100 * up / (up + down), Wilder's averages over `period` of the standard "
        "deviation of `deviation_period` values where the value rose and where it fell. "
        "Units: 0 to 100. Warm-up: period + deviation_period - 2 bars. "
        "Source: Dorsey (1993); TA-Lib RVI.",
    ),
    Row(
        "atr_bands",
        "AtrBands",
        "Band of true ranges around a price",
        outputs=_CHANNEL,
        module="channels",
    ),
    Row(
        "chandelier",
        "bar_params:Chandelier",
        "Stops so many true ranges from the extremes",
        outputs=("long", "short"),
        module="channels",
    ),
    Row(
        "historical_volatility",
        "HistoricalVolatility",
        "Deviation of logarithmic returns, a year, percent",
        module="deviations",
    ),
    Row(
        "ulcer",
        "SeriesPeriod14",
        "Ulcer index: depth of the falls from the high",
        module="deviations",
    ),
)
