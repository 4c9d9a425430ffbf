"""Orders and executions as a venue keeps them, in no broker's dialect."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from mismartera_core.model.orders import OrderType, Side, TimeInForce
from mismartera_core.testing.venue.amounts import ZERO, exact


class Status(StrEnum):
    """Where an order is; the last five are final."""

    HELD = "held"
    """A leg whose entry has not filled yet."""
    ACCEPTED = "accepted"
    """Taken while the market is closed."""
    WORKING = "working"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"


FINAL = frozenset(
    {Status.FILLED, Status.CANCELLED, Status.EXPIRED, Status.REJECTED, Status.REPLACED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What somebody asks for; numbers and words become exact numbers and members.

    Attributes:
        symbol: Ticker.
        side: Buy or sell.
        type: How it is priced.
        quantity: Units; None where `notional` says how much.
        notional: Account currency to spend.
        limit: Limit price.
        stop: Trigger price.
        trail: Distance of a trailing stop, price units.
        trail_percent: The same, as a percentage of the price; `trail` is made of it.
        time_in_force: Day or good till cancelled.
        extended_hours: Whether it may fill outside of regular hours.
        client_id: The sender's own id; "" has the venue make one.
        exits: Legs of a bracket, held until this has filled: at most a limit and a stop order.
        other: Sibling of an OCO pair, of which this order is the first.
        order_class: What the dialect calls it: "", "bracket", "oco", "oto".
    """

    symbol: str
    side: Side
    type: OrderType = OrderType.MARKET
    quantity: Decimal | None = None
    notional: Decimal | None = None
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail: Decimal | None = None
    trail_percent: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    extended_hours: bool = False
    client_id: str = ""
    exits: tuple[Terms, ...] = ()
    other: Terms | None = None
    order_class: str = ""

    def __post_init__(self) -> None:
        for name in ("quantity", "notional", "limit", "stop", "trail", "trail_percent"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, exact(value))
        for name, kind in (("side", Side), ("type", OrderType), ("time_in_force", TimeInForce)):
            object.__setattr__(self, name, kind(getattr(self, name)))


@dataclass(slots=True, eq=False, kw_only=True)
class BookOrder:
    """An order of the venue, as it is now.

    Attributes:
        number: Counts orders; matching goes by it.
        id: The venue's id.
        client_id: The sender's id.
        terms: What was asked for.
        quantity: Units; None until an order by notional has filled.
        stop: Trigger as it stands now: that of a trailing stop moves.
        status: Where it is.
        triggered: Whether a stop has become a market or a limit order.
        filled: Units filled.
        before: Units that the orders had filled whose place it took.
        paid: What the filled units cost, price times quantity.
        reason: Why it ended.
        entry: Of a leg, the order that it exits.
        legs: Its exits; of an OCO pair the second order is a leg of the first.
        sibling: The other one of an OCO pair.
        from_ns: It fills on bars that open at this instant or later.
        inside_ts: The bar within which its entry filled; 0 for none.
        inside_price: At what price.
        submitted_ns: When it was taken.
        updated_ns: When it last changed.
        ended_ns: When it became final; 0 before.
        replaces: Id of the order whose place it took.
        replaced_by: Id of the order that took its place.
        mark: Price at which buying power was tested.
        enlarges: Units by which it enlarged the position when it was taken.
        high_water: Of a trailing stop, the price that its stop trails.
    """

    number: int
    id: str
    client_id: str
    terms: Terms
    quantity: Decimal | None
    submitted_ns: int
    updated_ns: int
    from_ns: int
    stop: Decimal | None = None
    status: Status = Status.WORKING
    triggered: bool = False
    filled: Decimal = ZERO
    before: Decimal = ZERO
    paid: Decimal = ZERO
    reason: str = ""
    entry: BookOrder | None = None
    legs: list[BookOrder] = field(default_factory=list)
    sibling: BookOrder | None = None
    inside_ts: int = 0
    inside_price: Decimal = ZERO
    ended_ns: int = 0
    replaces: str = ""
    replaced_by: str = ""
    mark: Decimal = ZERO
    enlarges: Decimal = ZERO
    high_water: Decimal | None = None

    @property
    def symbol(self) -> str:
        """Ticker."""
        return self.terms.symbol

    @property
    def side(self) -> Side:
        """Buy or sell."""
        return self.terms.side

    @property
    def sign(self) -> int:
        """+1 buys, -1 sells."""
        return 1 if self.terms.side is Side.BUY else -1

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINAL

    @property
    def is_live(self) -> bool:
        """Whether it may fill: neither held nor final."""
        return self.status is not Status.HELD and self.status not in FINAL

    @property
    def left(self) -> Decimal | None:
        """Units not filled yet; None of an order by notional that has not filled."""
        return None if self.quantity is None else self.quantity - self.filled

    @property
    def average(self) -> Decimal | None:
        """What a unit cost on average; None before the first fill."""
        return self.paid / self.filled if self.filled else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution.

    Attributes:
        id: Unique in the account.
        number: Counts executions from 1.
        order_id: The order it belongs to.
        client_id: Its sender's id.
        symbol: Ticker.
        side: Buy or sell.
        quantity: Units.
        price: Price of each.
        fee: Account currency.
        at_ns: When it happened.
        cumulative: Units of the order filled by now.
        left: Units of the order still to fill.
        position: Units of the account in the symbol after it.
        bar_ts: Open of the bar it came from; 0 for none.
    """

    id: str
    number: int
    order_id: str
    client_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    at_ns: int
    cumulative: Decimal
    left: Decimal
    position: Decimal
    bar_ts: int = 0
