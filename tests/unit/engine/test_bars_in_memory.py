"""What `backtest` is given is a run, or is refused in a sentence with what to type."""

import numpy as np
import pandas as pd
import pytest
from bars import random_walk

from mismartera_core import ConfigError, DataError, Strategy, backtest

BARS = random_walk(["2024-03-04", "2024-03-05"], seed=1)
DAYS = BARS.set_axis(pd.date_range("2023-01-02", periods=len(BARS), freq="D", tz="UTC"))


def levels(order):
    """Columns as yfinance makes them: fields and tickers."""
    bars = pd.concat({"AAA": BARS, "BBB": BARS}, axis=1)
    return bars.swaplevel(axis=1) if order == "fields first" else bars


def stamped(position, stamp):
    index = BARS.index.to_list()
    index[position] = stamp
    return BARS.set_axis(pd.DatetimeIndex(index))


REFUSED = {
    "a list": ([BARS], "expected a pandas DataFrame, was list"),
    "a path": ("spy.csv", "expected a pandas DataFrame, was str"),
    "nothing": (None, "expected a pandas DataFrame, was NoneType"),
    "one column": (BARS["close"], "expected a pandas DataFrame, was pandas"),
    "a dict of columns": ({"A": BARS["close"]}, "A: expected a pandas DataFrame"),
    "a number as symbol": ({1: BARS}, "expected symbols as text, was 1"),
    "no symbol": ({"": BARS}, "expected symbols as text, was ''"),
    "times in a column": (BARS.reset_index(), "expected a DatetimeIndex, was RangeIndex"),
    "days as text": (BARS.set_axis(BARS.index.astype(str)), "expected a DatetimeIndex, was Index"),
    "no bars": (BARS.iloc[:0], "the bars are empty"),
    "unsorted": (BARS.iloc[::-1], "the index is not ascending"),
    "twice": (pd.concat([BARS, BARS[:3]]).sort_index(), "3 stamps come twice, first 2024-03-04"),
    "no time": (stamped(-1, pd.NaT), "are no time (NaT)"),
    "text": (BARS.astype(object).replace(BARS["open"].iloc[0], "x"), "something that is no number"),
    "a column twice": (pd.concat([BARS, BARS[["close"]]], axis=1), "column close is there 2 times"),
    "weeks": (DAYS.iloc[::7], "a bar spans one session at most"),
    "months": (DAYS.resample("MS").last(), "a bar spans one session at most"),
    "of two lengths": ({"A": BARS, "B": BARS.resample("5min").last().dropna()}, "of one length"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_are_no_bars_is_refused_with_what_to_do(what):
    bars, said = REFUSED[what]
    with pytest.raises(DataError) as refused:
        backtest(bars, Strategy)
    assert said in str(refused.value)
    assert refused.value.hint or "column close" in said or "symbols" in said or "empty" in said


@pytest.mark.parametrize(("bars", "interval"), [(BARS, "5m"), (BARS, "1h"), (BARS, "1d")])
def test_bars_do_not_overlap(bars, interval):
    with pytest.raises(DataError, match=f"before the {interval} bar at .* has ended"):
        backtest(bars, Strategy, interval=interval)


@pytest.mark.parametrize("order", ["fields first", "symbols first"])
def test_the_line_to_type_for_columns_of_two_levels_works(order):
    bars = levels(order)
    with pytest.raises(DataError, match="no column open, high, low, close") as refused:
        backtest(bars, Strategy)
    by_symbol = eval(refused.value.hint.removeprefix("type: bars = "), {"bars": bars})  # noqa: S307 - our own line
    assert backtest(by_symbol, Strategy).summary["symbols"] == ["AAA", "BBB"]


WRONG = [
    ({"cash": -5}, "cash: expected greater than 0"),
    ({"cash": "much"}, "cash: expected a valid decimal"),
    ({"leverage": 0}, "leverage: expected greater than 0"),
    ({"hours": "extendd"}, "hours: expected 'regular' or 'extended', was \"extendd\""),
    ({"interval": 5}, "interval: expected text, was 5"),
    ({"listen": "5x"}, "listen: expected an interval such as"),
    ({"flat_by_close": -1}, "flat_by_close: expected greater than or equal to 0, was -1"),
    ({"trailing_days": 1.5}, "trailing_days: expected a whole number, was 1.5"),
    ({"prefetch_days": -1}, "prefetch_days: expected greater than or equal to 1, was -1"),
    ({"speed_multiplier": np.nan}, "speed_multiplier: expected a finite number"),
    ({"exchange_group": None}, "exchange_group: expected text"),
    ({"params": [5]}, "params: expected values by name, was [5]"),
    ({"commission": "per_share"}, "commission: expected an object of name, config"),
    ({"commission": {"name": "per_share"}}, "commission.config.per_share: is missing"),
    ({"slippage": {"nam": "bps"}}, "slippage.nam: unknown; did you mean 'name'?"),
    ({"strategy": dict}, "expected a strategy class or its name, was <class 'dict'>"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[str(words) for words, _ in WRONG])
def test_a_wrong_word_is_refused_as_in_a_config(words, said):
    with pytest.raises(ConfigError) as refused:
        backtest(BARS, **({"strategy": Strategy} | words))
    assert said in str(refused.value)
