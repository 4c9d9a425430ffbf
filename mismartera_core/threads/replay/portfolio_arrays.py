"""How targets of a portfolio become fills as arrays, where nothing looks at single orders."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from mismartera_core.contracts.broker import Costs
from mismartera_core.managers.execution_manager.batches import OrderBatches
from mismartera_core.managers.execution_manager.ledger import market_orders
from mismartera_core.model.columns import BoolArray, FloatArray, IntArray
from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.quantities import all_in_lots, all_on_grid
from mismartera_core.model.results import MICROS
from mismartera_core.services.cost_formulas import slipped
from mismartera_core.threads.replay.aims import MANY, Aims
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.panel import Panel
from mismartera_core.threads.replay.step_row import StepRow
from mismartera_core.threads.replay.targets import REPLACED

EXPIRED = "the session ended"

_Working: TypeAlias = tuple[IntArray, FloatArray, IntArray, FloatArray]
"""Working orders: rows of their symbols, units (negative to sell), ids, units held without them."""

_INTS, _FLOATS = np.zeros(0, dtype=np.int64), np.zeros(0)
_NONE: _Working = _INTS, _FLOATS, _INTS, _FLOATS
"""No working order; always this very object."""

_FEW = 4
"""Steps whose targets become orders one step after the other sooner than at once."""


class AsArrays:
    """Market orders of all symbols as arrays: the same fills at a tenth of the cost.

    For a strategy that is alone, in regular hours, without buying-power limit, participation limit,
    risk checks and going flat before the close; a test holds both ways to one trade hash.

    Nothing is done at a step but to keep its targets: they become orders and fills, of many steps
    at once, when somebody looks at what came of them (`_catch_up`).

    Args:
        desk: Its ledger takes fills, orders and cash; its equity counts these positions.
        strategy: Row of the strategy.
        symbols: Rows of its symbols.
        costs: Commission and slippage.
        lot: Smallest tradable number of units.
    """

    remember: Callable[[FloatArray], None] | None = None
    """Arrays are for backtests."""

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
        self._step: StepRow | None = None
        self._matched = -1
        self._aims = Aims(len(symbols))
        self._unsettled: list[tuple[IntArray, IntArray, FloatArray]] = []
        self._filled_at: list[int] = []
        self._filled: list[int] = []
        self._batches = OrderBatches(ledger, strategy, self._rows)

    @property
    def quantities(self) -> FloatArray:
        """Units held, one a symbol; read only."""
        self._catch_up()
        held = self._planned.copy()
        rows, _, _, before = self._working
        held[rows] = before
        held.flags.writeable = False
        return held

    def equity(self, closes: FloatArray) -> float:
        """Cash plus positions at their last closes."""
        self.settle()
        units = self.quantities
        held = units.nonzero()[0]
        return (self._ledger.cash + _value(units[held], closes[held])) / MICROS

    def follow(self, panel: Panel, step: StepRow) -> None:
        """The steps that come are rows of a panel: orders fill at each, before the strategy."""
        self.settle()
        self._panel, self._step, self._matched = panel, step, -1

    def aim(self, targets: FloatArray, now_ns: int) -> None:  # noqa: ARG002 - the panel knows
        """Go after targets; NaN leaves a symbol as it is."""
        assert self._step is not None  # noqa: S101 - followed from the first step on
        if self._aims.add(self._step.row, targets) == MANY:
            self._catch_up()

    def settle(self) -> None:
        """Price and book what was filled since the last time."""
        self._catch_up()
        panel = self._panel
        if panel is None or not self._unsettled:
            return
        parts = zip(*self._unsettled, strict=True)
        orders, symbols, signed = (p[0] if len(p) == 1 else np.concatenate(p) for p in parts)
        rows = np.array(self._filled_at, dtype=np.int64).repeat(self._filled)
        self._unsettled, self._filled_at, self._filled = [], [], []
        price = panel.at("open", rows, symbols)
        fee = slippage = np.zeros(len(rows), dtype=np.int64)
        if self._costs.slippage is not None or self._costs.commission is not None:
            exact = price
            price, fee = self._charge(panel, rows, symbols, signed, exact)
            slippage = slipped(signed, exact, price)
        paid = np.rint(signed * price * MICROS)  # half to even on either side of zero
        self._ledger.cash -= int(paid.sum()) + int(fee.sum())
        known, opened = panel.instants[rows], panel.opens_at(rows, symbols)
        self._batches.fill(known, orders, symbols, signed, price, fee, opened, slippage)

    def _catch_up(self) -> None:
        """Do what was put off: orders for the targets kept, fills at every step up to now."""
        aims, panel, step = self._aims, self._panel, self._step
        if panel is None or step is None:
            return
        if aims.rows:
            self._match_until(panel, aims.rows[0])
            if not self._go_at_once(panel, step.row):
                for number, row in enumerate(aims.rows):
                    self._match_until(panel, row)
                    self._go(aims.targets(number), int(panel.instants[row]))
            aims.clear()
        self._match_until(panel, step.row)

    def _match_until(self, panel: Panel, row: int) -> None:
        """Fill what waits for the bars of the steps up to a row."""
        while self._matched < row and self._working is not _NONE:
            self._matched += 1
            working, left = self._working, _NONE
            if not panel.all_tradable:
                working, left = _split(working, panel.tradable()[self._matched][working[0]])
            self._working = left
            if working is not _NONE:
                rows, signed, orders, _ = working
                self._fill([self._matched], [len(rows)], orders, rows, signed)
        self._matched = max(self._matched, row)

    def _fill(
        self,
        steps: list[int],
        counts: list[int],
        orders: IntArray,
        rows: IntArray,
        signed: FloatArray,
    ) -> None:
        """Fill so many orders at each of some steps; they are priced when it is settled."""
        self._filled_at += steps
        self._filled += counts
        self._unsettled.append((orders, rows, signed))

    def _go_at_once(self, panel: Panel, newest: int) -> bool:
        """Place the orders of all targets kept, and fill those that a step has followed.

        Args:
            panel: The steps.
            newest: Row of the step that has come last.

        Returns:
            False where they are to be gone after one by one, because there are few of them or not
            every order fills completely at the next step; then nothing was done.
        """
        steps = self._aims.rows
        if len(steps) < _FEW or not self._whole or self._working is not _NONE:
            return False
        made = self._aims.orders(self._planned, self._lot) if panel.all_tradable else None
        if made is None:
            return False
        self._planned, self._matched = made.held, newest
        if not len(made.symbols):
            return True
        counts, rows, signed = made.counts, made.symbols, made.signed
        orders = self._batches.place(panel.instants[steps].tolist(), counts, rows, signed)
        left = counts[-1] if steps[-1] == newest else 0
        done = len(rows) - left
        if done:
            follow, filled = [row + 1 for row in steps], [*counts[:-1], counts[-1] - left]
            self._fill(follow, filled, orders[:done], rows[:done], signed[:done])
        if left:
            self._since[rows[done:]] = panel.instants[steps[-1]]
            self._working = rows[done:], signed[done:], orders[done:], made.before[done:]
        return True

    def _go(self, targets: FloatArray, now_ns: int) -> None:
        """Place the orders of the targets of one step."""
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
        orders = self._batches.place([now_ns], [len(changed)], changed, signed)
        placed = changed, signed, orders, before
        self._working = placed if self._working is _NONE else _joined(self._working, placed)

    def flatten(self) -> None:
        """Never asked for: such strategies go order by order."""

    @property
    def stays(self) -> bool:
        """Nothing is ever to be left."""
        return False

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
        units = self.quantities
        held = units.nonzero()[0]
        closes = self._desk.data.last_closes(self._rows[held].tolist())
        return _value(units[held], closes)

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


def _value(units: FloatArray, closes: FloatArray) -> int:
    """Value of positions, in 1e-6 currency units."""
    return int(np.rint(units * closes * MICROS).astype(np.int64).sum())
