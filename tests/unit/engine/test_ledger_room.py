"""What is settled lies in a file, and is what was booked."""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from mismartera_core import WorkingOrder
from mismartera_core.managers.execution_manager import ledger as module
from mismartera_core.managers.execution_manager.batches import _rows_of
from mismartera_core.managers.execution_manager.ledger import Ledger
from mismartera_core.model.results import FillColumns, OrderColumns

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


def test_orders_that_work_over_sessions_come_back_in_the_order_of_their_ids(monkeypatch):
    monkeypatch.setattr(module, "SETTLE_AT", 1)
    ledger = Ledger(0)
    works_for = [1, 5, 1, 3, 1, 1, 9, 2, 1, 4, 1, 1]  # sessions; the seventh never ends
    orders = []
    for session, _ in enumerate(works_for):
        ledger.settle()
        order = WorkingOrder(OWNER, session % 2, 1, 1.0 + session, session)
        ledger.add(order)
        orders.append(order)
        for begun, (order, length) in enumerate(zip(orders, works_for, strict=False)):
            order.is_done = begun + length <= session + 1
        ledger.refused.append(WorkingOrder(OWNER, 0, -1, 9.0, session))
    found = ledger.order_columns()
    assert found.id.tolist() == [*range(1, 13), *[0] * 12]
    assert found.quantity.tolist() == [1.0 + row for row in range(12)] + [9.0] * 12
    assert found.submitted_ns.tolist() == [*range(12), *range(12)]


@pytest.mark.parametrize("ids", [[4, 5, 6, 7], [2, 5, 6, 9]])
def test_orders_of_a_batch_are_found_by_their_ids(ids):
    ids, rows = np.array(ids), [3, 0, 2]
    assert _rows_of(ids[rows], ids).tolist() == rows


def test_fills_made_as_arrays_and_one_by_one_come_in_the_order_of_time(monkeypatch):
    ledger = booked(1_000_000, 3, monkeypatch)
    more = booked(1_000_000, 1, monkeypatch).fill_columns()
    ledger.add_batch(more, booked(1_000_000, 1, monkeypatch).order_columns())
    stamps = ledger.fills_since(0).filled_ns
    assert len(stamps) == 8
    assert (np.diff(stamps) >= 0).all()
    assert ledger.fills_since(6).filled_ns.tolist() == stamps[6:].tolist()
    assert ledger.fill_columns().filled_ns.tolist() == stamps.tolist()


@pytest.mark.parametrize("settle_at", [1, 1_000_000])
def test_orders_made_as_arrays_and_one_by_one_come_in_the_order_of_their_ids(
    monkeypatch, settle_at
):
    monkeypatch.setattr(module, "SETTLE_AT", settle_at)
    ledger = Ledger(0)
    for session in range(3):
        ledger.settle()
        for units in (1.0, 3.0):
            order = WorkingOrder(OWNER, 0, 1, units + 3 * session, session)
            order.is_done = True
            ledger.add(order)
            if units == 1.0:
                made = WorkingOrder(OWNER, 0, 1, 2.0 + 3 * session, session)
                made.id = ledger.take_ids(1)
                ledger.add_batch(FillColumns.none(), module._orders_of([made]))
    found = ledger.order_columns()
    assert found.id.tolist() == found.quantity.tolist() == list(range(1, 10))


def test_of_what_is_settled_nothing_stays_in_memory(monkeypatch):
    ledger = booked(1, 300, monkeypatch)
    tracemalloc.start()
    try:
        ledger.settle()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            ledger.add_batch(_many_fills(), OrderColumns.none())
            ledger.settle()
        assert tracemalloc.get_traced_memory()[0] - before < 4 * _many_fills().price.nbytes
    finally:
        tracemalloc.stop()
    assert ledger.fill_count == 600 + 100 * 10_000


@pytest.mark.parametrize("as_arrays", [False, True])
def test_what_is_asked_after_a_session_looks_at_its_own_fills_alone(monkeypatch, as_arrays):
    looked_at = []
    fills_of, lexsort = module._fills_of, np.lexsort

    def counted(rows):
        looked_at.append(len(rows))
        return fills_of(rows)

    def ordered(keys):
        looked_at.append(len(keys[0]))
        return lexsort(keys)

    monkeypatch.setattr(module, "_fills_of", counted)
    monkeypatch.setattr(np, "lexsort", ordered)
    ledger = Ledger(0)
    for session in range(50):
        ledger.settle()
        row = (session + 1, 0, 0, 1, 1.0, 9.0, 0, session, session + 1, 0)
        if as_arrays:
            ledger.add_batch(fills_of([row]), OrderColumns.none())
        else:
            ledger.fills.append(row)
        assert ledger.fills_since(session).order_id.tolist() == [session + 1]
    assert sum(looked_at) <= 2 * 50
    assert len(list(ledger.fill_columns().parts())) == 1


def _many_fills():
    whole, real = np.arange(10_000), np.full(10_000, 9.0)
    return FillColumns(whole, whole, whole, whole, real, real, whole, whole, whole + 9_999, whole)
