"""Brokers: where orders go, and the live record of an order."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from mismartera_core.model.market import from_ns
from mismartera_core.model.orders import Order, OrderStatus, OrderType, Side, TimeInForce
from mismartera_core.model.quantities import on_grid

if TYPE_CHECKING:
    from mismartera_core.contracts.costs import CostFunction
    from mismartera_core.model.market import Bar

# Looking a member up on an Enum class costs as much as a small function (Python 3.11).
WORKING = OrderStatus.WORKING
MARKET = OrderType.MARKET


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a working order is to be from now on, all of it; NaN where a price is absent.

    Attributes:
        quantity: Units of the whole order, what has filled of it included.
        limit: Limit price.
        stop: Trigger price.
        trail: Distance of a trailing stop, price units.
    """

    quantity: float
    limit: float
    stop: float
    trail: float


class WorkingOrder:
    """One order from its placing to its end. Numbers are floats; NaN where a price is absent.

    `is_done` says whether it is filled, cancelled, expired or rejected. It fills from bars that
    open at `from_ns` or later; outside of regular hours where it is `extended`. `enlarges` units at
    `reference` are what it reserved buying power for. The entry of a leg filled inside the bar that
    opened at `inside_ts`, at `inside_price`.
    """

    __slots__ = (
        "closing",
        "enlarges",
        "entry",
        "extended",
        "from_ns",
        "gtc",
        "id",
        "inside_price",
        "inside_ts",
        "is_done",
        "is_target",
        "kind",
        "legs",
        "limit",
        "oco",
        "owner",
        "quantity",
        "reason",
        "reference",
        "remaining",
        "reserved",
        "side",
        "status",
        "stop",
        "submitted_ns",
        "symbol",
        "tag",
        "trail",
        "type",
        "updated_ns",
    )

    def __init__(
        self,
        owner: Any,
        symbol: int,
        side: int,
        quantity: float,
        submitted_ns: int,
        *,
        type: OrderType = MARKET,  # noqa: A002 - the field's word
        kind: int = 0,
        limit: float = math.nan,
        stop: float = math.nan,
        trail: float = math.nan,
        gtc: bool = False,
        tag: str = "",
    ) -> None:
        self.id = 0
        self.owner = owner
        self.symbol = symbol
        self.side = side
        self.quantity = quantity
        self.remaining = quantity
        self.type = type
        self.kind = kind
        self.limit = limit
        self.stop = stop
        self.trail = trail
        self.gtc = gtc
        self.tag = tag
        self.status = WORKING
        self.is_done = False
        self.reason = ""
        self.entry: WorkingOrder | None = None
        self.legs: tuple[WorkingOrder, ...] = ()
        self.oco: WorkingOrder | None = None
        self.closing = False
        self.extended = False
        self.is_target = False
        self.reserved = 0
        self.submitted_ns = submitted_ns
        self.from_ns = submitted_ns
        self.inside_ts = 0
        self.inside_price = math.nan
        self.enlarges = 0.0
        self.reference = math.nan
        self.updated_ns = submitted_ns

    @property
    def filled_quantity(self) -> float:
        """Units filled so far."""
        filled = self.quantity - self.remaining
        return on_grid(filled) if filled > 0.0 else 0.0  # infinite less infinite is no number

    @property
    def terms(self) -> Replacement:
        """What may be changed of it, as it is."""
        return Replacement(self.quantity, self.limit, self.stop, self.trail)

    def take(self, terms: Replacement) -> None:
        """Go on by other terms; what has filled stays so."""
        filled = self.filled_quantity
        self.quantity, self.limit = terms.quantity, terms.limit
        self.stop, self.trail = terms.stop, terms.trail
        self.remaining = on_grid(terms.quantity - filled)

    def snapshot(self) -> Order:
        """The order as a value, with Decimal prices."""
        return Order(
            id=self.id,
            strategy=self.owner.strategy,
            symbol=self.owner.symbol_name,
            side=Side.BUY if self.side > 0 else Side.SELL,
            type=self.type,
            quantity=decimal(self.quantity),
            filled_quantity=decimal(self.filled_quantity),
            limit_price=_optional(self.limit),
            stop_price=_optional(self.stop),
            trail_amount=_optional(self.trail),
            time_in_force=TimeInForce.GTC if self.gtc else TimeInForce.DAY,
            status=self.status,
            reason=self.reason,
            tag=self.tag,
            parent_id=self.entry.id if self.entry is not None else None,
            submitted_at=from_ns(self.submitted_ns, self.owner.zone),
        )


