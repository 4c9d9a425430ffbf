"""What a venue could not take, told before anything is journaled or sent.

Pure functions of the order's terms, the venue's capabilities and a few facts. Every answer is a
sentence with what was found and what is allowed; "" where nothing is wrong. Numbers are Decimal:
whether a price lies on the tick is no question of rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from mismartera_core.contracts.venue import VenueCapabilities
from mismartera_core.model.orders import OrderType, Side, TimeInForce
from mismartera_core.model.venue import OrderTerms

ONE = Decimal(1)
MAX_ID = 40
"""Longest client id."""

_LIMITED = (OrderType.LIMIT, OrderType.STOP_LIMIT)
_STOPPED = (OrderType.STOP, OrderType.STOP_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What must be known beside the terms.

    Attributes:
        lot: Smallest tradable number of units.
        reference: What a unit is valued at where the order names no price; None where unknown.
        buying_power: What may be spent on positions; None where nothing limits it.
        opens: Whether it would open or enlarge a position; only such orders take buying power.
    """

    lot: Decimal = ONE
    reference: Decimal | None = None
    buying_power: Decimal | None = None
    opens: bool = True


_Rule: TypeAlias = Callable[[OrderTerms, VenueCapabilities, OrderFacts], str]


def invalid(terms: OrderTerms, can: VenueCapabilities, facts: OrderFacts) -> str:
    """Why a venue could not take an order; "" where it could.

    Args:
        terms: The order as it would be sent.
        can: What the venue can do.
        facts: What must be known beside.
    """
    for rule in _RULES:
        reason = rule(terms, can, facts)
        if reason:
            return reason
    return ""


def tick_of(price: Decimal, can: VenueCapabilities) -> Decimal:
    """The price step that holds at a price."""
    return Decimal(can.tick_above if price >= ONE else can.tick_below)


def _identity(terms: OrderTerms, can: VenueCapabilities, facts: OrderFacts) -> str:
    del can, facts
    length = len(terms.client_id)
    if 1 <= length <= MAX_ID:
        return ""
    return f"client id must have 1 to {MAX_ID} characters, has {length}"


def _kind(terms: OrderTerms, can: VenueCapabilities, facts: OrderFacts) -> str:
    del facts
    if terms.type not in can.types:
        return f"the venue takes no {_words(terms.type)} orders, only {_list(can.types)}"
    if terms.time_in_force not in can.times_in_force:
        return (
            f"the venue takes no {terms.time_in_force.value!r} orders, only "
            f"{_list(can.times_in_force)}"
        )
    return ""


def _prices_there(terms: OrderTerms, can: VenueCapabilities, facts: OrderFacts) -> str:
    """The prices that the kind of order needs are there, and no others."""
    del can, facts
    trailing = terms.type is OrderType.TRAILING_STOP
    for name, price, needed in (
        ("limit price", terms.limit_price, terms.type in _LIMITED),
        ("stop price", terms.stop_price, terms.type in _STOPPED),
        ("trail amount", terms.trail_amount, trailing),
    ):
        if needed and price is None:
            return f"{_an(terms.type)} order needs a {name}, has none"
        if not needed and price is not None:
            return f"{_an(terms.type)} order has no {name}, was {price}"
    return ""


def _prices_possible(terms: OrderTerms, can: VenueCapabilities, facts: OrderFacts) -> str:
    """Every price is above zero and lies on its tick: no sub-penny prices at 1.00 and above."""
    del facts
    for name, price in (
        ("limit price", terms.limit_price),
        ("stop price", terms.stop_price),
        ("trail amount", terms.trail_amount),
        ("take-profit price", terms.take_profit),
        ("stop-loss price", terms.stop_loss),
    ):
        if price is None:
            continue
        if not price.is_finite() or price <= 0:
            return f"{name} must be a number above zero, was {price}"
        tick = tick_of(price, can)
        if not _multiple(price, tick):
            return f"{name} must be a multiple of {tick} at {_level(price)}, was {price}"
    return ""


def _amount(terms: OrderTerms, can: VenueCapabilities, facts: OrderFacts) -> str:
    """Either units or an amount of money, and of a size that can be had."""
    quantity, notional = terms.quantity, terms.notional
    if (quantity is None) == (notional is None):
        both = "both" if quantity is not None else "neither"
        return f"an order says how many units or how much money, says {both}"
    if notional is not None:
        return _notional(terms, notional, can)
    assert quantity is not None  # noqa: S101 - told apart above
    if not quantity.is_finite() or quantity <= 0:
        return f"quantity must be a number above zero, was {quantity}"
    if not _multiple(quantity, facts.lot):
        return f"quantity must be whole lots of {facts.lot}, was {quantity}"
    if not _multiple(quantity, ONE):
        return _fraction(terms, f"{quantity} units", can)
    return ""


