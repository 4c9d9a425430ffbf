"""The door between a desk and its venue, and what is asked of everything that went through it.

Whatever a test makes go wrong, four things must be so: nothing leaves that the gates keep back,
nothing leaves that the journal does not know, an order leaves once (and again only under the same
id, where the journal says so), and every fault has left its event or its notice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from mismartera_core.contracts.stream import StreamChanged, StreamNoise, StreamState
from mismartera_core.contracts.venue import EmitVenue, VenueBroker, VenueEvent
from mismartera_core.errors import OrderNotSent, OrderRejected
from mismartera_core.managers.execution_manager.venue import VenueDesk
from mismartera_core.managers.execution_manager.venue.notices import NoticeKind
from mismartera_core.model.journal import JournaledOrder, OrderEventKind
from mismartera_core.model.venue import Execution, OrderTerms, VenueAccount, VenueOrder
from mismartera_core.model.venue import VenuePosition as Position
from mismartera_core.repositories.journal import OrderJournal

T = TypeVar("T")


class Call(StrEnum):
    """What went through."""

    SUBMIT = "order"
    REPLACE = "change"
    CANCEL = "cancel"
    READ = "question"
    STREAM = "stream"


class Came(StrEnum):
    """What came of it."""

    FINE = "fine"
    REFUSED = "refused"
    NOT_SENT = "not sent"
    UNCLEAR = "unclear"
    LOST = "lost"
    NOISE = "noise"


Trace = OrderEventKind | NoticeKind

TRACES: Mapping[tuple[Call, Came], tuple[Trace, ...]] = {
    (Call.SUBMIT, Came.REFUSED): (OrderEventKind.REJECTED,),
    (Call.SUBMIT, Came.NOT_SENT): (OrderEventKind.NOT_SENT,),
    (Call.SUBMIT, Came.UNCLEAR): (OrderEventKind.UNKNOWN, NoticeKind.UNKNOWN),
    (Call.REPLACE, Came.REFUSED): (OrderEventKind.NOT_REPLACED,),
    (Call.REPLACE, Came.NOT_SENT): (OrderEventKind.NOT_REPLACED,),
    (Call.REPLACE, Came.UNCLEAR): (NoticeKind.UNKNOWN,),
    (Call.CANCEL, Came.REFUSED): (NoticeKind.FAILED,),
    (Call.CANCEL, Came.UNCLEAR): (NoticeKind.FAILED,),
    (Call.READ, Came.UNCLEAR): (NoticeKind.FAILED,),
    (Call.STREAM, Came.LOST): (NoticeKind.STREAM_LOST,),
    (Call.STREAM, Came.NOISE): (NoticeKind.NOISE,),
}
"""What every fault leaves: in the journal by the order, and among the notices."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing that went through the door.

    Attributes:
        call: What.
        client_id: Our id, of orders and changes; "" elsewhere.
        against: Why it should not have gone through; "" where it might.
        came: What came of it.
    """

    call: Call
    client_id: str = ""
    against: str = ""
    came: Came = Came.FINE


class VenueDoor(VenueBroker):
    """A venue, and what goes to and comes from it.

    Args:
        venue: The venue.
        against: Why an order with this id of ours may not leave now; "" where it may.

    Attributes:
        passed: Everything, in order.
    """

    def __init__(self, venue: VenueBroker, against: Callable[[Call, str], str]) -> None:
        self.capabilities = venue.capabilities
        self.passed: list[Passage] = []
        self._venue = venue
        self._against = against
        self._settled = self._settling = 0

    def settle(self) -> None:
        """The desk has had its turn: what went through before the last one has been taken in."""
        self._settled, self._settling = self._settling, len(self.passed)

    @property
    def taken_in(self) -> Sequence[Passage]:
        """What the desk has had the time to make something of."""
        return self.passed[: self._settled]

    def submit(self, terms: OrderTerms) -> VenueOrder:
        """Send an order."""
        return self._leave(Call.SUBMIT, terms, lambda: self._venue.submit(terms))

    def replace(self, venue_id: str, terms: OrderTerms) -> VenueOrder:
        """Change an order."""
        return self._leave(Call.REPLACE, terms, lambda: self._venue.replace(venue_id, terms))

    def cancel(self, venue_id: str) -> None:
        """Cancel an order: that is never kept back."""
        self._note(Passage(Call.CANCEL), lambda: self._venue.cancel(venue_id))

    def listen(self, emit: EmitVenue) -> None:
        """Tell of orders."""

        def heard(event: VenueEvent) -> None:
            emit(event)
            if isinstance(event, StreamNoise):
                self.passed.append(Passage(Call.STREAM, came=Came.NOISE))
            elif isinstance(event, StreamChanged) and event.state is StreamState.LOST:
                self.passed.append(Passage(Call.STREAM, came=Came.LOST))

        self._venue.listen(heard)

    def find(self, client_id: str) -> VenueOrder | None:
        """The order with an id of ours."""
        return self._read(lambda: self._venue.find(client_id))

    def order(self, venue_id: str) -> VenueOrder | None:
        """The order with an id of the venue's."""
        return self._read(lambda: self._venue.order(venue_id))

    def open_orders(self) -> Sequence[VenueOrder]:
        """Every order that works."""
        return self._read(self._venue.open_orders)

    def executions(self, since_ns: int) -> Sequence[Execution]:
        """Every execution since an instant."""
        return self._read(lambda: self._venue.executions(since_ns))

    def positions(self) -> Sequence[Position]:
        """Every position."""
        return self._read(self._venue.positions)

    def account(self) -> VenueAccount:
        """The account."""
        return self._venue.account()

    def now_ns(self) -> int:
        """The venue's clock."""
        return self._venue.now_ns()

    def easy_to_borrow(self, symbols: Sequence[str]) -> Sequence[str] | None:
        """Which symbols can be borrowed easily."""
        return self._venue.easy_to_borrow(symbols)

    def close(self) -> None:
        """Stop listening."""
        self._venue.close()

    def _leave(self, call: Call, terms: OrderTerms, act: Callable[[], VenueOrder]) -> VenueOrder:
        against = self._against(call, terms.client_id)
        passage = Passage(call, terms.client_id, against)
        return self._note(passage, act, lambda answer: _is(call, answer, terms))

    def _read(self, act: Callable[[], T]) -> T:
        return self._note(Passage(Call.READ), act)

    def _note(
        self,
        passage: Passage,
        act: Callable[[], T],
        fine: Callable[[T], bool] = lambda _answer: True,
    ) -> T:
        came = Came.UNCLEAR
        try:
            answer = act()
            came = Came.FINE if fine(answer) else Came.UNCLEAR
        except OrderRejected:
            came = Came.REFUSED
            raise
        except OrderNotSent:
            came = Came.NOT_SENT
            raise
        finally:
            self.passed.append(replace(passage, came=came))
        return answer


