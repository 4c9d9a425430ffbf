"""The hook, the parameters and the reference page."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest
from mismartera_indicators.plugin import mismartera_indicators
from mismartera_indicators.reference import render
from pydantic import ValidationError

RECORDS = list(mismartera_indicators())
PAGE = Path(__file__).parents[3] / "docs" / "indicators.md"


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_parameters_are_those_of_the_function(record):
    arguments = list(inspect.signature(resolve_name(record.factory)).parameters)
    assert arguments[0] == "bars"
    assert set(arguments[1:]) == set(resolve_name(record.config_model).model_fields)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_function_gives_formula_units_warm_up_and_source(record):
    text = inspect.getdoc(resolve_name(record.factory))
    assert all(word in text for word in ("Formula:", "Units:", "Warm-up:", "Source:"))


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("sma", {"period": 1}),
        ("sma", {"period": 10_001}),
        ("sma", {"periods": 5}),
        ("sma", {"source": "clsoe"}),
        ("macd", {"fast": 26, "slow": 12}),
        ("bbands", {"deviations": 0}),
        ("vwap", {"deviations": float("nan")}),
        ("opening_range", {"minutes": 0}),
    ],
)
def test_wrong_parameters_are_refused(name, params):
    (record,) = (record for record in RECORDS if record.name == name)
    with pytest.raises(ValidationError):
        resolve_name(record.config_model)(**params)


def test_names_are_unique():
    assert len({record.name for record in RECORDS}) == len(RECORDS)


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
