"""The books of a run: cash, executions and orders, as they happen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.orders import TimeInForce
from mismartera_core.model.results import FillColumns, OrderColumns

SETTLE_AT = 32_768
"""Orders that are kept as objects; what is done beyond them becomes columns between sessions.

An order with its fill is some 650 bytes as objects and at most 216 as columns.
"""

Part = TypeVar("Part", FillColumns, OrderColumns)
Numbers = TypeVar("Numbers", IntArray, FloatArray)

FillRow = tuple[int, int, int, int, float, float, int, int, int, int]


class Ledger:
    """Cash in 1e-6 currency units, every fill and every order.

    Attributes:
        cash: Now.
        fills: One row a fill, in the order of `FillColumns`; those not settled yet.
        orders: Accepted orders by id; those not settled yet.
        refused: Signals that became no order; those not settled yet.
    """

    def __init__(self, cash: int) -> None:
        self.cash = cash
        self.fills: list[FillRow] = []
        self.orders: list[WorkingOrder] = []
        self.refused: list[WorkingOrder] = []
        self._batches: list[FillColumns] = []
        self._batch_orders: list[OrderColumns] = []
        self._refusals: list[OrderColumns] = []
        self._settled_fills: list[FillColumns] = []
        self._settled_orders: list[OrderColumns] = []
        self._settled_refusals: list[OrderColumns] = []
        self._next_id = 1

    def settle(self) -> None:
        """Turn what is done into columns, once there is much of it; between sessions."""
        if len(self.orders) + len(self.refused) < SETTLE_AT:
            return
        working = [order for order in self.orders if not order.is_done]
        _settle(self._settled_orders, _orders_of([o for o in self.orders if o.is_done]))
        _settle(self._settled_fills, _fills_of(self.fills))
        _settle(self._settled_refusals, _orders_of(self.refused))
        self.orders, self.fills, self.refused = working, [], []

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

    def add_refusals(self, orders: OrderColumns) -> None:
        """Book signals, made as arrays, that became no order."""
        self._refusals.append(orders)

    def fills_since(self, count: int) -> FillColumns:
        """Fills that became known after the first so many, in that order."""
        settled = [*self._settled_fills, *self._batches]
        if self._batches and (self.fills or self._settled_fills):
            return _by_time(self._all_fills()).part(count)
        while settled and count >= len(settled[0]):
            count -= len(settled.pop(0))
        if settled:
            return FillColumns.joined([*settled, _fills_of(self.fills)]).part(count)
        return _fills_of(self.fills[count:])

    def fill_columns(self) -> FillColumns:
        """All fills, in the order in which they became known; the ledger keeps them as they are.

        Asked for when the run has ended: there may be many, and no column is there twice.
        """
        made = bool(self._batches)
        parts = [*self._settled_fills, _fills_of(self.fills), *self._batches]
        self._settled_fills, self.fills, self._batches = [], [], []
        fills = _together(parts)
        if made:
            fills = _by_time(fills)
        self._settled_fills = [fills]
        return fills

    def _all_fills(self) -> FillColumns:
        return FillColumns.joined([*self._settled_fills, _fills_of(self.fills), *self._batches])

    def order_columns(self) -> OrderColumns:
        """All orders by id, then the refused signals by time; the ledger keeps none of them.

        Asked for once, when the run has ended: there may be many, and no column is there twice.
        """
        accepted = [*self._batch_orders, *self._settled_orders, _orders_of(self.orders)]
        refused = [*self._refusals, *self._settled_refusals, _orders_of(self.refused)]
        columns = {
            name: [getattr(part, name) for part in (*accepted, *refused)]
            for name in OrderColumns.__dataclass_fields__
        }
        count = sum(map(len, accepted))
        del accepted, refused
        self._batch_orders, self._settled_orders, self.orders = [], [], []
        self._refusals, self._settled_refusals, self.refused = [], [], []
        rows = _by_id(np.concatenate(columns["id"]), count)
        return OrderColumns(**{name: _whole(columns.pop(name), rows) for name in list(columns)})

    @property
    def fill_count(self) -> int:
        """Fills so far."""
        return len(self.fills) + sum(map(len, (*self._settled_fills, *self._batches)))


def _settle(parts: list[Part], newest: Part) -> None:
    """Add a part, and join those at the end that are of much the same length.

    So there are few parts, and each row is moved few times. Few large parts are joined with less
    room than many small ones, which leave holes that no whole column fits into.
    """
    parts.append(newest)
    while len(parts) > 1 and len(parts[-2]) <= 2 * len(parts[-1]):
        last = [parts.pop(-2), parts.pop()]
        parts.append(_together(last))


def _together(parts: list[Part]) -> Part:
    """Parts as one, column by column; the list is emptied, so that none is there twice."""
    kind = type(parts[0])
    columns = [part.columns() for part in parts]
    parts.clear()
    return kind(*[_whole([part.pop(0) for part in columns], None) for _ in range(len(columns[0]))])


def _by_time(fills: FillColumns) -> FillColumns:
    """Fills in the order in which they became known; made as arrays, they are by strategy."""
    return fills.take(np.lexsort((fills.order_id, fills.symbol, fills.filled_ns)))


def _by_id(ids: IntArray, count: int) -> IntArray | None:
    """Rows that put the first so many orders by id; None where they are so.

    One that works for long is settled after many that came later.
    """
    if np.all(np.diff(ids[:count]) > 0):
        return None
    return np.concatenate((np.argsort(ids[:count], kind="stable"), np.arange(count, len(ids))))


def _whole(parts: list[Any], rows: IntArray | None) -> Any:
    """A column of its parts, in the order of rows."""
    if isinstance(parts[0], list):
        values = [value for part in parts for value in part]
        return values if rows is None else [values[row] for row in rows.tolist()]
    whole = [part for part in parts if len(part)]
    firsts = {part[:1].tobytes() for part in whole}
    if len(firsts) == 1 and not any(part.strides[0] for part in whole):
        return np.broadcast_to(whole[0][0], sum(map(len, whole)))
    column = np.concatenate(parts)
    return column if rows is None else column[rows]


def _ints(values: Sequence[int]) -> IntArray:
    return _thin(np.array(values, dtype=np.int64))


def _floats(values: Sequence[float]) -> FloatArray:
    return _thin(np.array(values, dtype=np.float64))


def _thin(column: Numbers) -> Numbers:
    """A column that takes no room where all its rows are alike, as prices that orders lack are."""
    bits = column.view(np.int64)
    if len(bits) < 2 or (bits != bits[0]).any():
        return column
    alike: Numbers = np.broadcast_to(column[0], len(column))
    return alike


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
