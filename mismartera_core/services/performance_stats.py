"""Performance of a series of daily returns: pure functions of one array.

Returns are simple (0.01 is one percent), without NaN. Where a figure is undefined (too few returns,
no loss to divide by) a function gives NaN or an infinity, as empyrical-reloaded does, whose values
these equal; `defined` turns such into None for people and JSON.

Sources: Sharpe (1994), Sortino and Price (1994), Young (1991) for Calmar, Keating and Shadwick
(2002) for omega, Rockafellar and Uryasev (2000) for conditional value at risk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mismartera_core.model.columns import FloatArray

SESSIONS_PER_YEAR = 252.0
"""Periods a year of a market that closes at weekends."""

NAN = math.nan


def defined(value: float) -> float | None:
    """The value, or None where it is undefined or infinite."""
    return float(value) if math.isfinite(value) else None


def total_return(returns: FloatArray) -> float:
    """Compounded return over all periods; NaN without returns."""
    return float(np.prod(1.0 + returns) - 1.0) if len(returns) else NAN


def cagr(returns: FloatArray, per_year: float = SESSIONS_PER_YEAR) -> float:
    """Compound annual growth rate; -1 where everything was lost."""
    if not len(returns):
        return NAN
    ending = float(np.prod(1.0 + returns))
    return ending ** (per_year / len(returns)) - 1.0 if ending > 0 else -1.0


def volatility(returns: FloatArray, per_year: float = SESSIONS_PER_YEAR) -> float:
    """Annualised standard deviation (n - 1)."""
    return float(np.std(returns, ddof=1)) * math.sqrt(per_year) if len(returns) > 1 else NAN


def sharpe(
    returns: FloatArray, risk_free: float = 0.0, per_year: float = SESSIONS_PER_YEAR
) -> float:
    """Mean excess return over its standard deviation, annualised.

    Args:
        returns: Daily returns.
        risk_free: Return of a riskless asset per period.
        per_year: Periods a year.
    """
    if len(returns) < 2:
        return NAN
    excess = returns - risk_free
    # Equal values have no deviation; the mean's last bit would leave a residue.
    deviation = 0.0 if excess.min() == excess.max() else float(np.std(excess, ddof=1))
    return _ratio(float(excess.mean()), deviation) * math.sqrt(per_year)


def downside_risk(
    returns: FloatArray, required: float = 0.0, per_year: float = SESSIONS_PER_YEAR
) -> float:
    """Annualised root mean square of what falls short of a required return per period."""
    if not len(returns):
        return NAN
    short = np.minimum(returns - required, 0.0)
    return math.sqrt(float(np.mean(short * short))) * math.sqrt(per_year)


def sortino(
    returns: FloatArray, required: float = 0.0, per_year: float = SESSIONS_PER_YEAR
) -> float:
    """Annualised mean return above a required one, over the downside risk."""
    if len(returns) < 2:
        return NAN
    mean = float(np.mean(returns - required)) * per_year
    return _ratio(mean, downside_risk(returns, required, per_year))


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a peak.

    Attributes:
        depth: Negative share of the peak; NaN without returns.
        peak: Index of the return that made the peak, -1 for the start.
        valley: Index of the return that made the lowest point.
        recovery: Index of the first return back at the peak, None where there is none.
        longest: Most periods in a row spent below a peak.
    """

    depth: float
    peak: int
    valley: int
    recovery: int | None
    longest: int


def drawdown(returns: FloatArray) -> Drawdown:
    """The deepest fall from a peak, where it was, and the longest time under water."""
    if not len(returns):
        return Drawdown(NAN, -1, -1, None, 0)
    wealth = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
    peaks = np.maximum.accumulate(wealth)
    falls = (wealth - peaks) / peaks
    valley = int(np.argmin(falls))
    peak = int(np.argmax(wealth[: valley + 1]))
    back = np.flatnonzero(wealth[valley:] >= wealth[peak])
    recovery = valley + int(back[0]) - 1 if len(back) else None
    at_peak = np.append(np.flatnonzero(falls == 0.0), len(falls))
    longest = int(np.max(np.diff(at_peak))) - 1
    return Drawdown(float(falls[valley]), peak - 1, valley - 1, recovery, longest)


