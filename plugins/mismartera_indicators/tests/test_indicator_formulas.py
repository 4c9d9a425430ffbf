"""Small cases worked out by hand: what the formulas mean."""

from __future__ import annotations

from pkgutil import resolve_name

import numpy as np
import pytest
from mismartera_indicators.plugin import mismartera_indicators

from mismartera_core import BarColumns, interval_ns
from mismartera_core.testing import ticks_of

INDICATORS = {record.name: record for record in mismartera_indicators()}
MINUTE = interval_ns("1m")
NAN = float("nan")


def bars_of(close, high=None, low=None, volume=None, session=None, minutes=None):
    """Bars of one minute that open at the close before."""
    close = np.asarray(close, dtype=float)
    return BarColumns.build(
        np.asarray(range(len(close)) if minutes is None else minutes) * MINUTE,
        np.concatenate([close[:1], close[:-1]]),
        close if high is None else high,
        close if low is None else low,
        close,
        np.ones(len(close)) if volume is None else volume,
        interval_ns=MINUTE,
        session=session,
    )


def compute(name, bars, **params):
    record = INDICATORS[name]
    columns = (bars, ticks_of(bars)) if record.ticks else (bars,)
    return resolve_name(record.factory)(
        *columns, **resolve_name(record.config_model)(**record.example | params).model_dump()
    )


def check(name, bars, params, expected):
    outputs = compute(name, bars, **params)
    for output, values in expected.items():
        np.testing.assert_allclose(outputs[output], values, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "params", "close", "expected"),
    [
        ("sma", {"period": 3}, [1, 2, 6, 4], [NAN, NAN, 3, 4]),
        ("ema", {"period": 3}, [1, 2, 6, 4], [NAN, NAN, 3, 3.5]),
        ("wma", {"period": 3}, [1, 2, 6, 4], [NAN, NAN, 23 / 6, 26 / 6]),
        ("dema", {"period": 2}, [1, 3, 5], [NAN, NAN, 5]),
        ("tema", {"period": 2}, [1, 3, 5, 7], [NAN, NAN, NAN, 7]),
        ("kama", {"period": 2}, [1, 2, 3], [NAN, NAN, 2 + 4 / 9]),
        ("highest", {"period": 2}, [3, 1, 2], [NAN, 3, 2]),
        ("lowest", {"period": 2}, [3, 1, 2], [NAN, 1, 1]),
        ("rsi", {"period": 2}, [10, 13, 12, 12], [NAN, NAN, 75, 75]),
        ("rsi", {"period": 2}, [5, 5, 5], [NAN, NAN, 0]),
        ("roc", {"period": 1}, [10, 11], [NAN, 10]),
        ("mom", {"period": 2}, [10, 11, 13], [NAN, NAN, 3]),
        ("stddev", {"period": 2}, [1, 3, 3], [NAN, 1, 0]),
        ("cci", {"period": 3}, [1, 2, 6], [NAN, NAN, 3 / (0.015 * 2)]),
        ("willr", {"period": 3}, [1, 5, 4], [NAN, NAN, -25]),
        ("willr", {"period": 2}, [7, 7], [NAN, 0]),
    ],
)
def test_one_series(name, params, close, expected):
    check(name, bars_of(close), params, {"value": expected})


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("true_range", {}, {"value": [NAN, 3, 5]}),
        ("atr", {"period": 2}, {"value": [NAN, NAN, 4]}),
        ("natr", {"period": 2}, {"value": [NAN, NAN, 100 * 4 / 8]}),
        ("donchian", {"period": 2}, {"upper": [NAN, 12, 12], "lower": [NAN, 8, 7]}),
        ("aroon", {"period": 2}, {"up": [NAN, NAN, 50], "down": [NAN, NAN, 100]}),
        ("stoch", {"period": 3, "k_smoothing": 1, "d_smoothing": 1}, {"k": [NAN, NAN, 20]}),
        ("ad", {}, {"value": [0, 20, 20 - 30 * 0.5]}),
        ("obv", {}, {"value": [10, 30, 0]}),
        ("mfi", {"period": 2}, {"value": [NAN, NAN, 100 * 220 / (220 + 260)]}),
    ],
)
def test_whole_bars(name, params, expected):
    bars = bars_of([9, 12, 8], high=[10, 12, 11], low=[8, 9, 7], volume=[10, 20, 30])
    check(name, bars, params, expected)


