"""How often drawn shapes are found, and shapes that mean nothing; and what it costs."""

from __future__ import annotations

import json
from pathlib import Path
from pkgutil import resolve_name
from time import process_time

import mismartera_patterns
import pytest
from mismartera_patterns.drawing import random_walk
from mismartera_patterns.finding import PATTERNS
from mismartera_patterns.measure import LEVELS, detection_rate, false_positives
from mismartera_patterns.plugin import mismartera_indicators

MEASURED = json.loads(
    Path(mismartera_patterns.__file__).with_name("measured.json").read_text(encoding="utf-8")
)
YEAR_OF_MINUTES = 252 * 390


@pytest.mark.parametrize("name", PATTERNS)
def test_drawn_shapes_are_found_as_often_as_the_page_says(name):
    for noise, share in MEASURED["found"][name].items():
        assert detection_rate(name, float(noise), seeds=20) == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("name", PATTERNS)
def test_shapes_with_little_noise_are_nearly_always_found(name):
    assert detection_rate(name, 0.02, seeds=10) >= 0.9


@pytest.mark.parametrize("name", PATTERNS)
def test_random_walks_give_few_reports(name):
    assert sum(false_positives(name, bars=50_000, seed=7)) <= 2.5


@pytest.mark.parametrize("name", [*PATTERNS, LEVELS])
def test_random_walks_give_as_many_reports_as_the_page_says(name):
    assert false_positives(name) == pytest.approx(MEASURED["false"][name], abs=0.1)


@pytest.mark.parametrize("record", mismartera_indicators(), ids=lambda record: record.name)
def test_a_year_of_minutes_takes_less_than_a_second(record):
    bars, compute = random_walk(YEAR_OF_MINUTES, 1), resolve_name(record.factory)
    began = process_time()
    compute(bars)
    assert process_time() - began < 1.0
