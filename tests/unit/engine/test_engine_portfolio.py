"""Portfolios: what a step shows, what targets become, and one result in both executions."""

from __future__ import annotations

import types

import numpy as np
import pandas as pd
import pytest
from bars import random_walk
from engine_eyes import STEPS, noting, run

from mismartera_core import (
    ConfigError,
    IndicatorReg,
    PortfolioStrategy,
    StrategyError,
    hookimpl,
)
from mismartera_core.registry import Registry

DAYS = ["2024-07-01", "2024-07-02", "2024-07-05"]
FIELDS = ["open", "high", "low", "close", "volume"]
WAYS = [{}, STEPS, {"prefetch_days": 1}]
COSTS = {
    "commission": {"name": "per_share", "config": {"per_share": 0.005, "minimum": 1.0}},
    "slippage": {"name": "bps_slippage", "config": {"bps": 3.0}},
}


def thin(days=DAYS, minutes=40):
    """Symbols that miss minutes; the third comes a day late, the last vanishes after the first."""
    return {
        "A": random_walk(days, seed=1, minutes=minutes, present=0.7),
        "B": random_walk(days, seed=2, minutes=minutes, present=0.4, price=40.0),
        "C": random_walk(days[1:], seed=3, minutes=minutes, present=0.6, price=70.0),
        "D": random_walk(days[:1], seed=4, minutes=minutes, present=0.6, price=20.0),
    }


def portfolio(act, kind="shares", setup=None):
    class Acting(PortfolioStrategy):
        targets = kind

        def setup(self):
            if setup is not None:
                setup(self)

        def on_step(self, step):
            return act(self, step)

    return Acting


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_step_shows_the_last_bar_of_the_session_of_each_symbol(way):
    data, seen = thin(), []

    def look(strategy, step):
        shown = {name: getattr(step, name).tolist() for name in (*FIELDS, "present")}
        seen.append((step.now_ns, step.index, shown))

    run(data, portfolio(look), interval="1m", **way)
    minute = pd.Timedelta(minutes=1)
    known = {name: frame.set_axis(frame.index + minute) for name, frame in data.items()}
    stamps = sorted(set().union(*(frame.index for frame in known.values())))
    assert [row[0] for row in seen] == [s.value for s in stamps]
    for stamp, (_, index, shown) in zip(stamps, seen, strict=True):
        today = [s for s in stamps if s.date() == stamp.date()]
        assert index == today.index(stamp)
        for row, frame in enumerate(known.values()):
            mine = frame[(frame.index <= stamp) & (frame.index.date == stamp.date())]
            assert shown["present"][row] == (stamp in frame.index)
            for name in FIELDS:
                wanted = mine[name].iloc[-1] if len(mine) else np.nan
                np.testing.assert_equal(shown[name][row], wanted)


def test_an_unknown_volume_is_not_that_of_an_earlier_bar():
    data, seen = thin(), []
    data["A"].iloc[1::2, 4] = np.nan

    def look(strategy, step):
        if step.present[0]:
            seen.append(float(step.volume[0]))

    run(data, portfolio(look), interval="1m")
    np.testing.assert_array_equal(seen, data["A"]["volume"])


def every_other(bars):
    """The close of every other bar."""
    return {"value": np.where(np.arange(len(bars)) % 2, bars.close, np.nan)}


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_value_that_is_undefined_is_not_that_of_an_earlier_bar(way):
    plugin = types.ModuleType("plugin")

    @hookimpl
    def mismartera_indicators():
        return [IndicatorReg(name="every_other", factory=every_other, category="trend")]

    plugin.mismartera_indicators = mismartera_indicators
    data, seen = {name: thin()[name] for name in "AB"}, []

    def setup(strategy):
        strategy.other = strategy.indicator("every_other")

    def look(strategy, step):
        if step.present[0]:
            seen.append(float(strategy.other.value[0]))

    found = Registry.from_modules({"plugin": plugin})
    run(data, portfolio(look, setup=setup), interval="1m", registry=found, **way)
    close = data["A"]["close"].to_numpy()
    np.testing.assert_array_equal(seen, np.where(np.arange(len(close)) % 2, close, np.nan))


