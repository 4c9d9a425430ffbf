"""Which working orders a state of the account forbids, and the orders that leave all it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.managers.execution_manager.positions import Holding
from mismartera_core.model.quantities import on_grid
from mismartera_core.model.risk import RiskState
from mismartera_core.services.matching import STOP, STOP_LIMIT, TRAILING

EXITS = 3
"""Orders to leave a position that are rejected one after the other until the account is halted."""
PROTECTIVE = (STOP, STOP_LIMIT, TRAILING)
"""Kinds of orders that may protect a position while the account is halted."""


def forbidden(
    working: Mapping[int, Sequence[WorkingOrder]],
    held: Callable[[int], float],
    state: RiskState,
) -> list[WorkingOrder]:
    """Working orders that must be cancelled.

    While reducing: entries. While halted: all but stops that protect a position.

    Args:
        working: Working orders by symbol row, legs among them.
        held: Net units of a symbol.
        state: The state of the account.
    """
    found: list[WorkingOrder] = []
    for symbol, book in working.items():
        found += _of_symbol(book, held(symbol), halted=state is RiskState.HALTED)
    return found


def exits(holdings: Iterable[Holding], now_ns: int, tag: str) -> list[WorkingOrder]:
    """Orders at market that leave every position.

    Args:
        holdings: Books of strategies and symbols.
        now_ns: When it is decided.
        tag: Why.
    """
    found = []
    for holding in holdings:
        units = holding.position.quantity
        if units:
            side = -1 if units > 0.0 else 1
            order = WorkingOrder(
                holding, holding.symbol, side, abs(units), now_ns, gtc=True, tag=tag
            )
            order.closing = True
            found.append(order)
    return found


def _of_symbol(
    book: Sequence[WorkingOrder], held: float, *, halted: bool
) -> Iterator[WorkingOrder]:
    covered: float = abs(held)
    kept: set[int] = set()
    for order in sorted(book, key=_protective_first):
        if order.is_done or (order.entry is not None and not order.entry.is_done):
            continue  # a held leg goes with its entry
        # Of two OCO orders one fills at most: they cover the same units.
        twin = order.oco is not None and order.oco.id in kept
        reduces = order.side * held < 0.0 and (twin or order.remaining <= covered)
        # To cancel one of two may take the other with it: what is tied to a stop stays with it.
        if not reduces or (halted and order.kind not in PROTECTIVE and not twin):
            yield order
            continue
        if not twin:
            covered = on_grid(covered - order.remaining)
        kept.add(order.id)


def _protective_first(order: WorkingOrder) -> tuple[bool, int]:
    return order.kind not in PROTECTIVE, order.id
