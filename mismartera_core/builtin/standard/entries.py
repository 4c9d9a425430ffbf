"""Limits of `standard` on orders that open or enlarge a position.

Each takes the config, the order and the account, and says what is wrong or nothing. Comparisons
are written so that a number that is not known (NaN) is never within a limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime

from mismartera_core import AccountView, OrderRequest, Refusal, RiskState
from mismartera_core.builtin.standard.config import StandardConfig

Limit = Callable[[StandardConfig, OrderRequest, AccountView], Refusal | None]

PDT_ENDED_NS = int(datetime(2026, 6, 4, 4, tzinfo=UTC).timestamp()) * 1_000_000_000
"""2026-06-04 in New York: from then on brokers need not count day trades (91 FR 20731)."""
PDT_EQUITY = 25_000.0
PDT_DAY_TRADES = 3


def refusal(
    limit: str,
    text: str,
    found: float,
    allowed: float,
    state: RiskState = RiskState.ACTIVE,
) -> Refusal:
    """A refusal that names its limit; a number that is not known is said to be so."""
    if math.isnan(found):
        text = f"the number it is held to is not known ({text})"
    elif math.isnan(allowed):
        text = f"the number allowed is not known ({text})"
    return Refusal(f"{limit}: {text}", limit=limit, found=found, allowed=allowed, state=state)


def possible(config: StandardConfig, order: OrderRequest, account: AccountView) -> Refusal | None:
    """Units, price and equity are numbers above zero."""
    del config
    for name, value in (
        ("quantity", order.quantity),
        ("price", order.reference_price),
        ("equity", account.equity),
    ):
        if not 0.0 < value < math.inf:
            return refusal(name, f"{name} must be above zero, was {value:g}", value, 0.0)
    return None


def trading_halt(
    config: StandardConfig, order: OrderRequest, account: AccountView
) -> Refusal | None:
    """The symbol trades: no halt, no pause."""
    del config
    why = account.facts.trading_halt
    if not why:
        return None
    return Refusal(
        f"trading_halt: {order.symbol} does not trade: {why} (1 halt, 0 allowed)",
        limit="trading_halt",
        found=1.0,
        allowed=0.0,
    )


def order_notional(
    config: StandardConfig, order: OrderRequest, account: AccountView
) -> Refusal | None:
    """The order's value against an amount and a share of equity."""
    value = abs(order.quantity * order.reference_price)
    allowed = math.inf if config.order_notional is None else config.order_notional
    if config.order_notional_percent is not None:
        allowed = min(allowed, config.order_notional_percent / 100.0 * account.equity)
    if value <= allowed:
        return None
    return refusal("order_notional", f"order of {_both(value, allowed)}", value, allowed)


def order_volume(
    config: StandardConfig, order: OrderRequest, account: AccountView
) -> Refusal | None:
    """The order's units against the units traded a day."""
    if config.order_volume_percent is None:
        return None
    volume = account.facts.average_volume
    allowed = config.order_volume_percent / 100.0 * volume
    if order.quantity <= allowed:
        return None
    text = (
        f"order of {_both(order.quantity, allowed)} units, "
        f"{config.order_volume_percent:g} % of {volume:,.0f} a day (20 trading days)"
    )
    return refusal("order_volume", text, order.quantity, allowed)


def price_collar(
    config: StandardConfig, order: OrderRequest, account: AccountView
) -> Refusal | None:
    """The price against the quote where it is fresh, else against the last close.

    Where quotes are streamed a market order without a fresh one is priced by nobody.
    """
    if config.price_collar_percent is None:
        return None
    facts, base, of = account.facts, account.facts.last_close, "the last close"
    if facts.quote_age <= config.quote_seconds:
        base, of = (facts.ask, "the ask") if order.side > 0 else (facts.bid, "the bid")
    elif facts.quoted and order.is_market:
        text = (
            f"no quote of {order.symbol} is younger than {facts.quote_age:.3g} s, a market order "
            f"wants one of {config.quote_seconds:g} s at most"
        )
        return refusal("price_collar", text, facts.quote_age, config.quote_seconds)
    price, allowed = order.reference_price, config.price_collar_percent
    if base > 0.0 and abs(price - base) <= allowed / 100.0 * base:
        return None
    away = abs(price / base - 1.0) * 100.0 if base > 0.0 else math.nan
    text = f"price {price:,.4f} is {away:.4g} % from {of} {base:,.4f}, at most {allowed:g} %"
    return refusal("price_collar", text, away, allowed)


def position(config: StandardConfig, order: OrderRequest, account: AccountView) -> Refusal | None:
    """The position after the order against a share of equity."""
    if config.position_percent is None:
        return None
    units = account.position + order.side * order.quantity
    value = abs(units * order.reference_price)
    allowed = config.position_percent / 100.0 * account.equity
    if value <= allowed:
        return None
    return refusal("position", f"position of {_both(value, allowed)}", value, allowed)


