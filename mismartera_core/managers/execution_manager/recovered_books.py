"""The part of the engine's books that a recovery fills with what an earlier process left."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mismartera_core.contracts.broker import WorkingOrder, decimal
from mismartera_core.managers.execution_manager.day_book import DayBook
from mismartera_core.managers.execution_manager.ledger import Ledger
from mismartera_core.managers.execution_manager.order_log import Left, OrderLog, left_by
from mismartera_core.managers.execution_manager.positions import Holding
from mismartera_core.model.journal import BookedExecution, JournaledOrder
from mismartera_core.model.orders import Side
from mismartera_core.services.cost_formulas import MICROS


class RecoveredBooks:
    """Orders, positions and cash that were there before this process.

    Attributes:
        ledger: Cash, fills and orders.
        holdings: What every strategy holds, by symbol row.
        log: What left lately.
        orders_today: Orders accepted in the session so far.
        earlier: What an earlier process sent, until the session begins that it may belong to.
        executed: What the venue has executed for it, likewise.
        day: What fills say of the day.
    """

    ledger: Ledger
    holdings: dict[int, list[Holding]]
    log: OrderLog
    day: DayBook
    orders_today: int
    earlier: tuple[Left, ...] = ()
    executed: tuple[BookedExecution, ...] = ()
    _costed: int
    _margined: int

    def adopt(self, order: WorkingOrder) -> None:
        """Book an order that an earlier process placed, and that a venue still works."""
        self.ledger.add(order)

    def restore(self, holding: Holding, units: float, price: float) -> None:
        """Put back what an execution of an earlier process made of a position; no cash moves.

        Args:
            holding: Whose position.
            units: Units, negative when sold.
            price: Price of a unit.
        """
        self._apply(holding, units, round(abs(units) * price * MICROS))

    def set_cash(self, cash: Decimal) -> None:
        """The account's cash, as its venue says."""
        self.ledger.cash = round(cash * 1_000_000)

    def count(self, orders: Sequence[JournaledOrder], executed: Sequence[BookedExecution]) -> None:
        """Count what an earlier process sent: a restart is no new minute, and no new day.

        Args:
            orders: Orders of the last day as the journal has them, legs and changes among them.
            executed: All executions that the journal has, in their order.
        """
        self.executed = tuple(executed)
        self.earlier = tuple(sorted(left for order in orders for left in left_by(order)))

    def recount(self, open_ns: int) -> None:
        """A session begins: what was sent since its open counts in its limits.

        Args:
            open_ns: Its open, nanoseconds UTC.
        """
        earlier, self.earlier = self.earlier, ()
        executed, self.executed = self.executed, ()
        for left in earlier:
            if left.at_ns < open_ns:
                continue
            self.orders_today += left.is_order
            if left.is_rejected:
                self.log.rejected(left.at_ns, left.symbol)
            else:
                self.log.left(left.at_ns, left.strategy, left.symbol, left.side, left.quantity)
        if executed:
            self.day.forget()
        rows = {h.symbol_name: row for row, holdings in self.holdings.items() for h in holdings}
        for one in executed:
            execution = one.execution
            row, side = rows.get(execution.symbol), 1 if execution.side is Side.BUY else -1
            if row is None or not one.strategy:
                continue
            if execution.at_ns < open_ns:
                self.day.hold(row, side * float(execution.quantity))
            else:
                self.day.take(row, side, float(execution.quantity), float(execution.price))

    def units(self) -> dict[str, Decimal]:
        """Units of all strategies together, by ticker; those that are flat are left out."""
        held: dict[str, Decimal] = {}
        for holdings in self.holdings.values():
            for holding in holdings:
                if holding.position.quantity == 0.0:
                    continue
                units = decimal(holding.position.quantity)
                held[holding.symbol_name] = held.get(holding.symbol_name, Decimal(0)) + units
        return {symbol: units for symbol, units in held.items() if units}

    def _apply(self, holding: Holding, signed: float, notional: int) -> None:
        position = holding.position
        before = position.cost
        position.apply(signed, notional)
        self._costed += position.cost - before
        self._margined += abs(position.cost) - abs(before)
