"""backtest(): bars are as long as they are said to be, as far as their stamps can tell."""

from __future__ import annotations

import pandas as pd
import pytest
from bars import frame, random_walk
from engine_eyes import run

from mismartera_core import ConfigError, DataError, Strategy

FRAME = random_walk(["2024-07-02"], minutes=30)


def of(*stamps):
    index = pd.DatetimeIndex(pd.to_datetime(stamps)).tz_localize("UTC").as_unit("ns")
    return frame(index, [(100, 101, 99, 100, 1000)] * len(stamps))


def test_bars_of_a_week_are_not_taken_for_bars_of_a_day():
    """A bar stamped on Monday that holds Friday's close would be known on Monday."""
    weekly = of("2024-07-01", "2024-07-08", "2024-07-15")
    with pytest.raises(DataError, match="most stamps are 7 days apart"):
        run(weekly, Strategy)
    assert run(weekly, Strategy, interval="1d").summary["bars"] == 3
    assert run(of("2024-08-30", "2024-09-03"), Strategy).summary["bars"] == 2


def test_thin_bars_are_not_longer_ones():
    assert run(FRAME.iloc[::5], Strategy, interval="1m").summary["bars"] == 6


def test_a_first_hour_that_is_cut_off_is_no_overlap():
    times = ["13:30", *(f"{hour}:00" for hour in range(14, 20))]
    hours = of(*(f"2024-07-02 {time}" for time in times))
    assert run(hours, Strategy, interval="1h").summary["bars"] == 7


def test_a_cost_model_names_the_number_that_is_wrong():
    with pytest.raises(ConfigError, match=r"commission\.config\.per_share: "):
        run(FRAME, Strategy, commission={"name": "per_share", "config": {"per_share": "a"}})
