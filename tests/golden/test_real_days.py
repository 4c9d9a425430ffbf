"""Real days with their troubles: nothing shifts a bar, invents a trade or divides by zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bars import day_session, frame, random_walk, session_index, tuples
from engine_runs import assert_equal, engine_fills, played, reference_fills, registry
from reference.simulator import Market
from shared_data import shared

from mismartera_core import Strategy, backtest

HALF_DAYS = {"2023-11-24", "2024-07-03", "2024-11-29", "2024-12-24", "2015-12-24", "2025-07-03"}


def real(name, first, last):
    path = shared(f"data/us_equity_1m/{name}.csv")
    bars = pd.read_csv(path, index_col="timestamp", parse_dates=True)
    return bars.tz_convert("America/New_York").loc[first:last]


def hours(bars):
    """Regular rows and sessions, by hand: 09:30 to 16:00 in New York, 13:00 on half days."""
    days = sorted({str(day) for day in bars.index.date})
    sessions = [day_session(day, "13:00" if day in HALF_DAYS else "16:00") for day in days]
    stamps = bars.index.as_unit("ns").asi8
    keep = np.array([any(a <= ts < b for a, b, _ in sessions) for ts in stamps], dtype=bool)
    return bars[keep], [s for s in sessions if any(s[0] <= ts < s[1] for ts in stamps)]


class Churn:
    """Opens on odd bars, closes on even ones, and keeps a limit and a stop waiting."""

    def __init__(self):
        self.seen = []

    def on_bar(self, desk, symbol, bar):
        self.seen.append(bar)
        number = len(self.seen)
        if number % 6 == 1:
            desk.place(symbol, 1, 10, stop_loss=round(bar[4] * 0.998, 4))
        elif number % 6 == 3:
            desk.place(symbol, 1, 5, limit=round(bar[4] * 0.999, 4), tif="gtc")
        elif number % 6 == 5:
            desk.close(symbol)


def run_both(bars, **options):
    """The engine on all rows, the reference on the regular ones; bars and fills must be equal."""
    regular, sessions = hours(bars)
    made = []

    def make(symbol):
        made.append(Churn())
        return made[-1]

    run = backtest(
        bars, played(make), registry=registry(), cash=1_000_000, leverage=None, **options
    )
    flat = options.get("flat_by_close")
    reference = Churn()
    market = Market(
        {"SYMBOL": tuples(regular)},
        sessions,
        {"Played": reference},
        cash=1_000_000,
        flat_by_close={} if flat is None else {"Played": flat},
    ).run()
    assert_equal("bar", map(repr, made[0].seen), map(repr, reference.seen))
    assert_equal("fill", engine_fills(run.record), reference_fills(market))
    stamps = set(regular.index.as_unit("ns").asi8.tolist())
    traded = {bar[0] for bar in made[0].seen if bar[5] != 0}
    assert {fill[7] for fill in engine_fills(run.record)} <= stamps & traded
    assert np.isfinite(run.equity[["cash", "equity", "gross"]].to_numpy()).all()
    assert all(v == v for v in run.summary.values() if isinstance(v, float)), run.summary
    return run, market


CASES = {
    "half day": ("GOOG_2015-12-23_2015-12-28", "2015-12-23", "2015-12-28", 4),
    "half day in July": ("SPY_2025-07-01_2025-07-30", "2025-07-02", "2025-07-07", 3),
    "clocks go forward": ("DBB_2023-07-10_2025-07", "2024-03-07", "2024-03-13", 5),
    "clocks go back": ("DBB_2023-07-10_2025-07", "2024-10-31", "2024-11-06", 5),
    "unscheduled closure": ("DBB_2023-07-10_2025-07", "2025-01-07", "2025-01-13", 4),
    "split day": ("AAPL_2014-06-05_2014-06-09", "2014-06-05", "2014-06-09", 3),
    "thin symbol": ("DBB_2023-07-10_2025-07", "2023-11-20", "2023-12-01", 9),
    "false highs after hours": ("SPY_2013-10-04_2013-10-11", "2013-10-07", "2013-10-09", 3),
}


@pytest.mark.parametrize("flat", [None, 10])
@pytest.mark.parametrize("case", CASES)
def test_real(case, flat):
    name, first, last, _ = CASES[case]
    run, market = run_both(real(name, first, last), flat_by_close=flat)
    assert market.fills
    assert len(run.record.sessions) == len({s["session"] for s in market.steps})


def test_nothing_trades_on_the_day_of_mourning():
    run, _ = run_both(real("DBB_2023-07-10_2025-07", "2025-01-07", "2025-01-13"))
    days = {str(day) for day in run.fills["bar"].dt.date}
    assert "2025-01-09" not in days
    assert {"2025-01-08", "2025-01-10"} & days
    assert "2025-01-09" not in {str(day) for day in run.record.sessions}


def test_half_day_is_flat_before_one_o_clock():
    bars = real("SPY_2025-07-01_2025-07-30", "2025-07-03", "2025-07-03")
    run, _ = run_both(bars, flat_by_close=10)
    last = run.fills["bar"].iloc[-1]
    assert (last.hour, last.minute) <= (12, 59)
    assert run.fills["quantity"].mul(run.fills["side"].map({"buy": 1, "sell": -1})).sum() == 0


def test_extended_hours_see_the_split_days_stale_bar_as_it_is():
    bars = real("AAPL_2014-06-05_2014-06-09", "2014-06-06", "2014-06-09")
    seen = []

    class Watch(Strategy):
        def on_bar(self, bar):
            seen.append((bar.ts, *bar.ohlcv))

    backtest(bars, Watch, hours="extended", registry=registry())
    inside = bars.between_time("04:00", "19:59")
    assert seen == [row[:6] for row in tuples(inside)]


def halted(minutes):
    walk = random_walk(["2024-03-08"], seed=21, minutes=120)
    drop = (walk.index >= walk.index[40]) & (walk.index < walk.index[40 + minutes])
    return walk[~drop]


@pytest.mark.parametrize("flat", [None, 300])
@pytest.mark.parametrize("minutes", [1, 5, 60])
def test_halt(minutes, flat):
    bars = halted(minutes)
    run, _ = run_both(bars, flat_by_close=flat)
    assert len(run.fills)
    assert set(run.fills["bar"]) <= set(bars.index), "nothing fills in a minute that is not there"


def test_bad_tick_moves_fills_but_no_bar():
    walk = random_walk(["2024-03-08"], seed=22, minutes=60)
    walk.iloc[30, walk.columns.get_loc("high")] *= 1.5
    walk.iloc[31, walk.columns.get_loc("low")] *= 0.5
    run, _ = run_both(walk)
    fills = run.fills.join(walk[["low", "high"]], on="bar")
    assert len(fills)
    assert fills["price"].between(fills["low"], fills["high"]).all()


@pytest.mark.parametrize("volume", [0.0, np.nan])
def test_no_or_unknown_volume(volume):
    walk = random_walk(["2024-03-08"], seed=23, minutes=60)
    walk["volume"] = volume
    run, _ = run_both(walk)
    assert (len(run.fills) > 0) == (volume != 0.0)


@pytest.mark.parametrize("volume", [0, 1, 1000])
@pytest.mark.parametrize(
    "name", ["sma_cross", "opening_range_breakout", "vwap_reversion", "cross_sectional"]
)
def test_flat_prices_divide_nothing_by_zero(name, volume):
    index = session_index("2024-03-08", 60)
    still = frame(index, [(50, 50, 50, 50, volume)] * 60)
    data = {"AAA": still, "BBB": still, "CCC": still, "DDD": still}
    with np.errstate(all="raise"):
        run = backtest(data, name, leverage=None, registry=registry())
    assert all(v == v for v in run.summary.values() if isinstance(v, float))
    if volume == 0:
        assert run.fills.empty


def test_one_bar_is_enough():
    one = random_walk(["2024-03-08"], seed=24, minutes=1)
    run, _ = run_both(one, interval="1m")
    assert len(run.equity) == 1
