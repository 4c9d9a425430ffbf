"""The books of a run: cash, executions and orders, as they happen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.orders import TimeInForce
from mismartera_core.model.results import FillColumns, OrderColumns

FillRow = tuple[int, int, int, int, float, float, int, int, int]


class Ledger:
    """Cash in 1e-6 currency units, every fill and every order.

    Attributes:
        cash: Now.
        fills: One row a fill, in the order of `FillColumns`.
        orders: Every accepted order, by id.
        refused: Signals that became no order.
    """

    def __init__(self, cash: int) -> None:
        self.cash = cash
        self.fills: list[FillRow] = []
        self.orders: list[WorkingOrder] = []
        self.refused: list[WorkingOrder] = []
        self._batches: list[tuple[FillColumns, OrderColumns]] = []
        self._refusals: list[OrderColumns] = []
        self._next_id = 1

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
        self._batches.append((fills, orders))

    def add_refusals(self, orders: OrderColumns) -> None:
        """Book signals, made as arrays, that became no order."""
        self._refusals.append(orders)

    def fills_since(self, count: int) -> FillColumns:
        """Fills that became known after the first so many, in that order."""
        if not self._batches:
            return _fills_of(self.fills[count:])
        if self.fills:
            return _cut(self.fill_columns(), count)
        parts = [fills for fills, _ in self._batches]
        while parts and count >= len(parts[0]):
            count -= len(parts.pop(0))
        return _cut(_joined([_fills_of([]), *parts]), count)

    def fill_columns(self) -> FillColumns:
        """All fills, in the order in which they became known."""
        fills = _joined([_fills_of(self.fills), *(batch for batch, _ in self._batches)])
        if not self._batches:
            return fills
        order = np.lexsort((fills.order_id, fills.symbol, fills.filled_ns))
        return FillColumns(*(getattr(fills, n)[order] for n in FillColumns.__dataclass_fields__))

    def order_columns(self) -> OrderColumns:
        """All orders by id, then the refused signals by time."""
        # Orders made as arrays come first: what they leave undone goes on order by order.
        parts = [*(orders for _, orders in self._batches), _orders_of(self.orders)]
        parts += [*self._refusals, _orders_of(self.refused)]
        joined: dict[str, Any] = {}
        for name in OrderColumns.__dataclass_fields__:
            columns = [getattr(part, name) for part in parts]
            if isinstance(columns[0], list):
                joined[name] = [value for column in columns for value in column]
            else:
                joined[name] = np.concatenate(columns)
        return OrderColumns(**joined)

    @property
    def fill_count(self) -> int:
        """Fills so far."""
        return len(self.fills) + sum(len(fills) for fills, _ in self._batches)


def _joined(parts: list[FillColumns]) -> FillColumns:
    names = FillColumns.__dataclass_fields__
    return FillColumns(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def _cut(fills: FillColumns, count: int) -> FillColumns:
    return FillColumns(*(getattr(fills, n)[count:] for n in FillColumns.__dataclass_fields__))


def _ints(values: Sequence[int]) -> IntArray:
    return np.array(values, dtype=np.int64)


def _floats(values: Sequence[float]) -> FloatArray:
    return np.array(values, dtype=np.float64)


def _fills_of(rows: list[FillRow]) -> FillColumns:
    columns: Sequence[Sequence[float]] = list(zip(*rows, strict=True)) if rows else [()] * 9
    kinds = "iiiiffiii"
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