def gross(config: StandardConfig, order: OrderRequest, account: AccountView) -> Refusal | None:
    """All positions and entries together against a share of equity."""
    if config.gross_percent is None:
        return None
    value = abs(order.quantity * order.reference_price)
    value += abs(account.gross_exposure) + abs(account.facts.working_exposure)
    allowed = config.gross_percent / 100.0 * account.equity
    if value <= allowed:
        return None
    return refusal("gross", f"positions and entries of {_both(value, allowed)}", value, allowed)


def positions(config: StandardConfig, order: OrderRequest, account: AccountView) -> Refusal | None:
    """The number of symbols with a position or an entry."""
    if config.positions is None:
        return None
    after = account.open_positions + (account.position == 0.0)
    if after <= config.positions:
        return None
    text = f"{order.symbol} would be position {after:g} of at most {config.positions}"
    return refusal("positions", text, float(after), float(config.positions))


def orders_per_day(
    config: StandardConfig, order: OrderRequest, account: AccountView
) -> Refusal | None:
    """The orders of the session; one more halts."""
    after = account.orders_today + 1
    return _rate("orders_per_day", order, after, config.orders_per_day, RiskState.HALTED)


def orders_per_minute(
    config: StandardConfig, order: OrderRequest, account: AccountView
) -> Refusal | None:
    """The orders of a minute; one more halts."""
    after = account.facts.orders_last_minute + 1
    return _rate("orders_per_minute", order, after, config.orders_per_minute, RiskState.HALTED)


def strategy_orders_per_minute(
    config: StandardConfig, order: OrderRequest, account: AccountView
) -> Refusal | None:
    """The orders of the strategy within a minute."""
    after = account.facts.strategy_orders_last_minute + 1
    allowed = config.strategy_orders_per_minute
    return _rate("strategy_orders_per_minute", order, after, allowed, RiskState.ACTIVE)


def _rate(
    limit: str, order: OrderRequest, after: float, allowed: int | None, state: RiskState
) -> Refusal | None:
    if allowed is None or after <= allowed:
        return None
    text = f"order {after:g} of at most {allowed}, by {order.strategy!r} in {order.symbol}"
    # A count that is not known lets nothing pass, and is no reason to halt.
    state = state if after > allowed else RiskState.ACTIVE
    return refusal(limit, text, after, float(allowed), state)


def duplicate(config: StandardConfig, order: OrderRequest, account: AccountView) -> Refusal | None:
    """The same symbol, side and units a moment ago."""
    age = account.facts.same_intent_age
    if config.duplicate_seconds is None or age >= config.duplicate_seconds:
        return None
    side = "buy" if order.side > 0 else "sell"
    text = (
        f"an order to {side} {order.quantity:g} {order.symbol} left {age:.3g} s ago, "
        f"the next may {config.duplicate_seconds:g} s after it"
    )
    return refusal("duplicate", text, age, config.duplicate_seconds)


def stale_bar(config: StandardConfig, order: OrderRequest, account: AccountView) -> Refusal | None:
    """The age of the symbol's newest bar."""
    if config.stale_intervals is None:
        return None
    age = account.facts.symbol_age
    allowed = config.stale_intervals * account.facts.interval + config.stale_seconds
    if age <= allowed:
        return None
    text = f"the newest bar of {order.symbol} is {age:g} s old, at most {allowed:g} s"
    return refusal("stale_bar", text, age, allowed)


def feed(config: StandardConfig, order: OrderRequest, account: AccountView) -> Refusal | None:
    """The silence of the feed."""
    del order
    age = account.facts.feed_age
    if config.feed_seconds is None or age < config.feed_seconds:
        return None
    text = f"the feed has been silent for {age:g} s, less than {config.feed_seconds:g} s allowed"
    return refusal("feed", text, age, config.feed_seconds)


def clock_skew(config: StandardConfig, order: OrderRequest, account: AccountView) -> Refusal | None:
    """The difference between the machine's clock and the venue's."""
    del order
    skew = abs(account.facts.clock_skew)
    if config.clock_skew is None or skew < config.clock_skew:
        return None
    text = (
        f"the clock is {skew:.3g} s away from the venue's, entries end at {config.clock_skew:g} s"
    )
    return refusal("clock_skew", text, skew, config.clock_skew)


def session_window(
    config: StandardConfig, order: OrderRequest, account: AccountView
) -> Refusal | None:
    """Neither the first nor the last minutes of the regular session."""
    del order
    since, left = account.minutes_since_open, account.minutes_to_close
    first, last = config.minutes_after_open, config.minutes_before_close
    if first is not None and not since >= first:
        text = f"{since:g} min after the open, entries begin at {first:g}"
        return refusal("session_window", text, since, first)
    if last is not None and not left > last:
        text = f"{left:g} min before the close, entries end at {last:g}"
        return refusal("session_window", text, left, last)
    return None


