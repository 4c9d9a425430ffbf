"""The value of an account that an earlier process has traded begins from what it left."""

from types import SimpleNamespace

import pytest

from mismartera_core import BarColumns
from mismartera_core.managers.execution_manager.equity import EquityBook
from mismartera_core.managers.execution_manager.ledger import Ledger
from mismartera_core.store.frame import Track

MINUTE = 60_000_000_000


@pytest.mark.parametrize("units", [10.0, -2.5])
def test_equity_counts_what_was_held_and_no_execution_twice(units):
    ledger = Ledger(1_000_000_000)
    book = EquityBook(ledger, 1)
    missed = (1, 0, 0, 1, abs(units), 50.0, 0, 0, 1, 0)
    ledger.fills.append(missed)
    ledger.cash = 600_000_000
    book.resume({0: units})
    bars = BarColumns.build(
        [MINUTE, 2 * MINUTE], *([[100.0, 101.0]] * 4), [1.0, 1.0], interval_ns=MINUTE
    )
    book.end(SimpleNamespace(base=[Track(bars, 0, 0, 2)]))
    columns = book.columns(0)
    assert columns.cash.tolist() == [600.0, 600.0]
    assert columns.equity.tolist() == [600.0 + units * 100.0, 600.0 + units * 101.0]