def test_what_a_step_hands_out_is_read_only():
    for data in (thin(), {"A": random_walk(DAYS, minutes=9)}):

        def setup(strategy):
            strategy.average = strategy.indicator("sma", period=2)

        def write(strategy, step):
            arrays = [step.open, step.close, step.present, strategy.average.value]
            for array in (*arrays, strategy.quantities):
                with pytest.raises(ValueError, match="read-only"):
                    array[0] = 0

        run(data, portfolio(write, setup=setup), interval="1m")


def random_targets(seed, wishes):
    """Targets that change, stay, are left alone or turn, the same in every run."""
    rng = np.random.default_rng(seed)

    def act(_, step):
        chosen = rng.choice(wishes, len(step.close))
        if rng.random() < 0.3:
            return None
        return np.where(np.isnan(step.close), np.nan, chosen)

    return act


SHARES = [np.nan, 0.0, 10.0, 25.0, -10.0, 7.5]
WEIGHTS = [np.nan, 0.0, 0.2, -0.1, 0.35]


def compared(run_):
    """Orders and reasons, whatever the order in which refusals are booked."""
    signals = run_.signals.drop(columns=["leverage"], errors="ignore")
    return signals.sort_values(["submitted_at", "order_id", "symbol"]).reset_index(drop=True)


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("costs", [{}, COSTS], ids=["free", "costs"])
@pytest.mark.parametrize(("kind", "wishes"), [("shares", SHARES), ("weights", WEIGHTS)])
def test_orders_as_arrays_are_orders_one_by_one(kind, wishes, costs, way):
    results = []
    for leverage in (None, 1e12):
        strategy = portfolio(random_targets(7, wishes), kind)
        results.append(
            run(thin(), strategy, interval="1m", leverage=leverage, cash=1e6, **costs, **way)
        )
    arrays, single = results
    assert len(arrays.fills) > 60
    reasons = set(arrays.signals["reason"])
    assert {"replaced by a newer target", "the session ended"} <= reasons
    assert (kind == "weights") or any("whole lots" in reason for reason in reasons)
    pd.testing.assert_frame_equal(compared(arrays), compared(single))
    pd.testing.assert_frame_equal(arrays.fills, single.fills)
    pd.testing.assert_frame_equal(arrays.equity, single.equity)
    assert arrays.trade_hash == single.trade_hash


@pytest.mark.parametrize("silent", [False, True], ids=["traded", "without volume"])
@pytest.mark.parametrize("costs", [{}, COSTS], ids=["free", "costs"])
@pytest.mark.parametrize(("kind", "wishes"), [("shares", SHARES), ("weights", WEIGHTS)])
def test_orders_as_arrays_are_orders_one_by_one_where_no_bar_lacks(kind, wishes, costs, silent):
    data = {name: random_walk(DAYS, seed=i, minutes=40) for i, name in enumerate("ABC")}
    for frame in data.values():
        frame["volume"] += 1.0
    if silent:
        data["B"].loc[data["B"].index[::3], "volume"] = 0.0
    arrays, single = (
        run(
            data,
            portfolio(random_targets(5, wishes), kind),
            interval="1m",
            leverage=leverage,
            cash=1e6,
            **costs,
        )
        for leverage in (None, 1e12)
    )
    assert len(arrays.fills) > 60
    assert ("replaced by a newer target" in set(arrays.signals["reason"])) == silent
    pd.testing.assert_frame_equal(compared(arrays), compared(single))
    pd.testing.assert_frame_equal(arrays.equity, single.equity)
    assert arrays.trade_hash == single.trade_hash


