"""Promises of a broker; for now of simulated ones."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from typing import Any

from mismartera_core.contracts.broker import Broker, Costs, WorkingOrder
from mismartera_core.model.orders import OrderStatus
from mismartera_core.testing.broker_matching import (
    BUY,
    RULES,
    SELL,
    MatchingPromises,
    some_prices,
    told,
)
from mismartera_core.testing.desk import Desk
from mismartera_core.testing.suite import expect

_QUIET = (100.0, 100.5, 99.5, 100.2)
_CAP, _FEE, _SLIP = 30.0, 1.25, 0.1


class BrokerConformance(MatchingPromises):
    """What a simulated broker promises."""

    kind = "broker"

    def test_account_is_told(self, broker: Broker) -> None:
        """Cash, leverage and lot are there when the engine asks."""
        expect(
            isinstance(broker.cash, Decimal) and broker.cash > 0,
            "cash is a Decimal above zero",
            f"{getattr(broker, 'cash', None)!r}",
            "set self.cash in __init__",
        )
        leverage = broker.leverage
        expect(
            leverage is None or 0.0 < leverage < math.inf,
            "leverage is a multiple of equity, or None for no limit",
            f"{leverage!r}",
            "set self.leverage in __init__",
        )
        expect(0.0 < broker.lot < math.inf, "lot is above zero", f"{broker.lot!r}", "set self.lot")

    def test_an_order_is_filled_once(self, desk: Desk) -> None:
        """Fills add up to the order; it leaves the books; later bars do nothing to it."""
        order = desk.place(BUY)
        for _ in range(3):
            desk.bar(*_QUIET)
        _has(order, OrderStatus.FILLED, "a market order fills completely in the next bar")
        expect(
            sum(fill.quantity for fill in desk.fills) == order.quantity
            and order.remaining == 0.0
            and order not in desk.working(),
            "fills add up to the order, and what is done leaves working_symbols()",
            f"{told(desk.fills)} of {order.quantity:g}, {order.remaining:g} remaining",
            "take the order out of its book when nothing remains",
        )
        expect(
            not desk.ended,
            "on_done tells of orders that end without filling completely",
            "on_done was called for an order that was filled",
            "call on_done for cancelled, expired and rejected orders only",
        )

    def test_fills_name_their_order_and_their_bar(self, desk: Desk) -> None:
        """Ids stay as the engine gave them; every fill names the bar that made it."""
        orders = [desk.place(BUY), desk.place(SELL), desk.place(BUY, limit=99.6)]
        opened = desk.now_ns
        fills = desk.bar(*_QUIET)
        named = [(fill.order.id, fill.bar.ts) for fill in fills]
        expect(
            named == [(number, opened) for number in (1, 2, 3)]
            and [fill.order for fill in fills] == orders,
            "orders of a symbol match by id, and a fill names its order and its bar",
            f"(order, bar) {named}",
            "pass the order and the bar you were given to on_fill, and leave order.id alone",
        )
        done = [order.updated_ns == desk.now_ns for order in orders]
        expect(all(done), "updated_ns is when the fill became known", f"{done}", "set it to now_ns")

    def test_symbols_do_not_touch_each_other(self, desk: Desk) -> None:
        """A bar of one symbol fills no order of another."""
        mine, other = desk.place(BUY), desk.place(BUY, symbol=1)
        desk.bar(*_QUIET)
        _has(mine, OrderStatus.FILLED, "a bar fills the orders of its symbol")
        _has(other, OrderStatus.WORKING, "a bar of one symbol fills no order of another")

    def test_cancelled_order_never_fills(self, desk: Desk) -> None:
        """It is cancelled at once, with its reason, told of once, and done."""
        order = desk.place(BUY, limit=99.6)
        desk.cancel(order, "changed my mind")
        desk.bar(*_QUIET)
        _has(order, OrderStatus.CANCELLED, "a cancelled order never fills", "changed my mind")
        _told_once(desk, order)

    def test_day_order_expires_and_gtc_lives_on(self, desk: Desk) -> None:
        """At the end of the session; an order placed at the close is for the next one."""
        day, gtc = desk.place(BUY, limit=90.0), desk.place(BUY, limit=91.0, gtc=True)
        desk.end_session()
        late = desk.place(BUY, limit=92.0)
        desk.broker.end_session(desk.now_ns)
        _has(day, OrderStatus.EXPIRED, "a day order expires at the end of its session")
        expect(day.reason, "an order that ends says why", "no reason", "set order.reason")
        _told_once(desk, day)
        _has(gtc, OrderStatus.WORKING, "an order that is good till cancelled lives on")
        _has(late, OrderStatus.WORKING, "an order placed at the close is for the next session")

    def test_one_cancels_other(self, desk: Desk) -> None:
        """A fill of one of two OCO orders cancels the other; it cannot fill any more."""
        high = desk.place(SELL, limit=100.4)
        low = desk.place(SELL, stop=95.0, oco=high)
        desk.bar(*_QUIET)
        desk.bar(95.0, 96.0, 94.0, 95.0)
        _has(high, OrderStatus.FILLED, "the OCO order whose price is reached fills")
        _has(low, OrderStatus.CANCELLED, "a fill of one OCO order cancels the other")
        _told_once(desk, low)

    def test_of_two_oco_orders_in_one_bar_the_worse_fills(self, desk: Desk) -> None:
        """Where both could fill within one bar, the trader gets the worse price."""
        high = desk.place(SELL, limit=104.0)
        low = desk.place(SELL, stop=96.0, oco=high)
        fills = desk.bar(100.0, 105.0, 95.0, 101.0)
        expect(
            [fill.order for fill in fills] == [low],
            "of two OCO orders that could both fill inside a bar, the worse outcome counts",
            f"{told(fills)}, expected 100 at 96.0",
            RULES,
        )

    def test_legs_are_held_until_the_entry_has_filled(self, desk: Desk) -> None:
        """Then they work; one that fills cancels its sibling."""
        entry = desk.place(BUY, limit=99.0, take_profit=101.0, stop_loss=97.0)
        profit, loss = entry.legs
        desk.bar(100.0, 102.0, 99.5, 101.0)
        _has(profit, OrderStatus.HELD, "the legs of a bracket are held until its entry has filled")
        desk.bar(98.5, 98.8, 98.0, 98.5)
        _has(entry, OrderStatus.FILLED, "the entry of a bracket is an order like any other")
        _has(profit, OrderStatus.WORKING, "the legs work once the entry has filled")
        fills = desk.bar(99.0, 101.5, 98.5, 101.0)
        expect(
            [(fill.order, fill.price) for fill in fills] == [(profit, 101.0)],
            "a leg fills by the rules of its kind",
            f"{told(fills)}, expected 100 at 101.0",
            RULES,
        )
        _has(loss, OrderStatus.CANCELLED, "a leg that fills cancels its sibling")

    def test_entry_inside_a_bar_leaves_the_stop_loss_only(self, desk: Desk) -> None:
        """What came first within a bar is unknown: of it the worse is assumed."""
        entry = desk.place(BUY, limit=99.0, take_profit=101.0, stop_loss=97.0)
        fills = desk.bar(100.0, 102.0, 96.0, 101.0)
        expect(
            [(fill.order, fill.price) for fill in fills] == [(entry, 99.0), (entry.legs[1], 97.0)],
            "on the bar in which an entry filled inside, only its stop-loss is tested",
            f"{told(fills)}, expected 99.0 and then 97.0",
            RULES,
        )

    def test_legs_end_with_an_entry_that_did_not_fill(self, desk: Desk) -> None:
        """An entry that is cancelled or expires takes its legs with it."""
        entry = desk.place(BUY, limit=90.0, take_profit=101.0, stop_loss=89.0)
        desk.end_session()
        _has(entry, OrderStatus.EXPIRED, "a day order expires at the end of its session")
        for leg in entry.legs:
            _has(leg, OrderStatus.CANCELLED, "legs are cancelled where the entry did not fill")
        expect(not desk.working(), "what is done leaves the books", f"{desk.working()}", RULES)

    def test_participation_limits_what_a_bar_fills(self, broker: Broker) -> None:
        """Orders of a bar share its units; the rest goes on working."""
        desk = Desk(broker, Costs(participation=_THIRTY_UNITS))
        first, second = desk.place(BUY, 50.0), desk.place(BUY, 25.0)
        parts, statuses = [], []
        for _ in range(3):
            parts.append([(fill.order.id, fill.quantity) for fill in desk.bar(*_QUIET)])
            statuses.append(first.status)
        expect(
            parts == [[(1, 30.0)], [(1, 20.0), (2, 10.0)], [(2, 15.0)]],
            "one bar fills at most participation(bar) units per symbol, by id; the rest works on",
            f"30 units a bar; (order, units) by bar: {parts}",
            RULES,
        )
        expect(
            statuses[0] is OrderStatus.PARTIALLY_FILLED and not first.reason,
            "an order of which a part has filled is partially filled",
            f"{statuses[0].value}",
            "set status to OrderStatus.PARTIALLY_FILLED",
        )
        _has(second, OrderStatus.FILLED, "the rest of an order goes on working")

    def test_orders_that_have_ended_never_come_back(self, broker: Broker) -> None:
        """Units filled only grow, up to the order; what has ended stays as it ended."""
        chance = random.Random(11)  # noqa: S311 - orders, no secrets
        desk = Desk(broker, Costs(participation=_THIRTY_UNITS))
        ended: dict[int, tuple[OrderStatus, float]] = {}
        for minute in range(150):
            order = desk.place(chance.choice((BUY, SELL)), **some_prices(chance, desk.last))
            if chance.random() < 0.2:
                desk.cancel(order)
                _nothing_comes_back(desk, ended)
            low, high = sorted(desk.last + chance.uniform(-1.0, 1.0) for _ in range(2))
            desk.bar(low, high, low, high) if minute % 2 else desk.bar(high, high, low, low)
            if minute % 50 == 49:
                desk.end_session()
            _nothing_comes_back(desk, ended)

    def test_costs_are_charged(self, broker: Broker) -> None:
        """Commission on every fill; slippage on market and stop orders, never on limits."""
        desk = Desk(broker, Costs(commission=_FLAT_FEE, slippage=_TEN_CENTS))
        desk.place(BUY)
        desk.place(SELL, limit=100.4)
        desk.place(SELL, stop=99.6)
        found = [(fill.price, fill.fee) for fill in desk.bar(*_QUIET)]
        wanted = [(100.0 + _SLIP, _FEE), (100.4, _FEE), (99.6 - _SLIP, _FEE)]
        same = len(found) == len(wanted) and all(
            math.isclose(x, y, abs_tol=1e-6)
            for one, other in zip(found, wanted, strict=True)
            for x, y in zip(one, other, strict=True)
        )
        expect(
            same,
            "the commission is charged on every fill, slippage on market and stop orders only",
            f"(price, fee) {found}, expected {wanted}",
            "call costs.commission and costs.slippage with the bar's numbers and their own",
        )


def _thirty(*numbers: float) -> float:  # noqa: ARG001 - the signature of a cost model
    return _CAP


def _fee(*numbers: float) -> float:  # noqa: ARG001
    return _FEE


def _slip(*numbers: float) -> float:
    side, price, amount = numbers[0], numbers[2], numbers[-1]
    return price + side * amount


# What a cost function is handed by name matters to none of them.
_THIRTY_UNITS: Any = (_thirty, ())
_FLAT_FEE: Any = (_fee, ())
_TEN_CENTS: Any = (_slip, (_SLIP,))


def _has(order: WorkingOrder, status: OrderStatus, contract: str, reason: str = "") -> None:
    found: Any = f"order {order.id} is {order.status.value}, because {order.reason!r}"
    kept = order.status is status and (not reason or order.reason == reason)
    ended = (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REJECTED)
    kept = kept and order.is_done is (status in ended)
    expect(kept, contract, f"{found}, is_done={order.is_done}", f"set status and is_done; {RULES}")


def _nothing_comes_back(desk: Desk, ended: dict[int, tuple[OrderStatus, float]]) -> None:
    """Compare every order with how it ended, and note those that have."""
    for order in desk.orders:
        now = (order.status, order.filled_quantity)
        units = sum(fill.quantity for fill in desk.fills if fill.order is order)
        expect(
            ended.get(order.id, now) == now and units == now[1] <= order.quantity,
            "units filled only grow, up to the order; what has ended stays as it ended",
            f"order {order.id}: {now[0].value}, {now[1]:g} of {order.quantity:g} filled, "
            f"{units:g} told of; it had ended {ended.get(order.id, 'not yet')}",
            "look at is_done before you touch an order",
        )
        if order.is_done:
            ended[order.id] = now


def _told_once(desk: Desk, order: WorkingOrder) -> None:
    count = sum(1 for ended in desk.ended if ended is order)
    expect(
        count == 1 and order not in desk.working(),
        "an order that ends without filling is told of once by on_done, and leaves the books",
        f"on_done told of it {count} times",
        "call on_done(order) when it ends, once",
    )
