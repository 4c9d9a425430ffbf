"""What fills say of the day: sales that have not settled, and day trades."""

from __future__ import annotations

from collections import deque

from mismartera_core.managers.execution_manager.ledger import Ledger
from mismartera_core.services.cost_formulas import MICROS

DAYS = 5
"""Sessions over which day trades are counted, this one included."""


class DayBook:
    """Reads the ledger's fills once, in order.

    Args:
        ledger: The books of the run.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read = 0
        self._sold = 0
        self._opened: set[int] = set()
        self._held: dict[int, float] = {}
        self._trades: deque[int] = deque([0], maxlen=DAYS)

    def begin_session(self) -> None:
        """A session begins: what was sold before it has settled by now (T+1)."""
        self._catch_up()
        self._ledger.settle()
        self._read = len(self._ledger.fills)
        self._sold = 0
        self._opened.clear()
        self._trades.append(0)

    def unsettled(self) -> int:
        """What the session's sales have brought, 1e-6 currency units."""
        self._catch_up()
        return self._sold

    def day_trades(self) -> int:
        """Positions opened and closed within a day, over the last five sessions."""
        self._catch_up()
        return sum(self._trades)

    def _catch_up(self) -> None:
        fills = self._ledger.fills
        for _, _, symbol, side, quantity, price, *_ in fills[self._read :]:
            self.take(symbol, side, quantity, price)
        self._read = len(fills)

    def forget(self) -> None:
        """Forget what is held: the journal says it anew, with what was executed meanwhile."""
        self._held.clear()

    def hold(self, symbol: int, units: float) -> None:
        """Take units that were held when the session began."""
        self._held[symbol] = self._held.get(symbol, 0.0) + units

    def take(self, symbol: int, side: int, quantity: float, price: float) -> None:
        """Take an execution of the session.

        Args:
            symbol: Row of the symbol.
            side: +1 bought, -1 sold.
            quantity: Units.
            price: Of each.
        """
        held = self._held.get(symbol, 0.0)
        self._held[symbol] = held + side * quantity
        if side < 0:
            self._sold += round(quantity * price * MICROS)
        if held * side >= 0.0:
            self._opened.add(symbol)
        elif symbol in self._opened:
            self._trades[-1] += 1
            self._opened.discard(symbol)
            if abs(quantity) > abs(held):  # through zero: a new position has been opened
                self._opened.add(symbol)
