"""Round trips: first in first out, nothing lost to rounding."""

import numpy as np
import pytest
from builders import fill_columns
from hypothesis import given, settings
from hypothesis import strategies as st

from mismartera_core.model.results import MICROS
from mismartera_core.services import round_trips as matching
from mismartera_core.services.round_trips import RoundTrips, cash_change, round_trips


def matched(fills):
    """Closed and open trades of few fills."""
    *closed, left = round_trips(fills)
    assert left.are_open
    return RoundTrips.joined([some.trips for some in closed] or [RoundTrips.none()]), left


def pairs(trips):
    return list(
        zip(trips.entry.tolist(), trips.exit.tolist(), trips.quantity.tolist(), strict=True)
    )


def test_the_oldest_units_leave_first():
    fills = fill_columns(
        (0, 0, 1, 100, 10.0, 1.0, 0), (0, 0, 1, 100, 11.0, 1.0, 1), (0, 0, -1, 150, 12.0, 3.0, 2)
    )
    closed, left = matched(fills)
    open_ = left.trips
    assert pairs(closed) == [(0, 2, 100.0), (1, 2, 50.0)]
    assert pairs(open_) == [(0, -1, 50.0)]
    assert left.fills.price.tolist() == [11.0]
    assert (closed.gross / MICROS).tolist() == [200.0, 50.0]
    assert (closed.commission / MICROS).tolist() == [3.0, 1.5]
    assert (closed.net / MICROS).tolist() == [197.0, 48.5]


def test_many_fills_are_matched_part_by_part(monkeypatch):
    rng = np.random.default_rng(3)
    rows = [
        (0, int(s), int(side), int(q), 10.0 + s, 0.5, i)
        for i, (s, side, q) in enumerate(
            zip(
                rng.integers(0, 3, 60), rng.choice([-1, 1], 60), rng.integers(1, 9, 60), strict=True
            )
        )
    ]
    whole = facts(round_trips(fill_columns(*rows)))
    assert len(whole) > 20
    monkeypatch.setattr(matching, "PART", 7)
    some = list(round_trips(fill_columns(*rows)))
    assert facts(some) == whole
    assert max(len(each.fills) for each in some) < 40


def facts(trades):
    """Every trade with what its fills say, wherever in them it is."""
    return [
        (*row, each.fills.order_id[row[0]], each.fills.order_id[row[1]] if row[1] >= 0 else None)[
            2:
        ]
        for each in trades
        for row in zip(*(column.tolist() for column in each.trips.columns()), strict=True)
    ]


def test_a_fill_through_zero_closes_and_opens():
    fills = fill_columns((0, 0, 1, 100, 10.0, 0, 0), (0, 0, -1, 250, 9.0, 0, 1))
    closed, left = matched(fills)
    open_ = left.trips
    assert (closed.net / MICROS).tolist() == [-100.0]
    assert (open_.side.tolist(), open_.quantity.tolist()) == ([-1], [150.0])


def test_a_short_earns_when_the_price_falls():
    closed, _ = matched(fill_columns((0, 0, -1, 10, 10.0, 0, 0), (0, 0, 1, 10, 8.0, 0, 1)))
    assert (closed.side.tolist(), (closed.net / MICROS).tolist()) == ([-1], [20.0])


def test_strategies_and_symbols_do_not_meet():
    fills = fill_columns((0, 0, 1, 1, 10, 0, 0), (1, 0, -1, 1, 10, 0, 1), (0, 1, -1, 1, 10, 0, 2))
    closed, left = matched(fills)
    open_ = left.trips
    assert (len(closed), len(open_)) == (0, 3)


def test_fractions_that_do_not_add_up_in_binary_leave_no_dust():
    buys = [(0, 0, 1, 0.1, 100.0, 0, minute) for minute in range(3)]
    closed, left = matched(fill_columns(*buys, (0, 0, -1, 0.3, 100.0, 0, 9)))
    open_ = left.trips
    assert (len(closed), len(open_)) == (3, 0)


def test_nothing_gives_nothing():
    (left,) = round_trips(fill_columns())
    assert (left.are_open, len(left.trips), left.trips.net.dtype) == (True, 0, np.int64)


fill = st.tuples(
    st.integers(0, 1),
    st.integers(0, 1),
    st.sampled_from([-1, 1]),
    st.one_of(st.integers(1, 500), st.integers(1, 5000).map(lambda n: n / 1000)),
    st.integers(1, 10**9).map(lambda n: n / 10**6),
    st.integers(0, 10**7).map(lambda n: n / 10**6),
    st.just(0),
)


@given(st.lists(fill, max_size=40))
@settings(max_examples=100)
def test_profits_and_open_costs_add_up_to_the_change_of_cash(rows):
    fills = fill_columns(*rows)
    closed, left = matched(fills)
    open_ = left.trips
    assert int(closed.net.sum()) + open_.open_cash == cash_change(fills)


@given(st.lists(fill, max_size=40))
@settings(max_examples=50)
def test_positions_are_what_is_left_open(rows):
    fills = fill_columns(*rows)
    _, left = matched(fills)
    open_, kept_fills = left.trips, left.fills
    for strategy in (0, 1):
        for symbol in (0, 1):
            mine = (fills.strategy == strategy) & (fills.symbol == symbol)
            held = (fills.side * fills.quantity)[mine].sum()
            kept = (kept_fills.strategy == strategy) & (kept_fills.symbol == symbol)
            kept = kept[open_.entry]
            assert (open_.side * open_.quantity)[kept].sum() == pytest.approx(held, abs=1e-6)
            assert len(set(open_.side[kept].tolist())) <= 1
