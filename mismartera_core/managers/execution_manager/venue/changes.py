"""What the venue says of orders: adopted, followed, ended; never reopened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.managers.execution_manager.venue.core import DeskCore, nobody
from mismartera_core.managers.execution_manager.venue.external import External
from mismartera_core.managers.execution_manager.venue.ids import tag_of
from mismartera_core.managers.execution_manager.venue.notices import NoticeKind
from mismartera_core.managers.execution_manager.venue.strays import Strays
from mismartera_core.managers.execution_manager.venue.tracked import Change, Stage, Tracked
from mismartera_core.model.journal import OrderEventKind
from mismartera_core.model.orders import OrderStatus, OrderType
from mismartera_core.model.quantities import on_grid
from mismartera_core.model.venue import VenueOrder, VenueStatus

_ENDINGS = {
    VenueStatus.FILLED: OrderEventKind.FILLED,
    VenueStatus.CANCELLED: OrderEventKind.CANCELLED,
    VenueStatus.EXPIRED: OrderEventKind.EXPIRED,
    VenueStatus.REJECTED: OrderEventKind.REJECTED,
}
_WORKING = (VenueStatus.WORKING, VenueStatus.PARTIALLY_FILLED)


TOO_MUCH = "the venue would fill more of it than was asked for"


class Changes:
    """Takes what the venue says of orders.

    Args:
        core: What the desk shares.
        strays: Takes over orders of ours that the engine does not hold.
        external: Keeps orders that are not ours.

    Attributes:
        missing: Called where the venue has filled more than it has told executions of.
        known: Called when the venue's id of an order has become known.
        cancel: Sends the cancel of an order that was to be cancelled before it was found.
        withdraw: Asks for the end of an order.
        look_for: Asks what became of a change of an order.
        untaken: Orders of ours that the journal could not take over, by the venue's id.
    """

    def __init__(self, core: DeskCore, strays: Strays, external: External) -> None:
        self._core = core
        self._strays = strays
        self._external = external
        self.missing: Callable[[], None] = nobody
        self.known: Callable[[str], None] = nobody
        self.cancel: Callable[[Tracked], None] = nobody
        self.withdraw: Callable[[Tracked, str], None] = nobody
        self.look_for: Callable[[Tracked], None] = nobody
        self.untaken: dict[str, VenueOrder] = {}

    def apply(
        self, said: VenueOrder, *, as_kind: OrderEventKind = OrderEventKind.ADOPTED
    ) -> Tracked | None:
        """Take what the venue says of an order, whether news or not, in any order.

        Args:
            said: The order as the venue has it.
            as_kind: What it is where it was not known to be there: an answer, or a find.

        Returns:
            The order; None where it is not ours.
        """
        if not said.filled_quantity.is_finite() or said.filled_quantity < 0:
            words = f"order {said.venue_id} has filled {said.filled_quantity}"
            self._core.notice(NoticeKind.DISTRUST, words, symbol=said.symbol)
            return None
        tracked = self._find(said)
        if tracked is None:
            if self._core.journal_down and tag_of(said.client_id):
                self.untaken[said.venue_id] = said
            else:
                self._external.order(said)
            return None
        self._external.ours(said.venue_id)
        if tracked.change is not None and _is_change(tracked, said):
            if said.status is VenueStatus.REJECTED:
                tracked.was.add(said.venue_id)
                self.keep(tracked, tracked.change, said.reason or "the venue rejects it")
                return tracked
            self._changed(tracked, said)
        elif tracked.is_unclear:
            self._acknowledge(tracked, said, as_kind)
        elif tracked.venue_id != said.venue_id and said.venue_id not in tracked.was:
            self._go_on_as(tracked, said)
        if said.venue_id in tracked.was and said.venue_id != tracked.venue_id:
            return tracked
        for leg in said.legs:
            self._leg(tracked, leg)
        self._follow(tracked, said)
        return tracked

    def retry(self) -> None:
        """Take over what the journal could not take."""
        untaken, self.untaken = self.untaken, {}
        for said in untaken.values():
            self.apply(said)

    def _find(self, said: VenueOrder) -> Tracked | None:
        books = self._core.books
        found = books.by_venue(said.venue_id)
        if found is not None:
            return found
        if said.replaces:
            found = books.by_venue(said.replaces)
            if found is not None:
                return found
        found = books.by_client(said.client_id) or self._strays.recall(said.client_id)
        if found is None:
            return self._strays.unknown(said) if tag_of(said.client_id) else None
        if said.venue_id in (found.venue_id, *found.was):
            return found
        if found.is_unclear or (found.change is not None and _is_change(found, said)):
            return found
        if said.status.is_final and not said.filled_quantity:
            found.was.add(said.venue_id)
            return found
        if found.stage is Stage.DONE and not found.venue_id:
            return self._strays.late(found, said)
        return self._strays.twin(found, said)

    def _acknowledge(self, tracked: Tracked, said: VenueOrder, kind: OrderEventKind) -> None:
        core = self._core
        core.books.name(tracked, said.venue_id)
        was_unknown = tracked.stage is Stage.UNKNOWN
        tracked.stage = Stage.LIVE
        tracked.order.reason = ""
        core.note(tracked, OrderEventKind.ADOPTED if was_unknown else kind)
        for leg in tracked.legs:
            leg.stage = Stage.LIVE
        if was_unknown:
            core.notice(NoticeKind.ADOPTED, f"found at the venue: {said.status.value}", tracked)
        self.known(said.venue_id)
        if tracked.cancelling and not said.status.is_final:
            self.cancel(tracked)

    def keep(self, tracked: Tracked, change: Change, reason: str) -> None:
        """A change is not made: the order works on as it was."""
        tracked.change = None
        self._core.note(tracked, OrderEventKind.NOT_REPLACED, reason)
        self._core.on_replaced(tracked.order, change.wanted, reason)

    def _changed(self, tracked: Tracked, said: VenueOrder) -> None:
        """The venue has made a change: from here on the order is what was asked for."""
        core, change = self._core, tracked.change
        assert change is not None and change.terms.quantity is not None  # noqa: S101, PT018 - asked for
        tracked.change = None
        tracked.order.take(change.wanted)
        tracked.order.updated_ns = core.now_ns()
        tracked.quantity, tracked.terms = change.terms.quantity, change.terms
        tracked.is_changed = True
        for leg in tracked.legs:
            if leg.order.status is OrderStatus.HELD:
                leg.quantity = tracked.quantity
                leg.order.quantity = leg.order.remaining = change.wanted.quantity
        core.books.name(tracked, said.venue_id)
        core.note(tracked, OrderEventKind.REPLACED, change.client_id)
        core.on_replaced(tracked.order, change.wanted, "")
        self.known(said.venue_id)
        if tracked.cancelling and not said.status.is_final:
            self.cancel(tracked)

    def _too_much(self, tracked: Tracked, said: VenueOrder) -> bool:
        """Whether a changed order may fill more than was asked for, all in all."""
        if not tracked.is_changed or said.quantity is None or said.venue_id != tracked.venue_id:
            return False
        left = said.quantity - said.filled_quantity
        return left > tracked.quantity - tracked.booked

    def _works_on(self, tracked: Tracked, said: VenueOrder) -> bool:
        """Whether the venue would fill more of a changed order that is filled, and is not told."""
        if tracked.asked is None or tracked.cancel_sent or tracked.booked < tracked.quantity:
            return False
        booked = self._core.journal.units_of(said.venue_id)
        left = Decimal(0) if said.quantity is None else said.quantity - booked
        return said.status in _WORKING and left > 0

    def _stop(self, tracked: Tracked) -> None:
        """Have the venue end an order of which it would fill more than was asked for."""
        if not tracked.cancelling:
            self._core.notice(NoticeKind.DISTRUST, TOO_MUCH, tracked)
        self.withdraw(tracked, TOO_MUCH)

    def _leg(self, entry: Tracked, said: VenueOrder) -> None:
        """Take what the venue says of a leg, which is found by what it is."""
        books = self._core.books
        leg = books.by_venue(said.venue_id) or books.by_venue(said.replaces or said.venue_id)
        if leg is None:
            leg = self._new_leg(entry, said)
        elif leg.change is not None and _is_change(leg, said):
            self._changed(leg, said)
        elif leg.venue_id != said.venue_id and said.venue_id not in leg.was:
            self._go_on_as(leg, said)
        if leg is not None and (leg.venue_id == said.venue_id or said.venue_id not in leg.was):
            self._external.ours(said.venue_id)
            self._follow(leg, said)

    def _new_leg(self, entry: Tracked, said: VenueOrder) -> Tracked | None:
        """The leg that the venue tells of for the first time; what it is says which."""
        core = self._core
        wanted = OrderType.LIMIT if said.type is OrderType.LIMIT else OrderType.STOP
        leg = next((t for t in entry.legs if t.order.type is wanted), None)
        if leg is None:
            return self._strays.leg(entry, said)
        if leg.venue_id:
            return self._strays.twin(leg, said)
        core.books.name(leg, said.venue_id)
        core.note(leg, OrderEventKind.ACKED)
        leg.stage = Stage.DONE if leg.stage is Stage.DONE else Stage.LIVE
        if leg.cancelling:
            self.cancel(leg)
        self.known(said.venue_id)
        return leg

    def _go_on_as(self, tracked: Tracked, said: VenueOrder) -> None:
        """An order goes on under another id, as somebody else has changed it."""
        tracked.is_changed, tracked.before = False, Decimal(0)
        self._core.books.name(tracked, said.venue_id)
        self._core.note(tracked, OrderEventKind.REPLACED)
        self.known(said.venue_id)

    def _resize(self, leg: Tracked, said: VenueOrder) -> None:
        """A leg is for what its entry has filled: the venue says for how much."""
        if said.quantity is not None and said.quantity > leg.booked:
            leg.quantity = said.quantity
            leg.order.quantity = float(said.quantity)
            leg.order.remaining = on_grid(float(said.quantity - leg.booked))

    def _follow(self, tracked: Tracked, said: VenueOrder) -> None:
        core, order = self._core, tracked.order
        tracked.hear(said)
        if tracked.was:
            _reprice(order, said)
        if tracked.stage is Stage.DONE:
            if tracked.booked < tracked.seen:
                self.missing()
            elif self._works_on(tracked, said):
                self._stop(tracked)
            return
        if said.status is VenueStatus.REPLACED:
            if tracked.change is not None:
                self.look_for(tracked)
            elif said.replaced_by:
                self._go_on_as(tracked, replace(said, venue_id=said.replaced_by))
        elif said.status in _ENDINGS and tracked.ending is None:
            tracked.ending = (_ENDINGS[said.status], said.reason)
        elif tracked.is_leg and not tracked.is_changed and said.quantity is not None:
            self._resize(tracked, said)
        elif self._too_much(tracked, said) and not tracked.cancelling:
            self._stop(tracked)
        if said.status in _WORKING and order.status is OrderStatus.HELD:
            order.status = OrderStatus.WORKING
            core.note(tracked, OrderEventKind.WORKING)
        if tracked.booked < tracked.seen:
            self.missing()
        core.finish(tracked)


def _is_change(tracked: Tracked, said: VenueOrder) -> bool:
    """Whether what the venue tells of is what an order was to be changed to."""
    if tracked.change is None or said.venue_id in (tracked.venue_id, *tracked.was):
        return False
    if said.client_id:
        return tracked.change.client_id == said.client_id
    return tracked.venue_id == said.replaces


def _reprice(order: WorkingOrder, said: VenueOrder) -> None:
    """A replaced order has the prices that the venue says."""
    if said.limit_price is not None:
        order.limit = float(said.limit_price)
    if said.stop_price is not None:
        order.stop = float(said.stop_price)
