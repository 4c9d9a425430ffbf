"""Which working orders a state of the account forbids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.model.quantities import on_grid
from mismartera_core.model.risk import RiskState
from mismartera_core.services.matching import STOP, STOP_LIMIT, TRAILING

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