def test_adx_of_a_straight_rise_is_100():
    rise = np.arange(1.0, 8.0)
    outputs = compute("adx", bars_of(rise, high=rise + 1, low=rise - 1), period=2)
    assert outputs["adx"][-1] == pytest.approx(100)
    assert outputs["plus_di"][-1] == pytest.approx(50)
    assert outputs["minus_di"][-1] == 0


def test_macd_of_a_straight_rise_is_half_the_difference_of_its_periods():
    outputs = compute("macd", bars_of(np.arange(40.0)), fast=4, slow=10, signal=3)
    assert outputs["macd"][-1] == pytest.approx((10 - 4) / 2)
    assert outputs["histogram"][-1] == pytest.approx(0)


def test_bollinger_bands_use_the_population_deviation():
    expected = {"upper": [NAN, 4], "middle": [NAN, 2], "lower": [NAN, 0]}
    check("bbands", bars_of([1, 3]), {"period": 2, "deviations": 2.0}, expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [("open", 9), ("high", 12), ("low", 6), ("hl2", 9), ("hlc3", 10), ("ohlc4", 9.75)],
)
def test_source_chooses_the_series(source, expected):
    bars = bars_of([9, 12], high=[12, 12], low=[6, 6])
    assert compute("highest", bars, period=2, source=source)["value"][1] == expected


def test_vwap_starts_anew_with_each_session():
    bars = bars_of([10, 20, 50], volume=[1, 3, 2], session=[0, 0, 1])
    deviation = np.sqrt((1 * 7.5**2 + 3 * 2.5**2) / 4)
    expected = {"vwap": [10, 17.5, 50], "upper": [10, 17.5 + 2 * deviation, 50]}
    check("vwap", bars, {"deviations": 2.0}, expected)


def test_vwap_waits_for_the_first_trade_and_stays_where_nothing_trades():
    bars = bars_of([10, 20, 30], volume=[0, 2, 0])
    check("vwap", bars, {}, {"vwap": [NAN, 20, 20], "lower": [NAN, 20, 20]})


def test_vwap_is_unknown_to_the_end_of_a_session_with_an_unknown_volume():
    bars = bars_of([10, 20, 30, 40], volume=[1, NAN, 1, 1], session=[0, 0, 0, 1])
    check("vwap", bars, {}, {"vwap": [10, NAN, NAN, 40]})


def test_opening_range_is_known_with_the_close_of_its_last_minute():
    bars = bars_of([5, 7, 6, 9, 1], session=[0, 0, 0, 0, 1])
    check(
        "opening_range",
        bars,
        {"minutes": 2},
        {"high": [NAN, 7, 7, 7, NAN], "low": [NAN, 5, 5, 5, NAN]},
    )


def test_opening_range_of_a_thin_symbol_counts_time_not_bars():
    bars = bars_of([5, 7, 8, 9], minutes=[0, 3, 6, 7])
    check("opening_range", bars, {"minutes": 5}, {"high": [NAN, NAN, 7, 7]})


def test_opening_range_ignores_prices_at_which_nothing_traded():
    bars = bars_of([99, 7, 6], volume=[0, 1, 1])
    check("opening_range", bars, {"minutes": 2}, {"high": [NAN, 7, 7]})


@pytest.mark.parametrize("name", ["sma", "ema", "rsi", "highest", "stddev", "obv"])
def test_the_warm_up_starts_again_after_an_unknown_value(name):
    before, after = np.array([1.0, 4.0, 2.0, 8.0]), np.array([3.0, 9.0, 5.0, 6.0])
    params = {} if name == "obv" else {"period": 2}
    found = compute(name, bars_of([*before, NAN, *after]), **params)["value"]
    parts = [compute(name, bars_of(part), **params)["value"] for part in (before, after)]
    np.testing.assert_array_equal(found, np.concatenate([parts[0], [NAN], parts[1]]))


@pytest.mark.parametrize("name", INDICATORS)
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_any_number_of_bars_gives_every_output_in_full_length(name, rows):
    outputs = compute(name, bars_of(np.arange(10.0)).slice(0, rows))
    assert tuple(outputs) == INDICATORS[name].outputs
    assert all(values.shape == (rows,) for values in outputs.values())
    assert all(values.dtype == np.float64 for values in outputs.values())


@pytest.mark.parametrize("unknown", [NAN, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 8192, 19_999])
def test_one_value_that_is_not_finite_is_found_among_many(unknown, row):
    close = np.arange(1.0, 20_001.0)
    close[row] = unknown
    found = compute("sma", bars_of(close), period=2)["value"]
    assert np.flatnonzero(np.isnan(found)).tolist() == sorted({0, row, min(row + 1, 19_999)})
    assert not np.isinf(found).any()
