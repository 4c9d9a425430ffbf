"""backtest(): what cannot be meant is refused in a sentence, before anything runs."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from bars import frame, random_walk
from engine_eyes import run

from mismartera_core import ConfigError, DataError, Strategy

FRAME = random_walk(["2024-07-02"], minutes=30)
WRONG = {
    "hours": "expected 'regular' or 'extended', was 'extendet'",
    "cash": "expected an amount above zero",
    "leverage": "expected a number above zero, or None",
    "trailing_days": "expected a whole number of days from 0",
    "prefetch_days": "expected a whole number of days from 1",
    "flat_by_close": "expected a number of minutes from 0",
    "speed_multiplier": "expected a number from 0",
    "commission": "expected a model by name and config, was 'per_share'",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hours", "extendet"),
        ("cash", 0),
        ("cash", math.nan),
        ("cash", "much"),
        ("leverage", 0),
        ("leverage", -1.0),
        ("trailing_days", -1),
        ("trailing_days", 1.5),
        ("prefetch_days", 0),
        ("flat_by_close", -5),
        ("speed_multiplier", -1),
        ("speed_multiplier", math.inf),
        ("commission", "per_share"),
    ],
)
def test_an_argument_out_of_bounds_is_named_with_what_was_expected(name, value):
    with pytest.raises(ConfigError, match=f"^{name}: {WRONG[name]}"):
        run(FRAME, Strategy, **{name: value})


def test_a_cost_model_names_the_number_that_is_wrong():
    with pytest.raises(ConfigError, match="commission 'per_share': per_share: "):
        run(FRAME, Strategy, commission={"name": "per_share", "config": {"per_share": "a"}})


def test_bars_that_lie_closer_than_they_are_long_are_refused():
    """They would overlap: whoever wants longer bars listens to them."""
    with pytest.raises(DataError, match="most bars are 0 days 00:01:00 apart") as raised:
        run(FRAME, Strategy, interval="5m")
    assert 'listen="5m"' in raised.value.hint
    longer = run(FRAME.iloc[::5], Strategy, interval="1m")  # thin, not longer: nobody can tell
    assert longer.summary["bars"] == 6


@pytest.mark.parametrize("bars", [FRAME["close"], [FRAME], {"A": FRAME["close"]}])
def test_bars_are_data_frames(bars):
    with pytest.raises(DataError, match="expected a DataFrame, or DataFrames by symbol, was"):
        run(bars, Strategy)


def of_days(*days):
    index = pd.DatetimeIndex(pd.to_datetime(days)).tz_localize("UTC").as_unit("ns")
    return frame(index, [(100, 101, 99, 100, 1000)] * len(days))


def test_bars_of_a_week_are_not_taken_for_bars_of_a_day():
    """A bar stamped on Monday that holds Friday's close would be known on Monday."""
    weekly = of_days("2024-07-01", "2024-07-08", "2024-07-15")
    with pytest.raises(DataError, match="7 days 00:00:00 apart, and none may last longer"):
        run(weekly, Strategy)
    assert run(weekly, Strategy, interval="1d").summary["bars"] == 3
    assert run(of_days("2024-08-30", "2024-09-03"), Strategy).summary["bars"] == 2
