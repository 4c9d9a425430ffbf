"""Oscillators and rates of change."""

from __future__ import annotations

from mismartera_indicators.catalogue.row import Row

_RATES = (
    Row(
        "mom",
        "Change",
        "Momentum: change in price",
        "Formula: value - value `period` bars before. Units: those of the source. "
        "Warm-up: period bars. Source: TA-Lib MOM.",
    ),
    Row(
        "roc",
        "Change",
        "Rate of change, percent",
        "Formula: 100 * (value / value `period` bars before - 1); 0 where that was 0. "
        "Units: percent. Warm-up: period bars. Source: TA-Lib ROC.",
    ),
    Row(
        "rocp",
        "Change",
        "Rate of change, share",
        "Formula: value / value `period` bars before - 1; 0 where that was 0. "
        "Units: share (0.01 is one percent). Warm-up: period bars. Source: TA-Lib ROCP.",
    ),
    Row(
        "rocr",
        "Change",
        "Rate of change, ratio",
        "Formula: value / value `period` bars before; 0 where that was 0. Units: ratio. "
        "Warm-up: period bars. Source: TA-Lib ROCR.",
    ),
    Row(
        "rocr100",
        "Change",
        "Rate of change, ratio times 100",
        "Formula: 100 * value / value `period` bars before; 0 where that was 0. Units: percent. "
        "Warm-up: period bars. Source: TA-Lib ROCR100.",
    ),
    Row(
        "trix",
        "Trix",
        "Rate of change of a triple exponential average",
        "Formula: change of ema(ema(ema(value))) against the bar before. Units: percent. "
        "Warm-up: 3 * (period - 1) + 1 bars. Source: Hutson (1983); TA-Lib TRIX.",
    ),
    Row(
        "apo",
        "Oscillator",
        "Absolute price oscillator",
        "Formula: average(fast) - average(slow). Units: those of the source. "
        "Warm-up: slow - 1 bars. Source: TA-Lib APO.",
    ),
    Row(
        "ppo",
        "Oscillator",
        "Percentage price oscillator",
        "Formula: 100 * (average(fast) - average(slow)) / average(slow). Units: percent. "
        "Warm-up: slow - 1 bars. Source: TA-Lib PPO.",
    ),
    Row(
        "dpo",
        "SeriesPeriod20",
        "Detrended price oscillator",
        "Formula: value period / 2 + 1 bars before - mean of the last `period` values: nothing of "
        "the future. Units: those of the source. Warm-up: period - 1 bars. Source: TA-Lib DPO.",
    ),
    Row(
        "coppock",
        "Coppock",
        "Coppock curve",
        "Formula: wma over `smoothing` of roc(short) + roc(long). Units: percent. "
        "Warm-up: long + smoothing - 1 bars. Source: Coppock (1962); TA-Lib COPPOCK.",
    ),
    Row(
        "fosc",
        "SeriesPeriod14",
        "Forecast oscillator",
        "Formula: 100 * (value - what tsf forecast for it the bar before) / value. Units: percent. "
        "Warm-up: period bars. Source: Chande; TA-Lib FOSC.",
    ),
)

_STRENGTH = (
    Row(
        "rsi",
        "SeriesPeriod14",
        "Relative strength index",
        "Formula: 100 * gain / (gain + loss), gain and loss being Wilder's averages of the rises "
        "and the falls over `period`; 0 where nothing has moved. Units: 0 to 100. "
        "Warm-up: period bars. "
        'Source: Wilder, "New Concepts in Technical Trading Systems" (1978); TA-Lib RSI.',
    ),
    Row(
        "cmo",
        "SeriesPeriod14",
        "Chande's momentum oscillator, smoothed by Wilder",
        "Formula: 100 * (gain - loss) / (gain + loss), see rsi; 0 where nothing has moved. "
        "Units: -100 to 100. Warm-up: period bars. Source: TA-Lib CMO.",
    ),
    Row(
        "cmou",
        "SeriesPeriod14",
        "Chande's momentum oscillator",
        "Formula: 100 * (sum of rises - sum of falls) / (sum of both) over `period` changes; 0 "
        "where nothing has moved. Units: -100 to 100. Warm-up: period bars. Source: Chande and "
        'Kroll, "The New Technical Trader" (1994); TA-Lib CMOU.',
    ),
    Row(
        "imi",
        "bar_params:Period14",
        "Intraday momentum index",
        "Formula: 100 * sum of white bodies / sum of all bodies over `period` bars; 0 where none "
        "has a body. Units: 0 to 100. Warm-up: period - 1 bars. Source: Chande; TA-Lib IMI.",
    ),
    Row(
        "tsi",
        "Tsi",
        "True strength index",
        "Formula: 100 * ema(ema(change, first), second) / the same of |change|. "
        "Units: -100 to 100. Warm-up: first + second - 1 bars. Source: Blau (1991); TA-Lib TSI.",
    ),
    Row(
        "er",
        "SeriesPeriod10",
        "Kaufman's efficiency ratio",
        "Formula: |change over period| / sum of the |changes| within it. Units: 0 to 1. "
        'Warm-up: period bars. Source: Kaufman, "Smarter Trading" (1995); TA-Lib ER.',
    ),
    Row(
        "vhf",
        "SeriesPeriod28",
        "Vertical horizontal filter",
        "Formula: (highest - lowest of the last `period` values) / sum of `period` |changes|. "
        "Units: 0 to 1. Warm-up: period bars. Source: White (1991); TA-Lib VHF.",
    ),
    Row(
        "bop",
        "Params",
        "Balance of power",
        "Formula: (close - open) / (high - low); 0 where the bar has no range. Units: -1 to 1. "
        "Warm-up: 0 bars. Source: Livshin (2001); TA-Lib BOP.",
    ),
    Row(
        "qstick",
        "bar_params:Period10",
        "Average body of the bars",
        "Formula: sma of close - open. Units: price. Warm-up: period - 1 bars. Source: Chande; "
        "TA-Lib QSTICK.",
    ),
    Row(
        "elder_ray",
        "bar_params:Period13",
        "Elder ray: bull power and bear power",
        "Formula: bull = high - ema(close), bear = low - ema(close). Units: price. "
        'Warm-up: period - 1 bars. Source: Elder, "Trading for a Living" (1993); TA-Lib ERI.',
        ("bull", "bear"),
        talib=("ERI",),
    ),
    Row(
        "ao",
        "bar_params:FastSlow5And34",
        "Awesome oscillator",
        "Formula: sma(fast) - sma(slow) of (high + low) / 2. Units: price. "
        "Warm-up: slow - 1 bars. Source: Williams; TA-Lib AO.",
    ),
    Row(
        "ac",
        "bar_params:Accelerator",
        "Accelerator oscillator",
        "Formula: ao - sma(ao, signal). Units: price. Warm-up: slow + signal - 2 bars. "
        "Source: Williams; TA-Lib AC.",
    ),
)

