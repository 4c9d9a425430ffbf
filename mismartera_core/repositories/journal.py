"""The order journal of one account: written ahead of every send, read at every start."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import cast

import sqlalchemy as sa

from mismartera_core.model.journal import (
    BookedExecution,
    Intent,
    JournaledOrder,
    OrderEvent,
    OrderEventKind,
)
from mismartera_core.model.venue import Execution
from mismartera_core.repositories.booked import BookedExecutions
from mismartera_core.repositories.database import Database
from mismartera_core.repositories.journal_rows import (
    event_of,
    execution_of,
    execution_values,
    intent_of,
    intent_values,
)
from mismartera_core.repositories.journal_tables import (
    ExecutionRow,
    HeldBeforeRow,
    IntentRow,
    OrderEventRow,
)
from mismartera_core.repositories.journal_writing import reading, writing

INTENTS, EVENTS, EXECUTIONS, HELD = (
    sa.insert(cast("sa.Table", row.__table__))
    for row in (IntentRow, OrderEventRow, ExecutionRow, HeldBeforeRow)
)
"""Statements on tables rather than on mapped classes: they take half the time."""

KNOWN = sa.select(IntentRow.client_id).where(IntentRow.client_id == sa.bindparam("first"))
FINAL = [kind.value for kind in OrderEventKind if kind.is_final]


class OrderJournal:
    """Intents, what became of them, and executions. Every call is one durable commit.

    Args:
        database: Where it is kept.
        account: The account; what belongs to others is not seen.
        run: The run that writes.
    """

    def __init__(self, database: Database, account: str, run: str) -> None:
        self.account = account
        self.run = run
        self._database = database
        self._booked: BookedExecutions | None = None
        self._seq = 0

    def intend(self, intents: Sequence[Intent], at_ns: int) -> bool:
        """Write that orders were decided on; all of them or none.

        Args:
            intents: An entry and its legs.
            at_ns: Now, nanoseconds UTC.

        Returns:
            False, with nothing written, where the first of them was decided on before.

        Raises:
            JournalError: It is not durable, so nothing may be sent.
        """
        with writing(self._database, "intent") as session:
            first = intents[0].client_id
            if session.scalar(KNOWN, {"first": first}) is not None:
                return False
            rows = [intent_values(i, self.account, i.run or self.run) for i in intents]
            session.execute(INTENTS, rows)
            session.execute(
                EVENTS,
                [_event_values(i.client_id, OrderEventKind.INTENT, at_ns, "", "") for i in intents],
            )
        return True

    def note(
        self,
        client_id: str,
        kind: OrderEventKind,
        at_ns: int,
        venue_id: str = "",
        words: str = "",
    ) -> None:
        """Add a line to an order's life.

        Args:
            client_id: The order.
            kind: What happened.
            at_ns: Now, nanoseconds UTC.
            venue_id: The venue's id; "" where it is not known.
            words: The venue's words, or ours.

        Raises:
            JournalError: It is not durable.
        """
        with writing(self._database, kind.value) as session:
            session.execute(EVENTS, [_event_values(client_id, kind, at_ns, venue_id, words)])

    def book(self, execution: Execution, client_id: str, at_ns: int) -> bool:
        """Write an execution, once.

        Args:
            execution: The execution.
            client_id: Our id of the order; "" where the order is not ours.
            at_ns: Now, nanoseconds UTC.

        Returns:
            False where it was booked before.

        Raises:
            JournalError: It is not durable, so it must not be booked.
        """
        booked = self._known()
        if execution in booked:
            return False
        with writing(self._database, "fill") as session:
            values = execution_values(execution, client_id, self.account)
            session.execute(EXECUTIONS, [{**values, "seq": self._seq + 1, "booked_ns": at_ns}])
            if client_id:
                words = f"{execution.quantity} at {execution.price}"
                line = _event_values(
                    client_id, OrderEventKind.FILL, at_ns, execution.venue_id, words
                )
                session.execute(EVENTS, [line])
        self._seq += 1
        booked.add(execution)
        return True

    def is_booked(self, execution: Execution) -> bool:
        """Whether an execution was booked before, under this id or another."""
        return execution in self._known()

    def units_of(self, venue_id: str) -> Decimal:
        """Units that are booked of an order of the venue's, on whichever of ours."""
        return self._known().units(venue_id)

    def open_orders(self) -> tuple[JournaledOrder, ...]:
        """Every order that has not ended, oldest first."""
        ended = sa.select(OrderEventRow.client_id).where(OrderEventRow.kind.in_(FINAL))
        return self._orders(IntentRow.client_id.not_in(ended))

    def find(self, client_id: str) -> JournaledOrder | None:
        """An order by our id, ended or not; by that of a change of it, too."""
        found = self._orders(IntentRow.client_id == client_id)
        if not found and client_id:
            asked = OrderEventRow.kind == OrderEventKind.REPLACE_REQUESTED.value
            named = sa.and_(asked, OrderEventRow.words.contains(client_id, autoescape=True))
            whose = sa.select(OrderEventRow.client_id).where(named)
            found = self._orders(IntentRow.client_id.in_(whose))
        return next(iter(found), None)

    def orders_since(self, since_ns: int) -> tuple[JournaledOrder, ...]:
        """Every order decided on at or after an instant, oldest first."""
        return self._orders(IntentRow.created_ns >= since_ns)

    def executions(self) -> tuple[BookedExecution, ...]:
        """Every execution, in the order of booking."""
        with reading(self._database) as session:
            wanted = (
                sa.select(ExecutionRow, IntentRow.strategy)
                .outerjoin(IntentRow, IntentRow.client_id == ExecutionRow.client_id)
                .where(ExecutionRow.account == self.account)
                .order_by(ExecutionRow.seq)
            )
            rows = session.execute(wanted).all()
            return tuple(BookedExecution(execution_of(row), name or "") for row, name in rows)

    def booked_units(self, client_id: str) -> Decimal:
        """Units of all executions of an order."""
        with reading(self._database) as session:
            mine = sa.and_(
                ExecutionRow.account == self.account, ExecutionRow.client_id == client_id
            )
            units = session.scalars(sa.select(ExecutionRow.quantity).where(mine)).all()
        return sum(map(Decimal, units), Decimal(0))

    def held_before(self) -> dict[str, Decimal] | None:
        """What the account held before the journal knew it; None where it was never looked at."""
        with reading(self._database) as session:
            rows = session.scalars(
                sa.select(HeldBeforeRow).where(HeldBeforeRow.account == self.account)
            ).all()
            found = {row.symbol: Decimal(row.quantity) for row in rows}
        return None if "" not in found else {s: q for s, q in found.items() if s}

    def looked_at_ns(self) -> int:
        """When the account was first looked at; 0 where never."""
        with reading(self._database) as session:
            row = session.get(HeldBeforeRow, (self.account, ""))
            return 0 if row is None else row.since_ns

    def set_held_before(self, held: dict[str, Decimal], at_ns: int) -> None:
        """Write what the account holds that is not ours, at the first start.

        Args:
            held: Units by symbol, negative when short.
            at_ns: Now, nanoseconds UTC.

        Raises:
            JournalError: It is not durable.
        """
        rows = [
            {"account": self.account, "symbol": symbol, "quantity": str(units), "since_ns": at_ns}
            for symbol, units in {"": Decimal(0), **held}.items()
        ]
        with writing(self._database, "held_before") as session:
            session.execute(HELD, rows)

    def _orders(self, which: sa.ColumnElement[bool]) -> tuple[JournaledOrder, ...]:
        chosen = sa.and_(IntentRow.account == self.account, which)
        with reading(self._database) as session:
            intents = session.scalars(
                sa.select(IntentRow).where(chosen).order_by(IntentRow.created_ns)
            ).all()
            lines = session.scalars(
                sa.select(OrderEventRow)
                .join(IntentRow, IntentRow.client_id == OrderEventRow.client_id)
                .where(chosen)
                .order_by(OrderEventRow.seq)
            ).all()
            lives: dict[str, list[OrderEvent]] = {row.client_id: [] for row in intents}
            for line in lines:
                lives[line.client_id].append(event_of(line))
            return tuple(
                JournaledOrder(intent_of(row), tuple(lives[row.client_id])) for row in intents
            )

    def _known(self) -> BookedExecutions:
        if self._booked is None:
            booked, last = BookedExecutions(), 0
            with reading(self._database) as session:
                mine = sa.select(ExecutionRow).where(ExecutionRow.account == self.account)
                for row in session.scalars(mine.order_by(ExecutionRow.seq)):
                    booked.add(execution_of(row))
                    last = row.seq
            self._booked, self._seq = booked, last
        return self._booked


def _event_values(
    client_id: str, kind: OrderEventKind, at_ns: int, venue_id: str, words: str
) -> dict[str, object]:
    return {
        "client_id": client_id,
        "kind": kind.value,
        "at_ns": at_ns,
        "venue_id": venue_id,
        "words": words,
    }
