"""Support and resistance."""

from __future__ import annotations

import numpy as np
from mismartera_patterns.levels import support_resistance

from mismartera_core import BarColumns


def between(low, high, swings, after):
    """Prices that turn at two levels, then go on to a third."""
    corners = [*[low, high] * swings, low, after]
    close = np.interp(np.arange(len(corners) * 10), np.arange(len(corners)) * 10, corners)
    return BarColumns.build(
        np.arange(len(close)), close, close + 0.1, close - 0.1, close, close, interval_ns=1
    )


def test_prices_turned_at_are_levels_until_they_break():
    bars = between(100.0, 110.0, 5, 120.0)
    outputs = support_resistance(bars)
    (broken,) = np.flatnonzero(outputs["signal"])
    assert outputs["signal"][broken] == 1
    assert bars.close[broken] > 110.1 >= bars.close[broken - 1]
    assert abs(outputs["support"][broken - 1] - 99.9) < 1e-9
    assert abs(outputs["resistance"][broken - 1] - 110.1) < 1e-9
    assert outputs["resistance_touches"][broken - 1] == 5
    assert outputs["score"][broken] == 0.8
    # What was resistance is support now.
    assert outputs["invalidation"][broken] == outputs["support"][broken]
    assert np.isnan(outputs["resistance"][broken])


def test_a_level_is_not_known_before_it_was_touched_often_enough():
    bars = between(100.0, 110.0, 5, 120.0)
    outputs = support_resistance(bars, touches=4)
    assert np.nanmin(outputs["resistance_touches"]) == 4
    # The fourth high is at bar 70, and known when the price has turned.
    assert np.isnan(outputs["resistance"][:72]).all()
