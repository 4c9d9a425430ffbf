"""`Signals.from_entries` says what its words say, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mismartera_core import Signals

flags = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=50)


@given(flags, st.sampled_from([1.0, 100.0, 0.5]), st.booleans())
def test_an_entry_opens_an_exit_goes_flat_and_nothing_leaves_it(
    rows: list[tuple[bool, bool]], quantity: float, short: bool
) -> None:
    entries, exits = (
        np.array(column, dtype=bool) for column in (list(zip(*rows, strict=True)) or ([], []))
    )
    opened = -quantity if short else quantity
    wanted = [opened if entry else 0.0 if leave else np.nan for entry, leave in rows]
    target = Signals.from_entries(entries, exits, quantity, short=short).target
    np.testing.assert_array_equal(target, np.array(wanted, dtype=float))
    assert not np.signbit(target[target == 0.0]).any()


@pytest.mark.parametrize("make", [list, lambda values: np.array(values, dtype=np.int8)])
def test_flags_may_be_anything_that_is_true_or_false(make: type[list[int]]) -> None:
    target = Signals.from_entries(make([1, 0, 0]), make([1, 1, 0]), 5).target
    np.testing.assert_array_equal(target, [5.0, 0.0, np.nan])
