"""What the compiled loop has traded, booked session by session."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from mismartera_core.managers.execution_manager.ledger import Ledger, market_orders
from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.quantities import all_on_grid
from mismartera_core.model.results import MICROS, FillColumns, OrderColumns
from mismartera_core.services import compiled as loop
from mismartera_core.services.compiled import Pricing, kernels
from mismartera_core.store.frame import Track
from mismartera_core.threads.replay.targets import REPLACED

_BY_CODE = {
    loop.WORKING: (OrderStatus.WORKING.value, ""),
    loop.FILLED: (OrderStatus.FILLED.value, ""),
    loop.REPLACED: (OrderStatus.CANCELLED.value, REPLACED),
    loop.EXPIRED: (OrderStatus.EXPIRED.value, "the session ended"),
}
_ENDS = np.array([_BY_CODE[code] for code in range(len(_BY_CODE))], dtype=object).T
"""Statuses and reasons, each by code."""


@dataclass(frozen=True, slots=True, eq=False)
class _Orders:
    """Orders by id; `code` is one of `services.compiled`, `unit` a row of the units."""

    id: IntArray
    unit: IntArray
    submitted: IntArray
    updated: IntArray
    code: IntArray
    signed: FloatArray

    def cut(self, begin: int, end: int) -> _Orders:
        return _Orders(*(getattr(self, f.name)[begin:end] for f in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class _Traded:
    """Orders that have ended and signals that became none, each by the time they were placed.

    Fills by time; `flow` is the cash that all before each have brought.
    """

    orders: _Orders
    refused: _Orders
    fills: FillColumns
    fill_unit: IntArray
    flow: IntArray


class CompiledOrders:
    """Runs the compiled loop over all units and books what it has made.

    Args:
        ledger: Where it is booked.
        closes: Close of each session of the run, nanoseconds UTC.
        strategies: Row of the strategy of each unit.
        symbols: Row of its symbol.
        lot: Smallest tradable number of units.
        pricing: What a fill costs.

    Attributes:
        units: State of each unit; columns POSITION and WAITING.
        waits: State of its waiting order; columns SINCE and LAST_SESSION.
        held: Units held after what is booked.
    """

    def __init__(
        self,
        ledger: Ledger,
        closes: IntArray,
        strategies: IntArray,
        symbols: IntArray,
        lot: float,
        pricing: Pricing,
    ) -> None:
        self.units: FloatArray = np.zeros((len(symbols), 2))
        self.waits: IntArray = np.zeros((len(symbols), 2), dtype=np.int64)
        self.held: FloatArray = np.zeros(len(symbols))
        self._ledger = ledger
        self._closes = closes
        self._strategies = strategies
        self._symbols = symbols
        self._lot = lot
        self._pricing = pricing
        self._traded: _Traded | None = None
        self._orders_booked = self._fills_booked = self._refused_booked = 0

    def trade(
        self,
        tracks: Sequence[Track],
        stops: Sequence[int],
        targets: Sequence[FloatArray],
        sessions: int,
    ) -> None:
        """Trade rows of every unit; what was traded before must be booked.

        Args:
            tracks: Bars of each unit; rows from `start` on are traded, targets begin at `hist`.
            stops: Row after the last that is traded.
            targets: Units wanted after each row.
            sessions: Sessions of the run that have ended after these rows.
        """
        longest = max(stop - t.start for t, stop in zip(tracks, stops, strict=True)) + 1
        numbers, prices = loop.scratch(longest)
        trade, closes, lot = kernels().trade, self._closes, self._lot
        parts, bars = [], []
        for unit, (track, stop, target) in enumerate(zip(tracks, stops, targets, strict=True)):
            c = track.columns
            count = trade(
                *(c.open, c.volume, c.ts, c.available_at, c.session, closes, target),
                *(track.start, stop, track.hist, sessions, lot, unit),
                *(self.units, self.waits, numbers, prices),
            )
            made = numbers[:count].copy(), prices[:count].copy()
            parts.append(made)
            if not self._pricing.is_free:
                bars.append(loop.bars_of_fills(c, made[0]))
        counts = [len(part[0]) for part in parts]
        all_numbers = np.concatenate([part[0] for part in parts])
        all_prices = np.concatenate([part[1] for part in parts])
        if bars:
            costs = self._pricing.apply(all_numbers, all_prices, np.concatenate(bars))
        else:
            free = np.zeros(len(all_numbers), dtype=np.int64)
            costs = free, free
        self._take(np.repeat(np.arange(len(parts)), counts), all_numbers, all_prices, costs)

    def book(self, close_ns: int) -> None:
        """Book a session that has ended: its fills, and the orders placed before its close."""
        done = self._traded
        if done is None:
            return
        begin, end = self._fills_booked, _count(done.fills.filled_ns, close_ns, "right")
        fills = done.fills.part(begin, end)
        self._ledger.cash += int(done.flow[end] - done.flow[begin])
        np.add.at(self.held, done.fill_unit[begin:end], fills.side * fills.quantity)
        self.held = all_on_grid(self.held)
        until = _count(done.orders.submitted, close_ns, "left")
        self._ledger.add_batch(fills, self._columns(done.orders.cut(self._orders_booked, until)))
        self._fills_booked, self._orders_booked = end, until
        until = _count(done.refused.submitted, close_ns, "right")
        if until > self._refused_booked:
            self._refuse(done.refused.cut(self._refused_booked, until))
            self._refused_booked = until

    def by_symbol(self, symbols: int) -> FloatArray:
        """Units held net, one a symbol."""
        return all_on_grid(np.bincount(self._symbols, self.held, symbols).astype(np.float64))

    def waiting(self, sessions: int) -> list[int]:
        """Units whose orders work on after so many sessions, in the order in which they were sent.

        Orders that have expired since the last bar that was traded are booked here.
        """
        rows = self.units[:, loop.WAITING].nonzero()[0]
        rows = rows[np.argsort(self.waits[rows, loop.SINCE], kind="stable")]
        last = self.waits[rows, loop.LAST_SESSION]
        old = rows[last < sessions]
        self._book_left(old, loop.EXPIRED, self._closes[last[last < sessions]])
        self.units[old, loop.WAITING] = 0.0
        left: list[int] = rows[last >= sessions].tolist()
        return left

    def finish(self, sessions: int, close_ns: int) -> None:
        """Book what still works after the last session that was booked.

        Args:
            sessions: Sessions of the run that have ended.
            close_ns: Close of the last.
        """
        if self._traded is not None:
            until = _count(self._traded.orders.submitted, close_ns, "right")
            left = self._traded.orders.cut(self._orders_booked, until)
            # Where a run was stopped, what became of these lies in sessions that were not replayed.
            left.code[:] = loop.WORKING
            left.updated[:] = left.submitted
            self._ledger.add_batch(self._traded.fills.part(0, 0), self._columns(left))
        rows = np.array(self.waiting(sessions), dtype=np.int64)
        since = self.waits[rows, loop.SINCE]
        self._book_left(rows[since <= close_ns], loop.WORKING, since[since <= close_ns])

    def _take(
        self,
        unit: IntArray,
        numbers: IntArray,
        prices: FloatArray,
        costs: tuple[IntArray, IntArray],
    ) -> None:
        """Number the orders by the time at which they were placed, then by unit."""
        placed = np.argsort(numbers[:, loop.SUBMITTED], kind="stable")
        refused = numbers[placed, loop.CODE] == loop.REFUSED
        rows = placed[~refused]
        orders = _orders_of(self._number(len(rows)), rows, unit, numbers, prices)
        no_id = np.zeros(int(refused.sum()), dtype=np.int64)
        refusals = _orders_of(no_id, placed[refused], unit, numbers, prices)
        at = (orders.code == loop.FILLED).nonzero()[0]
        at = at[np.argsort(orders.updated[at], kind="stable")]
        filled = rows[at]
        fill_unit, signed = orders.unit[at], orders.signed[at]
        side, quantity = np.sign(signed), np.abs(signed)
        price, fee = prices[filled, loop.PRICE], costs[0][filled]
        paid = -side * np.rint(quantity * price * MICROS)
        fills = FillColumns(
            order_id=orders.id[at],
            strategy=self._strategies[fill_unit],
            symbol=self._symbols[fill_unit],
            side=side.astype(np.int64),
            quantity=quantity,
            price=price,
            commission=fee,
            bar_ts=numbers[filled, loop.BAR_TS],
            filled_ns=orders.updated[at],
            slippage=costs[1][filled],
        )
        flow = np.zeros(len(at) + 1, dtype=np.int64)
        np.cumsum(paid.astype(np.int64) - fee, out=flow[1:])
        self._traded = _Traded(orders, refusals, fills, fill_unit, flow)
        self._orders_booked = self._fills_booked = self._refused_booked = 0

    def _book_left(self, rows: IntArray, code: int, updated: IntArray) -> None:
        """Book waiting orders of the state."""
        if len(rows) == 0:
            return
        orders = _Orders(
            self._number(len(rows)),
            rows,
            self.waits[rows, loop.SINCE],
            updated,
            np.full(len(rows), code),
            self.units[rows, loop.WAITING],
        )
        self._ledger.add_batch(FillColumns.none(), self._columns(orders))

    def _number(self, count: int) -> IntArray:
        first = self._ledger.take_ids(count)
        return np.arange(first, first + count, dtype=np.int64)

    def _columns(self, orders: _Orders) -> OrderColumns:
        return self._market(orders, *(words[orders.code].tolist() for words in _ENDS))

    def _refuse(self, orders: _Orders) -> None:
        """Book targets that became no order: no whole lots, or no number of units at all."""
        lots = f"quantity must be whole lots of {self._lot:g}, was "
        reasons = [
            f"{lots if math.isfinite(size) else 'quantity must be above zero, was '}{size}"
            for size in np.abs(orders.signed).tolist()
        ]
        rejected = [OrderStatus.REJECTED.value] * len(reasons)
        self._ledger.add_refusals(self._market(orders, rejected, reasons))

    def _market(self, orders: _Orders, status: list[str], reason: list[str]) -> OrderColumns:
        quantity = np.abs(orders.signed)
        return market_orders(
            ids=orders.id,
            strategy=self._strategies[orders.unit],
            symbol=self._symbols[orders.unit],
            side=np.sign(orders.signed).astype(np.int64),
            quantity=quantity,
            filled_quantity=np.where(orders.code == loop.FILLED, quantity, 0.0),
            status=status,
            reason=reason,
            submitted_ns=orders.submitted,
            updated_ns=orders.updated,
        )


def _orders_of(
    ids: IntArray, rows: IntArray, unit: IntArray, numbers: IntArray, prices: FloatArray
) -> _Orders:
    """Orders of some rows of what the loop has written."""
    of = numbers[rows]
    return _Orders(
        ids,
        unit[rows],
        of[:, loop.SUBMITTED],
        of[:, loop.UPDATED],
        of[:, loop.CODE],
        prices[rows, loop.SIGNED],
    )


def _count(ascending: IntArray, until: int, side: str) -> int:
    return int(np.searchsorted(ascending, until, side))  # type: ignore[call-overload]
