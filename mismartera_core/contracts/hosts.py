"""What the engine does for a strategy; authors never see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mismartera_core.contracts.views import (
        BarsView,
        IndicatorHandle,
        OrderTicket,
        PositionView,
        Price,
        RowHandle,
    )
    from mismartera_core.model.columns import FloatArray


class StrategyHost(Protocol):
    """What the engine does for one strategy and one symbol."""

    symbol: str
    position: PositionView

    @property
    def now(self) -> datetime:
        """The clock, in the exchange's zone."""

    @property
    def cash(self) -> Decimal:
        """Cash of the account."""

    @property
    def equity(self) -> Decimal:
        """Cash plus positions at their last closes."""

    @property
    def orders(self) -> Sequence[OrderTicket]:
        """Working orders of the strategy in the symbol."""

    def indicator(self, name: str, interval: str | None, params: dict[str, Any]) -> IndicatorHandle:
        """A handle on an indicator."""

    def historical(self, name: str) -> float:
        """A historical indicator for this session."""

    def bars(self, interval: str | None) -> BarsView:
        """Bars known by now."""

    def units_for(self, amount: Price, price: Price | None) -> float:
        """Units that an amount of money pays for."""

    def submit(
        self,
        side: int,
        quantity: Price,
        limit: Price | None,
        stop: Price | None,
        trail: Price | None,
        stop_loss: Price | None,
        take_profit: Price | None,
        time_in_force: str,
        oco: OrderTicket | None,
        tag: str,
    ) -> OrderTicket:
        """Place an order."""

    def replace(
        self,
        ticket: OrderTicket,
        quantity: Price | None,
        limit: Price | None,
        stop: Price | None,
        trail: Price | None,
    ) -> None:
        """Change a working order."""

    def close(self, tag: str) -> OrderTicket | None:
        """Cancel what works and leave the position at market."""

    def cancel(self, ticket: OrderTicket | None) -> None:
        """Cancel one order, or all."""


class PortfolioHost(Protocol):
    """What the engine does for a strategy over all its symbols."""

    symbols: tuple[str, ...]

    @property
    def now(self) -> datetime:
        """The clock, in the exchange's zone."""

    @property
    def cash(self) -> Decimal:
        """Cash of the account."""

    @property
    def equity(self) -> Decimal:
        """Cash plus positions at their last closes."""

    @property
    def quantities(self) -> FloatArray:
        """Units held, one a symbol."""

    def indicator(self, name: str, interval: str | None, params: dict[str, Any]) -> RowHandle:
        """A handle on an indicator."""

    def historical(self, name: str) -> FloatArray:
        """A historical indicator for this session."""
