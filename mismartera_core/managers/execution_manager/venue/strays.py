"""Orders of ours that the engine does not hold: taken over, told of, and cancelled."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.errors import JournalError
from mismartera_core.managers.execution_manager.venue.core import DeskCore, nobody
from mismartera_core.managers.execution_manager.venue.ids import owner_tag, tag_of
from mismartera_core.managers.execution_manager.venue.notices import NoticeKind
from mismartera_core.managers.execution_manager.venue.restoring import restored
from mismartera_core.managers.execution_manager.venue.terms import KINDS, LEG_ENDINGS, intent_of
from mismartera_core.managers.execution_manager.venue.tracked import Stage, Tracked
from mismartera_core.model.journal import OrderEventKind
from mismartera_core.model.orders import Side
from mismartera_core.model.quantities import on_grid
from mismartera_core.model.venue import VenueOrder

EXCESS = "more than was decided on"


class Strays:
    """Takes over what belongs to a strategy but is in no book.

    Args:
        core: What the desk shares.

    Attributes:
        cancel: Sends the cancel of an order.
        owners: Books of the strategies, by the part of an id that says whose it is.
    """

    def __init__(self, core: DeskCore) -> None:
        self._core = core
        self.cancel: Callable[[Tracked, str], None] = nobody
        self.owners: dict[str, Any] = {}
        self._told: set[str] = set()

    def own(self, holding: Any) -> None:
        """Learn the books of a strategy in a symbol."""
        self.owners[owner_tag(holding.strategy, holding.symbol_name)] = holding

    def twin(self, tracked: Tracked, said: VenueOrder) -> Tracked | None:
        """The venue has a second order under one id: kept track of, and cancelled."""
        words = f"the venue has a second order under one id of ours, {said.venue_id}"
        made = self._take(tracked.order.owner, self._free(tracked.client_id), said)
        return self._told_of(made, NoticeKind.TWIN, words, said)

    def late(self, tracked: Tracked, said: VenueOrder) -> Tracked | None:
        """An order that we had given up lives after all: nobody wants it any more."""
        words = f"an order that had ended for us is at the venue: {said.status.value}"
        made = self._take(tracked.order.owner, self._free(tracked.client_id), said)
        return self._told_of(made, NoticeKind.LATE, words, said)

    def carrier(self, tracked: Tracked, units: Decimal) -> Tracked | None:
        """What an execution is booked on whose order has ended for us."""
        source = tracked.order
        order = WorkingOrder(
            source.owner,
            source.symbol,
            source.side,
            float(units),
            self._core.now_ns(),
            type=source.type,
            kind=source.kind,
            tag=source.tag,
        )
        made = self._add(self._free(tracked.client_id), order, units, tracked.venue_id)
        if made is not None:
            self._core.notice(NoticeKind.LATE, "executed after it had ended for us", made)
        return made

    def recall(self, client_id: str) -> Tracked | None:
        """An order of ours that had ended before this process began; None where there was none."""
        if not tag_of(client_id):
            return None
        core = self._core
        one = core.journal.find(client_id)
        owner = self.owners.get(tag_of(client_id))
        if one is None or owner is None:
            return None
        known = core.books.by_client(one.intent.client_id)
        if known is not None:
            core.books.alias(client_id, known)
            return known
        units = core.journal.booked_units(one.intent.client_id)
        tracked = restored(one, owner, units, None, core.timer())
        tracked.order.is_done = True
        tracked.stage, tracked.change = Stage.DONE, None
        core.books.remember(tracked, one.venue_id)
        core.books.alias(client_id, tracked)
        return tracked

    def unknown(self, said: VenueOrder) -> Tracked | None:
        """An order of ours that the journal does not know: it is older than the venue."""
        owner = self.owners.get(tag_of(said.client_id))
        if said.status.is_final and not said.filled_quantity:
            return None
        if owner is None or owner.symbol_name != said.symbol:
            words = f"an order of ours that no strategy of this run has made: {said.client_id}"
            if said.venue_id not in self._told:
                self._told.add(said.venue_id)
                self._core.notice(NoticeKind.HUMAN, words, symbol=said.symbol)
            return None
        made = self._take(owner, said.client_id, said)
        if made is not None:
            self._core.notice(NoticeKind.ADOPTED, "the journal did not know of it", made)
        return made

    def leg(self, entry: Tracked, said: VenueOrder) -> Tracked | None:
        """A leg of an entry that was taken over."""
        ending = LEG_ENDINGS.get(said.type, "-sl")
        known = self.recall(f"{entry.client_id}{ending}")
        if known is not None:
            self._core.books.remember(known, said.venue_id)
            return known
        leg_id = f"{entry.client_id}{ending}"
        made = self._take(entry.order.owner, leg_id, said, parent=entry.client_id)
        if made is None:
            return None
        made.entry, made.order.entry, made.is_leg = entry, entry.order, True
        entry.legs = (*entry.legs, made)
        if len(entry.legs) == 2:
            one, other = (t.order for t in entry.legs)
            one.oco, other.oco = other, one
        return made

    def _take(
        self, owner: Any, client_id: str, said: VenueOrder, parent: str = ""
    ) -> Tracked | None:
        quantity = said.filled_quantity if said.quantity is None else said.quantity
        order = WorkingOrder(
            owner,
            owner.symbol,
            1 if said.side is Side.BUY else -1,
            float(quantity),
            said.submitted_ns or self._core.now_ns(),
            type=said.type,
            kind=KINDS[said.type],
            limit=_float(said.limit_price),
            stop=_float(said.stop_price),
        )
        made = self._add(client_id, order, quantity, said.venue_id, parent)
        if (
            made is not None
        ):  # an execution may have come first, and be booked on an order of its own
            made.booked = made.seen = self._core.journal.units_of(said.venue_id)
            order.remaining = on_grid(float(quantity - made.booked))
        return made

    def _add(
        self,
        client_id: str,
        order: WorkingOrder,
        quantity: Decimal,
        venue_id: str,
        parent: str = "",
    ) -> Tracked | None:
        """Take an order over; None where the journal cannot be written: then it is told again."""
        core = self._core
        try:
            core.journal.intend([intent_of(order, client_id, None, parent=parent)], core.now_ns())
        except JournalError as error:
            core.journal_failed(error)
            return None
        tracked = Tracked(client_id, order, quantity, None, core.timer())
        tracked.stage = Stage.LIVE
        core.adopt(order)
        core.books.add(tracked)
        core.books.name(tracked, venue_id)
        tracked.journaled = True
        core.note(tracked, OrderEventKind.SENT)
        core.note(tracked, OrderEventKind.ADOPTED)
        return tracked

    def _free(self, client_id: str) -> str:
        """An id with a number behind it that no order has."""
        root, number = client_id.partition("~")[0], 2
        while self._core.journal.find(f"{root}~{number}") is not None:
            number += 1
        return f"{root}~{number}"

    def _told_of(
        self, made: Tracked | None, kind: NoticeKind, words: str, said: VenueOrder
    ) -> Tracked | None:
        if made is not None:
            self._core.notice(kind, words, made)
            if not said.status.is_final:
                self.cancel(made, EXCESS)
        return made


def _float(price: Decimal | None) -> float:
    return math.nan if price is None else float(price)