_STOCHASTIC = (
    Row(
        "stoch",
        "bar_params:Stochastic",
        "Slow stochastic oscillator",
        "Formula: k = mean over `k_smoothing` of 100 * (close - lowest low) / (highest high - "
        "lowest low) of `period` bars, 0 where they are equal; d = mean of k over `d_smoothing`. "
        "Units: 0 to 100. Warm-up: period + k_smoothing + d_smoothing - 3 bars. "
        "Source: Lane; TA-Lib STOCH.",
        ("k", "d"),
    ),
    Row(
        "stochf",
        "bar_params:FastStochastic",
        "Fast stochastic oscillator",
        "Formula: k = 100 * (close - lowest low) / (highest high - lowest low) of `period` bars, 0 "
        "where they are equal; d = mean of k over `d_smoothing`. Units: 0 to 100. "
        "Warm-up: period + d_smoothing - 2 bars. Source: Lane; TA-Lib STOCHF.",
        ("k", "d"),
    ),
    Row(
        "stochrsi",
        "StochRsi",
        "Stochastic oscillator of the relative strength index",
        "Formula: stochf over `k_period` values of rsi(period). Units: 0 to 100. "
        "Warm-up: period + k_period + d_smoothing - 2 bars. Source: Chande and Kroll (1994); "
        "TA-Lib STOCHRSI.",
        ("k", "d"),
    ),
    Row(
        "kdj",
        "bar_params:Kdj",
        "KDJ stochastic",
        "Formula: k = Wilder's average over `k_smoothing` of stochf's k, d = that of k over "
        "`d_smoothing`, j = 3 * k - 2 * d. Units: k and d 0 to 100, j beyond. "
        "Warm-up: period + k_smoothing + d_smoothing - 3 bars. Source: TA-Lib KDJ.",
        ("k", "d", "j"),
    ),
    Row(
        "smi",
        "bar_params:StochasticMomentum",
        "Stochastic momentum index",
        "Formula: 200 * ema(ema(close - middle, slow), fast) / the same of the range, middle and "
        "range of the highest high and lowest low of `period` bars; signal = ema of it. "
        "Units: -100 to 100. Warm-up: period + slow + fast + signal - 4 bars. "
        "Source: Blau (1993); TA-Lib SMI.",
        ("smi", "signal"),
    ),
    Row(
        "willr",
        "bar_params:Period14",
        "Williams' %R",
        "Formula: -100 * (highest high - close) / (highest high - lowest low) of `period` bars; 0 "
        "where they are equal. Units: -100 to 0. Warm-up: period - 1 bars. "
        "Source: Williams; TA-Lib WILLR.",
    ),
    Row(
        "ultosc",
        "bar_params:Ultimate",
        "Ultimate oscillator",
        "Formula: 100 * (4 * a + 2 * b + c) / 7, a, b and c being sum of (close - true low) / sum "
        "of true range over `short`, `medium` and `long`. Units: 0 to 100. Warm-up: long bars. "
        "Source: Williams (1985); TA-Lib ULTOSC.",
    ),
    Row(
        "cci",
        "bar_params:Period20",
        "Commodity channel index",
        "Formula: (p - mean(p)) / (0.015 * mean absolute deviation of p) over `period` bars, "
        "p = (high + low + close) / 3; 0 where nothing deviates. Units: none, mostly -200 to 200. "
        "Warm-up: period - 1 bars. Source: Lambert (1980); TA-Lib CCI.",
    ),
    Row("schaff", "Schaff", "Schaff trend cycle", module="oscillators"),
    Row(
        "fisher",
        "bar_params:Period10",
        "Fisher transform of the price",
        outputs=("fisher", "trigger"),
        module="oscillators",
    ),
    Row(
        "ttm_squeeze",
        "Squeeze",
        "Bollinger bands within Keltner's, and the momentum",
        outputs=("momentum", "on"),
        module="oscillators",
    ),
)

ROWS = (*_RATES, *_STRENGTH, *_STOCHASTIC)
