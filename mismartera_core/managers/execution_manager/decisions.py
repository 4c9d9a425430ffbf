"""Every refusal and every change of the risk state, with the numbers that decided it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.contracts.risk import Refusal
from mismartera_core.model.results import DecisionColumns
from mismartera_core.model.risk import RiskRecord, RiskState
from mismartera_core.store.shelf import Shelf

SETTLE_AT = 8_192
"""Decisions kept as rows; more are set aside."""

REFUSED = "refused"
_CONTROL = "control"

Row = tuple[int, int, int, int, float, float, str, str, str, float, float, str]


class Decisions:
    """The decisions of a run, in the order in which they were made.

    Args:
        folder: Where what is settled lies; where the system keeps temporary files where None.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._rows: list[Row] = []
        self._settled = Shelf(DecisionColumns, folder)

    def __len__(self) -> int:
        return len(self._rows) + len(self._settled)

    def refused(
        self, order: WorkingOrder, price: float, check: str, reason: str, now_ns: int
    ) -> None:
        """An order was kept from leaving.

        Args:
            order: The order.
            price: What it was valued at.
            check: Name of the check, or "control" for the state of the account.
            reason: A `Refusal`, or a plain sentence.
            now_ns: The clock, nanoseconds UTC.
        """
        limit, found, allowed, verdict = "", math.nan, math.nan, REFUSED
        if isinstance(reason, Refusal):
            limit, found, allowed = reason.limit, reason.found, reason.allowed
            if reason.state is not RiskState.ACTIVE:
                verdict = reason.state.value
        owner = order.owner
        asked = now_ns, owner.index, order.symbol, order.side, order.quantity, price
        self._add((*asked, check, limit, verdict, found, allowed, str(reason)))

    def changed(self, record: RiskRecord) -> None:
        """The state of the account has changed."""
        whole = record.at_ns, -1, -1, 0, math.nan, math.nan
        state = record.state.value
        self._add((*whole, _CONTROL, record.limit, state, math.nan, math.nan, record.reason))

    def columns(self) -> DecisionColumns:
        """All decisions."""
        self._set_aside()
        return self._settled.rows()

    def _add(self, row: Any) -> None:
        self._rows.append(row)
        if len(self._rows) >= SETTLE_AT:
            self._set_aside()
            self._settled.settle()

    def _set_aside(self) -> None:
        self._settled.add(_columns(self._rows))
        self._rows = []


def _columns(rows: list[Row]) -> DecisionColumns:
    columns: list[Any] = [list(c) for c in zip(*rows, strict=True)] if rows else [[]] * 12
    kinds = "iiiifftttfft"
    types: dict[str, Any] = {"i": np.int64, "f": np.float64}
    made: list[Any] = [
        column if kind == "t" else np.array(column, dtype=types[kind])
        for column, kind in zip(columns, kinds, strict=True)
    ]
    return DecisionColumns(*made)
