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

_Working: TypeAlias = tuple[IntArray, FloatArray, IntArray]
"""Working orders: rows of their symbols, units (negative to sell), ids."""

_NONE: _Working = np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=np.int64)
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
        self._quantities: FloatArray = np.zeros(len(symbols))
        self._rows = np.array(symbols, dtype=np.int64)
        self._desk = desk
        self._ledger = ledger = desk.execution.ledger
        desk.worth = self._worth
        self._strategy = strategy
        self._costs = costs
        self._lot = lot
        self._nothing = np.zeros(len(symbols))  # numpy compares with an array sooner than with 0
        self._since = np.zeros(len(symbols), dtype=np.int64)
        self._working = _NONE
        self._unsettled: list[tuple[Panel, int, int, IntArray, IntArray, FloatArray]] = []
        self._batches = OrderBatches(ledger, strategy, self._rows)

    @property
    def quantities(self) -> FloatArray:
        """Units held, one a symbol; read only."""
        held = self._quantities.view()
        held.flags.writeable = False
        return held

    def equity(self, closes: FloatArray) -> float:
        """Cash plus positions at their last closes."""
        self.settle()
        held = np.where(self._quantities == 0.0, 0.0, self._quantities * closes * MICROS)
        return (self._ledger.cash + int(np.rint(held).sum())) / MICROS

    def match(self, panel: Panel, row: int, now_ns: int) -> None:
        """Fill what waits for the bars of this step, at their opens; priced when it is settled."""
        working, left = self._working, _NONE
        if working is _NONE:
            return
        if not panel.all_tradable:
            working, left = _split(working, panel.tradable()[row][working[0]])
        self._working = left
        if working is not _NONE:
            rows, signed, orders = working
            held = self._quantities[rows] + signed
            self._quantities[rows] = held if self._lot % 1.0 == 0.0 else all_on_grid(held)
            self._unsettled.append((panel, row, now_ns, orders, rows, signed))

    def settle(self) -> None:
        """Price and book what was filled since the last time."""
        while self._unsettled:
            panel = self._unsettled[0][0]
            of_panel = [fill[1:] for fill in self._unsettled if fill[0] is panel]
            self._unsettled = self._unsettled[len(of_panel) :]
            rows, instants, orders, waiting, signed = zip(*of_panel, strict=True)
            counts = [len(each) for each in waiting]
            self._book(
                panel,
                np.repeat(rows, counts),
                np.repeat(np.array(instants, dtype=np.int64), counts),
                np.concatenate(orders),
                np.concatenate(waiting),
                np.concatenate(signed),
            )

    def aim(self, targets: FloatArray, now_ns: int) -> None:
        """Go after targets; NaN leaves a symbol as it is."""
        working = self._working
        planned = self._quantities if working is _NONE else self._planned()
        missing = targets - planned
        new = np.abs(missing) > self._nothing  # NaN is not
        changed = new.nonzero()[0]
        if len(changed) == 0:
            return
        plain = self._are_plain_lots(missing[changed])
        if not plain:
            targets = all_on_grid(targets)
            new = np.abs(all_on_grid(targets - planned)) > self._nothing
            missing, changed = targets - self._quantities, new.nonzero()[0]
        if working is not _NONE:
            ended, self._working = _split(working, new[working[0]])
            self._batches.end(now_ns, ended[2], OrderStatus.CANCELLED, REPLACED)
            missing = targets - self._quantities
            changed = changed[missing[changed].nonzero()[0]]
        signed = missing[changed]
        if not plain:
            signed = all_on_grid(signed)
            changed, signed = changed[signed != 0.0], signed[signed != 0.0]
            whole = all_in_lots(np.abs(signed), self._lot)
            self._refuse(changed[~whole], signed[~whole], now_ns)
            changed, signed = changed[whole], signed[whole]
        if len(changed) == 0:
            return
        self._since[changed] = now_ns
        placed = changed, signed, self._batches.place(now_ns, changed, signed)
        self._working = placed if self._working is _NONE else _joined(self._working, placed)

    def flatten(self) -> None:
        """Never asked for: such strategies go order by order."""

    def begin_session(self) -> None:
        """Nothing is kept from entering."""

    def end_session(self, close_ns: int) -> None:
        """Expire day orders placed before the close, and book what the session has brought."""
        self.settle()
        old, self._working = _split(self._working, self._since[self._working[0]] < close_ns)
        self._batches.end(close_ns, old[2], OrderStatus.EXPIRED, EXPIRED)
        self._batches.book()

    def finish(self) -> None:
        """Book what is left, working orders among it."""
        self.settle()
        self._batches.book(last=True)

    def _planned(self) -> FloatArray:
        """Units held once all that works is filled."""
        rows, signed, _ = self._working
        planned = self._quantities.copy()
        planned[rows] += signed
        return planned if self._lot % 1.0 == 0.0 else all_on_grid(planned)

    def _are_plain_lots(self, signed: FloatArray) -> bool:
        """Whether all are whole lots to the last bit, as they are where lots are whole numbers."""
        lots = signed if self._lot == 1.0 else signed / self._lot
        return self._lot % 1.0 == 0.0 and all(map(float.is_integer, lots.tolist()))

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
        held = self._quantities.nonzero()[0]
        closes = self._desk.data.last_closes()[self._rows[held]]
        return int(np.rint(self._quantities[held] * closes * MICROS).astype(np.int64).sum())

    def _book(
        self,
        panel: Panel,
        rows: IntArray,
        instants: IntArray,
        orders: IntArray,
        waiting: IntArray,
        signed: FloatArray,
    ) -> None:
        price = panel.at("open", rows, waiting)
        fee = np.zeros(len(waiting), dtype=np.int64)
        if self._costs.slippage is not None or self._costs.commission is not None:
            price, fee = self._charge(panel, rows, waiting, signed, price)
        notional = np.rint(np.abs(signed) * price * MICROS) * np.sign(signed)
        self._ledger.cash -= int(notional.sum()) + int(fee.sum())
        opened = panel.opens_at(rows, waiting)
        self._batches.fill(instants, orders, waiting, signed, price, fee, opened)

    def _charge(
        self, panel: Panel, rows: IntArray, waiting: IntArray, signed: FloatArray, price: FloatArray
    ) -> tuple[FloatArray, IntArray]:
        """Prices after slippage, and commissions in 1e-6 currency units, fill by fill."""
        names = ("open", "high", "low", "close", "volume")
        bars = np.array([panel.at(name, rows, waiting) for name in names]).T.tolist()
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
    rows, signed, orders = working
    return (rows[mask], signed[mask], orders[mask]) if mask.any() else _NONE


def _joined(older: _Working, newer: _Working) -> _Working:
    rows, signed, orders = (np.concatenate(both) for both in zip(older, newer, strict=True))
    return rows, signed, orders
