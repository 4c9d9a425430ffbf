"""Every registered indicator is causal: row i depends on rows <= i, bit for bit."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from shared_data import shared

from mismartera_core import BarColumns, IndicatorReg, interval_ns
from mismartera_core.model.columns import PRICE_FIELDS
from mismartera_core.registry import Registry, config_model, resolve_attribute
from mismartera_core.testing import check_cut, check_scrambled, sealed, sessions_of, walk_bars
from mismartera_core.testing.indicator_calls import outputs_of

MINUTE, DAY = interval_ns("1m"), interval_ns("1d")
INDICATORS = {record.name: record for record in Registry.discover().records("indicator")}
LONGEST = 40


@st.composite
def bars_of_several_sessions(draw):
    """A walk over a few sessions, with missing minutes, idle minutes and unknown values."""
    return walk_bars(
        sessions_of(draw(st.lists(st.integers(1, 60), min_size=1, max_size=4))),
        seed=draw(st.integers(0, 2**32 - 1)),
        step=draw(st.sampled_from([0.0, 1e-5, 1e-3, 0.2])),
        idle=draw(st.sampled_from([0.0, 0.3])),
        missing=draw(st.sampled_from([0.0, 0.3])),
        unknown=draw(st.sampled_from([0.0, 0.02, 0.3])),
    )


@st.composite
def params_of(draw, record):
    """Any valid parameters with short lookbacks, or those of the example."""
    model = config_model(record)
    if model is None:
        return {}
    properties = schema(model)
    values = {
        name: draw(st.integers(*bounds(field)))
        for name, field in properties.items()
        if field.get("type") == "integer"
    }
    values |= {n: draw(st.sampled_from(f["enum"])) for n, f in properties.items() if "enum" in f}
    try:
        return dict(model(**{**record.example, **values}))
    except ValidationError:
        return dict(model(**record.example))


@cache
def schema(model):
    return model.model_json_schema().get("properties", {})


def bounds(field):
    least = field.get("minimum", 1)
    return least, min(field.get("maximum", LONGEST), max(least, LONGEST))


def defaults(record):
    model = config_model(record)
    return {} if model is None else dict(model(**record.example))


def assert_causal(record, bars, params, cuts):
    compute = partial(outputs_of, record, resolve_attribute(record.factory), params)
    check_cut(compute, bars, cuts, f"{params}: ")
    check_scrambled(compute, bars, cuts, f"{params}: ")


def test_indicators_are_registered():
    assert len(INDICATORS) >= 22


@pytest.mark.parametrize("name", INDICATORS)
@settings(max_examples=20)  # of each; the suites of the plugins look closer
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
    cuts = (1, 389, 390, 391, 1000, len(bars) - 1)
    assert_causal(INDICATORS[name], bars, defaults(INDICATORS[name]), cuts)


@pytest.mark.parametrize("name", INDICATORS)
@pytest.mark.parametrize("unknown", ["volume", "close", "high"])
def test_an_unknown_column_raises_nothing(name, unknown):
    whole = walk_bars(sessions_of([120]), step=0.001)
    columns = {field: whole.field(field) for field in PRICE_FIELDS}
    columns[unknown] = np.full(120, np.nan)
    bars = BarColumns.build(whole.ts, **columns, interval_ns=MINUTE)
    record = INDICATORS[name]
    outputs_of(record, resolve_attribute(record.factory), defaults(record), sealed(bars))


@pytest.mark.parametrize(
    "look_ahead",
    [
        lambda bars: np.append(bars.close[1:], [np.nan] * min(1, len(bars))),
        lambda bars: bars.close - np.mean(bars.close),
        lambda bars: np.full(len(bars), float(len(bars))),
    ],
)
def test_a_look_ahead_would_be_found(look_ahead):
    record = IndicatorReg(
        name="peeks", category="trend", factory=lambda bars: {"value": look_ahead(bars)}
    )
    with pytest.raises(pytest.fail.Exception, match="depends on the bars up to i only"):
        assert_causal(record, walk_bars(sessions_of([120])), {}, (60,))