@pytest.mark.parametrize("silent", [0, 1], ids=["traded", "a minute without volume"])
@pytest.mark.parametrize("looks", [0.0, 0.1, 1.0])
@pytest.mark.parametrize(
    "wishes", [[np.nan, 0, 10, 25, -10], [0, 10], [np.nan, 0.0, 10.0, 2.5]], ids=str
)
def test_what_a_strategy_looks_at_changes_no_order(wishes, looks, silent):
    """Targets wait to become orders until somebody looks; nobody can tell."""
    days = ["2024-07-01", "2024-07-02", "2024-07-03"]
    data = {name: random_walk(days, seed=i, minutes=150) for i, name in enumerate("ABC")}
    for frame in data.values():
        frame["volume"] += 1.0
    data["C"].loc[data["C"].index[[200] * silent], "volume"] = 0.0

    def ran(share, leverage):
        eyes, act = np.random.default_rng(3), random_targets(9, wishes)

        def look(strategy, step):
            if eyes.random() < share:
                assert len(strategy.quantities) == 3
            return act(strategy, step)

        return run(data, portfolio(look), interval="1m", leverage=leverage, cash=1e6, **COSTS)

    arrays, single = ran(looks, None), ran(0.0, 1e12)
    assert len(arrays.fills) > 100
    pd.testing.assert_frame_equal(compared(arrays), compared(single))
    pd.testing.assert_frame_equal(arrays.equity, single.equity)
    assert arrays.trade_hash == single.trade_hash


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_account_is_worth_the_same_as_arrays_and_one_by_one(way):
    """At every step, before the first bars of a day too."""
    seen = {None: [], 1e12: []}
    for leverage, found in seen.items():

        class Watching(PortfolioStrategy):
            targets = "shares"

            def on_session_start(self, found=found):
                found.append((self.equity, self.cash, self.quantities.tolist()))

            def on_step(self, step, found=found):
                found.append((self.equity, self.cash, self.quantities.tolist()))
                return np.where(np.isnan(step.close), np.nan, 10.0 - step.index % 3)

            on_session_end = on_session_start

        run(thin(), Watching, interval="1m", leverage=leverage, cash=1e6, **COSTS, **way)
    assert seen[None] == seen[1e12]
    assert len({equity for equity, *_ in seen[None]}) > 20


@pytest.mark.parametrize("wish", [np.inf, -np.inf, -2.5, 2.5])
def test_an_impossible_target_is_refused_alike(wish):
    tables = [
        compared(run(thin(), portfolio(lambda s, _: np.full(4, wish)), leverage=leverage))
        for leverage in (None, 1e12)
    ]
    # Where no price is known yet, buying power has a reason of its own.
    late = [t[t["submitted_at"] >= "2024-07-05 10:05-04:00"] for t in tables]
    one, other = (t.drop(columns="filled_quantity") for t in late)
    assert set(one["side"]) == {"buy" if wish > 0 else "sell"}
    pd.testing.assert_frame_equal(one, other)
    assert set(one["order_id"]) == {0}


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("leverage", [None, 1e12])
def test_equity_and_quantities_are_those_of_the_account(leverage, way):
    data = {name: frame for name, frame in thin().items() if name in "AB"}
    seen = []

    def act(strategy, step):
        seen.append((step.now_ns, float(strategy.equity), strategy.quantities.copy()))
        return np.where(np.isnan(step.close), np.nan, [10.0, -5.0 if step.index % 7 else 5.0])

    run_ = run(data, portfolio(act), leverage=leverage, interval="1m", **way)
    assert [row[1] for row in seen] == pytest.approx(run_.equity["equity"].tolist())
    assert any(np.array_equal(row[2], [10.0, -5.0]) for row in seen)
    assert len({row[1] for row in seen}) > 20


def test_a_weight_of_zero_leaves_a_position_before_the_first_bar_of_the_day():
    """`last close` is that of the day before where a symbol has no bar yet."""
    data = thin(DAYS[:2])
    data["B"] = data["B"][data["B"].index.strftime("%d %H:%M") != "02 09:30"]
    data["A"].loc[pd.Timestamp("2024-07-02 09:30", tz="America/New_York")] = [100, 100, 100, 100, 9]
    data = {"A": data["A"].sort_index(), "B": data["B"]}
    for leverage in (None, 1e12):

        def act(strategy, step):
            today = pd.Timestamp(step.now_ns, tz="America/New_York").day
            return np.array([np.nan, 0.3 if today == 1 else 0.0])

        fills = run(data, portfolio(act, "weights"), interval="1m", leverage=leverage).fills
        late = fills[fills["filled_at"] > "2024-07-02"]
        assert late["bar"].tolist() == [data["B"]["2024-07-02":].index[0]]


