"""What strategies and observers of a live session may take: a quarter of a second a call.

A call that raises or takes longer is a strike; after three in a row of one callback a strategy
opens nothing more until a human takes it back, and an observer is told nothing more. What is a
strike depends on clocks, so those of strategies count at the end of a turn, by the tape: a replay
has the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from time import monotonic
from typing import Any, TypeVar, cast

from mismartera_core.contracts.strategy import PortfolioStrategy, Strategy
from mismartera_core.errors import ConfigError, MisMarteraError
from mismartera_core.managers.execution_manager import ExecutionManager
from mismartera_core.registry.attributes import one_line
from mismartera_core.store.frame import Frame
from mismartera_core.threads.analysis_engine import AroundReplay, Replay
from mismartera_core.threads.replay.blame import where_it_raised

log = logging.getLogger("mismartera_core.audit")

BUDGET = 0.25
"""Seconds that a call may take."""
STRIKES = 3
"""Calls in a row beyond it, or that raise, after which enough is enough."""
CALLBACKS = (
    "on_session_start",
    "on_bar",
    "on_quote",
    "on_tick",
    "on_fill",
    "on_step",
    "on_session_end",
)

TAKEN_BACK = "a human takes it back: mismartera resume --strategy {name}"

Reading = Callable[[str, Callable[[], Any]], Callable[[], Any]]
Told = Callable[[str, str], None]
"""Takes who was quarantined, and why."""
F = TypeVar("F", bound=Callable[..., Any])


class StrategyBudget:
    """Counts strikes of strategies.

    Args:
        execution: Where entries of a strategy are refused, and its working ones cancelled.
        reading: Passes what a clock has said through the tape.
        told: Told of every strategy that is quarantined.
        timer: A monotonic timer, seconds.
        back: How a human takes a strategy back, as a sentence with {name} in it.
    """

    def __init__(
        self,
        execution: ExecutionManager,
        reading: Reading,
        told: Told,
        timer: Callable[[], float] = monotonic,
        back: str = TAKEN_BACK,
    ) -> None:
        self._execution = execution
        self._told = told
        self._back = back
        self._timer = timer
        self._struck: list[tuple[str, str, int]] = []
        self._out: set[str] = set()
        self._read = reading("strikes", self._taken)

    def guard(self, name: str, label: str, strategy: Strategy | PortfolioStrategy) -> None:
        """Time the callbacks that a strategy overrides, and survive what they raise.

        Args:
            name: Name of the strategy in the session config.
            label: Strategy and symbol, for messages.
            strategy: The instance.
        """
        base = Strategy if isinstance(strategy, Strategy) else PortfolioStrategy
        for callback in CALLBACKS:
            if getattr(type(strategy), callback, None) is not getattr(base, callback, None):
                setattr(strategy, callback, self._timed(name, label, getattr(strategy, callback)))

    def player(self, inner: Replay) -> Replay:
        """A player after each of whose turns the strikes count."""
        return _Budgeted(inner, self)

    def resume(self) -> None:
        """An earlier process may have quarantined strategies: they are still, and so it is said.

        After the account was recovered: that process may have died before its cancels left.
        """
        held = (h.strategy for holdings in self._execution.holdings.values() for h in holdings)
        benched = self._execution.control.record.quarantined
        for name in dict.fromkeys(held):
            if name in benched:
                self._shut(name, benched[name])

    def settle(self) -> None:
        """Count the strikes of a turn."""
        for name, words, count in self._read():
            if name in self._out:
                continue
            log.warning("%s (%d of %d)", words, count, STRIKES, extra={"event": "strike"})
            if count >= STRIKES:
                why = f"{STRIKES} strikes, the last: {words}"
                self._execution.control.bench(name, why)
                self._shut(name, why)

    def _timed(self, name: str, label: str, function: F) -> F:
        row = 0

        @wraps(function)
        def call(*args: Any) -> Any:
            nonlocal row
            began = self._timer()
            try:
                answer = function(*args)
            except Exception as error:
                if isinstance(error, MisMarteraError) and not isinstance(error, ConfigError):
                    raise
                what = f"{label} raised {one_line(error)}, in {where_it_raised(error)}"
                row += 1
                self._struck.append((name, what, row))
                return None
            took = self._timer() - began
            if took > BUDGET:
                what = f"{label} took {took:.2f} s in {function.__name__}, at most {BUDGET:g} s"
                row += 1
                self._struck.append((name, what, row))
            else:
                row = 0
            return answer

        return cast("F", call)

    def _taken(self) -> list[tuple[str, str, int]]:
        struck, self._struck = self._struck, []
        return struck

    def _shut(self, name: str, why: str) -> None:
        """End the entries of a strategy that is quarantined, and say so."""
        execution = self._execution
        self._out.add(name)
        for book in list(execution.broker.working_symbols().values()):
            for order in tuple(book):
                if order.owner.strategy == name and execution.may_open(order):
                    execution.cancel(order, f"quarantined: {why}")
        back = self._back.format(name=name)
        self._told(f"strategy {name!r}", f"it opens nothing more: {why}; {back}")


class _Budgeted(AroundReplay):
    """A player of strategies that are held to a budget."""

    def __init__(self, inner: Replay, budget: StrategyBudget) -> None:
        super().__init__(inner)
        self._budget = budget

    def play(self, frame: Frame) -> int:
        bars = super().play(frame)
        self._budget.settle()
        return bars

    def news(self, now_ns: int) -> bool:
        working = super().news(now_ns)
        self._budget.settle()
        return working
