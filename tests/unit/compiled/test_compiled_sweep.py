"""A sweep gives for every set of parameters what a run with them gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bars import random_walk

from mismartera_core import Signals, SignalStrategy, StrategyParams, backtest
from mismartera_core.config.session_config import PluginChoice
from mismartera_core.errors import ConfigError, DataError
from mismartera_core.system.sweep import sweep

DAYS = ["2024-03-04", "2024-03-05", "2024-03-06"]


class Cross(SignalStrategy):
    class Params(StrategyParams):
        fast: int = 3
        slow: int = 8
        shares: float = 10.0

    def signals(self, bars, indicators):
        fast = indicators("sma", period=self.params.fast)
        slow = indicators("sma", period=self.params.slow)
        return Signals.from_entries(fast > slow, fast < slow, self.params.shares)


class Protected(Cross):
    """Asks for a stop where the fast average is short."""

    def signals(self, bars, indicators):
        made = super().signals(bars, indicators)
        stop = bars.close * 0.99 if self.params.fast < 4 else None
        return Signals(made.target, stop)


@pytest.fixture(scope="module")
def market():
    return {f"S{n}": random_walk(DAYS, seed=n, present=0.8) for n in range(3)}


def rows_equal_runs(market, strategy, found, **words):
    for row in found.frame.to_dict("records"):
        params = {k: row[k] for k in ("fast", "slow", "shares") if k in row}
        record = backtest(market, strategy, params=params, leverage=None, **words).record
        assert row["fills"] == len(record.fills)
        assert row["ending_cash"] == record.equity.cash[-1]
        assert row["ending_equity"] == pytest.approx(record.equity.equity[-1], rel=1e-12)
        assert row["trade_hash"] == record.trade_hash


COSTS = {
    "commission": PluginChoice(name="per_share", config={"per_share": 0.01}),
    "slippage": PluginChoice(name="bps_slippage", config={"bps": 10}),
}


@pytest.mark.parametrize("words", [{}, {"cash": 5_000}, COSTS])
def test_rows_equal_runs(market, words):
    found = sweep(market, Cross, {"fast": [2, 5], "slow": [9, 14]}, hashes=True, **words)
    assert found.frame.columns.tolist() == [
        *("fast", "slow", "fills", "ending_cash", "ending_equity", "total_return", "trade_hash")
    ]
    assert found.frame.fills.min() > 20
    assert found.notes == ()
    rows_equal_runs(market, Cross, found, **words)


def test_rows_that_ask_for_stops_are_stepped(market):
    found = sweep(market, Protected, {"fast": [3, 5], "slow": [9]}, hashes=True)
    assert found.notes == ("stepped: stop_loss and take_profit are not compiled",)
    rows_equal_runs(market, Protected, found)


def test_quantities_that_are_no_lots_trade_nothing(market):
    found = sweep(market, Cross, [{"shares": 0.5}, {"shares": 2}], hashes=True)
    assert found.frame.fills.tolist()[0] == 0
    rows_equal_runs(market, Cross, found)


def test_leverage_is_stepped_and_said(market):
    found = sweep(market, Cross, [{"fast": 4}], leverage=1.0, cash=500)
    assert found.notes == ("stepped: buying power (leverage) is not compiled",)
    run = backtest(market, Cross, params={"fast": 4}, leverage=1.0, cash=500)
    assert found.frame.ending_equity[0] == run.record.equity.equity[-1]


def test_one_frame_is_enough(market):
    found = sweep(market["S0"], Cross, {"fast": [2]})
    assert len(found.frame) == 1
    assert np.isfinite(found.frame.total_return[0])


@pytest.mark.parametrize("grid", [{}, [], {"fast": []}])
def test_empty_grids_are_refused(market, grid):
    if grid == {}:
        assert len(sweep(market, Cross, grid).frame) == 1  # its defaults
        return
    with pytest.raises(ConfigError, match="no set of parameters"):
        sweep(market, Cross, grid)


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({"fast": 5}, "expected a list of values of 'fast', was 5"),
        ({"fast": "12"}, "expected a list of values of 'fast', was '12'"),
        ([5], "expected values by parameter, or a list of sets"),
        (None, "expected values by parameter, or a list of sets"),
    ],
)
def test_what_is_no_grid_is_refused(market, grid, said):
    with pytest.raises(ConfigError, match=said):
        sweep(market, Cross, grid)


def test_a_combination_that_leaves_a_parameter_out_shows_its_default(market):
    found = sweep(market, Cross, [{"fast": 3, "slow": 9}, {"slow": 9}]).frame
    assert found["fast"].tolist() == [3, Cross.Params().fast]


def test_wrong_parameters_are_named(market):
    with pytest.raises(ConfigError, match=r"params of Cross: speed: unknown; choose one of"):
        sweep(market, Cross, [{"fast": 2}, {"speed": 3}])


def test_a_strategy_that_is_no_function_of_columns_is_told_what_to_call(market):
    with pytest.raises(ConfigError, match="expects a SignalStrategy") as caught:
        sweep(market, "sma_cross", {"fast": [2]})
    assert "backtest()" in caught.value.hint


def test_bars_outside_every_session_are_refused(market):
    night = market["S0"].copy()
    night.index = night.index + pd.Timedelta(hours=10)
    with pytest.raises(DataError):
        sweep(night, Cross, {"fast": [2]})


@pytest.mark.parametrize("hashes", [False, True], ids=["", "hashes"])
def test_a_sweep_shows_its_best_sets_first(market, hashes):
    found = sweep(market, Cross, {"fast": [3, 5], "slow": [9, 12]}, hashes=hashes)
    best = found.frame.sort_values("total_return").iloc[-1]
    words = (
        f"best {best['total_return']:+.2%} with fast={best['fast']:.0f}, slow={best['slow']:.0f}"
    )
    assert repr(found) == f"SweepResult(4 sets, {words})"
    title, head, first, *rest = str(found).splitlines()
    assert title.startswith("Sweep: 4 sets of parameters")
    assert head.split()[:3] == ["fast", "slow", "fills"]
    assert first.split()[:3] == [f"{best[name]:.0f}" for name in ("fast", "slow", "fills")]
    assert len(rest) == 3
    page = found._repr_html_()
    assert page.count("<tr>") == 5
    assert f"{best['total_return']:.2%}" in page


def test_a_large_sweep_says_what_it_leaves_out(market):
    found = sweep(market, Cross, {"fast": [3, 5], "slow": list(range(9, 21))})
    assert "4 sets more in .frame" in str(found)
    assert "<p>4 sets more in .frame</p>" in found._repr_html_()
