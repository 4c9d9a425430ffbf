"""Regression, correlation, cycles, ranks, and figures of trailing days."""

from __future__ import annotations

from mismartera_indicators.catalogue.row import Row

_REGRESSION = (
    Row(
        "linearreg",
        "SeriesPeriod14",
        "Linear regression: its value at the current bar",
        "Formula: a + b * (period - 1) of the line a + b * i of least squares through the last "
        "`period` values. Units: those of the source. Warm-up: period - 1 bars. "
        "Source: TA-Lib LINEARREG.",
    ),
    Row(
        "linearreg_slope",
        "SeriesPeriod14",
        "Linear regression: slope",
        "Formula: b of linearreg. Units: those of the source, a bar. Warm-up: period - 1 bars. "
        "Source: TA-Lib LINEARREG_SLOPE.",
        talib=("LINEARREG_SLOPE",),
    ),
    Row(
        "linearreg_intercept",
        "SeriesPeriod14",
        "Linear regression: its value at the oldest bar",
        "Formula: a of linearreg. Units: those of the source. Warm-up: period - 1 bars. "
        "Source: TA-Lib LINEARREG_INTERCEPT.",
        talib=("LINEARREG_INTERCEPT",),
    ),
    Row(
        "linearreg_angle",
        "SeriesPeriod14",
        "Linear regression: angle",
        "Formula: arc tangent of the slope. Units: degrees. Warm-up: period - 1 bars. "
        "Source: TA-Lib LINEARREG_ANGLE.",
        talib=("LINEARREG_ANGLE",),
    ),
    Row(
        "tsf",
        "SeriesPeriod14",
        "Time series forecast: linear regression at the next bar",
        "Formula: a + b * period of linearreg. Units: those of the source. "
        "Warm-up: period - 1 bars. Source: TA-Lib TSF.",
    ),
    Row(
        "linearreg_r2",
        "SeriesPeriod14",
        "Linear regression: share of the variance it explains",
        module="deviations",
    ),
    Row(
        "beta",
        "TwoSeriesPeriod5",
        "Beta of one column's changes on another's",
        "Formula: covariance / variance of the first: slope of the relative changes of `other` on "
        "those of `source`, over `period` changes; 0 where the first does not move. Units: ratio. "
        "Warm-up: period bars. Source: TA-Lib BETA.",
    ),
    Row(
        "correl",
        "TwoSeriesPeriod30",
        "Correlation of two columns",
        "Formula: Pearson's r of the last `period` values; 0 where one does not move. "
        "Units: -1 to 1. Warm-up: period - 1 bars. Source: TA-Lib CORREL.",
    ),
)

_MOMENTS = (
    Row(
        "var",
        "SeriesPeriod20",
        "Variance, population",
        "Formula: mean of squares - square of mean of the last `period` values. "
        "Units: those of the source, squared. Warm-up: period - 1 bars. Source: TA-Lib VAR.",
    ),
    Row("stderr", "SeriesPeriod14", "Standard error of the mean", module="deviations"),
    Row(
        "avgdev",
        "SeriesPeriod14",
        "Mean absolute deviation",
        "Formula: mean of |value - mean| over the last `period` values. Units: those of the "
        "source. Warm-up: period - 1 bars. Source: TA-Lib AVGDEV.",
    ),
    Row(
        "sum",
        "SeriesPeriod20",
        "Sum of the last bars",
        "Formula: sum of the last `period` values. Units: those of the source. "
        "Warm-up: period - 1 bars. Source: TA-Lib SUM.",
    ),
    Row(
        "percentile",
        "Percentile",
        "Value below which a share of the last values lies",
        "Formula: the smallest of the last `period` values that at least `percentile` percent of "
        "them do not exceed (nearest rank). Units: those of the source. Warm-up: period - 1 bars. "
        "Source: TA-Lib PERCENTILE.",
    ),
    Row(
        "percentrank",
        "SeriesPeriod100",
        "Share of the values before that lie below",
        "Formula: 100 * number of the `period` values before that are below the current one / "
        "period. Units: 0 to 100. Warm-up: period bars. Source: TA-Lib PERCENTRANK.",
    ),
    Row(
        "ln",
        "Series",
        "Natural logarithm",
        "Formula: ln(value); NaN where it is not above 0. Units: none. Warm-up: 0 bars. "
        "Source: TA-Lib LN.",
    ),
)

_CYCLES = (
    Row(
        "ht_dcperiod",
        "Series",
        "Hilbert transform: dominant cycle",
        "Formula: period of the cycle that the phase's speed shows, smoothed. Units: bars. "
        'Warm-up: 32 bars. Source: Ehlers, "Rocket Science for Traders" (2001); '
        "TA-Lib HT_DCPERIOD.",
        talib=("HT_DCPERIOD",),
    ),
    Row(
        "ht_dcphase",
        "Series",
        "Hilbert transform: phase of the dominant cycle",
        "Formula: angle of the cycle at the current bar. Units: degrees, -45 to 315. "
        "Warm-up: 63 bars. Source: Ehlers (2001); TA-Lib HT_DCPHASE.",
        talib=("HT_DCPHASE",),
    ),
    Row(
        "ht_phasor",
        "Series",
        "Hilbert transform: phasor",
        "Formula: the two components of the analytic signal. Units: those of the source. "
        "Warm-up: 32 bars. Source: Ehlers (2001); TA-Lib HT_PHASOR.",
        ("in_phase", "quadrature"),
        talib=("HT_PHASOR",),
    ),
    Row(
        "ht_sine",
        "Series",
        "Hilbert transform: sine wave",
        "Formula: sine of the phase, and of the phase 45 degrees on. Units: -1 to 1. "
        "Warm-up: 63 bars. Source: Ehlers (2001); TA-Lib HT_SINE.",
        ("sine", "lead_sine"),
        talib=("HT_SINE",),
    ),
)

_TRAILING = (
    Row(
        "trailing_average",
        "session_params:Trailing",
        "Average of a column over trailing daily bars",
        module="history",
    ),
    Row(
        "trailing_highest",
        "session_params:Trailing",
        "Highest of a column over trailing daily bars",
        module="history",
    ),
    Row(
        "trailing_lowest",
        "session_params:Trailing",
        "Lowest of a column over trailing daily bars",
        module="history",
    ),
    Row(
        "trailing_range",
        "session_params:TrailingRange",
        "Average range of trailing daily bars",
        module="history",
    ),
)

ROWS = (*_REGRESSION, *_MOMENTS, *_CYCLES, *_TRAILING)
