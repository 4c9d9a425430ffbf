"""Orders and fills that are made as arrays, booked a session at a time."""

from __future__ import annotations

import numpy as np

from mismartera_core.managers.execution_manager.ledger import Ledger, market_orders
from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.results import FillColumns

_STATUSES = (OrderStatus.WORKING, OrderStatus.FILLED)


class OrderBatches:
    """Day market orders of one strategy.

    Args:
        ledger: Where they are booked.
        strategy: Row of the strategy.
        symbols: Rows of its symbols.
    """

    def __init__(self, ledger: Ledger, strategy: int, symbols: IntArray) -> None:
        self._ledger = ledger
        self._strategy = strategy
        self._symbols = symbols
        self._placed: list[tuple[IntArray, IntArray, FloatArray]] = []
        self._placed_at: list[int] = []
        self._counts: list[int] = []
        self._filled: list[
            tuple[
                IntArray, IntArray, IntArray, FloatArray, FloatArray, IntArray, IntArray, IntArray
            ]
        ] = []
        self._ended: list[tuple[int, IntArray, OrderStatus, str]] = []

    def place(
        self, stamps: list[int], counts: list[int], rows: IntArray, signed: FloatArray
    ) -> IntArray:
        """Place orders; returns their ids.

        Args:
            stamps: Instants of the clock.
            counts: How many were placed at each.
            rows: Symbols, as rows of `symbols`.
            signed: Units, negative to sell.
        """
        first = self._ledger.take_ids(len(rows))
        ids = np.arange(first, first + len(rows), dtype=np.int64)
        self._placed.append((ids, rows, signed))
        self._placed_at += stamps
        self._counts += counts
        return ids

    def fill(
        self,
        filled_ns: IntArray,
        ids: IntArray,
        rows: IntArray,
        signed: FloatArray,
        price: FloatArray,
        fee: IntArray,
        bar_ts: IntArray,
        slippage: IntArray,
    ) -> None:
        """Fill orders completely."""
        self._filled.append((filled_ns, ids, rows, signed, price, fee, bar_ts, slippage))

    def end(self, now_ns: int, ids: IntArray, status: OrderStatus, reason: str) -> None:
        """End orders without a fill."""
        if len(ids):
            self._ended.append((now_ns, ids, status, reason))

    def book(self, *, last: bool = False) -> None:
        """Book fills, and the orders that have ended.

        Args:
            last: Whether those that still work are booked too: nothing will follow.
        """
        if not self._placed:
            return
        ids, rows, signed = (np.concatenate(part) for part in zip(*self._placed, strict=True))
        submitted = np.array(self._placed_at, dtype=np.int64).repeat(self._counts)
        updated = submitted.copy()
        code = np.zeros(len(ids), dtype=np.int64)
        fills = self._fills()
        at = _rows_of(fills.order_id, ids)
        code[at], updated[at] = 1, fills.filled_ns
        statuses = [s.value for s in _STATUSES]
        reasons = ["", ""]
        for number, (now_ns, ended, status, reason) in enumerate(self._ended, start=2):
            at = _rows_of(ended, ids)
            code[at], updated[at] = number, now_ns
            statuses.append(status.value)
            reasons.append(reason)
        done = np.ones(len(ids), dtype=bool) if last else code != 0
        codes = code[done]
        quantity = np.abs(signed[done])
        orders = market_orders(
            ids=ids[done],
            strategy=self._strategy,
            symbol=self._symbols[rows[done]],
            side=np.sign(signed[done]).astype(np.int64),
            quantity=quantity,
            filled_quantity=np.where(codes == 1, quantity, 0.0),
            status=np.array(statuses, dtype=object)[codes].tolist(),
            reason=np.array(reasons, dtype=object)[codes].tolist(),
            submitted_ns=submitted[done],
            updated_ns=updated[done],
        )
        self._ledger.add_batch(fills, orders)
        left = ~done
        self._placed = [(ids[left], rows[left], signed[left])] if left.any() else []
        self._placed_at = submitted[left].tolist()
        self._counts = [1] * len(self._placed_at)
        self._filled, self._ended = [], []

    def _fills(self) -> FillColumns:
        if not self._filled:
            return FillColumns.none()
        stamps, ids, rows, signed, price, fee, bar_ts, slippage = zip(*self._filled, strict=True)
        units = np.concatenate(signed)
        row = np.concatenate(rows)
        return FillColumns(
            order_id=np.concatenate(ids),
            strategy=np.full(len(row), self._strategy, dtype=np.int64),
            symbol=self._symbols[row],
            side=np.sign(units).astype(np.int64),
            quantity=np.abs(units),
            price=np.concatenate(price),
            commission=np.concatenate(fee),
            bar_ts=np.concatenate(bar_ts),
            filled_ns=np.concatenate(stamps),
            slippage=np.concatenate(slippage),
        )


def _rows_of(wanted: IntArray, ids: IntArray) -> IntArray:
    """Where ids are among ascending ids; these follow one another but for what was left over."""
    if ids[-1] - ids[0] == len(ids) - 1:
        rows: IntArray = wanted - ids[0]
    else:
        rows = np.searchsorted(ids, wanted)
    return rows
