"""Whatever is done in an account of the fake venue, its books are right to the last decimal."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mismartera_core.model.orders import OrderType, Side
from mismartera_core.testing import FakeVenue, Refused, Terms, sessions_of, walk_bars
from mismartera_core.testing.venue.orders import Status

CASH = Decimal(10_000)
BARS = {
    "A": walk_bars(sessions_of([20, 10]), seed=3, price=20.0, step=0.01, idle=0.1),
    "B": walk_bars(sessions_of([20, 10]), seed=4, price=7.0, step=0.02, missing=0.2),
}
SIGN = {Side.BUY: 1, Side.SELL: -1}
FEES = {
    "none": None,
    "odd": lambda side, units, price: (
        units * price * Decimal("0.0003") if side is Side.SELL else Decimal("0.01")
    ),
}

KINDS = st.sampled_from([*OrderType, OrderType.MARKET, OrderType.MARKET, OrderType.LIMIT])
sides = st.sampled_from(Side)
in_force = st.sampled_from(["day", "gtc"])
quantities = st.one_of(
    st.integers(1, 60).map(Decimal),
    st.integers(1, 10**11).map(lambda n: Decimal(n) / 10**9),
    st.integers(1, 2000).map(Decimal),
)


@st.composite
def terms(draw):
    symbol, side, kind = draw(st.sampled_from(sorted(BARS))), draw(sides), draw(KINDS)
    around = Decimal(20 if symbol == "A" else 7)
    near = st.integers(-30, 30).map(lambda cents: around + Decimal(cents) / 100)
    made = Terms(symbol=symbol, side=side, type=kind, time_in_force=draw(in_force))
    if kind in (OrderType.LIMIT, OrderType.STOP_LIMIT):
        made = replace(made, limit=draw(near))
    if kind in (OrderType.STOP, OrderType.STOP_LIMIT):
        made = replace(made, stop=draw(near))
    if kind is OrderType.TRAILING_STOP:
        made = replace(made, trail=Decimal(draw(st.integers(1, 50))) / 100)
    if kind is OrderType.MARKET and draw(st.integers(0, 3)) == 0:
        return replace(made, notional=draw(st.integers(1, 9_000)))
    made = replace(made, quantity=draw(quantities))
    if draw(st.integers(0, 2)) == 0:
        away = Side.SELL if side is Side.BUY else Side.BUY
        plain = Terms(symbol=symbol, side=away, quantity=made.quantity, time_in_force="gtc")
        profit = replace(plain, type="limit", limit=draw(near))
        loss = replace(plain, type="stop", stop=draw(near))
        exits = draw(st.sampled_from([(profit, loss), (profit,), (loss,)]))
        return replace(made, exits=exits)
    return made


class Account(RuleBasedStateMachine):
    @initialize(
        rules=st.fixed_dictionaries(
            {
                "multiplier": st.sampled_from([1, 2, 4, None]),
                "crossing": st.booleans(),
                "wash_trades": st.sampled_from([True, True, False]),
                "shorting": st.sampled_from([True, True, False]),
                "participation": st.sampled_from([None, "0.1", "0.5"]),
                "lot": st.sampled_from([1, "0.001"]),
                "fee": st.sampled_from(sorted(FEES)).map(FEES.get),
            }
        )
    )
    def begin(self, rules):
        self.venue = FakeVenue(BARS, cash=CASH, **rules)
        self.heard, self.filled, self.finals = [], {}, {}
        self.venue.on_order(lambda event: event.fill and self.heard.append(event.fill.id))

    @rule(several=st.lists(terms(), min_size=1, max_size=3))
    def submit(self, several):
        for one in several:
            before = len(self.venue.book.orders)
            try:
                self.venue.submit(one)
            except Refused:
                assert len(self.venue.book.orders) == before

    @rule(bars=st.integers(1, 6))
    def advance(self, bars):
        for _ in range(bars):
            if self.venue.next_ns is not None:
                self.venue.advance(self.venue.next_ns)

    @rule(number=st.integers(0, 5), quantity=quantities)
    def replace(self, number, quantity):
        orders = [order for order in self.venue.book.open() if order.quantity is not None]
        if number < len(orders):
            old = orders[number]
            try:
                new = self.venue.replace(old.id, quantity=quantity)
            except Refused:
                assert not old.replaced_by
            else:
                assert (old.replaced_by, new.replaces) == (new.id, old.id)
                assert new.quantity + old.filled == quantity

    @rule(number=st.integers(0, 9))
    def cancel(self, number):
        orders = self.venue.book.open()
        if number == 9:
            self.venue.cancel_all()
            assert self.venue.book.open() == []
        elif number < len(orders):
            self.venue.cancel(orders[number].id)
            assert orders[number].status is Status.CANCELLED

    @invariant()
    def nothing_is_made_or_lost(self):
        ledger = self.venue.ledger
        assert ledger.at_cost() + ledger.fees == CASH + ledger.realized
        fills = self.venue.book.fills
        spent = sum(SIGN[f.side] * f.quantity * f.price + f.fee for f in fills)
        assert ledger.cash == CASH - spent
        assert ledger.fees == sum(f.fee for f in fills)

    @invariant()
    def positions_are_what_was_executed(self):
        for symbol in BARS:
            fills = [fill for fill in self.venue.book.fills if fill.symbol == symbol]
            held = sum(SIGN[fill.side] * fill.quantity for fill in fills)
            assert self.venue.ledger.position(symbol) == held
            assert not fills or fills[-1].position == held

    @invariant()
    def orders_fill_once_and_never_too_much(self):
        fills = self.venue.book.fills
        assert len({fill.id for fill in fills}) == len(fills)
        assert [fill.id for fill in fills] == self.heard
        for order in self.venue.book.orders.values():
            mine = [fill for fill in fills if fill.order_id == order.id]
            assert order.filled == sum(fill.quantity for fill in mine)
            assert order.filled >= self.filled.get(order.id, 0)
            assert order.quantity is None or order.filled <= order.quantity
            assert (order.status is Status.FILLED) == (order.left == 0)
            self.filled[order.id] = order.filled
            if order.is_final:  # it stays as it ended
                ended = self.finals.setdefault(order.id, (order.status, order.filled))
                assert ended == (order.status, order.filled)
            assert order.is_final != (order in self.venue.book.open())

    @invariant()
    def one_of_a_pair_fills(self):
        for order in self.venue.book.orders.values():
            if order.sibling is not None:
                assert not (order.filled and order.sibling.filled)

    @invariant()
    def what_is_short_was_allowed(self):
        """The exits of a bracket are not tested again when they begin to work."""
        if not self.venue.rules.shorting:
            short = [fill for fill in self.venue.book.fills if fill.position < 0]
            assert all(self.venue.order(fill.order_id).entry for fill in short)


Account.TestCase.settings = settings(max_examples=80, stateful_step_count=50)
TestAccount = Account.TestCase


@pytest.mark.parametrize("parts", [3, 7])
def test_closing_in_parts_leaves_no_cost_behind(parts):
    venue = FakeVenue(BARS, cash=CASH)
    bought = venue.submit(Terms(symbol="A", side="buy", quantity=parts * 10))
    venue.execute(bought.id, parts * 10 - 1, "19.99")
    venue.execute(bought.id, 1, "20.07")
    for _ in range(parts):
        venue.execute(venue.submit(Terms(symbol="A", side="sell", quantity=10)).id, 10, "20.01")
    spent = (parts * 10 - 1) * Decimal("19.99") + Decimal("20.07")
    profit = parts * 10 * Decimal("20.01") - spent
    assert venue.ledger.holdings == {}
    assert (venue.ledger.realized, venue.ledger.cash) == (profit, CASH + profit)