def decimal(value: float) -> Decimal:
    """A float as the shortest Decimal that names it."""
    return Decimal(repr(value)) if value != int(value) else Decimal(int(value))


def _optional(price: float) -> Decimal | None:
    return None if math.isnan(price) else decimal(price)


class FillSink(Protocol):
    """Takes the fills of a broker."""

    def __call__(
        self,
        order: WorkingOrder,
        quantity: float,
        price: float,
        commission: float,
        bar: Bar,
        exact: float | None = None,
        /,
    ) -> None:
        """Book a fill.

        Args:
            order: The order, as it is after the fill.
            quantity: Units filled.
            price: Price paid or received, after slippage.
            commission: Fee, account currency.
            bar: The bar that filled it.
            exact: The price before slippage; None where no slippage is modelled.
        """


DoneSink: TypeAlias = Callable[[WorkingOrder], None]
"""Takes an order that has ended without filling completely."""

ReplacedSink: TypeAlias = Callable[[WorkingOrder, Replacement, str], None]
"""Takes an order whose change was made, with "", or was not, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The cost functions of a run with their numbers; None where there is no such cost."""

    commission: tuple[CostFunction, tuple[float, ...]] | None = None
    slippage: tuple[CostFunction, tuple[float, ...]] | None = None
    participation: tuple[CostFunction, tuple[float, ...]] | None = None


class Broker(ABC):
    """Works orders and reports what became of them.

    Attributes:
        cash: Account currency at the start.
        leverage: Buying power as a multiple of equity; None for no limit.
        lot: Smallest tradable number of units.
        legs_of_any_size: Whether the legs of a bracket may be for other units than its entry.
    """

    cash: Decimal
    leverage: float | None
    lot: float
    legs_of_any_size = True

    @abstractmethod
    def start(self, costs: Costs, on_fill: FillSink, on_done: DoneSink) -> None:
        """Connect to the engine before the first order."""

    def regular_hours(self, open_ns: int, close_ns: int) -> None:
        """A session with a pre- or a post-market begins: `extended` orders alone fill in these.

        Args:
            open_ns: Its regular open, nanoseconds UTC.
            close_ns: Its regular close.
        """
        del open_ns, close_ns

    @abstractmethod
    def submit(self, order: WorkingOrder) -> None:
        """Take an order that the engine has accepted."""

    @abstractmethod
    def cancel(self, order: WorkingOrder, reason: str, now_ns: int) -> None:
        """End a working order."""

    def replace(self, order: WorkingOrder, terms: Replacement, now_ns: int) -> str:
        """Change a working order, which keeps its place and its id.

        By its new terms it fills from bars that open at `now_ns` or later, by the old ones no more.
        A fill that was faster wins. What became of it is told to whom `on_replaced` has named.

        Args:
            order: The order; it takes the terms (`WorkingOrder.take`) when they are in force.
            terms: What it is to be.
            now_ns: The clock, nanoseconds UTC.

        Returns:
            Why it stays as it is; "" where it was changed, or is being.
        """
        del order, terms, now_ns
        return "this broker does not change working orders: cancel it and place another"

    def on_replaced(self, told: ReplacedSink) -> None:  # noqa: B027 - where `replace` does nothing
        """Have `told` called with what became of each change that `replace` did not refuse."""

    @abstractmethod
    def match(self, symbol: int, bar: Bar, now_ns: int) -> None:
        """A base bar of a symbol with working orders became known."""

    @abstractmethod
    def end_session(self, close_ns: int) -> None:
        """Expire day orders placed before the close."""

    @abstractmethod
    def working_symbols(self) -> dict[int, list[WorkingOrder]]:
        """Working orders by symbol; the engine matches where there are any. Live, never copied."""

    def on_news(self, wake: Callable[[], None]) -> None:  # noqa: B027 - only venues have news
        """Have `wake` called, from any thread, whenever there is something to poll."""

    def poll(self, now_ns: int) -> None:  # noqa: B027 - only venues have news
        """Deliver what a venue has said since; called by the analysis thread.

        Between frames, after `wake`, and at least every quarter of a second of a live session.

        Args:
            now_ns: The wall clock, nanoseconds UTC.
        """

    def close(self) -> None:  # noqa: B027 - nothing to close is the usual case
        """The run has ended: release connections; working orders stay where they are."""
