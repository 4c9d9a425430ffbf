"""What one strategy holds of one symbol."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from mismartera_core.model.quantities import on_grid
from mismartera_core.services.cost_formulas import MICROS


class Position:
    """Units at average cost; the flags are kept, not computed, because strategies ask every bar."""

    __slots__ = ("cost", "is_flat", "is_long", "is_short", "quantity")

    def __init__(self) -> None:
        self.quantity = 0.0
        self.cost = 0
        self.is_flat = True
        self.is_long = False
        self.is_short = False

    @property
    def average_price(self) -> float:
        """What a unit cost on average; NaN when flat."""
        return math.nan if self.is_flat else self.cost / self.quantity / MICROS

    def apply(self, signed_quantity: float, notional: int) -> None:
        """Add a fill.

        Args:
            signed_quantity: Units, negative when sold.
            notional: Quantity times price in 1e-6 currency units, positive.
        """
        held = self.quantity
        after = held + signed_quantity
        if after % 1.0:
            after = on_grid(after)
        if after == 0.0:
            self.cost = 0
        elif held * signed_quantity >= 0.0:
            self.cost += notional if signed_quantity > 0.0 else -notional
        elif held * after > 0.0:
            self.cost = round(self.cost * (after / held))
        else:
            self.cost = round(notional * (after / signed_quantity))
            self.cost = self.cost if after > 0.0 else -self.cost
        self.quantity = after
        self.is_flat = after == 0.0
        self.is_long = after > 0.0
        self.is_short = after < 0.0


class Holding:
    """One strategy's books in one symbol; the owner of its orders.

    Attributes:
        strategy: Name of the strategy in the session config.
        index: Its row in the config.
        symbol: Row of the symbol.
        symbol_name: Ticker.
        zone: The exchange's zone.
        position: What is held.
        on_fill: Told of every fill; None where nobody listens.
        exits_refused: Orders to leave the position that were rejected since it last changed.
    """

    __slots__ = (
        "exits_refused",
        "index",
        "on_fill",
        "position",
        "strategy",
        "symbol",
        "symbol_name",
        "zone",
    )

    def __init__(
        self, strategy: str, index: int, symbol: int, symbol_name: str, zone: tzinfo
    ) -> None:
        self.strategy = strategy
        self.index = index
        self.symbol = symbol
        self.symbol_name = symbol_name
        self.zone = zone
        self.exits_refused = 0
        self.position = Position()
        self.on_fill: Callable[[Any, float, float, int, Any], None] | None = None
