"""The books of a run: cash, executions and orders, as they happen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.orders import TimeInForce
from mismartera_core.model.results import FillColumns, OrderColumns
from mismartera_core.store.shelf import Shelf

SETTLE_AT = 32_768
"""Signals and fills from which on what is done is settled between sessions; few are kept."""

FillRow = tuple[int, int, int, int, float, float, int, int, int, int]


class Ledger:
    """Cash in 1e-6 currency units, every fill and every order.

    What is done is settled on shelves between sessions (docs/decisions/0015), so that books take
    as much memory as a session needs, however many there are.

    Args:
        cash: At the start.
        folder: Where what is settled lies; where the system keeps temporary files where None.

    Attributes:
        cash: Now.
        fills: One row a fill, in the order of `FillColumns`; those not settled yet.
        orders: Accepted orders by id; those not settled yet.
        refused: Signals that became no order; those not settled yet.
    """

    def __init__(self, cash: int, folder: Path | None = None) -> None:
        self.cash = cash
        self.fills: list[FillRow] = []
        self.orders: list[WorkingOrder] = []
        self.refused: list[WorkingOrder] = []
        self._folder = folder
        self._batches: list[FillColumns] = []
        self._batch_orders: list[OrderColumns] = []
        self._refusals: list[OrderColumns] = []
        self._batched = 0
        self._settled = Shelf(FillColumns, folder)
        self._done = Shelf(OrderColumns, folder)
        self._late = Shelf(OrderColumns, folder)
        self._refused = Shelf(OrderColumns, folder)
        self._next_id = 1
        self._last_done = 0

    def settle(self) -> None:
        """Set aside what is done, once there is much of it; between sessions.

        Raises:
            MisMarteraError: There is no room for it.
        """
        if self._batches:
            self._shelve_fills()
        rows = len(self.orders) + len(self.refused) + len(self.fills)
        if rows + self._settled.loose + self._batched < SETTLE_AT:
            return
        working = [order for order in self.orders if not order.is_done]
        self._set_aside([order for order in self.orders if order.is_done])
        self.orders = working
        for shelf in (self._settled, self._done, self._late, self._refused):
            shelf.settle()

    def take_ids(self, count: int) -> int:
        """Reserve order ids; returns the first."""
        first = self._next_id
        self._next_id += count
        return first

    def add(self, order: WorkingOrder) -> None:
        """Book an accepted order under the next id."""
        order.id = self._next_id
        self._next_id += 1
        self.orders.append(order)

    def add_batch(self, fills: FillColumns, orders: OrderColumns) -> None:
        """Book fills and orders made as arrays; their cash is booked by the caller."""
        self._batches.append(fills)
        self._batch_orders.append(orders)
        self._batched += len(orders)

    def add_refusals(self, orders: OrderColumns) -> None:
        """Book signals, made as arrays, that became no order."""
        self._refusals.append(orders)
        self._batched += len(orders)

    def fills_since(self, count: int) -> FillColumns:
        """Fills that became known after the first so many, in that order."""
        settled = len(self._settled)
        fresh = self._fresh_fills(max(count - settled, 0))
        if count >= settled:
            return fresh
        return FillColumns.joined([self._settled.part(count), fresh])

    def fill_columns(self) -> FillColumns:
        """All fills, in the order in which they became known; asked for when the run has ended."""
        self._shelve_fills()
        return self._settled.rows()

    def order_columns(self) -> OrderColumns:
        """All orders by id, then the refused signals by time; asked for when the run has ended."""
        self._set_aside(self.orders)
        self.orders = []
        if not len(self._late):
            whole = self._done
        else:
            whole = Shelf(OrderColumns, self._folder)
            for part in _by_id(self._done, self._late.rows()):
                whole.add(part)
                whole.settle()
        for part in self._refused.parts():
            whole.add(part)
        return whole.rows()

    @property
    def fill_count(self) -> int:
        """Fills so far."""
        return len(self._settled) + len(self.fills) + sum(map(len, self._batches))

    def _set_aside(self, orders: list[WorkingOrder]) -> None:
        """Put orders, and all fills and refused signals, on their shelves."""
        self._shelve_fills()
        self._refused.add(OrderColumns.joined([*self._refusals, _orders_of(self.refused)]))
        done = OrderColumns.joined([*self._batch_orders, _orders_of(orders)])
        self.refused, self._refusals, self._batch_orders, self._batched = [], [], [], 0
        if (np.diff(done.id) < 0).any():
            done = done.take(np.argsort(done.id))
        # One that works for long is done after many that came later.
        late = int(np.searchsorted(done.id, self._last_done))
        self._late.add(done.part(0, late))
        self._done.add(done.part(late))
        self._last_done = max(self._last_done, int(done.id.max(initial=0)))

    def _shelve_fills(self) -> None:
        """Put the fills of the sessions that have ended on their shelf, by time."""
        self._settled.add(self._fresh_fills())
        self.fills, self._batches = [], []

    def _fresh_fills(self, first: int = 0) -> FillColumns:
        """Fills that are not settled but the first so many, by time."""
        if not self._batches:
            return _fills_of(self.fills[first:])
        # Made as arrays, they are by strategy, not by time.
        fills = FillColumns.joined([_fills_of(self.fills), *self._batches])
        order = np.lexsort((fills.order_id, fills.symbol, fills.filled_ns))
        return fills.take(order[first:])


def _by_id(done: Shelf[OrderColumns], late: OrderColumns) -> Iterator[OrderColumns]:
    """The parts of what is done by id, each with those that were late for it."""
    ids = late.id
    last = 0
    for part in done.parts():
        before, last = last, int(part.id[-1])
        rows = np.flatnonzero((ids > before) & (ids < last))
        if len(rows):
            part = OrderColumns.joined([part, late.take(rows)])
            part = part.take(np.argsort(part.id))
        yield part


def _ints(values: Sequence[int]) -> IntArray:
    return np.array(values, dtype=np.int64)


def _floats(values: Sequence[float]) -> FloatArray:
    return np.array(values, dtype=np.float64)


def _fills_of(rows: list[FillRow]) -> FillColumns:
    columns: Sequence[Sequence[float]] = list(zip(*rows, strict=True)) if rows else [()] * 10
    kinds = "iiiiffiiii"
    return FillColumns(
        *(
            _ints(c) if kind == "i" else _floats(c)  # type: ignore[arg-type]
            for c, kind in zip(columns, kinds, strict=True)
        )
    )


def _orders_of(orders: list[WorkingOrder]) -> OrderColumns:
    return OrderColumns(
        id=_ints([o.id for o in orders]),
        parent_id=_ints([o.entry.id if o.entry is not None else 0 for o in orders]),
        strategy=_ints([o.owner.index for o in orders]),
        symbol=_ints([o.symbol for o in orders]),
        side=_ints([o.side for o in orders]),
        type=[o.type.value for o in orders],
        time_in_force=[(TimeInForce.GTC if o.gtc else TimeInForce.DAY).value for o in orders],
        quantity=_floats([o.quantity for o in orders]),
        filled_quantity=_floats([o.filled_quantity for o in orders]),
        limit_price=_floats([o.limit for o in orders]),
        stop_price=_floats([o.stop for o in orders]),
        trail_amount=_floats([o.trail for o in orders]),
        status=[o.status.value for o in orders],
        reason=[o.reason for o in orders],
        tag=[o.tag for o in orders],
        submitted_ns=_ints([o.submitted_ns for o in orders]),
        updated_ns=_ints([o.updated_ns for o in orders]),
    )


def market_orders(
    *,
    ids: IntArray,
    strategy: int | IntArray,
    symbol: IntArray,
    side: IntArray,
    quantity: FloatArray,
    filled_quantity: FloatArray,
    status: list[str],
    reason: list[str],
    submitted_ns: IntArray,
    updated_ns: IntArray,
) -> OrderColumns:
    """Order columns of plain day market orders made as arrays."""
    count = len(symbol)
    nothing = np.full(count, math.nan)
    return OrderColumns(
        id=ids,
        parent_id=np.zeros(count, dtype=np.int64),
        strategy=np.full(count, strategy, dtype=np.int64),
        symbol=symbol,
        side=side,
        type=["market"] * count,
        time_in_force=["day"] * count,
        quantity=quantity,
        filled_quantity=filled_quantity,
        limit_price=nothing,
        stop_price=nothing,
        trail_amount=nothing,
        status=status,
        reason=reason,
        tag=[""] * count,
        submitted_ns=submitted_ns,
        updated_ns=updated_ns,
    )
