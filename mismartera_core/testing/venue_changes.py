"""Promises of a venue broker about changing and cancelling orders."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from mismartera_core.contracts.venue import VenueBroker, VenueCapabilities
from mismartera_core.errors import OrderRejected, OrderUnclear
from mismartera_core.model.venue import OrderTerms
from mismartera_core.testing.suite import expect, not_applicable
from mismartera_core.testing.venue_faults import CallFault, VenueCall, VenueFaults
from mismartera_core.testing.venue_outcomes import CURES, OUTCOMES
from mismartera_core.testing.venue_trial import TEN, VenueTrial, same_order

Order = Callable[..., OrderTerms]

_UNCLEAR = [it for it in CallFault if OUTCOMES[it] == (OrderUnclear,)]


class ChangePromises(VenueTrial):
    """Changed once, cancelled, or too late."""

    def test_replace_changes_a_working_order(
        self, broker: VenueBroker, faults: VenueFaults, can: VenueCapabilities, order: Order
    ) -> None:
        """The new order has the new terms, and says which it replaces."""
        self._replaces(can)
        old = self.placed(broker, order())
        terms = order(quantity=Decimal(5), limit_price=self.price - 2)
        new = self.ends(lambda: broker.replace(old.venue_id, terms), "replace")
        same_order(new, terms)
        was = self.ends(lambda: broker.order(old.venue_id), "order")
        expect(
            new.venue_id != old.venue_id,
            "an order that replaces another has an id of its own",
            f"both are {new.venue_id!r}",
            "where the venue keeps the id, say `replace=False`: orders are cancelled and sent anew",
        )
        gone = was is not None and was.status.is_final
        expect(gone, "of the two only the new order works", f"the old one is {was!r}", "look")
        expect(
            new.replaces == old.venue_id,
            "an order that replaces another says so",
            f"replaces {new.replaces!r}, it is {old.venue_id!r}",
            "fill `replaces` and `replaced_by`",
        )
        expect(
            faults.arrived(VenueCall.REPLACE) == 1, "it is sent once", "more often", "do not retry"
        )

    @pytest.mark.parametrize("fault", _UNCLEAR)
    def test_outcome_of_replace_is_told_apart(
        self,
        broker: VenueBroker,
        faults: VenueFaults,
        can: VenueCapabilities,
        order: Order,
        fault: CallFault,
    ) -> None:
        """A change that may have been made is unclear, and asked for once."""
        self._replaces(can)
        old = self.placed(broker, order())
        faults.fail(VenueCall.REPLACE, fault)
        self.fails(
            lambda: broker.replace(old.venue_id, order(limit_price=self.price - 2)),
            (OrderUnclear,),
            f"replace at a venue of which the fault is {fault.value!r}",
            CURES[OrderUnclear],
        )
        count = faults.arrived(VenueCall.REPLACE)
        expect(count == 1, "a change is sent once", f"{count} requests", "switch retries off")

    @pytest.mark.parametrize("ask", ["cancel", "replace"])
    def test_filled_order_is_not_changed(
        self,
        broker: VenueBroker,
        faults: VenueFaults,
        can: VenueCapabilities,
        order: Order,
        ask: str,
    ) -> None:
        """The fill was first: OrderRejected."""
        if ask == "replace":
            self._replaces(can)
        filled = self.placed(broker, order())
        faults.execute(filled.venue_id, TEN, self.price - 1)
        given = (filled.venue_id,) if ask == "cancel" else (filled.venue_id, order())
        self.fails(
            lambda: getattr(broker, ask)(*given),
            (OrderRejected,),
            f"{ask} of an order that has filled",
            "the venue says that it is final: raise OrderRejected",
        )

    def test_cancel_of_what_is_not_there_is_rejected(self, broker: VenueBroker) -> None:
        """An id that the venue does not know."""
        what = "cancel of an order that the venue does not know"
        cure = "the venue says that there is none: raise OrderRejected"
        self.fails(lambda: broker.cancel("no-such-order"), (OrderRejected,), what, cure)

    @pytest.mark.parametrize("fault", _UNCLEAR)
    def test_outcome_of_cancel_is_told_apart(
        self, broker: VenueBroker, faults: VenueFaults, order: Order, fault: CallFault
    ) -> None:
        """Whether the venue heard it is unclear; asking again is harmless."""
        working = self.placed(broker, order())
        faults.fail(VenueCall.CANCEL, fault)
        asked = self.tried(lambda: broker.cancel(working.venue_id), f"cancel ({fault.value})")
        expect(
            asked.error is None or isinstance(asked.error, OrderUnclear),
            f"cancel at a venue of which the fault is {fault.value!r} is OrderUnclear",
            repr(asked.error),
            "raise OrderUnclear, or ask once more and say what that one said",
        )

    @staticmethod
    def _replaces(can: VenueCapabilities) -> None:
        if not can.replace:
            not_applicable("its venue cannot change a working order")