def shorts(config: StandardConfig, order: OrderRequest, account: AccountView) -> Refusal | None:
    """Positions below zero: off, or of what can be borrowed, and above the bid under SSR."""
    units = account.position + order.side * order.quantity
    if order.side > 0 or units >= 0.0:
        return None
    facts = account.facts
    text = f"position would be {units:g} {order.symbol}, at least 0"
    if not config.shorts:
        return refusal("shorts", f"{text}: short positions are off", units, 0.0)
    if not facts.shortable:
        return refusal("shorts", f"{text}: it cannot be borrowed easily", units, 0.0)
    price = order.reference_price
    if facts.short_restricted and (order.is_market or not price > facts.bid):
        kind = "a market order" if order.is_market else f"a limit of {price:,.4f}"
        text = f"SSR: {kind} is not above the bid {facts.bid:,.4f}"
        return refusal("shorts", text, price, facts.bid)
    return None


def excess_margin(
    config: StandardConfig, order: OrderRequest, account: AccountView
) -> Refusal | None:
    """What of a margin account's equity backs nothing, after the order."""
    facts = account.facts
    if config.excess_margin_percent is None or facts.multiplier <= 1.0:
        return None
    taken = abs(order.quantity * order.reference_price) / facts.multiplier
    left = facts.excess - taken
    needed = config.excess_margin_percent / 100.0 * account.equity
    if left >= needed:
        return None
    text = f"excess margin would be {left:,.2f}, at least {needed:,.2f}"
    return refusal("excess_margin", text, left, needed)


def buying_power(
    config: StandardConfig, order: OrderRequest, account: AccountView
) -> Refusal | None:
    """What the account may still spend."""
    del config
    value, allowed = abs(order.quantity * order.reference_price), account.facts.buying_power
    if value <= allowed:
        return None
    text = f"needs {value:,.2f}, buying power is {allowed:,.2f}"
    return refusal("buying_power", text, value, allowed)


def settled_funds(
    config: StandardConfig, order: OrderRequest, account: AccountView
) -> Refusal | None:
    """A cash account buys with settled money."""
    facts = account.facts
    if not config.settled_funds or facts.multiplier > 1.0 or order.side < 0:
        return None
    value, allowed = abs(order.quantity * order.reference_price), facts.settled_cash
    if value <= allowed:
        return None
    text = f"needs {value:,.2f}, settled cash is {allowed:,.2f}"
    return refusal("settled_funds", text, value, allowed)


def day_trades(config: StandardConfig, order: OrderRequest, account: AccountView) -> Refusal | None:
    """Day trades of a small margin account, where the broker still counts them."""
    del order
    facts = account.facts
    if not pdt_applies(config, facts.pdt_applies, facts.now_ns) or facts.multiplier <= 1.0:
        return None
    if account.equity >= PDT_EQUITY or facts.day_trades < PDT_DAY_TRADES:
        return None
    text = (
        f"{facts.day_trades:g} day trades in 5 days with equity of {account.equity:,.2f}, "
        f"less than {PDT_DAY_TRADES} allowed below {PDT_EQUITY:,.0f}"
    )
    return refusal("pdt", text, facts.day_trades, float(PDT_DAY_TRADES))


def pdt_applies(config: StandardConfig, broker: bool | None, now_ns: int) -> bool:
    """Whether day trades are counted: by the config, then by the broker, then by the date."""
    if config.pdt_regime != "auto":
        return config.pdt_regime == "legacy"
    return now_ns < PDT_ENDED_NS if broker is None else broker


def self_cross(config: StandardConfig, order: OrderRequest, account: AccountView) -> Refusal | None:
    """No entry against an order of one's own."""
    opposite = account.facts.opposite_units
    if not config.self_cross or opposite == 0.0:
        return None
    text = f"{opposite:g} units of yours work on the other side of {order.symbol}, 0 allowed"
    return refusal("self_cross", text, opposite, 0.0)


LIMITS: tuple[Limit, ...] = (
    possible,
    trading_halt,
    order_notional,
    order_volume,
    price_collar,
    position,
    gross,
    positions,
    orders_per_day,
    orders_per_minute,
    strategy_orders_per_minute,
    duplicate,
    stale_bar,
    feed,
    clock_skew,
    session_window,
    shorts,
    excess_margin,
    buying_power,
    settled_funds,
    day_trades,
    self_cross,
)
"""In the order in which they are asked; the first refusal counts."""


def _both(value: float, limit: float) -> str:
    """A value and the limit it is above, in cents unless these look alike."""
    texts = f"{value:,.2f}", f"{limit:,.2f}"
    if texts[0] == texts[1]:
        texts = f"{value:,}", f"{limit:,}"
    return f"{texts[0]} is above {texts[1]}"
