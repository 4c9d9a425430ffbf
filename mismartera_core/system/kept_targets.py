"""Targets of a portfolio that its orders have not reached: gone on with after a restart."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from mismartera_core.errors import JournalError
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.model.columns import FloatArray
from mismartera_core.model.risk import RiskState
from mismartera_core.repositories.journal_states import StateStore

log = logging.getLogger(__name__)

PLAN = "*"
"""What the targets of a strategy are kept under, in place of a ticker."""


@dataclass(slots=True)
class KeptTargets:
    """Keeps the targets of one strategy from before its first order leaves until all are reached.

    A plan that risk has stopped, or that is of another session, is not gone on with.

    Attributes:
        store: Where they are kept.
        account: The account.
        strategy: Name of the strategy in the session config.
        symbols: Tickers, as targets are ordered.
        held: Units that the strategy holds, one a symbol.
        control: The state of risk.
        now_ns: The wall clock, nanoseconds UTC.
    """

    store: StateStore
    account: str
    strategy: str
    symbols: tuple[str, ...]
    held: Callable[[], FloatArray]
    control: RiskControl
    now_ns: Callable[[], int]
    _day: str = ""
    _open: FloatArray | None = None

    def load(self, day: date) -> FloatArray | None:
        """The targets that an earlier process did not reach in a session; NaN for no target.

        Raises:
            JournalError: They cannot be read.
        """
        self._day = day.isoformat()
        kept = self.store.load_strategy_state(self.account, self.strategy, PLAN) or {}
        if kept.get("session") != self._day:
            return None
        wanted: dict[str, float] = kept["units"]
        self._open = np.array([wanted.get(symbol, math.nan) for symbol in self.symbols])
        return None if self._dropped() else self._open

    def aimed(self, targets: FloatArray) -> None:
        """Keep targets: the first order towards them leaves when this has returned."""
        known = self._open
        if known is None:
            new = not self._reached(targets)
        else:
            new = not np.array_equal(targets, known, equal_nan=True)
        if new:
            self._open = targets.copy()
            wanted = zip(self.symbols, targets.tolist(), strict=True)
            units = {symbol: units for symbol, units in wanted if not math.isnan(units)}
            self._save({"session": self._day, "units": units})

    def settle(self) -> None:
        """Forget targets that are reached, or that risk has stopped."""
        if self._open is not None and not self._dropped() and self._reached(self._open):
            self._forget()

    def _reached(self, targets: FloatArray) -> bool:
        return bool(((targets == self.held()) | np.isnan(targets)).all())

    def _dropped(self) -> bool:
        stopped = self.control.state is not RiskState.ACTIVE
        if stopped:
            self._forget()
        return stopped

    def _forget(self) -> None:
        self._open = None
        self._save({})

    def _save(self, state: dict[str, Any]) -> None:
        try:
            self.store.save_strategy_state(self.account, self.strategy, PLAN, state, self.now_ns())
        except JournalError as error:
            # Nor does an order leave then.
            log.warning("The targets of strategy %r are not kept: %s", self.strategy, error)
