"""Changes of working orders: held to the limits, asked for, and booked with what became of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mismartera_core.contracts.broker import Replacement, WorkingOrder
from mismartera_core.contracts.clock import Clock
from mismartera_core.managers.execution_manager.order_numbers import wrong_price
from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.quantities import in_lots

if TYPE_CHECKING:
    from mismartera_core.managers.execution_manager.api import ExecutionManager

NOT_CHANGED = "not changed: "
"""What the reason of an order begins with that works on as it was."""


class OrderChanges:
    """Changes working orders.

    A change is held to what a new order is held to, as if it were placed in place of the old one.
    One that leaves less to fill at the same prices passes all limits.

    Args:
        execution: The books, the broker and the limits.
        clock: Anything with `now_ns`.
    """

    def __init__(self, execution: ExecutionManager, clock: Clock) -> None:
        self._execution = execution
        self._clock = clock
        self._asked: dict[WorkingOrder, _Asked] = {}
        execution.broker.on_replaced(self._told)

    def ask(self, order: WorkingOrder, terms: Replacement, wrong: str = "") -> None:
        """Ask for a change; an order whose terms these are already is left alone.

        Args:
            order: The order.
            terms: What it is to be.
            wrong: Why that cannot be, as far as is known.
        """
        if not (wrong or order.is_done or _apart(order.terms, terms)):
            return
        reason = "a change of it is on its way" if order in self._asked else wrong
        if not reason:
            asked = _Asked(self._now, order.terms, order.enlarges, order.reference)
            reason = self._unfit(order, terms) or self._held_back(order, terms, asked)
            if not reason:
                self._asked[order] = asked
                self._count(order, terms)
                reason = self._execution.broker.replace(order, terms, self._now)
        if reason:
            self._told(order, terms, reason)

    @property
    def _now(self) -> int:
        return self._clock.now_ns

    def _unfit(self, order: WorkingOrder, terms: Replacement) -> str:
        """Why an order cannot be changed, whatever the limits."""
        if order.is_done:
            return f"it is {order.status.value}"
        if order.status is OrderStatus.HELD:
            return "its entry has not filled yet"
        if order.closing:
            return "it leaves the whole position"
        quantity, filled, lot = terms.quantity, order.filled_quantity, self._execution.broker.lot
        if not 0.0 < quantity < math.inf:
            return f"quantity must be above zero, was {quantity}"
        if quantity / lot % 1.0 and not in_lots(quantity, lot):
            return f"quantity must be whole lots of {lot:g}, was {quantity}"
        if quantity <= filled:
            return f"quantity must be above what has filled, {filled:g}, was {quantity:g}"
        return ""

    def _held_back(self, order: WorkingOrder, terms: Replacement, asked: _Asked) -> str:
        """Why risk or buying power do not allow it; where they do it is reserved for."""
        left = order.remaining
        order.take(terms)
        reason = wrong_price(order)
        if not reason and (order.remaining > left or _prices(terms) != _prices(asked.was)):
            reason = self._limits(order)
        order.take(asked.was)
        if reason:
            self._reserve(order, asked)
        return reason

    def _limits(self, order: WorkingOrder) -> str:
        execution = self._execution
        reason = execution.risk_refusal(order) if execution.checks_risk else ""
        if reason or execution.broker.leverage is None:
            return reason
        order.enlarges = 0.0
        execution.reserve(order)
        return execution.buying_power(order)

    def _count(self, order: WorkingOrder, terms: Replacement) -> None:
        """A change is a message to the venue, as an order is."""
        if self._execution.wants_facts:
            owner, log = order.owner, self._execution.log
            log.left(self._now, owner.strategy, owner.symbol_name, order.side, terms.quantity)

    def _told(self, order: WorkingOrder, terms: Replacement, reason: str) -> None:
        """Book what became of a change: among the signals, with the reason."""
        asked = self._asked.pop(order, None)
        if asked is None:  # it was refused at once, or asked for before a restart
            asked = _Asked(self._now, order.terms, order.enlarges, order.reference)
        if reason:
            self._reserve(order, asked)
            if not order.is_done:
                order.reason = NOT_CHANGED + reason
            words = f"order {order.id} {NOT_CHANGED}{reason}"
        else:
            self._reserve(order)
            if order.reason.startswith(NOT_CHANGED):
                order.reason = ""
            words = f"order {order.id}: {_apart(asked.was, terms) or 'asked for before a restart'}"
        row = WorkingOrder(
            order.owner,
            order.symbol,
            order.side,
            terms.quantity,
            asked.at_ns,
            type=order.type,
            kind=order.kind,
            limit=terms.limit,
            stop=terms.stop,
            trail=terms.trail,
            gtc=order.gtc,
            tag=order.tag,
        )
        row.entry, row.is_done, row.updated_ns, row.reason = order, True, self._now, words
        row.status = OrderStatus.REJECTED if reason else OrderStatus.REPLACED
        self._execution.ledger.refused.append(row)

    def _reserve(self, order: WorkingOrder, asked: _Asked | None = None) -> None:
        """Let an order that works reserve for what is left of it, by what it was before."""
        if asked is not None:
            order.enlarges, order.reference = asked.enlarges, asked.reference
        if not order.is_done:
            self._execution.reserve(order)


@dataclass(frozen=True, slots=True)
class _Asked:
    """When a change was asked for, and what the order was then."""

    at_ns: int
    was: Replacement
    enlarges: float
    reference: float


def _apart(was: Replacement, terms: Replacement) -> str:
    """What of an order differs, in words; "" where nothing does."""
    pairs = {
        "quantity": (was.quantity, terms.quantity),
        "limit": (was.limit, terms.limit),
        "stop": (was.stop, terms.stop),
        "trail": (was.trail, terms.trail),
    }
    return ", ".join(
        f"{name} {one:.10g} to {other:.10g}"
        for name, (one, other) in pairs.items()
        if one != other and not (math.isnan(one) and math.isnan(other))
    )


def _prices(terms: Replacement) -> tuple[float | None, ...]:
    return tuple(None if math.isnan(p) else p for p in (terms.limit, terms.stop, terms.trail))
