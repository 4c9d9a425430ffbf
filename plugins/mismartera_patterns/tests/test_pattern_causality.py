"""Nothing is repainted: a prefix of the bars gives the same values, bit for bit."""

from __future__ import annotations

from pkgutil import resolve_name

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mismartera_patterns.drawing import draw, random_walk
from mismartera_patterns.measure import lengths
from mismartera_patterns.plugin import mismartera_indicators

RECORDS = list(mismartera_indicators())
by_name = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)


def repainted(record, bars, stop, **params):
    """Outputs that say something else of the rows before stop once the rows after it are known."""
    compute = resolve_name(record.factory)
    whole, part = compute(bars, **params), compute(bars.slice(0, stop), **params)
    return [n for n in record.outputs if whole[n][:stop].tobytes() != part[n].tobytes()]


@by_name
def test_every_prefix_of_a_drawn_shape(record):
    name = record.name
    drawable = name not in {"zigzag", "support_resistance"}
    bars = draw(name, lengths(name)[0], 0.02, 0).bars if drawable else random_walk(150, 0)
    for stop in range(len(bars) + 1):
        assert repainted(record, bars, stop) == [], stop


@by_name
@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32 - 1),
    stop=st.integers(0, 1_500),
    reversal=st.floats(0.5, 6.0),
    percent=st.floats(0.0, 0.5),
    unknown=st.floats(0.0, 0.1),
)
def test_any_prefix_of_a_walk(record, seed, stop, reversal, percent, unknown):
    bars = random_walk(1_500, seed)
    bars.close[np.random.default_rng(seed).random(len(bars)) < unknown] = np.nan
    assert repainted(record, bars, stop, reversal=reversal, percent=percent) == []
