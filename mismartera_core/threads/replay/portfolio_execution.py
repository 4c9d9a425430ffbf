"""How targets of a portfolio become fills: order by order, or as arrays where nothing forbids."""

from __future__ import annotations

import math

import numpy as np

from mismartera_core.contracts.broker import Costs
from mismartera_core.managers.execution_manager.batches import OrderBatches
from mismartera_core.managers.execution_manager.ledger import market_orders
from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.results import MICROS
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.panel import Panel
from mismartera_core.threads.replay.targets import REPLACED, TargetUnit

EXPIRED = "the session ended"


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

    def finish(self) -> None:
        """Everything is booked already."""


class AsArrays:
    """Market orders of all symbols as arrays: the same fills at a tenth of the cost.

    For a strategy that is alone, without buying-power limit, participation limit, risk checks and
    going flat before the close; a test holds both ways to one trade hash.

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
        self._symbols = symbols
        self._desk = desk
        self._ledger = ledger = desk.execution.ledger
        desk.worth = self._worth
        self._strategy = strategy
        self._costs = costs
        self._lot = lot
        self._waiting = np.zeros(len(symbols))
        self._order = np.zeros(len(symbols), dtype=np.int64)
        self._since = np.zeros(len(symbols), dtype=np.int64)
        self._batches = OrderBatches(ledger, strategy, np.array(symbols, dtype=np.int64))

    @property
    def quantities(self) -> FloatArray:
        """Units held, one a symbol; read only."""
        held = self._quantities.view()
        held.flags.writeable = False
        return held

    def equity(self, closes: FloatArray) -> float:
        """Cash plus positions at their last closes."""
        held = np.where(self._quantities == 0.0, 0.0, self._quantities * closes * MICROS)
        return (self._ledger.cash + int(np.rint(held).sum())) / MICROS

    def match(self, panel: Panel, row: int, now_ns: int) -> None:
        """Fill what waits for the bars of this step, at their opens."""
        waiting = self._waiting.nonzero()[0]
        if len(waiting) == 0:
            return
        price = panel.exact("open")[row][waiting]
        volume = panel.exact("volume")[row][waiting]
        tradable = (volume != 0.0) & (price == price)
        if not tradable.all():
            waiting, price = waiting[tradable], price[tradable]
            if len(waiting) == 0:
                return
        signed = self._waiting[waiting]
        quantity = np.abs(signed)
        fee = np.zeros(len(waiting), dtype=np.int64)
        if self._costs.slippage is not None or self._costs.commission is not None:
            price, fee = self._charge(panel, row, waiting, signed, price)
        notional = np.rint(quantity * price * MICROS) * np.sign(signed)
        self._ledger.cash -= int(notional.sum()) + int(fee.sum())
        self._quantities[waiting] += signed
        self._waiting[waiting] = 0.0
        self._batches.fill(
            now_ns, self._order[waiting], waiting, signed, price, fee, panel.opens_at(row, waiting)
        )

    def aim(self, targets: FloatArray, now_ns: int) -> None:
        """Go after targets; NaN leaves a symbol as it is."""
        planned = self._quantities + self._waiting
        changed = ((targets != planned) & (targets == targets)).nonzero()[0]
        if len(changed) == 0:
            return
        replaced = changed[self._waiting[changed] != 0.0]
        if len(replaced):
            self._end(replaced, OrderStatus.CANCELLED, REPLACED, now_ns)
        difference = targets[changed] - self._quantities[changed]
        wanted = difference.nonzero()[0]
        changed, difference = changed[wanted], difference[wanted]
        with np.errstate(invalid="ignore"):  # an infinite one leaves NaN, which is not zero
            wrong = np.mod(np.abs(difference), self._lot) != 0.0
        if wrong.any():
            self._refuse(changed[wrong], difference[wrong], now_ns)
            changed, difference = changed[~wrong], difference[~wrong]
        self._order[changed] = self._batches.place(now_ns, changed, difference)
        self._waiting[changed] = difference
        self._since[changed] = now_ns

    def flatten(self) -> None:
        """Never asked for: such strategies go order by order."""

    def begin_session(self) -> None:
        """Nothing is kept from entering."""

    def end_session(self, close_ns: int) -> None:
        """Expire day orders placed before the close, and book what the session has brought."""
        old = ((self._waiting != 0.0) & (self._since < close_ns)).nonzero()[0]
        if len(old):
            self._end(old, OrderStatus.EXPIRED, EXPIRED, close_ns)
        self._batches.book()

    def finish(self) -> None:
        """Book what is left, working orders among it."""
        self._batches.book(last=True)

    def _end(self, rows: IntArray, status: OrderStatus, reason: str, now_ns: int) -> None:
        self._batches.end(now_ns, self._order[rows], status, reason)
        self._waiting[rows] = 0.0

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
                symbol=np.array(self._symbols, dtype=np.int64)[rows],
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
        """Value of all positions at last closes, in 1e-6 currency units."""
        held = self._quantities.nonzero()[0].tolist()
        closes = {row: self._desk.data.last_close(self._symbols[row]) for row in held}
        return sum(round(float(self._quantities[row]) * closes[row] * MICROS) for row in held)

    def _charge(
        self, panel: Panel, row: int, waiting: IntArray, signed: FloatArray, price: FloatArray
    ) -> tuple[FloatArray, IntArray]:
        """Prices after slippage, and commissions in 1e-6 currency units, fill by fill."""
        names = ("open", "high", "low", "close", "volume")
        bars = np.array([panel.exact(name)[row][waiting] for name in names]).T.tolist()
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
