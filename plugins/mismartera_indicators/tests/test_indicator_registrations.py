"""The hook, the parameters and the reference page."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import pytest
import talib
from mismartera_indicators.catalogue import ROWS
from mismartera_indicators.functions import _chosen
from mismartera_indicators.plugin import mismartera_indicators
from mismartera_indicators.reference import LEFT_OUT, OWN, render
from pydantic import ValidationError

from mismartera_core import BarColumns, interval_ns

RECORDS = list(mismartera_indicators())
PAGE = Path(__file__).parents[3] / "docs" / "indicators.md"
each = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)


def params(record, **given):
    return resolve_name(record.config_model)(**record.example | given).model_dump()


@each
def test_parameters_are_those_of_the_function(record):
    arguments = list(inspect.signature(resolve_name(record.factory)).parameters)
    columns = ["bars", "ticks"] if record.ticks else ["bars"]
    assert arguments[: len(columns)] == columns
    fields = resolve_name(record.config_model).model_fields
    assert set(arguments[len(columns) :]) == set(fields)


@each
def test_every_function_gives_formula_units_warm_up_and_source(record):
    text = inspect.getdoc(resolve_name(record.factory))
    assert all(word in text for word in ("Formula:", "Units:", "Warm-up:", "Source:"))


@pytest.mark.parametrize("name", [row.name for row in ROWS.values() if row.module == "functions"])
def test_every_parameter_reaches_talib(name):
    row = ROWS[name]
    fields = resolve_name(row.config_model).model_fields
    wanted = talib.abstract.Function(row.functions[0])
    assert set(fields) <= {_chosen(it, fields) for it in (*wanted.parameters, *wanted.input_names)}


def compute(record, bars, **given):
    return resolve_name(record.factory)(bars, **params(record, **given))


def walk(count):
    rng = np.random.default_rng(0)
    close = 100.0 + 0.1 * rng.normal(size=count).cumsum()
    spread = 0.1 * rng.random((2, count))
    open_ = np.concatenate([close[:1], close[:-1]])
    return BarColumns.build(
        np.arange(count) * interval_ns("1m"),
        open_,
        np.maximum(open_, close) + spread[0],
        np.minimum(open_, close) - spread[1],
        close,
        rng.integers(1, 1000, count),
        interval_ns=interval_ns("1m"),
    )


WARM_UPS = {
    record.name: match[1]
    for record in RECORDS
    if (
        match := re.search(
            r"Warm-up: ([^;.]+?) bars\b",
            " ".join(inspect.getdoc(resolve_name(record.factory)).split()),
        )
    )
    and set(re.findall(r"[a-z_]+", match[1])) <= {*params(record), "int"}
}


def test_nearly_every_warm_up_is_a_formula():
    assert len(WARM_UPS) >= 170


@pytest.mark.parametrize("name", WARM_UPS)
@pytest.mark.parametrize("more", [0, 3])
def test_the_first_value_comes_after_the_warm_up(name, more):
    """With the defaults, and with every count of bars a little larger."""
    record = next(record for record in RECORDS if record.name == name)
    counts = {n: v + more for n, v in params(record).items() if type(v) is int}
    outputs = compute(record, walk(300), **counts)
    known = np.logical_and.reduce([np.isfinite(values) for values in outputs.values()])
    expected = eval(WARM_UPS[name], {"int": int}, params(record, **counts))  # noqa: S307
    assert int(np.argmax(known)) == expected


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("sma", {"period": 1}),
        ("sma", {"period": 10_001}),
        ("sma", {"periods": 5}),
        ("sma", {"source": "clsoe"}),
        ("ma", {"average": "mama"}),
        ("macd", {"fast": 26, "slow": 12}),
        ("ultosc", {"short": 14, "medium": 14}),
        ("ichimoku", {"conversion": 52}),
        ("bbands", {"deviations": 0}),
        ("vwap", {"deviations": float("nan")}),
        ("keltner", {"multiple": float("inf")}),
        ("opening_range", {"minutes": 0}),
        ("anchored_vwap", {"anchor": "year"}),
        ("anchored_vwap", {"anchor": "2025-07-01T09:30"}),
        ("premarket", {"opens": "9 o'clock"}),
        ("premarket", {"opens": "09:30 America/Gotham"}),
        ("premarket", {"opens": "09:30"}),
        ("trailing_average", {"period": "10"}),
        ("cdl_dark_cloud_cover", {"penetration": -0.1}),
    ],
)
def test_wrong_parameters_are_refused(name, given):
    (record,) = (record for record in RECORDS if record.name == name)
    with pytest.raises(ValidationError):
        resolve_name(record.config_model)(**given)


def test_names_are_unique():
    assert len({record.name for record in RECORDS}) == len(RECORDS)


def test_every_function_of_talib_is_here_or_left_out_for_a_reason():
    called = {f for row in ROWS.values() if row.module == "functions" for f in row.functions}
    left_out = {function for functions in LEFT_OUT.values() for function in functions.split()}
    assert called | set(OWN) | left_out == set(talib.get_functions())
    assert not called & left_out
    assert set(OWN.values()) <= set(ROWS)


def test_the_reference_page_is_current():
    if not PAGE.exists():
        pytest.skip("the page lies in the repository, not in the package")
    assert PAGE.read_text(encoding="utf-8") == render(RECORDS)


def test_the_hook_loads_nothing_heavy():
    code = (
        "import sys; from mismartera_indicators import plugin; plugin.mismartera_indicators();"
        "print(sorted({'numpy', 'talib', 'pandas', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