@pytest.mark.parametrize("listen", ["1m", "5m"])
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_rows_of_indicators_are_those_of_each_symbol(way, listen):
    data = thin()

    def setup(strategy):
        strategy.fast = strategy.indicator("ema", period=3)
        strategy.five = strategy.indicator("bbands", interval="5m", period=2).lower

    seen = {}

    def look(strategy, step):
        for row, name in enumerate(strategy.symbols):
            if step.present[row]:
                values = (strategy.fast.value[row], strategy.five.value[row])
                seen[name, step.now_ns] = values

    run(data, portfolio(look, setup=setup), interval="1m", listen=listen, **way)
    single, notes = noting(lambda s, _: (s.fast.value, s.five.value), setup=setup)
    run(data, single, interval="1m", listen=listen)
    expected = {(name, pd.Timestamp(now).value): values for name, now, values in notes}
    assert seen.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_array_equal(seen[key], values)


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("listen", ["1m", "5m"])
def test_a_session_without_a_bar_of_the_portfolio_passes(listen, way):
    seen = []

    class AtEnds(PortfolioStrategy):
        def setup(self):
            self.average = self.indicator("sma", period=2)

        def on_session_start(self):
            seen.append(("start", self.average.value.shape))

        def on_session_end(self):
            seen.append(("end", self.average.value.shape))

    data = {n: frame for n, frame in thin(["2024-07-01", "2024-07-05"]).items() if n in "AB"}
    run(data, AtEnds, interval="1m", listen=listen, **way)
    assert seen == [("start", (2,)), ("end", (2,))] * 4  # 2, 3 July have no bar


@pytest.mark.parametrize("wrong", [[1.0], np.array([1.0]), np.ones((4, 4)), np.array(["x"] * 4)])
def test_what_is_no_row_of_targets_is_a_clear_error(wrong):
    with pytest.raises(StrategyError, match="must return an array of 4 targets or None"):
        run(thin(), portfolio(lambda s, _: wrong))


def test_historical_indicators_are_none_of_a_dataframe():
    with pytest.raises(ConfigError, match="no historical indicator 'volume'"):
        run(thin(), portfolio(lambda s, _: s.historical("volume")))


def test_flat_by_close_leaves_every_position_of_a_portfolio():
    strategy = portfolio(lambda s, step: np.where(np.isnan(step.close), np.nan, 10.0))
    data = {n: random_walk(DAYS, seed=i, minutes=390) for i, n in enumerate("AB")}
    for way in WAYS:
        run_ = run(data, strategy, flat_by_close=5, **way)
        ends = run_.fills.assign(day=run_.fills["filled_at"].dt.date)
        signed = ends["quantity"].where(ends["side"] == "buy", -ends["quantity"])
        assert (signed.groupby([ends["day"], ends["symbol"]]).sum() == 0).all()
        last = ends.groupby("day")["filled_at"].max().dt.strftime("%H:%M")
        assert set(last) <= {"15:56", "15:57", "15:58"}


@pytest.mark.parametrize("leverage", [None, 1e12])
def test_a_weight_becomes_whole_units_of_equity_towards_zero(leverage):
    """One change of weights a run, so that equity is still the cash of the start."""
    data = thin()
    wishes = np.array([0.31, -0.17, np.nan, 0.0])
    placed = {}

    def act(strategy, step):
        if step.index == 25 and not placed:
            placed.update(zip(strategy.symbols, np.trunc(wishes * 1e5 / step.close), strict=True))
            return wishes
        return None

    orders = run(data, portfolio(act, "weights"), interval="1m", leverage=leverage).orders
    signed = orders["quantity"].where(orders["side"] == "buy", -orders["quantity"])
    assert dict(zip(orders["symbol"], signed, strict=True)) == {n: placed[n] for n in "AB"}
