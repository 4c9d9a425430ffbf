"""The suite of indicators: a good one keeps every promise, each broken one is caught by its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, ConfigDict, Field

from mismartera_core import IndicatorReg
from mismartera_core.testing import IndicatorConformance, run_suite


class Window(BaseModel):
    """Parameters of a moving average."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: int = Field(10, ge=2, le=1000)


class Loose(BaseModel):
    """A model that ignores what it does not know."""

    period: int = 10


def mean(bars, *, period):
    """A moving average; NaN where one of its bars is."""
    made = np.full(len(bars), np.nan)
    for row in range(period - 1, len(bars)):
        made[row] = np.add.accumulate(bars.close[row - period + 1 : row + 1])[-1] / period
    return {"value": made}


def centred_mean(bars, *, period):
    made = np.full(len(bars), np.nan)
    half = period // 2
    for row in range(half, len(bars) - half):
        made[row] = bars.close[row - half : row + half + 1].mean()
    return {"value": made}


def last_row(bars, *, period):
    return {"value": bars.close - (bars.close[-1] if len(bars) else 0.0)}


def whole_column(bars, *, period):
    return {"value": bars.close - (np.nanmin(bars.close) if np.isfinite(bars.close).any() else 0)}


def high_of_the_day(bars, *, period):
    made = np.full(len(bars), np.nan)
    for session in np.unique(bars.session):
        rows = bars.session == session
        made[rows] = np.fmax.reduce(bars.high[rows])
    return {"value": made}


def repaints(bars, *, period):
    """Reports a rare low at its bar, though it takes the bars after it to know."""
    made = np.zeros(len(bars))
    for row in range(60, len(bars) - 3):
        around = bars.low[row - 60 : row + 4]
        made[row] = 100.0 * (bars.low[row] < np.delete(around, 60).min())
    return {"value": made}


def last_of_the_session(bars, *, period):
    last = np.append(np.diff(bars.session) != 0, [True] * min(1, len(bars)))
    return {"value": last[: len(bars)].astype(float)}


def spoilt_by_nan(bars, *, period):
    return {"value": np.add.accumulate(bars.close)}


def writes(bars, *, period):
    close = bars.close
    if close.flags.writeable:
        close[:1] = 0.0
    return mean(bars, period=period)


def writes_bluntly(bars, *, period):
    bars.close[np.isnan(bars.close)] = 0.0
    return mean(bars, period=period)


def float32(bars, *, period):
    return {"value": bars.close.astype(np.float32)}


def too_short(bars, *, period):
    return {"value": bars.close[period:]}


def other_names(bars, *, period):
    return {"mean": bars.close}


def bare_array(bars, *, period):
    return bars.close


def needs_rows(bars, *, period):
    return {"value": bars.close - bars.close[0]}


def divides_by_volume(bars, *, period):
    with np.errstate(all="ignore"):
        return {"value": bars.close / bars.volume}


def warns(bars, *, period):
    return {"value": bars.close / bars.volume}


def noise(bars, *, period):
    return {"value": bars.close + np.random.default_rng().normal(size=len(bars))}


def never_warm(bars, *, period):
    return {"value": np.full(len(bars), np.nan)}


def with_holes(bars, *, period):
    return {"value": np.where(bars.close > bars.open, bars.close, np.nan)}


def of_this_length(bars, *, period):
    """Equal to a mean but for rounding, which depends on how many bars there are."""
    made = np.add.accumulate(bars.close)
    return {"value": np.cumsum(bars.close[::-1])[::-1] * 0.0 + made}


KEPT: dict = {}


def keeps_state(bars, *, period):
    KEPT.setdefault("calls", 0)
    KEPT["calls"] += 1
    return {"value": bars.close + KEPT["calls"]}


def undeclared(bars, *, period, factor=2.0):
    return mean(bars, period=period)


def small_period_breaks(bars, *, period):
    if period < 5:
        return last_row(bars, period=period)
    return mean(bars, period=period)


def refuses_small_periods(bars, *, period):
    if period == 3:
        raise ValueError("too short")
    return mean(bars, period=period)


def record(function, **changes):
    words = {"name": "mine", "category": "trend", "summary": "A test", "config_model": Window}
    return IndicatorReg(factory=function, **{**words, **changes})


def failures(registration, **words):
    found = run_suite("indicator", registration, **words)
    return {promise.name: promise.message for promise in found if promise.outcome == "failed"}


TRADES = "trades count from the bar after them"
NEVER = ("config keeps its secrets", "discovery imports no library")


def traded(bars, ticks):
    """Units traded in the session so far."""
    return traded_until(bars, ticks, "left")


def traded_until(bars, ticks, side):
    sums = np.concatenate(([0.0], np.add.accumulate(ticks.size)))
    made = sums[np.searchsorted(ticks.ts, bars.available_at, side=side)]
    return {"value": np.where(made > 0.0, made, np.nan)}


def counts_trades_at_the_close(bars, ticks):
    return traded_until(bars, ticks, "right")


def of_all_trades(bars, ticks):
    return {"value": np.where(np.isnan(bars.close), np.nan, np.sum(ticks.size))}


def writes_trades(bars, ticks):
    ticks.size[:] = 0.0
    return traded(bars, ticks)


def of_trades(function):
    return record(function, ticks=True, config_model=None)


