"""Risk checks: the last word before an order leaves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from mismartera_core.model.risk import RiskState

if TYPE_CHECKING:
    from mismartera_core.model.risk import RiskRecord, RiskVerdict


class Refusal(str):
    """A refusal with the numbers that decided it; a check may also return a plain sentence.

    Attributes:
        limit: Name of the limit.
        found: The number found; NaN where none is known.
        allowed: The number allowed; NaN where no number is.
        state: The state that follows for the account as a whole; ACTIVE where none does.
    """

    limit: str
    found: float
    allowed: float
    state: RiskState

    def __new__(
        cls,
        text: str,
        *,
        limit: str,
        found: float = math.nan,
        allowed: float = math.nan,
        state: RiskState = RiskState.ACTIVE,
    ) -> Self:
        """A sentence that carries its numbers."""
        made = super().__new__(cls, text)
        made.limit, made.found, made.allowed, made.state = limit, found, allowed, state
        return made


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
        is_market: Whether it names no price of its own.
    """

    strategy: str
    symbol: str
    side: int
    quantity: float
    reference_price: float
    opens: bool
    is_market: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFacts:
    """What stands around an order beside the account; filled in for checks that want it only.

    A number that is not known is NaN. Ages are in seconds; money is in the account's currency.

    Attributes:
        now_ns: The clock, nanoseconds UTC.
        marked_ns: The last step: what positions are valued at is from then.
        last_close: Newest close of the symbol.
        bid: Best bid of the newest quote; NaN where no quotes come.
        ask: Best ask of it.
        quoted: Whether the session streams quotes: then none that is fresh means no market order.
        quote_age: Since that quote; infinite where there is none.
        average_volume: Mean units traded a day, over the 20 trading days before this one.
        opposite_units: Units of working orders on the other side of the symbol, legs left out.
        working_exposure: Value of the working orders of the account that may open a position.
        buying_power: What may still be spent on positions; infinite where nothing limits it.
        multiplier: Buying power as a multiple of equity; at most 1 for a cash account.
        excess: Equity that backs no position and no working order.
        settled_cash: Cash that no unsettled sale has brought (T+1) and no working order has taken.
        shortable: Whether the symbol may be sold short: the account may, and it is easy to borrow.
        short_restricted: Whether it may be sold short above the bid only (SSR).
        trading_halt: Why the symbol does not trade; "" where it does.
        interval: Length of the base bars.
        symbol_age: Since the newest bar of the symbol became known.
        feed_age: Since anything came from the feed.
        clock_skew: The machine's clock less the venue's, either way.
        disk_free: Bytes left where the journal is.
        orders_last_minute: Orders that have left in the last 60 s.
        strategy_orders_last_minute: Those of the strategy that asks.
        same_intent_age: Since an order of the same symbol, side and units left; infinite for none.
        rejects_last_minute: Orders that the venue has rejected in the last 60 s.
        symbol_rejects_last_minute: The most of them in one symbol.
        peak_equity: The highest equity there has been.
        day_trades: Positions opened and closed within a day, in this and the four sessions before.
        pdt_applies: Whether the broker still counts day trades; None where it does not say.
    """

    now_ns: int = 0
    marked_ns: int = 0
    last_close: float = math.nan
    bid: float = math.nan
    ask: float = math.nan
    quoted: bool = False
    quote_age: float = math.inf
    average_volume: float = math.nan
    opposite_units: float = math.nan
    working_exposure: float = math.nan
    buying_power: float = math.nan
    multiplier: float = math.nan
    excess: float = math.nan
    settled_cash: float = math.nan
    shortable: bool = False
    short_restricted: bool = True
    trading_halt: str = ""
    interval: float = math.nan
    symbol_age: float = math.nan
    feed_age: float = math.nan
    clock_skew: float = math.nan
    disk_free: float = math.nan
    orders_last_minute: float = math.nan
    strategy_orders_last_minute: float = math.nan
    same_intent_age: float = math.nan
    rejects_last_minute: float = math.nan
    symbol_rejects_last_minute: float = math.nan
    peak_equity: float = math.nan
    day_trades: float = math.nan
    pdt_applies: bool | None = None


UNKNOWN = RiskFacts()
"""What is handed to checks that do not ask for more."""


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
        facts: What stands around the order; all unknown but for checks with `wants_facts`.
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
    facts: RiskFacts = UNKNOWN


class RiskCheck(Protocol):
    """Says no, with the numbers that decided it, or nothing.

    What a check may have beside `check`: `wants_facts = True` has `AccountView.facts` filled in;
    `flat_minutes`, where it is a number, has every strategy go flat so many minutes before the
    calendar's close; `watch` makes it a `RiskMonitor`.
    """

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


class RiskStore(Protocol):
    """Keeps the risk state of an account, so that it survives a restart."""

    def load_risk_state(self) -> RiskRecord | None:
        """What was kept last; None where nothing was."""

    def save_risk_state(self, record: RiskRecord) -> None:
        """Keep a state; durable when it returns."""
