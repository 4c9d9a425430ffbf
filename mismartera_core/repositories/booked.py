"""Which executions are booked: by their id, and by what their order had filled with them.

A venue may name one execution differently where it is told and where it is listed. What an order
had filled once it was executed (`Execution.cumulative`) is the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from mismartera_core.model.venue import Execution


@dataclass(slots=True)
class _Filled:
    """What is booked of one order of the venue's: units, how far they reach, and each by where."""

    units: Decimal = Decimal(0)
    reach: Decimal = Decimal(0)
    told: set[tuple[Decimal, Decimal, Decimal]] = field(default_factory=set)


class BookedExecutions:
    """The executions that are booked."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._orders: dict[str, _Filled] = {}

    def __contains__(self, execution: Execution) -> bool:
        """Whether an execution is booked, under its own id or another.

        Where an order's booked units are all that it had filled, whatever it had filled by then is
        booked. Where some of them are missing, an execution is known by its place among them.
        """
        if execution.execution_id in self._ids:
            return True
        order, reach = self._orders.get(execution.venue_id), execution.cumulative
        if order is None or reach is None:
            return False
        if order.units == order.reach:
            return reach <= order.units
        return (reach, execution.quantity, execution.price) in order.told

    def units(self, venue_id: str) -> Decimal:
        """Units that are booked of an order of the venue's."""
        order = self._orders.get(venue_id)
        return Decimal(0) if order is None else order.units

    def add(self, execution: Execution) -> None:
        """Take an execution that is booked; one that says no more is taken for the newest."""
        self._ids.add(execution.execution_id)
        order = self._orders.setdefault(execution.venue_id, _Filled())
        order.units += execution.quantity
        reach = order.units if execution.cumulative is None else execution.cumulative
        order.reach = max(order.reach, reach)
        order.told.add((reach, execution.quantity, execution.price))
