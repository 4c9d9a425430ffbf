"""The hook, the parameters and the reference page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest
from mismartera_patterns.drawing import random_walk
from mismartera_patterns.finding import PATTERNS
from mismartera_patterns.plugin import mismartera_indicators
from mismartera_patterns.reference import render
from pydantic import ValidationError

from mismartera_core.testing import IndicatorConformance

RECORDS = list(mismartera_indicators())
PAGE = Path(__file__).parents[3] / "docs" / "patterns.md"


class TestConformance(IndicatorConformance):
    @pytest.fixture(params=RECORDS, ids=lambda record: record.name)
    def registration(self, request):
        return request.param


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_outputs_are_those_of_the_function(record):
    assert tuple(resolve_name(record.factory)(random_walk(100, 0))) == record.outputs


def test_every_chart_pattern_is_registered_with_its_parameters():
    records = {record.name: record for record in RECORDS}
    assert set(PATTERNS) == set(records) - {"zigzag", "support_resistance"}
    for name, pattern in PATTERNS.items():
        assert resolve_name(records[name].config_model) is pattern.params


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_pattern_gives_definition_moment_of_report_and_source(record):
    text = resolve_name(record.factory).__doc__
    mirrored = re.search(r"The mirror image of `(\w+)`", text)
    if mirrored:
        text = PATTERNS[mirrored[1]].__doc__
    assert all(word in text for word in ("Definition:", "Reported:", "Source:"))
    if record.name in PATTERNS:
        words = ("Tolerances:", "Target:", "Invalidation:", "Points:")
        assert all(word in text for word in words)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("zigzag", {"reversal": 0}),
        ("zigzag", {"reversal": float("nan")}),
        ("double_top", {"tolerance": 0}),
        ("double_top", {"tollerance": 0.1}),
        ("rectangle", {"touches": 4}),
        ("rounding_top", {"shortest": 600}),
        ("bull_flag", {"pole_bars": 1}),
        ("support_resistance", {"memory": 1}),
    ],
)
def test_wrong_parameters_are_refused(name, params):
    (record,) = (record for record in RECORDS if record.name == name)
    with pytest.raises(ValidationError):
        resolve_name(record.factory)(random_walk(10, 0), **params)


def test_the_reference_page_is_current():
    if not PAGE.exists():
        pytest.skip("the page lies in the repository, not in the package")
    assert PAGE.read_text(encoding="utf-8") == render(RECORDS)


def test_the_examples_of_the_page_run():
    blocks = re.findall(r"```python\n(.*?)```", render(RECORDS), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "docs/patterns.md", "exec"), {})  # noqa: S102


def test_the_hook_loads_nothing_heavy():
    code = (
        "import sys; from mismartera_patterns import plugin; plugin.mismartera_indicators();"
        "print(sorted({'numpy', 'scipy', 'pandas', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
