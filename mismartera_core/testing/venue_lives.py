"""Promises of a venue broker about what happens to its orders, and what it tells of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from mismartera_core.contracts.venue import VenueBroker, VenueCapabilities
from mismartera_core.model.orders import Side
from mismartera_core.model.venue import Execution, OrderTerms, VenueOrder, VenueStatus
from mismartera_core.testing.suite import expect, not_applicable
from mismartera_core.testing.venue_faults import VenueFaults
from mismartera_core.testing.venue_trial import TEN, VenueNews, VenueTrial

Order = Callable[..., OrderTerms]

_FOUR, _SIX = Decimal(4), Decimal(6)


class LifePromises(VenueTrial):
    """Fills, cancels, rejections, legs, and what others do in the account."""

    def test_fills_are_told_by_their_ids(
        self, broker: VenueBroker, faults: VenueFaults, news: VenueNews, order: Order
    ) -> None:
        """A part and the rest: units and price of each, and the order after it."""
        terms = order()
        venue_id = self.placed(broker, terms).venue_id
        first = faults.execute(venue_id, _FOUR, self.price - 2)
        second = faults.execute(venue_id, _SIX, self.price - 1)
        self.told(news, venue_id, VenueStatus.FILLED)
        parts = [it.execution for it in news.executed if it.execution.venue_id == venue_id]
        found = [(it.execution_id, it.quantity, it.price) for it in parts]
        wanted = [(first, _FOUR, self.price - 2), (second, _SIX, self.price - 1)]
        expect(
            found == wanted,
            "each execution is told of with its own id, units and price",
            f"{found}, the venue's are {wanted}",
            "take the units of this execution, not those of the order so far",
        )
        orders = [it.order for it in news.executed if it.execution.venue_id == venue_id]
        filled = [(it.status, it.filled_quantity) for it in orders]
        expect(
            filled == [(VenueStatus.PARTIALLY_FILLED, _FOUR), (VenueStatus.FILLED, TEN)],
            "an execution comes with the order after it",
            f"{filled}",
            "read the order that the event carries",
        )
        for part in parts:
            _whole_execution(part, terms)
        now = self.ends(lambda: broker.order(venue_id), "order")
        average = self.price - 2 + Decimal("0.6")
        expect(
            now.filled_quantity == TEN and now.average_price == average,
            "an order has its units and its average price",
            f"{now.filled_quantity} at {now.average_price}, it is {TEN} at {average}",
            "Decimal(text)",
        )

    def test_cancel_after_a_part_keeps_the_part(
        self, broker: VenueBroker, faults: VenueFaults, news: VenueNews, order: Order
    ) -> None:
        """Partly filled, then cancelled: CANCELLED with the units that filled."""
        venue_id = self.placed(broker, order()).venue_id
        faults.execute(venue_id, _FOUR, self.price - 1)
        self.ends(lambda: broker.cancel(venue_id), "cancel")
        ended = self.told(news, venue_id, VenueStatus.CANCELLED)
        _filled(ended, _FOUR)
        working = [it.venue_id for it in self.ends(broker.open_orders, "open_orders")]
        expect(venue_id not in working, "what has ended is not open", f"{working}", "filter")

    def test_rejection_after_it_was_taken_is_told(
        self, broker: VenueBroker, faults: VenueFaults, news: VenueNews, order: Order
    ) -> None:
        """REJECTED, with the venue's words."""
        venue_id = self.placed(broker, order()).venue_id
        faults.reject(venue_id, "symbol is halted")
        ended = self.told(news, venue_id, VenueStatus.REJECTED)
        now = self.ends(lambda: broker.order(venue_id), "order")
        said = (ended.reason, now.reason)
        expect(
            now.status is VenueStatus.REJECTED and (any(said) or not self.says_why),
            "an order that was rejected says why",
            f"{now.status.value}, reasons {said}",
            "put the venue's words into `reason`",
        )

    def test_expiry_is_told(
        self, broker: VenueBroker, faults: VenueFaults, news: VenueNews, order: Order
    ) -> None:
        """EXPIRED."""
        venue_id = self.placed(broker, order()).venue_id
        faults.expire(venue_id)
        self.told(news, venue_id, VenueStatus.EXPIRED)

    def test_cancelled_by_itself_is_told(
        self, broker: VenueBroker, news: VenueNews, order: Order
    ) -> None:
        """CANCELLED, with nothing filled."""
        venue_id = self.placed(broker, order()).venue_id
        self.ends(lambda: broker.cancel(venue_id), "cancel")
        _filled(self.told(news, venue_id, VenueStatus.CANCELLED), Decimal(0))

    def test_event_that_comes_twice_has_one_id(
        self, broker: VenueBroker, faults: VenueFaults, news: VenueNews, order: Order
    ) -> None:
        """The venue repeats itself: the same execution id, so that it is booked once."""
        venue_id = self.placed(broker, order()).venue_id
        only = faults.execute(venue_id, TEN, self.price)
        faults.repeat()
        news.until(lambda: len(news.executed) > 1, self.wait / 5)
        ids = {it.execution.execution_id for it in news.executed}
        expect(
            ids == {only},
            "an execution that is told of twice has the same id both times",
            f"{sorted(ids)}, the venue's is {only!r}",
            "take the venue's id of the execution; make none up",
        )
        asked = self.ends(lambda: broker.executions(0), "executions")
        count = sum(it.execution_id == only for it in asked)
        expect(
            count == 1, "executions() has each once, with the id of its event", f"{count}", "map"
        )

    def test_executions_are_paged_to_the_end(
        self, broker: VenueBroker, faults: VenueFaults, order: Order
    ) -> None:
        """More of them than the venue says at once: all, each once, oldest first."""
        number = self.page + 5
        venue_id = self.placed(broker, order(quantity=Decimal(number))).venue_id
        made = [faults.execute(venue_id, Decimal(1), self.price) for _ in range(number)]
        found = self.ends(lambda: broker.executions(0), "executions")
        ids = [it.execution_id for it in found]
        expect(
            sorted(ids) == sorted(made) and len(set(ids)) == len(ids),
            "executions() has every execution once, also those of later pages",
            f"{len(ids)} ({len(set(ids))} different) of {number}",
            "ask until there is no further page",
        )
        stamps = [it.at_ns for it in found]
        expect(stamps == sorted(stamps), "executions come oldest first", "they do not", "sort")
        middle = stamps[len(stamps) // 2]
        later = self.ends(lambda: broker.executions(middle), "executions")
        wanted = [it.execution_id for it in found if it.at_ns >= middle]
        expect(
            sorted(it.execution_id for it in later) == sorted(wanted),
            "executions(since_ns) has those at or after the instant",
            f"{len(later)}, there are {len(wanted)}",
            "ask for a little more than wanted, and filter by at_ns",
        )

    def test_positions_are_told(
        self, broker: VenueBroker, faults: VenueFaults, order: Order
    ) -> None:
        """Units with their sign, and what they cost; what is flat is not there."""
        before = self.ends(broker.positions, "positions")
        expect(not before, "an account without positions has none", f"{before}", "leave flat out")
        faults.execute(self.placed(broker, order()).venue_id, TEN, self.price)
        found = [
            (it.symbol, it.quantity, it.average_price)
            for it in self.ends(broker.positions, "positions")
        ]
        wanted = [(self.symbol, TEN, self.price)]
        expect(
            found == wanted, "a position has its units and its cost", f"{found}", "Decimal(text)"
        )

    def test_orders_of_others_are_shown(
        self, broker: VenueBroker, faults: VenueFaults, news: VenueNews, order: Order
    ) -> None:
        """What somebody else does in the account: shown with its fills, never hidden."""
        mine = self.placed(broker, order()).venue_id
        other = faults.foreign_order(self.symbol, Side.BUY, TEN, self.price - 3)
        working = {it.venue_id for it in self.ends(broker.open_orders, "open_orders")}
        expect({mine, other} <= working, "open_orders() has those of others", f"{working}", "ask")
        done = faults.execute(other, TEN, self.price - 3)
        ids = [it.execution_id for it in self.ends(lambda: broker.executions(0), "executions")]
        expect(done in ids, "executions() has those of others", f"{ids}, not {done!r}", "ask")
        self.told(news, other, VenueStatus.FILLED)

    def test_legs_of_a_bracket_come_with_their_entry(
        self,
        broker: VenueBroker,
        faults: VenueFaults,
        can: VenueCapabilities,
        order: Order,
    ) -> None:
        """Two legs, which work when the entry has filled; one that fills cancels the other."""
        if not can.brackets:
            not_applicable("its venue has no brackets")
        up, down = self.price + 5, self.price - 5
        terms = order(take_profit=up, stop_loss=down)
        entry = self.placed(broker, terms)
        working = self.ends(broker.open_orders, "open_orders")
        shown = next((it for it in working if it.venue_id == entry.venue_id), None)
        prices = sorted(_prices(shown.legs)) if shown is not None else []
        expect(
            prices == [down, up],
            "an entry is shown with its legs, and legs not beside it",
            f"prices of legs {prices}, expected {[down, up]}; {[it.venue_id for it in working]}",
            "ask for nested orders, and fill `legs`",
        )
        faults.execute(entry.venue_id, TEN, self.price)
        after = self.ends(lambda: broker.order(entry.venue_id), "order")
        profit = next(it for it in after.legs if it.limit_price == up)
        loss = next(it for it in after.legs if it.limit_price != up)
        faults.execute(profit.venue_id, TEN, up)
        ends = [
            self.ends(lambda: broker.order(profit.venue_id), "order").status,
            self.ends(lambda: broker.order(loss.venue_id), "order").status,
        ]
        expect(
            ends == [VenueStatus.FILLED, VenueStatus.CANCELLED],
            "legs are orders with ids of their own, and are told as they are",
            f"{[it.value for it in ends]}",
            "read legs as orders",
        )


def _prices(legs: tuple[VenueOrder, ...]) -> list[Decimal]:
    found = [it.limit_price if it.stop_price is None else it.stop_price for it in legs]
    return [it for it in found if it is not None]


def _filled(order: VenueOrder, units: Decimal) -> None:
    expect(
        order.filled_quantity == units,
        "an order that has ended keeps the units that filled",
        f"{order.filled_quantity}, filled were {units}",
        "read filled_quantity of the order",
    )


def _whole_execution(execution: Execution, terms: OrderTerms) -> None:
    contract = "an execution says of which order it is, of what, and when"
    for name in ("client_id", "symbol", "side"):
        mine, its = getattr(terms, name), getattr(execution, name)
        expect(mine == its or not its, contract, f"{name} {its!r}, it is {mine!r}", "map it")
    expect(execution.at_ns > 0, contract, f"at_ns {execution.at_ns}", "read its time")
