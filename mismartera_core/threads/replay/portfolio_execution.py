"""How targets of a portfolio become fills: order by order, or as arrays where nothing forbids."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from mismartera_core.contracts.broker import Costs
from mismartera_core.managers.execution_manager.batches import OrderBatches
from mismartera_core.managers.execution_manager.ledger import market_orders
from mismartera_core.model.columns import BoolArray, FloatArray, IntArray
from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.quantities import all_in_lots, all_on_grid
from mismartera_core.model.results import MICROS
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.panel import Panel
from mismartera_core.threads.replay.targets import REPLACED, TargetUnit

EXPIRED = "the session ended"

_Working: TypeAlias = tuple[IntArray, FloatArray, IntArray, FloatArray]
"""Working orders: rows of their symbols, units (negative to sell), ids, units held without them."""

_INTS, _FLOATS = np.zeros(0, dtype=np.int64), np.zeros(0)
_NONE: _Working = _INTS, _FLOATS, _INTS, _FLOATS
"""No working order; always this very object."""


class OrderByOrder:
    """Every target an order of its own, through risk, buying power and the broker.

    Args:
        desk: What the units of a run share.
        units: One a symbol.
    """

    def __init__(self, desk: Desk, units: list[TargetUnit]) -> None:
        self._desk = desk
        self._units = units

    @property
    def quantities(self) -> FloatArray:
        """Units held, one a symbol."""
        return np.array([unit.position.quantity for unit in self._units])

    def equity(self, closes: FloatArray) -> float:  # noqa: ARG002 - the desk knows them
        """Cash plus positions at their last closes."""
        return float(self._desk.equity())

    def match(self, panel: Panel, row: int, now_ns: int) -> None:
        """The broker does it."""

    def aim(self, targets: FloatArray, now_ns: int) -> None:  # noqa: ARG002 - the clock stands there
        """Go after targets, symbol by symbol."""
        for unit, target in zip(self._units, targets.tolist(), strict=True):
            if not math.isnan(target):
                unit.aim(target)

    def flatten(self) -> None:
        """Leave every position."""
        for unit in self._units:
            unit.flatten()

    def begin_session(self) -> None:
        """Entries are possible again."""
        for unit in self._units:
            unit.flattened = False

    def end_session(self, close_ns: int) -> None:
        """The broker expires day orders."""

    def settle(self) -> None:
        """Everything is booked already."""

    def finish(self) -> None:
        """Everything is booked already."""


class AsArrays:
    """Market orders of all symbols as arrays: the same fills at a tenth of the cost.

    For a strategy that is alone, in regular hours, without buying-power limit, participation limit,
    risk checks and going flat before the close; a test holds both ways to one trade hash.

    Args:
        desk: Its ledger takes fills, orders and cash; its equity counts these positions.
        strategy: Row of the strategy.
        symbols: Rows of its symbols.
        costs: Commission and slippage.
        lot: Smallest tradable number of units.
    """

    def __init__(
        self,
        desk: Desk,
        strategy: int,
        symbols: tuple[int, ...],
        costs: Costs,
        lot: float,
    ) -> None:
        self._planned: FloatArray = np.zeros(len(symbols))
        self._working = _NONE
        self._rows = np.array(symbols, dtype=np.int64)
        self._desk = desk
        self._ledger = ledger = desk.execution.ledger
        desk.worth = self._worth
        self._strategy = strategy
        self._costs = costs
        self._lot = lot
        self._whole = lot % 1.0 == 0.0
        self._nothing = np.zeros(len(symbols))  # numpy compares with an array sooner than with 0
        self._since = np.zeros(len(symbols), dtype=np.int64)
        self._panel: Panel | None = None
        self._unsettled: list[tuple[int, int, IntArray, IntArray, FloatArray]] = []
        self._batches = OrderBatches(ledger, strategy, self._rows)

    @property
    def quantities(self) -> FloatArray:
        """Units held, one a symbol; read only."""
        held = self._planned.copy()
        rows, _, _, before = self._working
        held[rows] = before
        held.flags.writeable = False
        return held

    def equity(self, closes: FloatArray) -> float:
        """Cash plus positions at their last closes."""
        self.settle()
        return (self._ledger.cash + self._value(closes)) / MICROS

    def match(self, panel: Panel, row: int, now_ns: int) -> None:
        """Fill what waits for the bars of this step, at their opens; priced when it is settled."""
        if panel is not self._panel:
            self.settle()
            self._panel = panel
        working, left = self._working, _NONE
        if working is _NONE:
            return
        if not panel.all_tradable:
            working, left = _split(working, panel.tradable()[row][working[0]])
        self._working = left
        if working is not _NONE:
            rows, signed, orders, _ = working
            self._unsettled.append((row, now_ns, orders, rows, signed))

    def settle(self) -> None:
        """Price and book what was filled since the last time."""
        panel = self._panel
        if panel is None or not self._unsettled:
            return
        steps, instants, *parts = zip(*self._unsettled, strict=True)
        self._unsettled = []
        orders, symbols, signed = (p[0] if len(p) == 1 else np.concatenate(p) for p in parts)
        counts = list(map(len, parts[0]))
        rows = np.array(steps, dtype=np.int64).repeat(counts)
        known = np.array(instants, dtype=np.int64).repeat(counts)
        price = panel.at("open", rows, symbols)
        fee = np.zeros(len(rows), dtype=np.int64)
        if self._costs.slippage is not None or self._costs.commission is not None:
            price, fee = self._charge(panel, rows, symbols, signed, price)
        paid = np.rint(signed * price * MICROS)  # half to even on either side of zero
        self._ledger.cash -= int(paid.sum()) + int(fee.sum())
        opened = panel.opens_at(rows, symbols)
        self._batches.fill(known, orders, symbols, signed, price, fee, opened)

    def aim(self, targets: FloatArray, now_ns: int) -> None:
        """Go after targets; NaN leaves a symbol as it is."""
        planned = self._planned
        missing = targets - planned
        changed = (np.abs(missing) > self._nothing).nonzero()[0]  # NaN is not
        if len(changed) == 0:
            return
        signed = missing[changed]
        if self._working is not _NONE or not self._are_plain(signed):
            changed, signed = self._possible(targets, now_ns)
            if len(changed) == 0:
                return
        before = planned[changed]
        planned[changed] = before + signed if self._whole else all_on_grid(before + signed)
        self._since[changed] = now_ns
        placed = changed, signed, self._batches.place(now_ns, changed, signed), before
        self._working = placed if self._working is _NONE else _joined(self._working, placed)

    def flatten(self) -> None:
        """Never asked for: such strategies go order by order."""

    def begin_session(self) -> None:
        """Nothing is kept from entering."""

    def end_session(self, close_ns: int) -> None:
        """Expire day orders placed before the close, and book what the session has brought."""
        self.settle()
        self._end(self._since[self._working[0]] < close_ns, OrderStatus.EXPIRED, EXPIRED, close_ns)
        self._batches.book()

    def finish(self) -> None:
        """Book what is left, working orders among it."""
        self.settle()
        self._batches.book(last=True)

    def _are_plain(self, signed: FloatArray) -> bool:
        """Whether all are whole lots to the last bit, as they are where lots are whole numbers."""
        lots = signed if self._lot == 1.0 else signed / self._lot
        return self._whole and all(map(float.is_integer, lots.tolist()))

    def _possible(self, targets: FloatArray, now_ns: int) -> tuple[IntArray, FloatArray]:
        """Rows and units of what can be ordered; what it replaces is ended, the rest refused."""
        targets = all_on_grid(targets)
        new = np.abs(all_on_grid(targets - self._planned)) > self._nothing
        self._end(new[self._working[0]], OrderStatus.CANCELLED, REPLACED, now_ns)
        missing = all_on_grid(targets - self._planned)
        rows = (new & (missing != 0.0)).nonzero()[0]
        signed = missing[rows]
        whole = all_in_lots(np.abs(signed), self._lot)
        if not whole.all():
            self._refuse(rows[~whole], signed[~whole], now_ns)
        return rows[whole], signed[whole]

    def _end(self, mask: BoolArray, status: OrderStatus, reason: str, now_ns: int) -> None:
        """End the working orders within a mask without a fill."""
        (rows, _, orders, before), self._working = _split(self._working, mask)
        self._planned[rows] = before
        self._batches.end(now_ns, orders, status, reason)

    def _refuse(self, rows: IntArray, difference: FloatArray, now_ns: int) -> None:
        """Book signals that become no order."""
        quantity = np.abs(difference)
        reasons = [
            f"quantity must be whole lots of {self._lot:g}, was {units}"
            if math.isfinite(units)
            else f"quantity must be above zero, was {units}"
            for units in quantity.tolist()
        ]
        stamps = np.full(len(rows), now_ns)
        self._ledger.add_refusals(
            market_orders(
                ids=np.zeros(len(rows), dtype=np.int64),
                strategy=self._strategy,
                symbol=self._rows[rows],
                side=np.sign(difference).astype(np.int64),
                quantity=quantity,
                filled_quantity=np.zeros(len(rows)),
                status=[OrderStatus.REJECTED.value] * len(rows),
                reason=reasons,
                submitted_ns=stamps,
                updated_ns=stamps,
            )
        )

    def _worth(self) -> int:
        """Value of all positions at last closes, in 1e-6 currency units; cash is up to date too."""
        self.settle()
        return self._value(self._desk.data.last_closes()[self._rows])

    def _value(self, closes: FloatArray) -> int:
        """Value of all positions at closes, one a symbol, in 1e-6 currency units."""
        units = self.quantities
        held = units.nonzero()[0]
        return int(np.rint(units[held] * closes[held] * MICROS).astype(np.int64).sum())

    def _charge(
        self, panel: Panel, rows: IntArray, symbols: IntArray, signed: FloatArray, price: FloatArray
    ) -> tuple[FloatArray, IntArray]:
        """Prices after slippage, and commissions in 1e-6 currency units, fill by fill."""
        names = ("open", "high", "low", "close", "volume")
        bars = np.array([panel.at(name, rows, symbols) for name in names]).T.tolist()
        paid, fees = [], []
        for units, exact, bar in zip(signed.tolist(), price.tolist(), bars, strict=True):
            side, quantity, at, fee = math.copysign(1.0, units), abs(units), exact, 0.0
            if self._costs.slippage is not None:
                function, numbers = self._costs.slippage
                at = function(side, quantity, at, *bar, *numbers)
            if self._costs.commission is not None:
                function, numbers = self._costs.commission
                fee = function(side, quantity, at, *bar, *numbers)
            paid.append(at)
            fees.append(round(fee * MICROS))
        return np.array(paid), np.array(fees, dtype=np.int64)


def _split(working: _Working, mask: BoolArray) -> tuple[_Working, _Working]:
    """The orders within a mask, and the others."""
    return _chosen(working, mask), _chosen(working, ~mask)


def _chosen(working: _Working, mask: BoolArray) -> _Working:
    rows, signed, orders, before = working
    return (rows[mask], signed[mask], orders[mask], before[mask]) if mask.any() else _NONE


def _joined(older: _Working, newer: _Working) -> _Working:
    rows, signed, orders, before = (np.concatenate(both) for both in zip(older, newer, strict=True))
    return rows, signed, orders, before
