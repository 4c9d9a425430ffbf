"""Promises of a venue broker about what becomes of a request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from mismartera_core.contracts.venue import VenueBroker, VenueCapabilities
from mismartera_core.errors import (
    BrokerError,
    OrderExists,
    OrderNotSent,
    OrderRejected,
    OrderUnclear,
)
from mismartera_core.model.orders import OrderType, Side
from mismartera_core.model.venue import OrderTerms
from mismartera_core.testing.suite import breach, expect, not_applicable
from mismartera_core.testing.venue_faults import CallFault, VenueCall, VenueFaults
from mismartera_core.testing.venue_trial import TEN, VenueTrial, same_order

Order = Callable[..., OrderTerms]

_UNTAKEN = (OrderRejected, OrderNotSent, OrderUnclear)
OUTCOMES: dict[CallFault, tuple[type[BrokerError], ...]] = {
    **dict.fromkeys(CallFault, (OrderUnclear,)),
    CallFault.NO_FUNDS: (OrderRejected,),
    CallFault.TOO_MANY: _UNTAKEN,
    CallFault.WRONG_KEY: _UNTAKEN,
}
"""What the contract allows an order to end in, by what goes wrong."""

_UNREAD = (
    CallFault.SERVER_ERROR,
    CallFault.SILENT_UNDONE,
    CallFault.RESET_UNDONE,
    CallFault.UNREADABLE,
    CallFault.TOO_MANY,
    CallFault.WRONG_KEY,
)
CURES = {
    OrderUnclear: "whatever is not the venue's own word is unclear: the order may have been taken",
    OrderRejected: "the venue has answered that it does not take the order: raise OrderRejected",
}
"""What to do where it ends otherwise."""


class OutcomePromises(VenueTrial):
    """Sent once, and told apart: taken, refused, never left, unclear."""

    def test_submit_sends_once(
        self, broker: VenueBroker, faults: VenueFaults, order: Order
    ) -> None:
        """One request an order; what comes back is the order as it was sent."""
        terms = order()
        self.placed(broker, terms)
        _sent_once(faults, terms, "a venue that is well")
        expect(
            faults.taken(terms.client_id) == terms,
            "the venue gets what was asked for",
            f"{faults.taken(terms.client_id)} for {terms}",
            "translate every field",
        )

    @pytest.mark.parametrize("fault", CallFault)
    def test_outcome_of_submit_is_told_apart(
        self, broker: VenueBroker, faults: VenueFaults, order: Order, fault: CallFault
    ) -> None:
        """One request, whatever the venue does; only its own word is a rejection."""
        terms, kinds = order(), OUTCOMES[fault]
        faults.fail(VenueCall.SUBMIT, fault)
        what = f"submit at a venue of which the fault is {fault.value!r}"
        self.fails(lambda: broker.submit(terms), kinds, what, CURES[kinds[0]])
        _sent_once(faults, terms, fault.value)
        found = self.ends(lambda: broker.find(terms.client_id), "find")
        expect(
            (found is not None) is fault.is_done,
            "find tells whether an order whose fate was unclear is there",
            f"{found!r}, the fault was {fault.value!r}",
            "ask the venue by the client id; None only where it says that there is none",
        )

    def test_venue_that_is_not_there_gets_nothing(
        self, broker: VenueBroker, faults: VenueFaults, order: Order
    ) -> None:
        """A connection that is never made: the order has provably not left."""
        terms = order()
        faults.go_away()
        self.fails(
            lambda: broker.submit(terms),
            (OrderNotSent,),
            "submit to a venue that takes no connection",
            "tell a connection that could not be made from one that broke; raise OrderNotSent",
        )
        faults.come_back()
        expect(not faults.count(terms.client_id), "it was not sent", "the venue has it", "look")

    def test_second_order_with_an_id_exists(
        self, broker: VenueBroker, faults: VenueFaults, can: VenueCapabilities, order: Order
    ) -> None:
        """The same terms once more are OrderExists, no rejection, and no second order."""
        if not can.client_ids:
            not_applicable("its venue does not refuse a client id for a second time")
        terms = order()
        self.placed(broker, terms)
        self.fails(
            lambda: broker.submit(terms),
            (OrderExists,),
            "submit with a client id that the venue has already",
            "look at what the venue says of the id: it has the order, so it is no rejection",
        )
        count = faults.count(terms.client_id)
        expect(count == 1, "a client id has one order", f"{count}", "send the id with the order")

    def test_rejection_has_the_venues_words(
        self, broker: VenueBroker, faults: VenueFaults, order: Order
    ) -> None:
        """A rejection says why, so that a user can do something about it."""
        faults.fail(VenueCall.SUBMIT, CallFault.NO_FUNDS)
        what = "submit without funds"
        error = self.fails(lambda: broker.submit(order()), (OrderRejected,), what, "see the answer")
        said = str(error).lower()
        expect(
            "insufficient" in said or "buying power" in said or "funds" in said,
            "a rejection has the venue's words",
            repr(str(error)),
            "put the venue's message into the error",
        )

    def test_orders_of_two_threads_are_both_sent(
        self, broker: VenueBroker, faults: VenueFaults, order: Order
    ) -> None:
        """Calls come from more than one thread."""
        many = [order() for _ in range(8)]
        errors: list[BaseException] = []

        def send(part: list[OrderTerms]) -> None:
            try:
                for terms in part:
                    broker.submit(terms)
            except BaseException as error:  # noqa: BLE001 - told below
                errors.append(error)

        threads = [threading.Thread(target=send, args=[many[at::2]]) for at in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(self.deadline * len(many))
        counts = [faults.count(terms.client_id) for terms in many]
        expect(
            not errors and counts == [1] * len(many),
            "a broker may be called by more than one thread",
            f"orders taken {counts}, errors {errors}",
            "share nothing between calls without a lock",
        )

    @pytest.mark.parametrize("price", ["19.99", "4.35", "0.1234", "1234.5"])
    def test_prices_are_sent_as_they_are(
        self, broker: VenueBroker, faults: VenueFaults, order: Order, price: str
    ) -> None:
        """Decimal all the way: no digit is lost, rounded or added."""
        terms = order(limit_price=Decimal(price), quantity=Decimal(1))
        self.placed(broker, terms)
        taken = faults.taken(terms.client_id)
        expect(
            taken is not None and taken.limit_price == terms.limit_price,
            "a price is sent as it is",
            f"the venue got {taken and taken.limit_price}, sent was {price}",
            "write Decimal as text: format(price, 'f'); a float loses digits",
        )

    @pytest.mark.parametrize("kind", OrderType)
    def test_every_type_it_claims_is_taken(
        self,
        broker: VenueBroker,
        faults: VenueFaults,
        can: VenueCapabilities,
        order: Order,
        kind: OrderType,
    ) -> None:
        """Each order type of the capabilities comes to the venue as itself."""
        if kind not in can.types:
            not_applicable(f"its venue has no {kind.value.replace('_', ' ')} orders")
        stopped = kind in (OrderType.STOP, OrderType.STOP_LIMIT)
        limited = kind in (OrderType.LIMIT, OrderType.STOP_LIMIT)
        terms = order(
            type=kind,
            limit_price=self.price + 2 if limited else None,
            stop_price=self.price + 1 if stopped else None,
            trail_amount=Decimal("0.5") if kind is OrderType.TRAILING_STOP else None,
        )
        found = self.ends(lambda: broker.submit(terms), f"submit of a {kind.value} order")
        taken = faults.taken(terms.client_id)
        expect(
            found.type is kind and taken == terms, "it is taken as sent", f"{taken}", "translate"
        )

    @pytest.mark.parametrize("which", ["fractional", "notional", "extended_hours", "gtc"])
    def test_every_capability_is_delivered(
        self,
        broker: VenueBroker,
        faults: VenueFaults,
        can: VenueCapabilities,
        order: Order,
        which: str,
    ) -> None:
        """Fractions, amounts of money, extended hours, good till cancelled: where claimed."""
        if which == "gtc":
            claimed = any(it.value == "gtc" for it in can.times_in_force)
        else:
            claimed = getattr(can, which)
        if not claimed:
            not_applicable(f"its capabilities do not claim {which}")
        market = {"type": OrderType.MARKET, "limit_price": None}
        gtc = next((it for it in can.times_in_force if it.value == "gtc"), None)
        changes: dict[str, Any] = {
            "fractional": {**market, "quantity": Decimal("1.25")},
            "notional": {**market, "quantity": None, "notional": Decimal("150.5")},
            "extended_hours": {"extended_hours": True},
            "gtc": {"time_in_force": gtc},
        }
        terms = order(**changes[which])
        self.placed(broker, terms)
        taken = faults.taken(terms.client_id)
        expect(taken == terms, f"what is claimed ({which}) is sent", f"{taken}", "translate it")

    def test_find_tells_what_is_there(self, broker: VenueBroker, order: Order) -> None:
        """An order by our id and by the venue's; None where the venue says that there is none."""
        terms = order()
        sent = self.placed(broker, terms)
        for how, found in (
            ("find", self.ends(lambda: broker.find(terms.client_id), "find")),
            ("order", self.ends(lambda: broker.order(sent.venue_id), "order")),
        ):
            expect(found is not None, f"{how} finds an order that is there", "None", "look")
            same_order(found, terms)
        nothing = self.ends(lambda: broker.find("suite-none"), "find")
        expect(nothing is None, "find of what is not there is None", f"{nothing!r}", "look")
        none = self.ends(lambda: broker.order("no-such-order"), "order")
        expect(none is None, "order() of what is not there is None", f"{none!r}", "look")

    @pytest.mark.parametrize("fault", _UNREAD)
    @pytest.mark.parametrize(
        "ask", ["find", "open_orders", "executions", "positions", "account", "now_ns"]
    )
    def test_venue_that_does_not_answer_is_an_error(
        self, broker: VenueBroker, faults: VenueFaults, order: Order, fault: CallFault, ask: str
    ) -> None:
        """What cannot be read is a BrokerError in time: never None, never an empty list."""
        terms = order()
        self.placed(broker, terms)
        given = {"find": (terms.client_id,), "executions": (0,)}.get(ask, ())
        faults.fail(VenueCall.READ, fault, always=True)
        asked = self.tried(lambda: getattr(broker, ask)(*given), f"{ask} ({fault.value})")
        if asked.error is None:
            breach(
                f"{ask} at a venue that does not answer ({fault.value}) is a BrokerError",
                f"an answer: {asked.answer!r}",
                "None and [] are the venue's own word; raise BrokerError where it has said nothing",
            )
        expect(
            isinstance(asked.error, BrokerError),
            f"{ask} at a venue that does not answer ({fault.value}) is a BrokerError",
            repr(asked.error),
            "turn what the library raises into BrokerError",
        )

    def test_account_is_told(self, broker: VenueBroker, faults: VenueFaults) -> None:
        """Its number, whether it is real money, and money in Decimal."""
        found = self.ends(broker.account, "account")
        expect(
            found.account_id == faults.account_id,
            "account() shows the number that a user knows the account by",
            f"{found.account_id!r}, it is {faults.account_id!r}",
            "not an internal id",
        )
        for name in ("cash", "equity", "buying_power", "multiplier"):
            value = getattr(found, name)
            expect(
                isinstance(value, Decimal) and value.is_finite(),
                "money is a finite Decimal",
                f"{name} is {value!r}",
                "Decimal(text)",
            )
        expect(not found.blocked, "an account that may trade is not blocked", found.blocked, "look")

    def test_clock_is_the_venues(self, broker: VenueBroker, faults: VenueFaults) -> None:
        """now_ns() is the venue's clock, so that its skew can be told."""
        before, found, after = (
            faults.now_ns,
            self.ends(broker.now_ns, "now_ns"),
            faults.now_ns,
        )
        second = 1_000_000_000
        expect(
            isinstance(found, int) and before - second <= found <= after + second,
            "now_ns() is the venue's clock in nanoseconds UTC",
            f"{found!r}, it is {after}",
            "read the venue's clock; mind its zone",
        )

    def test_orders_on_both_sides_can_be_sent(
        self, broker: VenueBroker, faults: VenueFaults, order: Order
    ) -> None:
        """A sell order is a sell order."""
        bought = self.placed(broker, order())
        faults.execute(bought.venue_id, TEN, self.price)
        terms = order(side=Side.SELL, limit_price=self.price + 1)
        self.placed(broker, terms)
        expect(faults.taken(terms.client_id) == terms, "it is sent as it is", "it is not", "look")


def _sent_once(faults: VenueFaults, terms: OrderTerms, what: str) -> None:
    count = faults.arrived(VenueCall.SUBMIT)
    expect(
        count == 1 and faults.count(terms.client_id) <= 1,
        "an order is sent once: a second request might be a second order",
        f"{count} requests, {faults.count(terms.client_id)} orders; {what}",
        "switch the retries of the library off for orders, connections included",
    )