def _notional(terms: OrderTerms, notional: Decimal, can: VenueCapabilities) -> str:
    if not can.notional:
        return f"the venue takes no orders for an amount of money, was {notional}"
    if not notional.is_finite() or notional <= 0:
        return f"notional must be a number above zero, was {notional}"
    if not _multiple(notional, Decimal("0.01")):
        return f"notional must be in whole cents, was {notional}"
    return _fraction(terms, f"an amount of {notional}", can, of_money=True)


def _fraction(
    terms: OrderTerms, what: str, can: VenueCapabilities, *, of_money: bool = False
) -> str:
    """Rules of orders that may fill in fractions of a unit."""
    if not can.fractional and not of_money:
        return f"the venue takes whole units only, was {what}"
    if terms.time_in_force is not TimeInForce.DAY:
        return f"an order for {what} must be a day order, was {terms.time_in_force.value!r}"
    if terms.take_profit is not None or terms.stop_loss is not None:
        return f"an order for {what} takes no legs, has {_legs(terms)}"
    return ""


def _hours(terms: OrderTerms, can: VenueCapabilities, facts: OrderFacts) -> str:
    """Outside of regular hours limit orders alone fill, where the venue has such hours."""
    del facts
    if not terms.extended_hours:
        return ""
    if not can.extended_hours:
        return "the venue fills nothing outside of regular hours: 0 such hours"
    if terms.type is not OrderType.LIMIT:
        return f"outside of regular hours only limit orders fill, was {_an(terms.type)} order"
    if terms.time_in_force is not TimeInForce.DAY:
        return f"an order for extended hours must be a day order, was {terms.time_in_force.value!r}"
    if terms.take_profit is not None or terms.stop_loss is not None:
        return f"an order for extended hours takes no legs, has {_legs(terms)}"
    return ""


def _legs_right(terms: OrderTerms, can: VenueCapabilities, facts: OrderFacts) -> str:
    """Legs lie on the right side of each other, and of the price of the entry where it has one."""
    profit, loss = terms.take_profit, terms.stop_loss
    if profit is None and loss is None:
        return ""
    if not can.brackets:
        return f"the venue takes no legs, has {_legs(terms)}"
    buys = terms.side is Side.BUY
    if profit is not None and loss is not None and (profit <= loss if buys else profit >= loss):
        where = "above" if buys else "below"
        return f"take-profit {profit} must be {where} the stop-loss {loss}"
    entry = terms.limit_price or terms.stop_price or facts.reference
    if entry is None:
        return ""
    if profit is not None and (profit <= entry if buys else profit >= entry):
        return f"take-profit {profit} must be {'above' if buys else 'below'} the entry at {entry}"
    if loss is not None and (loss >= entry if buys else loss <= entry):
        return f"stop-loss {loss} must be {'below' if buys else 'above'} the entry at {entry}"
    return ""


def _power(terms: OrderTerms, can: VenueCapabilities, facts: OrderFacts) -> str:
    """What an order that opens costs against what may be spent."""
    del can
    if not facts.opens or facts.buying_power is None:
        return ""
    needed = terms.notional
    if needed is None:
        assert terms.quantity is not None  # noqa: S101 - one of them is there
        price = terms.limit_price or terms.stop_price or facts.reference
        if price is None:
            return (
                f"buying power {facts.buying_power:.2f}: no price is known yet to value the "
                "order at"
            )
        needed = terms.quantity * price
    if needed <= facts.buying_power:
        return ""
    return f"buying power: needs {needed:.2f}, has {max(facts.buying_power, Decimal(0)):.2f}"


_RULES: tuple[_Rule, ...] = (
    _identity,
    _kind,
    _prices_there,
    _prices_possible,
    _amount,
    _hours,
    _legs_right,
    _power,
)


def _multiple(value: Decimal, step: Decimal) -> bool:
    """Whether a value is a whole number of steps; exact for any number of digits."""
    top, bottom = value.as_integer_ratio()
    over, under = step.as_integer_ratio()
    return (top * under) % (bottom * over) == 0


def _level(price: Decimal) -> str:
    return "1.00 and above" if price >= ONE else "less than 1.00"


def _words(kind: OrderType) -> str:
    return kind.value.replace("_", "-")


def _an(kind: OrderType) -> str:
    return f"a {_words(kind)}"


def _list(kinds: frozenset[OrderType] | frozenset[TimeInForce]) -> str:
    return ", ".join(sorted(kind.value.replace("_", "-") for kind in kinds)) or "none"


def _legs(terms: OrderTerms) -> str:
    found = (("take-profit", terms.take_profit), ("stop-loss", terms.stop_loss))
    return " and ".join(f"{name} {price}" for name, price in found if price is not None)
