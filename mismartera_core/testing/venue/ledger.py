"""What an account holds: cash and positions, exact to the last decimal."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from mismartera_core.model.orders import Side
from mismartera_core.testing.venue.amounts import ZERO

_COST_STEP = Decimal("1e-9")


@dataclass(slots=True)
class Holding:
    """A position.

    Attributes:
        quantity: Units, negative when short.
        cost: What they cost, negative when short: price times units, summed.
    """

    quantity: Decimal = ZERO
    cost: Decimal = ZERO

    @property
    def average(self) -> Decimal:
        """What a unit cost."""
        return self.cost / self.quantity if self.quantity else ZERO


class Ledger:
    """Cash and positions of one account.

    Attributes:
        cash: Cash; what short sales brought in included.
        realized: Profit of what was closed, before fees.
        fees: All fees so far.
        holdings: Positions by symbol; none is flat.

    Args:
        cash: At the start.
    """

    def __init__(self, cash: Decimal) -> None:
        self.cash = cash
        self.realized = ZERO
        self.fees = ZERO
        self.holdings: dict[str, Holding] = {}

    def position(self, symbol: str) -> Decimal:
        """Units held of a symbol, negative when short.

        Args:
            symbol: Ticker.
        """
        held = self.holdings.get(symbol)
        return held.quantity if held else ZERO

    def at_cost(self) -> Decimal:
        """Cash, and positions at what they cost."""
        return self.cash + sum((held.cost for held in self.holdings.values()), ZERO)

    def book(
        self, symbol: str, side: Side, quantity: Decimal, price: Decimal, fee: Decimal
    ) -> None:
        """Book an execution.

        Args:
            symbol: Ticker.
            side: Buy or sell.
            quantity: Units, above zero.
            price: Of each.
            fee: Account currency.
        """
        units = quantity if side is Side.BUY else -quantity
        self.cash -= units * price + fee
        self.fees += fee
        self._move(symbol, units, price)

    def set_position(self, symbol: str, quantity: Decimal, price: Decimal) -> None:
        """Put a position there that no execution explains, such as a transfer; cash stays.

        Args:
            symbol: Ticker.
            quantity: Units, negative when short; zero for none.
            price: What each is said to have cost.
        """
        self.holdings.pop(symbol, None)
        if quantity:
            self.holdings[symbol] = Holding(quantity, quantity * price)

    def _move(self, symbol: str, units: Decimal, price: Decimal) -> None:
        held = self.holdings.setdefault(symbol, Holding())
        if held.quantity * units < 0:
            closed = min(abs(units), abs(held.quantity)) * (1 if units > 0 else -1)
            share = self._share(held, -closed)
            self.realized += -closed * price - share
            held.quantity += closed
            held.cost -= share
            units -= closed
        held.quantity += units
        held.cost += units * price
        if not held.quantity:
            del self.holdings[symbol]

    @staticmethod
    def _share(held: Holding, units: Decimal) -> Decimal:
        """What some units of a position cost; of all of them, all of it."""
        if units == held.quantity:
            return held.cost
        return (held.cost * units / held.quantity).quantize(_COST_STEP, ROUND_HALF_EVEN)
