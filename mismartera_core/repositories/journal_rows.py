"""Rows of the journal to values and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mismartera_core.model.journal import Intent, OrderEvent, OrderEventKind
from mismartera_core.model.orders import OrderType, Side
from mismartera_core.model.venue import Execution
from mismartera_core.repositories.journal_tables import ExecutionRow, IntentRow, OrderEventRow


def intent_values(intent: Intent, account: str, run: str) -> dict[str, Any]:
    """The columns of an intent."""
    return {
        "client_id": intent.client_id,
        "account": account,
        "run": run,
        "strategy": intent.strategy,
        "symbol": intent.symbol,
        "side": intent.side.value,
        "type": intent.type.value,
        "quantity": str(intent.quantity),
        "limit_price": _text(intent.limit_price),
        "stop_price": _text(intent.stop_price),
        "trail_amount": _text(intent.trail_amount),
        "gtc": intent.gtc,
        "closing": intent.closing,
        "tag": intent.tag,
        "parent": intent.parent,
        "oco": intent.oco,
        "terms": intent.terms,
        "created_ns": intent.created_ns,
    }


def intent_of(row: IntentRow) -> Intent:
    """The intent of a row."""
    return Intent(
        client_id=row.client_id,
        strategy=row.strategy,
        symbol=row.symbol,
        side=Side(row.side),
        type=OrderType(row.type),
        quantity=Decimal(row.quantity),
        limit_price=_number(row.limit_price),
        stop_price=_number(row.stop_price),
        trail_amount=_number(row.trail_amount),
        gtc=row.gtc,
        closing=row.closing,
        tag=row.tag,
        parent=row.parent,
        oco=row.oco,
        terms=row.terms,
        run=row.run,
        created_ns=row.created_ns,
    )


def event_of(row: OrderEventRow) -> OrderEvent:
    """The event of a row."""
    kind = OrderEventKind(row.kind)
    return OrderEvent(row.client_id, kind, row.at_ns, row.venue_id, row.words)


def execution_values(execution: Execution, client_id: str, account: str) -> dict[str, Any]:
    """The columns of an execution, but for its number and when it was booked."""
    return {
        "account": account,
        "execution_id": execution.execution_id,
        "client_id": client_id,
        "venue_id": execution.venue_id,
        "symbol": execution.symbol,
        "side": execution.side.value,
        "quantity": str(execution.quantity),
        "price": str(execution.price),
        "commission": str(execution.commission),
        "at_ns": execution.at_ns,
        "cumulative": _text(execution.cumulative),
    }


def execution_of(row: ExecutionRow) -> Execution:
    """The execution of a row."""
    return Execution(
        execution_id=row.execution_id,
        venue_id=row.venue_id,
        client_id=row.client_id,
        symbol=row.symbol,
        side=Side(row.side),
        quantity=Decimal(row.quantity),
        price=Decimal(row.price),
        commission=Decimal(row.commission),
        at_ns=row.at_ns,
        cumulative=_number(row.cumulative),
    )


def _text(price: Decimal | None) -> str | None:
    return None if price is None else str(price)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
