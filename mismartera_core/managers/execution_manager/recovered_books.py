"""The part of the engine's books that a recovery fills with what an earlier process left."""

from __future__ import annotations

from decimal import Decimal

from mismartera_core.contracts.broker import WorkingOrder, decimal
from mismartera_core.managers.execution_manager.ledger import Ledger
from mismartera_core.managers.execution_manager.positions import Holding
from mismartera_core.services.cost_formulas import MICROS


class RecoveredBooks:
    """Orders, positions and cash that were there before this process.

    Attributes:
        ledger: Cash, fills and orders.
        holdings: What every strategy holds, by symbol row.
    """

    ledger: Ledger
    holdings: dict[int, list[Holding]]
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
