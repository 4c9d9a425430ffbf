"""The one way out: intent written, gates read once more, one send, and what came of it."""

from __future__ import annotations

from mismartera_core.contracts.broker import WorkingOrder, decimal
from mismartera_core.contracts.crashpoints import crashpoint
from mismartera_core.errors import JournalError, OrderExists, OrderNotSent, OrderRejected
from mismartera_core.managers.execution_manager.venue.changes import Changes
from mismartera_core.managers.execution_manager.venue.core import DeskCore
from mismartera_core.managers.execution_manager.venue.ids import intent_id
from mismartera_core.managers.execution_manager.venue.notices import NoticeKind
from mismartera_core.managers.execution_manager.venue.terms import (
    LEG_ENDINGS,
    cannot_take,
    intent_of,
    terms_of,
)
from mismartera_core.managers.execution_manager.venue.tracked import Stage, Tracked
from mismartera_core.model.journal import OrderEventKind
from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.quantities import on_grid
from mismartera_core.model.venue import VenueOrder

DECIDED_BEFORE = "this order was decided on before, by this run or before a restart"
NOTHING_LEFT = "nothing is left to close"


class Sending:
    """Sends orders.

    Args:
        core: What the desk shares.
        changes: Takes what the venue answers.
    """

    def __init__(self, core: DeskCore, changes: Changes) -> None:
        self._core = core
        self._changes = changes
        self._counted: dict[tuple[str, str, int], tuple[int, int]] = {}

    def submit(self, order: WorkingOrder) -> None:
        """Send an order, have it wait for what is in its way, or refuse it."""
        core = self._core
        tracked = self._tracked(order)
        if core.books.by_client(tracked.client_id) is not None:
            core.end(tracked, OrderEventKind.DENIED, DECIDED_BEFORE)
            return
        core.books.add(tracked)
        reason = cannot_take(core.venue.capabilities, order, tracked.client_id)
        if reason:
            core.end(tracked, OrderEventKind.DENIED, reason)
        elif order.closing and self._in_the_way(tracked):
            tracked.stage = Stage.WAITING
        else:
            self._send(tracked)

    def release(self) -> None:
        """Send orders that waited, where nothing is in their way any more."""
        for tracked in list(self._core.books.open.values()):
            if tracked.stage is Stage.WAITING and not self._in_the_way(tracked):
                self._send_rest(tracked)

    def send_again(self, tracked: Tracked) -> None:
        """Send an order that the venue does not have a second time, under the same id."""
        core, order = self._core, tracked.order
        tracked.resent = True
        if core.kept_back(order) or not core.note(tracked, OrderEventKind.RESENT):
            return
        if not core.kept_back(order):
            self._post(tracked)

    def _tracked(self, order: WorkingOrder) -> Tracked:
        """An order and its legs under their ids; the same decision has the same."""
        core, owner = self._core, order.owner
        key = (owner.strategy, owner.symbol_name, order.side)
        at, count = self._counted.get(key, (0, 0))
        count = count + 1 if at == order.submitted_ns else 0
        self._counted[key] = (order.submitted_ns, count)
        client_id = intent_id(
            core.run,
            owner.strategy,
            order.submitted_ns,
            owner.symbol_name,
            order.side,
            count,
        )
        born = core.timer()
        terms = terms_of(order, client_id)
        tracked = Tracked(client_id, order, decimal(order.quantity), terms, born)
        tracked.legs = tuple(
            Tracked(
                f"{client_id}{LEG_ENDINGS.get(leg.type, f'-{number}')}",
                leg,
                decimal(leg.quantity),
                None,
                born,
            )
            for number, leg in enumerate(order.legs)
        )
        for leg in tracked.legs:
            leg.entry, leg.is_leg = tracked, True
        return tracked

    def _in_the_way(self, tracked: Tracked) -> str:
        """Why an order that leaves a position has to wait; "" where it has not.

        A venue refuses to sell units that another order may still sell, and selling them twice
        would turn the position round.
        """
        order = tracked.order
        for other in self._core.books.open.values():
            same = other.order.owner is order.owner and other.order.side == order.side
            if same and other is not tracked and (other.cancelling or other.is_unclear):
                return f"order {other.client_id} may still do the same"
        return self._core.shut()

    def _send_rest(self, tracked: Tracked) -> None:
        """Send an order that waited, for no more than is held by now."""
        order = tracked.order
        held = order.owner.position.quantity
        left = min(order.quantity, abs(held)) if held * order.side < 0.0 else 0.0
        if left == 0.0:
            self._core.end(tracked, OrderEventKind.CANCELLED, NOTHING_LEFT)
            return
        order.quantity = order.remaining = left
        tracked.quantity = decimal(left)
        tracked.terms = terms_of(order, tracked.client_id)
        self._send(tracked)

    def _send(self, tracked: Tracked) -> None:
        core, order = self._core, tracked.order
        tracked.stage = Stage.SENT
        reason = core.shut() or self._frozen(tracked)
        if reason:
            core.end(tracked, OrderEventKind.DENIED, reason)
            return
        try:
            new = self._write(tracked)
        except JournalError as error:
            core.journal_failed(error)
            core.end(tracked, OrderEventKind.NOT_SENT, str(error))
            return
        if not new:
            core.end(tracked, OrderEventKind.DENIED, DECIDED_BEFORE)
            return
        for one in (tracked, *tracked.legs):
            one.journaled = True
        reason = core.kept_back(order)
        if reason:
            core.end(tracked, OrderEventKind.DENIED, reason)
        elif not core.note(tracked, OrderEventKind.SENT):
            core.end(tracked, OrderEventKind.NOT_SENT, "the journal failed before it was sent")
        elif reason := core.kept_back(order):  # another thread has halted while that was written
            core.end(tracked, OrderEventKind.NOT_SENT, reason)
        else:
            self._post(tracked)

    def _write(self, tracked: Tracked) -> bool:
        order = tracked.order
        other = None if order.oco is None else self._core.books.of(order.oco)
        oco = "" if other is None else other.client_id
        entry = intent_of(order, tracked.client_id, tracked.terms, oco=oco)
        legs = [
            intent_of(t.order, t.client_id, None, parent=tracked.client_id) for t in tracked.legs
        ]
        return self._core.journal.intend([entry, *legs], self._core.now_ns())

    def _frozen(self, tracked: Tracked) -> str:
        """Why a frozen symbol does not take an order: only what surely reduces leaves."""
        order = tracked.order
        core = self._core
        others = [t for t in core.books.unclear(tracked.symbol) if t is not tracked]
        why = core.frozen_symbols.get(tracked.symbol, "")
        if others:
            why = f"{tracked.symbol} is frozen: the fate of {others[0].client_id} is unclear"
        if not why:
            return ""
        held = order.owner.position.quantity
        if held * order.side >= 0.0:
            return why
        working = core.books.working.get(order.symbol, ())
        same = (o for o in working if o.owner is order.owner and o.side == order.side)
        leaving = sum(o.remaining for o in same)
        return "" if on_grid(leaving) <= abs(held) else why

    def _post(self, tracked: Tracked) -> None:
        """The one send, and what the venue made of it."""
        core = self._core
        assert tracked.terms is not None  # noqa: S101 - legs travel with their entry
        crashpoint("order.before_send")
        try:
            answer = core.venue.submit(tracked.terms)
        except OrderRejected as error:
            core.end(tracked, OrderEventKind.REJECTED, str(error))
        except OrderNotSent as error:
            core.end(tracked, OrderEventKind.NOT_SENT, str(error))
        except OrderExists as error:
            tracked.exists = True
            self._unclear(tracked, str(error))
        except Exception as error:  # noqa: BLE001 - whatever else happened: only the venue knows
            self._unclear(tracked, str(error) or type(error).__name__)
        else:
            crashpoint("order.after_send")
            wrong = _not_it(tracked, answer)
            if wrong:
                self._unclear(tracked, wrong)
            else:
                if not answer.client_id:  # nothing else says that it is this one
                    core.books.name(tracked, answer.venue_id)
                self._changes.apply(answer, as_kind=OrderEventKind.ACKED)

    def _unclear(self, tracked: Tracked, words: str) -> None:
        core = self._core
        crashpoint("order.unclear")
        tracked.stage = Stage.UNKNOWN
        tracked.due = core.timer() + core.timing.first_look
        tracked.order.status = OrderStatus.WORKING
        tracked.order.reason = f"its fate is unclear: {words}"
        core.note(tracked, OrderEventKind.UNKNOWN, words)
        core.notice(NoticeKind.UNKNOWN, words, tracked)


def _not_it(tracked: Tracked, answer: VenueOrder) -> str:
    """Why an answer cannot be the order that was sent; "" where it can."""
    terms = tracked.terms
    assert terms is not None  # noqa: S101 - it was just sent
    if not answer.venue_id:
        return "the venue's answer names no order"
    if answer.client_id not in ("", terms.client_id):
        return f"the venue answered with another order, {answer.client_id or answer.venue_id}"
    if (answer.symbol, answer.side) != (terms.symbol, terms.side):
        return f"the venue answered with an order to {answer.side.value} {answer.symbol}"
    return ""