def against(desk: VenueDesk, journal: OrderJournal, call: Call, client_id: str) -> str:
    """Why an order, or a change, may not leave a desk now; "" where it may.

    Args:
        desk: The desk.
        journal: Its journal, read past any recording.
        call: What is about to leave.
        client_id: Our id of it.
    """
    core = desk._core  # noqa: SLF001 - this looks over its shoulder
    tracked = core.books.by_client(client_id)
    if tracked is None:
        return "the desk has no such order"
    known = journal.find(tracked.client_id)
    written = known is not None and (
        known.was_sent if call is Call.SUBMIT else client_id in known.client_ids
    )
    # asked of the sources: an oracle that asked the desk's own `kept_back` would err with it
    return ("" if written else "it is not written") or core.shut() or core.gate(tracked.order)


def wrong(
    door: VenueDoor, journaled: Collection[JournaledOrder], told: Collection[NoticeKind]
) -> list[str]:
    """What is wrong with what went through a door; nothing where all is well.

    Args:
        door: The door of one process.
        journaled: What the journal has.
        told: Kinds of the notices that there were.
    """
    orders = {client_id: order for order in journaled for client_id in order.client_ids}
    found = [f"{p.call} {p.client_id} left although {p.against}" for p in door.passed if p.against]
    for (call, client_id), times in Counter(
        (p.call, p.client_id) for p in door.passed if p.call in (Call.SUBMIT, Call.REPLACE)
    ).items():
        again = 0 if call is Call.REPLACE else _kinds(orders, client_id)[OrderEventKind.RESENT]
        if times > 1 + again:
            found.append(f"{call} {client_id} left {times} times")
    if NoticeKind.JOURNAL in told:  # and what could not be written is in no journal
        return found
    for passage in door.taken_in:
        kinds = _kinds(orders, passage.client_id)
        missing = [
            trace.value  # an event and a notice of one name are equal: each is looked for by itself
            for trace in TRACES.get((passage.call, passage.came), ())
            if trace not in (kinds if isinstance(trace, OrderEventKind) else told)
        ]
        if missing:
            words = f"{passage.call} {passage.client_id}".strip()
            found.append(f"{words} was {passage.came}, and nothing says {' and '.join(missing)}")
    return found


def _kinds(orders: Mapping[str, JournaledOrder], client_id: str) -> Counter[OrderEventKind]:
    order = orders.get(client_id)
    return Counter() if order is None else Counter(event.kind for event in order.events)


def _is(call: Call, answer: Any, terms: OrderTerms) -> bool:
    """Whether an answer can be the order that was sent; a change goes by what it replaces, too."""
    if not isinstance(answer, VenueOrder) or not answer.venue_id:
        return False
    named = answer.client_id in ("", terms.client_id)
    if call is Call.REPLACE:
        return named or bool(answer.replaces)
    return named and (answer.symbol, answer.side) == (terms.symbol, terms.side)
