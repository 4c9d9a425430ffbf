"""What a venue could not take is told before anything is written: each rule, and any numbers."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mismartera_core import (
    OrderTerms,
    OrderType,
    Side,
    TimeInForce,
    VenueCapabilities,
)
from mismartera_core.services.order_validation import OrderFacts, invalid, tick_of

CAN = VenueCapabilities(brackets=True, fractional=True, notional=True, extended_hours=True)
PLAIN = VenueCapabilities()
FACTS = OrderFacts(reference=Decimal("50"), buying_power=Decimal("1000"))
FINE = OrderFacts(lot=Decimal("0.001"), reference=Decimal("50"), buying_power=Decimal("1000"))
MARKET = OrderTerms(
    client_id="mm-1", symbol="AAPL", side=Side.BUY, type=OrderType.MARKET, quantity=Decimal(10)
)
LIMIT = replace(MARKET, type=OrderType.LIMIT, limit_price=Decimal("50.01"))
STOP = replace(MARKET, type=OrderType.STOP, stop_price=Decimal("51"))
TRAIL = replace(MARKET, type=OrderType.TRAILING_STOP, trail_amount=Decimal("1.5"))
BRACKET = replace(LIMIT, take_profit=Decimal("55"), stop_loss=Decimal("45"))
MONEY = replace(MARKET, quantity=None, notional=Decimal("12.34"))


@pytest.mark.parametrize(
    "terms",
    [
        MARKET,
        LIMIT,
        STOP,
        TRAIL,
        BRACKET,
        MONEY,
        replace(STOP, type=OrderType.STOP_LIMIT, limit_price=Decimal("51.5")),
        replace(LIMIT, extended_hours=True),
        replace(LIMIT, limit_price=Decimal("0.1234")),
        replace(LIMIT, limit_price=Decimal("50.010")),
        replace(BRACKET, side=Side.SELL, take_profit=Decimal("45"), stop_loss=Decimal("55")),
        replace(MARKET, take_profit=Decimal("55")),
        replace(MARKET, time_in_force=TimeInForce.GTC),
        replace(LIMIT, quantity=Decimal("19.996"), limit_price=Decimal("50")),
    ],
)
def test_what_is_right_may_leave(terms):
    assert invalid(terms, CAN, FINE) == ""


WRONG = [
    (replace(MARKET, client_id=""), CAN, "client id must have 1 to 40 characters, has 0"),
    (replace(MARKET, client_id="x" * 41), CAN, "has 41"),
    (
        STOP,
        VenueCapabilities(types=frozenset({OrderType.MARKET, OrderType.LIMIT})),
        "the venue takes no stop orders, only limit, market",
    ),
    (
        replace(MARKET, time_in_force=TimeInForce.GTC),
        VenueCapabilities(times_in_force=frozenset({TimeInForce.DAY})),
        "the venue takes no 'gtc' orders, only day",
    ),
    (MARKET, VenueCapabilities(types=frozenset()), "only none"),
    (replace(LIMIT, limit_price=None), CAN, "a limit order needs a limit price, has none"),
    (replace(STOP, stop_price=None), CAN, "a stop order needs a stop price, has none"),
    (replace(TRAIL, trail_amount=None), CAN, "needs a trail amount, has none"),
    (replace(MARKET, limit_price=Decimal(50)), CAN, "a market order has no limit price, was 50"),
    (replace(LIMIT, limit_price=Decimal(0)), CAN, "limit price must be a number above zero, was 0"),
    (replace(LIMIT, limit_price=Decimal("NaN")), CAN, "above zero, was NaN"),
    (replace(STOP, stop_price=Decimal("Infinity")), CAN, "above zero, was Infinity"),
    (
        replace(LIMIT, limit_price=Decimal("50.001")),
        CAN,
        "limit price must be a multiple of 0.01 at 1.00 and above, was 50.001",
    ),
    (
        replace(LIMIT, limit_price=Decimal("0.12345")),
        CAN,
        "limit price must be a multiple of 0.0001 at less than 1.00, was 0.12345",
    ),
    (replace(BRACKET, take_profit=Decimal("55.001")), CAN, "take-profit price must be a multiple"),
    (replace(MARKET, quantity=None), CAN, "says neither"),
    (replace(MARKET, notional=Decimal(5)), CAN, "says both"),
    (replace(MARKET, quantity=Decimal(0)), CAN, "quantity must be a number above zero, was 0"),
    (
        replace(MARKET, quantity=Decimal("NaN")),
        CAN,
        "quantity must be a number above zero, was NaN",
    ),
    (
        replace(MARKET, quantity=Decimal("1.5")),
        PLAIN,
        "the venue takes whole units only, was 1.5 units",
    ),
    (replace(MARKET, quantity=Decimal("1.0005")), CAN, "quantity must be whole lots of 0.001"),
    (
        replace(MARKET, quantity=Decimal("1.5"), time_in_force=TimeInForce.GTC),
        CAN,
        "an order for 1.5 units must be a day order, was 'gtc'",
    ),
    (
        replace(BRACKET, quantity=Decimal("1.5")),
        CAN,
        "an order for 1.5 units takes no legs, has take-profit 55 and stop-loss 45",
    ),
    (MONEY, PLAIN, "the venue takes no orders for an amount of money, was 12.34"),
    (replace(MONEY, notional=Decimal(-1)), CAN, "notional must be a number above zero, was -1"),
    (replace(MONEY, notional=Decimal("1.005")), CAN, "notional must be in whole cents, was 1.005"),
    (
        replace(MONEY, stop_loss=Decimal(45)),
        CAN,
        "an amount of 12.34 takes no legs, has stop-loss 45",
    ),
    (replace(LIMIT, extended_hours=True), PLAIN, "nothing outside of regular hours"),
    (
        replace(MARKET, extended_hours=True),
        CAN,
        "outside of regular hours only limit orders fill, was a market order",
    ),
    (
        replace(LIMIT, extended_hours=True, time_in_force=TimeInForce.GTC),
        CAN,
        "an order for extended hours must be a day order, was 'gtc'",
    ),
    (replace(BRACKET, extended_hours=True), CAN, "an order for extended hours takes no legs"),
    (BRACKET, PLAIN, "the venue takes no legs, has take-profit 55 and stop-loss 45"),
    (
        replace(BRACKET, take_profit=Decimal(44)),
        CAN,
        "take-profit 44 must be above the stop-loss 45",
    ),
    (
        replace(BRACKET, side=Side.SELL),
        CAN,
        "take-profit 55 must be below the stop-loss 45",
    ),
    (
        replace(BRACKET, take_profit=Decimal("50.01")),
        CAN,
        "take-profit 50.01 must be above the entry at 50.01",
    ),
    (
        replace(MARKET, stop_loss=Decimal("50")),
        CAN,
        "stop-loss 50 must be below the entry at 50",
    ),
    (
        replace(MARKET, side=Side.SELL, stop_loss=Decimal("50")),
        CAN,
        "stop-loss 50 must be above the entry at 50",
    ),
    (
        replace(MARKET, side=Side.SELL, take_profit=Decimal("50")),
        CAN,
        "take-profit 50 must be below the entry at 50",
    ),
    (replace(LIMIT, quantity=Decimal(20)), CAN, "buying power: needs 1000.20, has 1000.00"),
    (replace(MONEY, notional=Decimal("1000.01")), CAN, "buying power: needs 1000.01, has 1000.00"),
]


@pytest.mark.parametrize(("terms", "can", "sentence"), WRONG)
def test_what_is_wrong_is_told_with_its_numbers(terms, can, sentence):
    found = invalid(terms, can, FINE)
    assert sentence in found
    assert "\n" not in found


def test_buying_power_is_for_orders_that_open_and_needs_a_price():
    many = replace(MARKET, quantity=Decimal(10_000))
    assert "buying power" in invalid(many, CAN, FACTS)
    assert invalid(many, CAN, replace(FACTS, opens=False)) == ""
    assert invalid(many, CAN, replace(FACTS, buying_power=None)) == ""
    unknown = replace(FACTS, reference=None)
    assert "no price is known yet" in invalid(many, CAN, unknown)
    assert (
        invalid(replace(MARKET, take_profit=Decimal(1)), CAN, replace(unknown, opens=False)) == ""
    )
    broke = replace(FACTS, buying_power=Decimal(-5))
    assert invalid(MARKET, CAN, broke) == "buying power: needs 500.00, has 0.00"


def test_the_lot_of_the_account_counts():
    assert "whole lots of 100, was 10" in invalid(MARKET, CAN, replace(FACTS, lot=Decimal(100)))


numbers = (
    st.none() | st.decimals(allow_nan=True, allow_infinity=True) | st.decimals(0, 200, places=4)
)
terms = st.builds(
    OrderTerms,
    client_id=st.text("am-", max_size=45),
    symbol=st.just("AAPL"),
    side=st.sampled_from(Side),
    type=st.sampled_from(OrderType),
    quantity=numbers,
    notional=numbers,
    limit_price=numbers,
    stop_price=numbers,
    trail_amount=numbers,
    time_in_force=st.sampled_from(TimeInForce),
    extended_hours=st.booleans(),
    take_profit=numbers,
    stop_loss=numbers,
)
capabilities = st.builds(
    VenueCapabilities,
    brackets=st.booleans(),
    fractional=st.booleans(),
    notional=st.booleans(),
    extended_hours=st.booleans(),
)
facts = st.builds(
    OrderFacts,
    lot=st.sampled_from([Decimal(1), Decimal("0.001"), Decimal(100)]),
    reference=st.none() | st.decimals(1, 100, places=2),
    buying_power=st.none() | st.decimals(0, 10_000, places=2),
    opens=st.booleans(),
)


@given(terms, capabilities, facts)
def test_no_order_leaves_with_numbers_that_cannot_be(order, can, known):
    found = invalid(order, can, known)
    assert isinstance(found, str)
    if found:
        return
    priced = (order.limit_price, order.stop_price, order.trail_amount)
    for price in (*priced, order.take_profit, order.stop_loss):
        assert price is None or (price > 0 and price % tick_of(price, can) == 0)
    size = order.quantity if order.notional is None else order.notional
    assert size.is_finite()
    assert size > 0
    assert 0 < len(order.client_id) <= 40
    assert order.quantity is None or can.fractional or order.quantity % 1 == 0
    assert not (order.notional and not can.notional)
    assert not (order.extended_hours and order.type is not OrderType.LIMIT)
    if known.opens and known.buying_power is not None:
        price = order.limit_price or order.stop_price or known.reference
        assert (order.notional or order.quantity * price) <= known.buying_power


@given(terms, capabilities, facts, st.decimals(0, 10_000, places=2))
def test_less_buying_power_never_allows_more(order, can, known, less):
    if known.buying_power is None or less > known.buying_power:
        return
    if invalid(order, can, replace(known, buying_power=less)) == "":
        assert invalid(order, can, known) == ""


@given(st.integers(1, 10**9))
def test_whole_ticks_are_whole_whatever_their_size(ticks):
    price = Decimal(ticks) * Decimal("0.01")
    can = replace(CAN, tick_below="0.01")
    free = replace(FACTS, buying_power=None)
    assert invalid(replace(LIMIT, limit_price=price), can, free) == ""
    assert "multiple" in invalid(replace(LIMIT, limit_price=price + Decimal("0.005")), can, free)
