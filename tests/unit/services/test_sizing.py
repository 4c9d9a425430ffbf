"""Units that an amount of money pays for."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mismartera_core.errors import ConfigError
from mismartera_core.services.sizing import units_for


@pytest.mark.parametrize(
    ("amount", "price", "lot", "units"),
    [
        (1_000, 100.0, 1.0, 10),
        (999.99, 100.0, 1.0, 9),
        (300, 0.1, 1.0, 3_000),  # 300 / 0.1 is below 3,000 in some ways of computing
        (Decimal("0.3"), Decimal("0.1"), 0.1, 3),
        (1_000, 333.0, 1e-9, 3.003003003),
        (50, 100.0, 1.0, 0),
        (0, 100.0, 1.0, 0),
        (1_000, math.nan, 1.0, 0),
    ],
)
def test_an_amount_buys_whole_lots_rounded_down(
    amount: float, price: float, lot: float, units: float
) -> None:
    assert units_for(amount, price, lot) == units


@given(
    st.decimals(0, 1_000_000, places=2),
    st.decimals(Decimal("0.01"), 10_000, places=4),
    st.sampled_from([1.0, 100.0, 0.1, 0.001]),
)
def test_one_lot_more_would_cost_more_than_the_amount(
    amount: Decimal, price: Decimal, lot: float
) -> None:
    units = Decimal(str(units_for(amount, price, lot)))
    step = Decimal(str(lot))
    assert units % step == 0
    assert units * price <= amount < (units + step) * price


@pytest.mark.parametrize("amount", [-1, math.nan, math.inf])
def test_what_is_no_amount_is_refused(amount: float) -> None:
    with pytest.raises(ConfigError, match="amount of money"):
        units_for(amount, 10.0, 1.0)
