"""What belongs to sessions and days, worked out by hand, and beside the core's own figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from pkgutil import resolve_name

import numpy as np
import pytest
from mismartera_indicators import plugin
from mismartera_indicators.plugin import mismartera_indicators

from mismartera_core import (
    BarColumns,
    IndicatorReg,
    Session,
    Strategy,
    StrategyReg,
    hookimpl,
    interval_ns,
)
from mismartera_core.registry import Registry

INDICATORS: dict[str, IndicatorReg] = {record.name: record for record in mismartera_indicators()}
MINUTE = interval_ns("1m")
NAN = float("nan")


def ns(text):
    return int(datetime.fromisoformat(text).timestamp()) * 10**9


def bars_of(close, starts, volume=None, spread=1.0):
    """Sessions of minutes: each begins at an instant and has as many closes as there are."""
    ts = [
        ns(start) + i * MINUTE
        for start, part in zip(starts, close, strict=True)
        for i in range(len(part))
    ]
    flat = np.concatenate([np.asarray(part, dtype=float) for part in close])
    return BarColumns.build(
        ts,
        flat,
        flat + spread,
        flat - spread,
        flat,
        np.ones(len(flat)) if volume is None else np.concatenate(volume),
        interval_ns=MINUTE,
        session=np.repeat(np.arange(len(close)), [len(part) for part in close]),
    )


def weekdays(count, start="2025-06-30T13:30+00:00", step=1):
    first = datetime.fromisoformat(start)
    return [(first + timedelta(days=step * i)).isoformat() for i in range(count)]


def compute(name, bars, **params):
    record = INDICATORS[name]
    validated = resolve_name(record.config_model)(**record.example | params).model_dump()
    return resolve_name(record.factory)(bars, **validated)


def check(outputs, expected):
    for output, values in expected.items():
        np.testing.assert_allclose(outputs[output], values, rtol=1e-12)


TWO_DAYS = ([[10, 14, 12], [15, 11]], weekdays(2))


def test_levels_of_the_day_before_hold_all_day_and_are_unknown_on_the_first():
    check(
        compute("previous_day", bars_of(*TWO_DAYS)),
        {
            "close": [NAN] * 3 + [12, 12],
            "high": [NAN] * 3 + [15, 15],
            "low": [NAN] * 3 + [9, 9],
            "open": [NAN] * 3 + [10, 10],
        },
    )


def test_gap_is_that_of_the_first_open_against_the_close_before():
    check(compute("gap", bars_of(*TWO_DAYS)), {"value": [NAN] * 3 + [25, 25]})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pivots", {"pivot": 12, "r1": 15, "r2": 18, "r3": 21, "s1": 9, "s2": 6, "s3": 3}),
        ("pivots_fibonacci", {"pivot": 12, "r1": 14.292, "r2": 15.708, "r3": 18, "s3": 6}),
        ("pivots_camarilla", {"pivot": 12, "r1": 12.55, "r4": 15.3, "s2": 10.9, "s4": 8.7}),
    ],
)
def test_pivots_of_high_15_low_9_close_12(name, expected):
    outputs = compute(name, bars_of(*TWO_DAYS))
    check(outputs, {output: [NAN] * 3 + [value] * 2 for output, value in expected.items()})


def test_premarket_ends_at_the_local_open_on_either_side_of_a_clock_change():
    # Friday 9:28 in winter, Monday 9:28 in summer.
    starts = ["2025-03-07T14:28+00:00", "2025-03-10T13:28+00:00"]
    outputs = compute("premarket", bars_of([[5, 7, 99], [1, 2, 3]], starts, spread=0.0))
    check(outputs, {"high": [NAN, 7, 7, NAN, 2, 2], "low": [NAN, 5, 5, NAN, 1, 1]})


def test_premarket_is_unknown_where_nothing_traded_before_the_open():
    outputs = compute("premarket", bars_of([[5, 7]], ["2025-03-10T13:30+00:00"]))
    assert np.isnan(outputs["high"]).all()


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ("session", [10, 20, 30, 40, 50]),
        ("week", [NAN, 20, 25, 30, 50]),  # a Friday, a week from Monday to Friday, a Monday
        ("month", [NAN, NAN, NAN, 40, 45]),  # the fourth is the first of August
        ("2025-07-29T13:30+00:00", [NAN, NAN, 30, 35, 40]),
        ("2025-07-29T00:00-04:00", [NAN, NAN, 30, 35, 40]),
        ("2025-07-01T00:00-04:00", [NAN] * 5),  # before the first bar: not all of it is here
        ("2026-01-01T00:00-05:00", [NAN] * 5),
    ],
)
def test_anchored_vwap_sums_from_an_anchor_that_the_bars_show(anchor, expected):
    days = ["2025-07-25", "2025-07-28", "2025-07-29", "2025-08-01", "2025-08-04"]
    bars = bars_of([[10], [20], [30], [40], [50]], [f"{d}T13:30+00:00" for d in days], spread=0.0)
    np.testing.assert_allclose(compute("anchored_vwap", bars, anchor=anchor)["vwap"], expected)


def test_a_week_in_sydney_begins_on_sunday_evening_utc():
    starts = ["2025-01-02T23:00+00:00", "2025-01-05T23:00+00:00", "2025-01-06T23:00+00:00"]
    bars = bars_of([[1], [3], [5]], starts, spread=0.0)
    np.testing.assert_allclose(compute("anchored_vwap", bars)["vwap"], [NAN, 3, 4])


def test_anchored_to_the_session_it_is_vwap():
    bars = bars_of([[10, 20, 60], [30, 10]], weekdays(2), volume=[[1, 3, 0], [2, 2]])
    for output, values in compute("vwap", bars).items():
        found = compute("anchored_vwap", bars, anchor="session")[output]
        np.testing.assert_array_equal(found, values)


def test_relative_volume_compares_the_same_minute():
    volume = [[1, 2, 3], [3, 4, 5], [4, 9, 1]]
    bars = bars_of([[1, 1, 1]] * 3, weekdays(3), volume=volume)
    check(
        compute("relative_volume", bars, sessions=2),
        {
            "value": [NAN] * 6 + [4 / 2, 9 / 3, 1 / 4],
            "cumulative": [NAN] * 6 + [4 / 2, 13 / 5, 14 / 9],
        },
    )


def test_relative_volume_counts_a_minute_that_is_missing_as_nothing():
    bars = bars_of([[1], [1, 1], [1, 1]], weekdays(3), volume=[[2], [4, 6], [3, 6]])
    check(
        compute("relative_volume", bars, sessions=2),
        {"value": [NAN] * 3 + [3 / 3, 6 / 3], "cumulative": [NAN] * 3 + [3 / 3, 9 / 6]},
    )


def test_close_location_delta_starts_anew_with_each_session():
    close, high, low = np.array([8.0, 7, 10, 6]), np.full(4, 10.0), np.array([6.0, 6, 6, 6])
    session = np.array([0, 0, 0, 1])
    volume = np.array([10.0, NAN, 10, 10])
    bars = BarColumns.build(
        np.arange(4) * MINUTE, close, high, low, close, volume, interval_ns=MINUTE, session=session
    )
    check(
        compute("close_location_delta", bars),
        {"delta": [0, NAN, 10, -10], "cumulative": [0, NAN, NAN, -10]},
    )


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("trailing_average", {"field": "close"}, 13),
        ("trailing_average", {"field": "volume"}, 2.5),
        ("trailing_highest", {"field": "high"}, 16),
        ("trailing_lowest", {"field": "low"}, 9),
        ("trailing_range", {}, 4.5),
    ],
)
def test_trailing_figures_are_those_of_whole_days(name, params, expected):
    bars = bars_of([[10, 14, 12], [15, 14], [1, 1]], weekdays(3))
    found = compute(name, bars, period="2d", **params)["value"]
    np.testing.assert_allclose(found, [NAN] * 5 + [expected] * 2)


def test_a_day_that_is_missing_leaves_no_average_over_it():
    bars = bars_of([[1], [2], [3], [4]], weekdays(4))
    gappy = bars.take(bars.session != 1)
    found = compute("trailing_average", gappy, field="close", period="2d")["value"]
    assert np.isnan(found).all()


@pytest.mark.parametrize("interval", ["1m", "1d"])
def test_a_trailing_average_is_the_figure_of_the_session_config(interval, tmp_path, monkeypatch):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))
    config = {"field": "volume", "period": "3d"}
    seen = []

    class Both(Strategy):
        def setup(self):
            self.ours = self.indicator("trailing_average", **config)

        def on_bar(self, bar):
            seen.append((self.historical("usual"), self.ours.value))

    class Plugin:
        @hookimpl
        def mismartera_strategies(self):
            return [StrategyReg(name="both", factory=Both)]

    usual = {"type": "trailing_average", "granularity": "daily", **config}
    Session(
        {
            "session_name": "two ways to one figure",
            "exchange_group": "US_EQUITY",
            "asset_class": "EQUITY",
            "mode": "backtest",
            "backtest_config": {"start_date": "2012-10-01", "end_date": "2012-10-02"},
            "session_data_config": {
                "symbols": ["IBM"],
                "streams": [f"bars_{interval}"],
                "historical": {
                    "data": [{"apply_to": "all", "intervals": [interval], "trailing_days": 3}],
                    "indicators": {"usual": usual},
                },
            },
            "data_provider": {"name": "sample"},
            "strategies": [{"name": "both"}],
            "broker": {"name": "simulated", "config": {"cash": "1000", "leverage": None}},
        },
        registry=Registry.from_modules({"indicators": plugin, "both": Plugin()}),
    ).run()
    theirs, ours = np.array(seen).T
    assert np.isfinite(theirs).all()
    np.testing.assert_array_equal(ours, theirs)


def test_the_squeeze_is_on_where_closes_are_quiet_within_wide_bars():
    close = np.concatenate([np.full(30, 100.0), 100.0 + 3.0 * np.arange(1, 11)])
    outputs = compute("ttm_squeeze", bars_of([close], weekdays(1)), period=10)
    assert outputs["on"][29] == 1.0
    assert outputs["on"][-1] == 0.0
    assert outputs["momentum"][29] == 0.0
    assert outputs["momentum"][-1] > 0.0


def test_bands_of_true_ranges_lie_on_either_side():
    bars = bars_of([np.full(40, 50.0)], weekdays(1), spread=2.0)
    for name in ("keltner", "atr_bands"):
        last = {k: v[-1] for k, v in compute(name, bars, multiple=3.0).items()}
        assert last == pytest.approx({"upper": 62.0, "middle": 50.0, "lower": 38.0})


def test_a_turning_point_is_told_when_it_is_confirmed():
    bars = bars_of([[1, 2, 9, 2, 1, 1]], weekdays(1), spread=0.0)
    np.testing.assert_array_equal(
        compute("fractal", bars)["high"], [NAN, NAN, NAN, NAN, 100.0, 0.0]
    )


def test_a_weighted_average_of_nothing_traded_is_unknown():
    bars = bars_of([[1, 2, 3, 4]], weekdays(1), volume=[[0.1, 0.2, 0, 0]])
    np.testing.assert_allclose(compute("vwma", bars, period=2)["value"], [NAN, 5 / 3, 2.0, NAN])
