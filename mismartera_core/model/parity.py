"""What a live session and a backtest of the same bars differ in, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why an order of a live session is not as in the backtest."""

    BAR_LATE = "bar late"
    """The bar came after its step was closed: the strategy was called with it later."""
    BAR_REVISED = "bar revised"
    """A bar was corrected after it had been decided on."""
    BAR_FILLED = "bar filled later"
    """A bar was missing when it was decided, and was filled in later."""
    FEED_DOWN = "feed down"
    """The stream of bars, or that of orders, was not connected."""
    NOT_RUNNING = "not running"
    """The session had not begun, or had ended already."""
    RISK = "risk"
    """Risk kept the order back in one of the two."""
    VENUE_REJECT = "venue reject"
    """The venue refused the order, or it never left."""
    FILL_QUANTITY = "fill quantity"
    FILL_PRICE = "fill price"
    FILL_TIME = "fill time"
    """It was executed in another bar."""
    FEE = "fee"
    CLOCK = "clock"
    """It was decided at another instant although its bar came in time."""
    FOLLOWS = "follows from an earlier difference"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A bar that strategies did not know as it finally is, when it was due.

    Attributes:
        cause: Late, revised or filled.
        symbol: Row of the symbol.
        bar_ns: Open of the bar.
        due_ns: Its close.
        known_ns: When it was as it finally is.
    """

    cause: Cause
    symbol: int
    bar_ns: int
    due_ns: int
    known_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the recording says of how the session went.

    Attributes:
        interval_ns: Length of a base bar.
        began_ns: First instant at which strategies were called.
        ended_ns: Last one.
        troubles: Bars that were not known in time.
        lost: Ranges in which the stream of bars was not connected.
        looks_at_all: Rows of strategies that look at all symbols: a trouble of one is that of all.
    """

    interval_ns: int
    began_ns: int
    ended_ns: int
    troubles: tuple[Trouble, ...]
    lost: tuple[tuple[int, int], ...]
    looks_at_all: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An order of one of the two that is not in the other as it is in this one.

    Attributes:
        cause: Why.
        strategy: Name of the strategy.
        symbol: Ticker.
        side: "buy" or "sell".
        bar_ns: Close of the bar that it was decided on.
        live: What the session did, in words; "" for no order.
        backtest: What the backtest did, likewise.
        detail: The numbers behind the cause.
    """

    cause: Cause
    strategy: str
    symbol: str
    side: str
    bar_ns: int
    live: str
    backtest: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Parity:
    """A live session beside a backtest of its bars.

    Attributes:
        orders: Orders of the session.
        backtest_orders: Orders of the backtest.
        paired: Orders that both have.
        differences: In the order of their time; empty where the two are the same.
    """

    orders: int
    backtest_orders: int
    paired: int
    differences: tuple[Difference, ...]
