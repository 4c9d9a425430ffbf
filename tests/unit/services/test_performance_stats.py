"""Performance figures equal empyrical-reloaded's."""

import json
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from shared_data import shared

from mismartera_core.services import performance_stats as stats

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import empyrical

RANDOM = np.random.default_rng(7)
SERIES = {
    "random": RANDOM.normal(0.0005, 0.01, 500),
    "wild": RANDOM.normal(0.0, 0.1, 60),
    "gains": np.abs(RANDOM.normal(0.0, 0.01, 30)),
    "losses": -np.abs(RANDOM.normal(0.0, 0.01, 30)),
    "constant": np.full(20, 0.01),
    "nothing happens": np.zeros(20),
    "two": np.array([0.01, -0.02]),
    "one": np.array([0.01]),
    "empty": np.zeros(0),
    "ruin": np.array([0.1, -1.0, 0.0]),
}
PAIRS = {
    "total_return": (stats.total_return, empyrical.cum_returns_final),
    "cagr": (stats.cagr, empyrical.cagr),
    "volatility": (stats.volatility, empyrical.annual_volatility),
    "sharpe": (stats.sharpe, empyrical.sharpe_ratio),
    "sharpe over cash": (
        lambda returns: stats.sharpe(returns, 0.0001),
        lambda returns: empyrical.sharpe_ratio(returns, risk_free=0.0001),
    ),
    "sortino": (stats.sortino, empyrical.sortino_ratio),
    "downside_risk": (stats.downside_risk, empyrical.downside_risk),
    "max_drawdown": (stats.max_drawdown, empyrical.max_drawdown),
    "calmar": (stats.calmar, empyrical.calmar_ratio),
    "omega": (stats.omega, empyrical.omega_ratio),
    "tail_ratio": (stats.tail_ratio, empyrical.tail_ratio),
    "value_at_risk": (stats.value_at_risk, empyrical.value_at_risk),
    "cvar": (stats.conditional_value_at_risk, empyrical.conditional_value_at_risk),
    "stability": (stats.stability, empyrical.stability_of_timeseries),
}


@pytest.mark.parametrize("figure", PAIRS)
@pytest.mark.parametrize("series", SERIES)
def test_figures_equal_empyrical(figure, series):
    ours, theirs = PAIRS[figure]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = theirs(SERIES[series])
    if figure in ("total_return", "max_drawdown") and series == "empty":
        wanted = math.nan
    if figure == "stability" and series in ("nothing happens", "ruin"):
        wanted = math.nan  # a flat or a broken line has no R squared
    assert ours(SERIES[series]) == pytest.approx(wanted, rel=1e-10, abs=1e-10, nan_ok=True)


def test_beta_and_alpha_equal_empyrical():
    returns, benchmark = SERIES["random"], SERIES["random"] * 0.7 + RANDOM.normal(0, 0.003, 500)
    assert stats.beta(returns, benchmark) == pytest.approx(
        empyrical.beta(returns, benchmark), rel=1e-10
    )
    assert stats.alpha(returns, benchmark) == pytest.approx(
        empyrical.alpha(returns, benchmark), rel=1e-10
    )


def test_beta_to_a_benchmark_that_does_not_move_is_undefined():
    assert math.isnan(stats.beta(SERIES["constant"], np.zeros(20)))
    assert math.isnan(stats.alpha(SERIES["constant"], np.zeros(20)))


PUBLISHED = {
    "cum_returns_final": stats.total_return,
    "cagr(period=daily)": stats.cagr,
    "annual_volatility(alpha=2.0)": stats.volatility,
    "sharpe_ratio(risk_free=0)": stats.sharpe,
    "sharpe_ratio(risk_free=0.0001 per day)": lambda returns: stats.sharpe(returns, 0.0001),
    "sortino_ratio(required_return=0)": stats.sortino,
    "downside_risk(required_return=0)": stats.downside_risk,
    "max_drawdown": stats.max_drawdown,
    "calmar_ratio": stats.calmar,
    "omega_ratio(risk_free=0,required_return=0)": stats.omega,
    "stability_of_timeseries": stats.stability,
    "tail_ratio": stats.tail_ratio,
    "value_at_risk(cutoff=0.05)": stats.value_at_risk,
    "conditional_value_at_risk(cutoff=0.05)": stats.conditional_value_at_risk,
    "value_at_risk(cutoff=0.01)": lambda returns: stats.value_at_risk(returns, 0.01),
    "conditional_value_at_risk(cutoff=0.01)": lambda returns: stats.conditional_value_at_risk(
        returns, 0.01
    ),
}


@pytest.mark.parametrize("name", ["AAPL_2000_2013", "IBM_2000_2013", "FB_2012_2013"])
def test_figures_of_real_returns_equal_the_published_ones(name):
    folder = shared("conformance/metrics")
    table = pd.read_csv(folder / f"{name}_vs_SP500_returns.csv", index_col=0)
    answers = json.loads((folder / f"{name}_vs_SP500_metrics.json").read_text())
    wanted = answers["empyrical-reloaded 0.7.1"]
    returns, benchmark = table.iloc[:, 0].to_numpy(), table.iloc[:, 1].to_numpy()
    found = {key: function(returns) for key, function in PUBLISHED.items()}
    found["beta(risk_free=0)"] = stats.beta(returns, benchmark)
    found["alpha(risk_free=0, annualised)"] = stats.alpha(returns, benchmark)
    assert found == pytest.approx({key: wanted[key] for key in found}, rel=1e-10)


def test_the_deepest_drawdown_is_dated():
    fall = stats.drawdown(np.array([0.1, -0.2, -0.1, 0.5, 0.2, -0.01]))
    assert fall.depth == pytest.approx(0.8 * 0.9 - 1)
    assert (fall.peak, fall.valley, fall.recovery, fall.longest) == (0, 2, 3, 2)


def test_a_drawdown_from_the_start_on_has_no_peak_and_may_not_recover():
    fall = stats.drawdown(np.array([-0.1, 0.01]))
    assert (fall.peak, fall.valley, fall.recovery, fall.longest) == (-1, 0, None, 2)


def test_no_drawdown_is_zero():
    assert stats.max_drawdown(SERIES["gains"]) == 0.0
    assert stats.drawdown(SERIES["gains"]).longest == 0


@pytest.mark.parametrize(("value", "wanted"), [(math.nan, None), (math.inf, None), (0.5, 0.5)])
def test_what_is_undefined_is_none(value, wanted):
    assert stats.defined(value) is wanted or stats.defined(value) == wanted