def test_a_good_one_of_trades_keeps_every_promise():
    found = {p.name: p for p in run_suite("indicator", of_trades(traded))}
    skipped = {name for name, promise in found.items() if promise.outcome != "passed"}
    assert skipped == {*NEVER, "every choice of parameters keeps the contract"}
    assert found[TRADES].outcome == "passed"


@pytest.mark.parametrize(
    ("function", "promise", "said"),
    [
        (counts_trades_at_the_close, TRADES, "with those up to row"),
        (counts_trades_at_the_close, "cutting the future changes nothing", "'value' at row"),
        (of_all_trades, TRADES, "with all trades of the session"),
        (of_all_trades, "steps equal one batch", "step by step are equal"),
        (writes_trades, "outputs are as registered", "read-only"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_broken_one_of_trades_is_caught(function, promise, said):
    found = failures(of_trades(function))
    assert said in found[promise], found


def pandas_mean(bars, *, period):
    close = pd.Series(bars.close)
    return {"value": close.rolling(period).mean().to_numpy()}


@pytest.mark.parametrize("function", [mean, pandas_mean])
def test_a_good_one_keeps_every_promise(function):
    found = run_suite("indicator", record(function))
    assert len(found) >= 18
    skipped = {p.name: p.message for p in found if p.outcome != "passed"}
    assert set(skipped) == {*NEVER, TRADES}
    assert all(skipped.values())


CUT, SCRAMBLED = "cutting the future changes nothing", "scrambling the future changes nothing"


@pytest.mark.parametrize(
    ("function", "promise", "said"),
    [
        (centred_mean, CUT, "where the bars from row"),
        (centred_mean, SCRAMBLED, "where the bars from row"),
        (last_row, CUT, "'value' at row 0 of"),
        (last_row, SCRAMBLED, "no statistic over the whole column"),
        (whole_column, SCRAMBLED, "depends on the bars up to i only"),
        (high_of_the_day, CUT, "'value' at row 0 of"),
        (high_of_the_day, SCRAMBLED, "'value' at row 0 of"),
        (repaints, CUT, "is 100.0"),
        (repaints, SCRAMBLED, "depends on the bars up to i only"),
        (last_of_the_session, CUT, "depends on the bars up to i only"),
        (last_of_the_session, SCRAMBLED, "depends on the bars up to i only"),
        (last_row, "steps equal one batch", "step by step are equal"),
        (spoilt_by_nan, "an unknown bar does not spoil all that follows", "NaN in row 112 alone"),
        (writes, "it writes to no column", "close at row 0 was 100"),
        (writes_bluntly, "it writes to no column", "nobody writes to them"),
        (writes_bluntly, CUT, "work on copies"),
        (float32, "outputs are as registered", "1-dimensional float32"),
        (too_short, "outputs are as registered", "one value a bar"),
        (other_names, "outputs are as registered", "('mean',)"),
        (bare_array, "outputs are as registered", "ndarray"),
        (needs_rows, "empty and one row", "IndexError"),
        (divides_by_volume, "zero volume and flat prices give no infinity", "inf"),
        (warns, "zero volume and flat prices give no infinity", "RuntimeWarning"),
        (noise, "same bars give same values", "computed again"),
        (keeps_state, "same bars give same values", "keep nothing between calls"),
        (never_warm, "values come and stay", "has no value in 1500 bars"),
        (with_holes, "values come and stay", "is NaN after"),
        (of_this_length, CUT, "[::-1]"),
        (undeclared, "unknown parameters are refused", "factor"),
        (refuses_small_periods, "every choice of parameters keeps the contract", "{'period': 3}"),
        (small_period_breaks, "every choice of parameters keeps the contract", "{'period': 2}"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_broken_one_is_caught(function, promise, said):
    found = failures(record(function))
    assert promise in found, found
    assert said in found[promise]
    assert all(text.startswith(("Contract: ", "raised")) for text in found.values())


@pytest.mark.parametrize(
    ("changes", "promise", "said"),
    [
        ({"category": "magic"}, "category is known", "'magic'"),
        ({"outputs": ("value", "value")}, "outputs are as registered", "different names"),
        ({"config_model": Loose}, "unknown parameters are refused", "no_such_parameter=1"),
        ({"config_model": None}, "unknown parameters are refused", "config model: none"),
        ({"example": {"periods": 5}}, "config is valid", "periods"),
        ({"summary": ""}, "registration is complete", "summary"),
    ],
)
def test_a_broken_record_is_caught(changes, promise, said):
    found = failures(record(mean, **changes))
    assert said in found[promise]


class Suite(IndicatorConformance):
    """Not collected: its checks are called one by one."""

    __test__ = False
    sparse = ("mine",)
    endless = ("mine",)


def test_what_comes_and_goes_by_nature_is_declared():
    with pytest.raises(pytest.skip.Exception, match="`sparse`"):
        Suite().test_values_come_and_stay(
            record(with_holes), lambda bars: with_holes(bars, period=2)
        )
    with pytest.raises(pytest.skip.Exception, match="`endless`"):
        Suite().test_an_unknown_bar_does_not_spoil_all_that_follows(record(spoilt_by_nan), None)


def test_a_pattern_may_have_values_where_it_is_only():
    found = run_suite("indicator", record(with_holes, category="chart_pattern"))
    (promise,) = (promise for promise in found if promise.name == "values come and stay")
    assert promise.outcome == "skipped"
