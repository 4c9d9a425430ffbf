"""What a venue says: its account, orders, executions and positions, as frozen values.

Money, prices and quantities are Decimal, as venues send them; instants are nanoseconds UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from mismartera_core.model.orders import OrderType, Side, TimeInForce


class VenueStatus(StrEnum):
    """Where the venue says an order is; the last five are final."""

    PENDING = "pending"
    """Taken, but not working yet (accepted, pending_new, held leg ...)."""
    WORKING = "working"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to the order."""
        return self in _FINAL


_FINAL = frozenset(
    {
        VenueStatus.FILLED,
        VenueStatus.CANCELLED,
        VenueStatus.EXPIRED,
        VenueStatus.REJECTED,
        VenueStatus.REPLACED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """An order as it is sent.

    Attributes:
        client_id: Our id, at most 40 characters; the same terms always have the same id.
        symbol: Ticker.
        side: Buy or sell.
        type: Market, limit, stop, stop-limit or trailing stop.
        quantity: Units; None where `notional` says how much.
        notional: Account currency to spend; None where `quantity` says how much.
        limit_price: Of limit and stop-limit orders.
        stop_price: Of stop and stop-limit orders.
        trail_amount: Distance of a trailing stop, in price units.
        time_in_force: Day or good till cancelled.
        extended_hours: Whether it may fill outside of regular hours.
        take_profit: Limit price of a leg that works once the order has filled; None for none.
        stop_loss: Stop price of a leg that works once the order has filled; None for none.
    """

    client_id: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal | None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    extended_hours: bool = False
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOrder:
    """An order as the venue has it.

    Attributes:
        venue_id: The venue's id.
        client_id: Our id; whatever the venue has for orders that are not ours, "" for none.
        symbol: Ticker.
        side: Buy or sell.
        type: How it is priced.
        quantity: Units ordered; None for an order by notional.
        filled_quantity: Units filled so far, all executions together.
        average_price: Of what has filled; None before.
        status: Where it is.
        reason: Why it was rejected, cancelled or expired, in the venue's words; "" otherwise.
        limit_price: None where it has none.
        stop_price: None where it has none.
        submitted_ns: When the venue took it.
        updated_ns: When it last changed.
        legs: Its legs, where it is the entry of a bracket.
        replaces: Venue id of the order that it replaced; "" for none.
        replaced_by: Venue id of the order that replaced it; "" for none.
    """

    venue_id: str
    client_id: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal | None
    filled_quantity: Decimal
    average_price: Decimal | None
    status: VenueStatus
    reason: str = ""
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    submitted_ns: int = 0
    updated_ns: int = 0
    legs: tuple[VenueOrder, ...] = ()
    replaces: str = ""
    replaced_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution; the same one may be told of more than once.

    It has the same id each time, or else `cumulative`, by which it is known under another: a venue
    may have ids of one kind for what it tells and of another for what it lists.

    Attributes:
        execution_id: The venue's id of it: unique within the account.
        venue_id: The order it belongs to.
        client_id: Our id of that order; "" where the venue does not say.
        symbol: Ticker.
        side: Buy or sell.
        quantity: Units of this execution.
        price: Its price.
        commission: Its fee, account currency.
        at_ns: When it happened.
        cumulative: Units of the order filled by now, this execution included; None where unknown.
    """

    execution_id: str
    venue_id: str
    client_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    commission: Decimal = Decimal(0)
    at_ns: int = 0
    cumulative: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VenuePosition:
    """What the account holds of a symbol.

    Attributes:
        symbol: Ticker.
        quantity: Units, negative when short.
        average_price: What a unit cost on average.
    """

    symbol: str
    quantity: Decimal
    average_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueAccount:
    """The account.

    Attributes:
        account_id: The number a user knows it by.
        paper: Whether no real money moves.
        currency: For example "USD".
        cash: Settled and unsettled.
        equity: Cash plus positions.
        buying_power: What may be spent on new positions.
        multiplier: Leverage; 1 for a cash account.
        shorting: Whether it may sell short.
        blocked: Why it may not trade; "" where it may.
        day_trades: Day trades of five days as the venue counts them; None where it does not.
        pdt_applies: Whether the venue still holds it to the pattern-day-trader rule; None where it
            does not say.
    """

    account_id: str
    paper: bool
    currency: str
    cash: Decimal
    equity: Decimal
    buying_power: Decimal
    multiplier: Decimal = Decimal(1)
    shorting: bool = False
    blocked: str = ""
    day_trades: int | None = None
    pdt_applies: bool | None = None


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """Orders and executions.

    Attributes:
        open: Orders that are not final.
        others: Orders that were asked for one by one: ours that are not open, and those of
            executions that were not known.
        absent: Ids of ours that the venue has no order for.
        executions: Executions since a while before the last time.
    """

    open: tuple[VenueOrder, ...]
    others: tuple[VenueOrder, ...]
    absent: tuple[str, ...]
    executions: tuple[Execution, ...]


@dataclass(frozen=True, slots=True)
class PositionSnapshot:
    """Positions, between two looks at the executions that make them.

    Attributes:
        before: Executions before the positions were asked for.
        positions: Units by symbol, negative when short.
        cash: Cash of the account, asked for between the two as well; None where it was not.
        after: Executions after.
    """

    before: tuple[Execution, ...]
    positions: dict[str, Decimal]
    cash: Decimal | None
    after: tuple[Execution, ...]

    def moving(self) -> set[str]:
        """Symbols that were executed while the positions were asked for."""
        known = {e.execution_id for e in self.before}
        return {e.symbol for e in self.after if e.execution_id not in known}
