"""A strategy orders for an amount of money."""

from __future__ import annotations

from bars import random_walk
from engine_eyes import noting, run

DAYS = ["2024-07-01", "2024-07-02"]


def test_units_are_counted_at_the_last_close_or_at_the_price_given() -> None:
    strategy, seen = noting(lambda s, bar: (s.units_for(1_000), bar.close, s.units_for(500, 8.0)))
    run({"A": random_walk(DAYS, seed=5, minutes=60)}, strategy)
    assert len(seen) == 120
    assert all(units == 1_000 // close for _, _, (units, close, _) in seen)
    assert {at_limit for _, _, (_, _, at_limit) in seen} == {62.0}


def test_before_the_first_price_no_units_can_be_counted() -> None:
    early: list[float] = []
    strategy, _ = noting(lambda s, bar: None, setup=lambda s: early.append(s.units_for(1_000)))
    run({"A": random_walk(DAYS[:1], seed=5, minutes=60)}, strategy)
    assert early[0] == 0.0


def test_what_is_ordered_for_an_amount_is_filled() -> None:
    strategy, _ = noting(lambda s, bar: s.buy(s.units_for(1_000, bar.close)))
    fills = run({"A": random_walk(DAYS[:1], seed=5, minutes=3)}, strategy).fills
    assert len(fills) == 2
    assert (fills["quantity"] >= 1).all()
