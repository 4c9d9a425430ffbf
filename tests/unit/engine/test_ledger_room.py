"""What is settled takes little room, and is what was booked."""

from types import SimpleNamespace

import numpy as np
import pytest

from mismartera_core import WorkingOrder
from mismartera_core.managers.execution_manager import ledger as module
from mismartera_core.managers.execution_manager.batches import _rows_of
from mismartera_core.managers.execution_manager.ledger import Ledger

OWNER = SimpleNamespace(index=0, strategy="one", symbol_name="A")


def booked(settle_at, sessions, monkeypatch, *, limit=np.nan):
    """A ledger after sessions of two orders with their fills each."""
    monkeypatch.setattr(module, "SETTLE_AT", settle_at)
    ledger = Ledger(0)
    for session in range(sessions):
        ledger.settle()
        for row in range(2):
            stamp = 10 * session + row
            order = WorkingOrder(OWNER, row, 1, 5.0 + session, stamp, limit=limit)
            order.is_done = True
            ledger.add(order)
            ledger.fills.append((order.id, 0, row, 1, 5.0 + session, 9.0, 0, stamp, stamp + 1, 7))
    return ledger


@pytest.mark.parametrize("sessions", [1, 2, 5, 16, 37])
def test_settled_or_not_the_columns_are_the_same(sessions, monkeypatch):
    settled, kept = (booked(at, sessions, monkeypatch) for at in (1, 1_000_000))
    assert settled.fill_count == kept.fill_count == 2 * sessions
    since = settled.fills_since(3).order_id.tolist()
    assert since == list(range(4, 2 * sessions + 1))
    for name in ("fill_columns", "order_columns"):
        for ours, theirs in zip(
            getattr(settled, name)().columns(), getattr(kept, name)().columns(), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
    assert settled.fills_since(3).order_id.tolist() == since
    assert settled.fill_count == 2 * sessions


def test_rows_are_settled_into_few_parts(monkeypatch):
    ledger = booked(1, 200, monkeypatch)
    lengths = [len(part) for part in ledger._settled_fills]
    assert sum(lengths) == 398
    assert len(lengths) < 8


@pytest.mark.parametrize("limit", [np.nan, 0.0, -0.0])
def test_a_column_whose_rows_are_alike_takes_no_room(limit, monkeypatch):
    orders = booked(1, 9, monkeypatch, limit=limit).order_columns()
    assert len(orders.limit_price) == 18
    assert orders.limit_price.strides == (0,)
    assert orders.quantity.strides == (8,)
    assert np.signbit(orders.limit_price[0]) == np.signbit(limit)


@pytest.mark.parametrize("ids", [[4, 5, 6, 7], [2, 5, 6, 9]])
def test_orders_of_a_batch_are_found_by_their_ids(ids):
    ids, rows = np.array(ids), [3, 0, 2]
    assert _rows_of(ids[rows], ids).tolist() == rows


def test_fills_made_as_arrays_and_one_by_one_come_in_the_order_of_time(monkeypatch):
    ledger = booked(1, 3, monkeypatch)
    more = booked(1_000_000, 1, monkeypatch).fill_columns()
    ledger.add_batch(more, booked(1_000_000, 1, monkeypatch).order_columns())
    stamps = ledger.fills_since(0).filled_ns
    assert len(stamps) == 8
    assert (np.diff(stamps) >= 0).all()
    assert ledger.fills_since(6).filled_ns.tolist() == stamps[6:].tolist()
    assert ledger.fill_columns().filled_ns.tolist() == stamps.tolist()