def max_drawdown(returns: FloatArray) -> float:
    """Depth of the deepest fall from a peak, zero or negative."""
    return drawdown(returns).depth


def calmar(returns: FloatArray, per_year: float = SESSIONS_PER_YEAR) -> float:
    """Compound annual growth over the deepest drawdown; NaN without a drawdown."""
    depth = max_drawdown(returns)
    return cagr(returns, per_year) / -depth if depth < 0 else NAN


def omega(
    returns: FloatArray,
    risk_free: float = 0.0,
    required: float = 0.0,
    per_year: float = SESSIONS_PER_YEAR,
) -> float:
    """Sum of gains over sum of losses.

    Args:
        returns: Daily returns.
        risk_free: Return of a riskless asset per period.
        required: Required return a year.
        per_year: Periods a year.
    """
    if len(returns) < 2 or required <= -1:
        return NAN
    excess = returns - risk_free - ((1.0 + required) ** (1.0 / per_year) - 1.0)
    losses = -float(excess[excess < 0].sum())
    return float(excess[excess > 0].sum()) / losses if losses > 0 else NAN


def tail_ratio(returns: FloatArray) -> float:
    """The 95th percentile over the absolute 5th."""
    if not len(returns):
        return NAN
    high, low = np.percentile(returns, [95, 5])
    return _ratio(abs(float(high)), abs(float(low)))


def value_at_risk(returns: FloatArray, cutoff: float = 0.05) -> float:
    """The return at a low percentile (historical, interpolated)."""
    return float(np.percentile(returns, 100 * cutoff)) if len(returns) else NAN


def conditional_value_at_risk(returns: FloatArray, cutoff: float = 0.05) -> float:
    """Mean of the returns at or below a low percentile."""
    if not len(returns):
        return NAN
    last = int((len(returns) - 1) * cutoff)
    return float(np.mean(np.partition(returns, last)[: last + 1]))


def stability(returns: FloatArray) -> float:
    """R squared of a straight line through the cumulative log returns."""
    if len(returns) < 2 or returns.min() <= -1:
        return NAN
    logs = np.cumsum(np.log1p(returns))
    time = np.arange(len(logs)) - (len(logs) - 1) / 2
    rest = logs - logs.mean()
    spread = float(time @ time) * float(rest @ rest)
    return float(time @ rest) ** 2 / spread if spread > 0 else NAN


def beta(returns: FloatArray, benchmark: FloatArray) -> float:
    """Covariance with a benchmark over the benchmark's variance.

    Args:
        returns: Daily returns.
        benchmark: Returns of the benchmark on the same days.
    """
    if len(returns) < 1 or len(benchmark) < 2:
        return NAN
    rest = benchmark - benchmark.mean()
    variance = float(np.mean(rest * rest))
    # Below this the benchmark does not move: what remains is rounding.
    return float(np.mean(rest * returns)) / variance if variance >= 1e-30 else NAN


def alpha(
    returns: FloatArray,
    benchmark: FloatArray,
    risk_free: float = 0.0,
    per_year: float = SESSIONS_PER_YEAR,
) -> float:
    """Annual return that the benchmark does not explain, compounded.

    Args:
        returns: Daily returns.
        benchmark: Returns of the benchmark on the same days.
        risk_free: Return of a riskless asset per period.
        per_year: Periods a year.
    """
    if len(returns) < 2:
        return NAN
    rest = (returns - risk_free) - beta(returns, benchmark) * (benchmark - risk_free)
    base = 1.0 + float(rest.mean())
    return base**per_year - 1.0 if base > 0 else NAN


def _ratio(numerator: float, denominator: float) -> float:
    if denominator == 0.0:
        return math.copysign(math.inf, numerator) if numerator else NAN
    return numerator / denominator
