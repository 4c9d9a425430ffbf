"""Risk checks: the last word before an order leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mismartera_core.model.risk import RiskVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order that asks to leave, in the numbers a check needs.

    Attributes:
        strategy: Name of the strategy in the session config.
        symbol: Ticker.
        side: +1 buys, -1 sells.
        quantity: Units, positive.
        reference_price: Limit or stop price where the order has one, else the last close.
        opens: Whether it would enlarge the account's position in the symbol.
    """

    strategy: str
    symbol: str
    side: int
    quantity: float
    reference_price: float
    opens: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """The account as it stands when an order asks to leave.

    Attributes:
        equity: Cash plus positions at their last closes, account currency.
        cash: Settled and unsettled cash.
        day_start_equity: Equity at the start of the session.
        position: Net units held in the symbol of the order, with those that working orders of the
            same side may add: five orders that each reduce a position are not five reductions.
        gross_exposure: Sum of absolute position values at last closes.
        open_positions: Symbols with a position, or with a working order that may open one.
        orders_today: Orders accepted in this session so far.
        minutes_since_open: Since the calendar's regular open; negative in the pre-market.
        minutes_to_close: Until the calendar's regular close; negative in the post-market.
    """

    equity: float
    cash: float
    day_start_equity: float
    position: float
    gross_exposure: float
    open_positions: int
    orders_today: int
    minutes_since_open: float
    minutes_to_close: float


class RiskCheck(Protocol):
    """Says no, with the numbers that decided it, or nothing."""

    def check(self, request: OrderRequest, account: AccountView) -> str | None:
        """The reason of a refusal, or None where the order may leave."""


class RiskMonitor(Protocol):
    """A risk check that also watches the account; a check may be one as well, by having `watch`."""

    def watch(self, account: AccountView, now_ns: int) -> RiskVerdict | None:
        """Look at the account after a step, and whenever a venue has told something.

        Args:
            account: As it stands; its `position` is 0.0, for no order asks.
            now_ns: The clock, nanoseconds UTC.

        Returns:
            A severer state, or None where all is well. A state is left by a human only.
        """
