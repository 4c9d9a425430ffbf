"""Every registered indicator is causal: row i depends on rows <= i, bit for bit."""

from __future__ import annotations

from pkgutil import resolve_name

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from shared_data import shared

from mismartera_core import BarColumns, IndicatorReg, interval_ns
from mismartera_core.model.columns import BAR_FIELDS
from mismartera_core.registry import Registry

MINUTE, DAY = interval_ns("1m"), interval_ns("1d")


INDICATORS = {record.name: record for record in Registry.discover().records("indicator")}


@st.composite
def bars_of_several_sessions(draw):
    """A walk over a few sessions, with missing minutes, idle minutes and unknown values."""
    sizes = draw(st.lists(st.integers(1, 60), min_size=1, max_size=4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([0.0, 0.001, 0.1, 20.0]))
    idle, missing, unknown = (draw(st.sampled_from([0.0, 0.3])) for _ in range(3))
    session = np.repeat(np.arange(len(sizes)), sizes)
    minute = np.concatenate([np.arange(size) for size in sizes])
    columns = walk(rng, len(session), scale, idle)
    columns = {
        name: np.where(rng.random(len(session)) < unknown * rng.random(), np.nan, column)
        for name, column in columns.items()
    }
    bars = BarColumns.build(
        session * DAY + minute * MINUTE, **columns, interval_ns=MINUTE, session=session
    )
    return bars.take(rng.random(len(session)) >= missing)


def walk(rng, size, scale, idle):
    close = np.round(100.0 + scale * rng.normal(size=size).cumsum(), 2)
    spread = np.round(scale * rng.random((2, size)), 2)
    volume = np.where(rng.random(size) < idle, 0.0, rng.integers(1, 10**6, size))
    open_ = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(open_, close) + spread[0], np.minimum(open_, close) - spread[1]
    return {"open": open_, "high": high, "low": low, "close": close, "volume": volume}


def scrambled_after(bars, n, seed):
    """The same first n rows, and any other future: prices, times, sessions, unknown values."""
    rng, rest = np.random.default_rng(seed), len(bars) - n
    columns = {name: getattr(bars, name).copy() for name in BAR_FIELDS}
    for name, column in walk(rng, rest, 50.0, 0.5).items():
        columns[name][n:] = np.where(rng.random(rest) < 0.2, np.nan, column)
    last = bars.ts[n - 1] if n else 0
    columns["ts"][n:] = last + MINUTE * (1 + rng.integers(0, 99, rest)).cumsum()
    columns["available_at"][n:] = columns["ts"][n:] + MINUTE
    last_session = bars.session[n - 1] if n else 0
    columns["session"][n:] = last_session + rng.integers(0, 2, rest).cumsum()
    return BarColumns(**columns)


def sealed(bars):
    """The bars in memory of their own that nobody can write to."""
    columns = {name: getattr(bars, name).copy() for name in BAR_FIELDS}
    for column in columns.values():
        column.flags.writeable = False
    return BarColumns(**columns)


@st.composite
def params_of(draw, record):
    """Any valid parameters with short lookbacks, or the defaults."""
    model = resolve_name(record.config_model)
    properties = model.model_json_schema().get("properties", {})
    values = {
        name: draw(st.integers(field["minimum"], min(field["maximum"], 40)))
        for name, field in properties.items()
        if field["type"] == "integer"
    }
    values |= {n: draw(st.sampled_from(f["enum"])) for n, f in properties.items() if "enum" in f}
    try:
        return model(**values).model_dump()
    except ValidationError:
        return model().model_dump()


def compute(record, bars, params):
    factory = record.factory
    function = resolve_name(factory) if isinstance(factory, str) else factory
    outputs = function(bars, **params)
    assert tuple(outputs) == record.outputs
    for values in outputs.values():
        assert values.dtype == np.float64
        assert len(values) == len(bars)
    return outputs


def assert_same_bits(first, second, context):
    for name, values in first.items():
        other = second[name]
        nan = np.isnan(values)
        assert np.array_equal(nan, np.isnan(other)), (name, context)
        bits, other_bits = (np.ascontiguousarray(v[~nan]).view(np.int64) for v in (values, other))
        assert np.array_equal(bits, other_bits), (name, context)


def assert_causal(record, bars, params, cuts):
    whole = compute(record, sealed(bars), params)
    for n in cuts:
        head = {name: values[:n] for name, values in whole.items()}
        context = (record.name, params, n)
        assert_same_bits(head, compute(record, sealed(bars.slice(0, n)), params), context)
        other = compute(record, sealed(scrambled_after(bars, n, seed=n)), params)
        assert_same_bits(head, {name: values[:n] for name, values in other.items()}, context)


def test_indicators_are_registered():
    assert len(INDICATORS) >= 22


@pytest.mark.parametrize("name", INDICATORS)
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_the_future_changes_no_value(name, data):
    record = INDICATORS[name]
    bars = data.draw(bars_of_several_sessions())
    params = data.draw(params_of(record))
    cuts = data.draw(st.lists(st.integers(0, len(bars)), min_size=1, max_size=4))
    assert_causal(record, bars, params, cuts)


@pytest.mark.parametrize("name", INDICATORS)
def test_the_future_changes_no_value_on_real_minutes(name):
    path = shared("conformance/indicators/talib_SPY_1m_RTH_2025-07-01_07-08.csv")
    stamps = np.loadtxt(path, delimiter=",", skiprows=1, usecols=0, dtype="U19")
    ts = stamps.astype("datetime64[ns]").astype(np.int64)
    prices = np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(1, 6)).T
    bars = BarColumns.build(ts, *prices, interval_ns=MINUTE, session=ts // DAY - ts[0] // DAY)
    defaults = resolve_name(INDICATORS[name].config_model)().model_dump()
    assert_causal(INDICATORS[name], bars, defaults, (1, 389, 390, 391, 1000, len(bars) - 1))


@pytest.mark.parametrize("name", INDICATORS)
@pytest.mark.parametrize("unknown", ["volume", "close", "high"])
def test_an_unknown_column_raises_nothing(name, unknown):
    columns = walk(np.random.default_rng(0), 120, 0.1, 0.0)
    columns[unknown] = np.full(120, np.nan)
    bars = BarColumns.build(np.arange(120) * MINUTE, **columns, interval_ns=MINUTE)
    defaults = resolve_name(INDICATORS[name].config_model)().model_dump()
    compute(INDICATORS[name], sealed(bars), defaults)


@pytest.mark.parametrize(
    "look_ahead",
    [
        lambda bars: np.append(bars.close[1:], np.nan),
        lambda bars: bars.close - np.mean(bars.close),
        lambda bars: np.full(len(bars), float(len(bars))),
    ],
)
def test_a_look_ahead_would_be_found(look_ahead):
    columns = walk(np.random.default_rng(0), 120, 0.1, 0.0)
    bars = BarColumns.build(np.arange(120) * MINUTE, **columns, interval_ns=MINUTE)
    record = IndicatorReg(
        name="peeks", category="trend", factory=lambda bars: {"value": look_ahead(bars)}
    )
    with pytest.raises(AssertionError):
        assert_causal(record, bars, {}, (60,))
