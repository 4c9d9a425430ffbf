"""What is not ours: shown, counted for exposure, never touched."""

from __future__ import annotations

from decimal import Decimal

from mismartera_core.managers.execution_manager.venue.core import DeskCore
from mismartera_core.managers.execution_manager.venue.notices import NoticeKind
from mismartera_core.model.orders import Side
from mismartera_core.model.venue import Execution, VenueOrder


class External:
    """Orders and positions of the account that others have made.

    Args:
        core: What the desk shares.

    Attributes:
        orders: Orders that work, by the venue's id.
        positions: Units by symbol, negative when short.
    """

    def __init__(self, core: DeskCore) -> None:
        self._core = core
        self.orders: dict[str, VenueOrder] = {}
        self.positions: dict[str, Decimal] = {}

    def order(self, said: VenueOrder) -> None:
        """Take what the venue says of an order that is not ours."""
        if said.status.is_final:
            self.orders.pop(said.venue_id, None)
        else:
            if said.venue_id not in self.orders:
                words = f"an order that is not ours: {said.side.value} {said.quantity}"
                self._core.notice(NoticeKind.EXTERNAL, words, symbol=said.symbol)
            self.orders[said.venue_id] = said

    def book(self, execution: Execution) -> bool:
        """Take an execution that is not ours, once.

        Returns:
            Whether it is durable.
        """
        new = self._core.book(execution, "")
        if new:
            self.hold(execution.symbol, signed(execution))
            side = execution.side.value
            words = f"an execution that is not ours: {side} {execution.quantity}"
            self._core.notice(NoticeKind.EXTERNAL, words, symbol=execution.symbol)
        return new is not None

    def ours(self, venue_id: str) -> None:
        """An order was taken for one that is not ours, and is."""
        self.orders.pop(venue_id, None)

    def hold(self, symbol: str, units: Decimal) -> None:
        """Count units that are not ours."""
        held = self.positions.pop(symbol, Decimal(0)) + units
        if held:
            self.positions[symbol] = held

    def only(self, open_ids: set[str]) -> None:
        """Drop orders that the venue has no more."""
        for venue_id in self.orders.keys() - open_ids:
            del self.orders[venue_id]


def signed(execution: Execution) -> Decimal:
    """Units of an execution, negative when sold."""
    return execution.quantity if execution.side is Side.BUY else -execution.quantity
