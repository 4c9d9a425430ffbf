"""Derived bars: anchored at the open, known at their close, never across sessions."""

import numpy as np
import pytest

from mismartera_core.model.columns import BAR_FIELDS, BarColumns, TickColumns
from mismartera_core.model.intervals import DAY, HOUR, MINUTE
from mismartera_core.services.bar_aggregation import aggregate, ticks_to_bars

OPEN = 1_700_000_000_000_000_000
SESSIONS = np.array([OPEN, OPEN + DAY]), np.array([OPEN + 390 * MINUTE, OPEN + DAY + 210 * MINUTE])


def minutes(*rows, session=0):
    """Bars from (minute, open, high, low, close, volume)."""
    columns = list(zip(*rows, strict=True))
    ts = SESSIONS[0][session] + np.array(columns[0]) * MINUTE
    number = np.full(len(ts), session)
    return BarColumns.build(ts, *columns[1:], interval_ns=MINUTE, session=number)


def test_a_window_has_first_open_extremes_last_close_and_summed_volume():
    bars = minutes(
        (0, 10.0, 12.0, 9.5, 11.0, 100),
        (1, 11.0, 15.0, 10.0, 14.0, 50),
        (4, 14.0, 14.0, 8.0, 9.0, 1),
    )
    five = aggregate(bars, 5 * MINUTE, *SESSIONS)
    row = [
        five.ts[0] - OPEN,
        five.open[0],
        five.high[0],
        five.low[0],
        five.close[0],
        five.volume[0],
    ]
    assert row == [0, 10.0, 15.0, 8.0, 9.0, 151.0]
    assert len(five) == 1
    assert five.available_at[0] == OPEN + 5 * MINUTE


def test_a_window_without_bars_is_absent():
    bars = minutes((1, 1, 1, 1, 1, 1), (12, 2, 2, 2, 2, 2))
    assert ((aggregate(bars, 5 * MINUTE, *SESSIONS).ts - OPEN) // MINUTE).tolist() == [0, 10]


def test_the_last_window_is_known_at_the_close_of_a_half_day():
    bars = minutes((180, 1, 1, 1, 1, 1), (209, 2, 2, 2, 2, 2), session=1)
    hour = aggregate(bars, HOUR, *SESSIONS)
    assert (hour.ts[-1] - SESSIONS[0][1]) // MINUTE == 180
    assert hour.available_at[-1] == SESSIONS[1][1]


def test_a_day_is_one_bar_a_session_known_at_the_close():
    both = BarColumns.concat(
        [minutes((3, 1, 4, 1, 2, 5), (389, 2, 2, 2, 3, 5)), minutes((0, 7, 7, 7, 7, 7), session=1)]
    )
    day = aggregate(both, DAY, *SESSIONS)
    assert day.ts.tolist() == SESSIONS[0].tolist()
    assert day.available_at.tolist() == SESSIONS[1].tolist()
    assert day.session.tolist() == [0, 1]
    assert day.close.tolist() == [3.0, 7.0]


def test_unknown_volume_stays_unknown_in_its_window_only():
    bars = minutes((0, 1, 1, 1, 1, np.nan), (1, 1, 1, 1, 1, 2), (5, 1, 1, 1, 1, 3))
    assert np.array_equal(
        aggregate(bars, 5 * MINUTE, *SESSIONS).volume, [np.nan, 3.0], equal_nan=True
    )


def test_nothing_gives_nothing():
    assert len(aggregate(BarColumns.empty(), 5 * MINUTE, *SESSIONS)) == 0


def test_dtypes_are_those_of_columns():
    five = aggregate(minutes((0, 1, 1, 1, 1, 1)), 5 * MINUTE, *SESSIONS)
    kinds = {name: getattr(five, name).dtype.str for name in BAR_FIELDS}
    assert {kinds["ts"], kinds["available_at"], kinds["session"]} == {"<i8"}
    assert {kinds["open"], kinds["high"], kinds["volume"]} == {"<f8"}


def test_ticks_make_bars_and_those_outside_the_session_are_left_out():
    at = np.array([-1, 0, 59, 61, 390 * 60]) * 1_000_000_000 + OPEN
    ticks = TickColumns(
        at, np.array([9.0, 1.0, 2.0, 3.0, 9.0]), np.array([9.0, 1.0, 2.0, 3.0, 9.0])
    )
    bars = ticks_to_bars(ticks, MINUTE, *SESSIONS)
    assert ((bars.ts - OPEN) // MINUTE).tolist() == [0, 1]
    assert bars.close.tolist() == [2.0, 3.0]
    assert bars.volume.tolist() == [3.0, 3.0]


def test_ticks_without_sessions_make_none():
    ticks = TickColumns(np.array([OPEN]), np.array([1.0]), np.array([1.0]))
    nothing = np.zeros(0, dtype=np.int64)
    assert len(ticks_to_bars(ticks, MINUTE, nothing, nothing)) == 0


@pytest.mark.parametrize("length", [5 * MINUTE, 15 * MINUTE, HOUR])
def test_five_minutes_may_be_made_of_one_or_in_two_steps(length):
    rng = np.random.default_rng(3)
    price = rng.normal(100, 1, 390)
    rows = zip(range(390), price, price + 1, price - 1, price, rng.integers(0, 9, 390), strict=True)
    bars = minutes(*rows)
    direct = aggregate(bars, length, *SESSIONS)
    steps = aggregate(aggregate(bars, 5 * MINUTE, *SESSIONS), length, *SESSIONS)
    for name in BAR_FIELDS:
        assert np.array_equal(getattr(direct, name), getattr(steps, name)), name
