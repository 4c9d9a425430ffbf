"""The circuit breaker on short sales, read off bars."""

from __future__ import annotations

import numpy as np
import pytest

from mismartera_core import BarColumns
from mismartera_core.services.short_sale_rule import short_restricted


def days(*lows: list[float]) -> BarColumns:
    """Sessions of bars that open and close at 100 and touch these lows."""
    hundred = [100.0] * sum(map(len, lows))
    touched = [low for day in lows for low in day]
    sessions = np.array([7 + number for number, day in enumerate(lows) for _ in day], np.int64)
    prices = (hundred, hundred, touched, hundred, hundred)
    return BarColumns.build(range(len(hundred)), *prices, interval_ns=1, session=sessions)


@pytest.mark.parametrize(
    ("lows", "found"),
    [
        ([[99.0], [90.01]], False),
        ([[99.0], [90.0]], True),
        ([[99.0], [95.0, 90.0, 99.0]], True),
        ([[99.0], [90.0], [99.0]], True),
        ([[99.0], [90.0], [99.0], [99.0]], False),
        ([[50.0]], False),  # the close of the day before is not known
        ([], False),
    ],
)
def test_it_holds_on_the_day_of_a_fall_and_the_day_after(
    lows: list[list[float]], found: bool
) -> None:
    assert short_restricted(days(*lows)) is found
