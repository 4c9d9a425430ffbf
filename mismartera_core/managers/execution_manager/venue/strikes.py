"""Differences that last: told at once, and halting when they do not go away."""

from __future__ import annotations

import math

from mismartera_core.managers.execution_manager.venue.core import DeskCore
from mismartera_core.managers.execution_manager.venue.notices import NoticeKind

_EARLY = 0.9
"""Part of the interval between comparisons within which a second one counts for nothing."""


class Strikes:
    """Counts comparisons in a row with a difference, by what was compared.

    Args:
        core: What the desk shares.
    """

    def __init__(self, core: DeskCore) -> None:
        self._core = core
        self._counts: dict[str, tuple[int, float]] = {}

    def any_orders(self) -> bool:
        """Whether an order differs."""
        return any(what.startswith("order ") for what in self._counts)

    def count(self, what: str, why: str, symbol: str = "") -> None:
        """Count a comparison.

        Args:
            what: What was compared.
            why: The difference, in a sentence; "" where there is none.
            symbol: What takes no entries while it differs; "" for none.
        """
        core = self._core
        if not why:
            if self._counts.pop(what, None) is not None:
                core.frozen_symbols.pop(symbol, None)
            return
        if symbol:
            core.frozen_symbols[symbol] = f"{symbol} is frozen: {why}"
        now = core.timer()
        times, since = self._counts.get(what, (0, -math.inf))
        if now - since < core.timing.orders_every * _EARLY:
            return
        times += 1
        self._counts[what] = (times, now)
        if times == 1:
            core.notice(NoticeKind.MISMATCH, f"{what}: {why}", symbol=symbol)
        if times == core.timing.strikes:
            core.notice(NoticeKind.HUMAN, f"{what}: {why}", symbol=symbol)
            core.halt("reconcile", f"{what}: {why}, {times} times in a row")
