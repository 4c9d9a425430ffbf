"""What strategies want to know again when a live session begins anew."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeGuard

from mismartera_core.contracts.strategy import PortfolioStrategy, Strategy
from mismartera_core.errors import JournalError, StrategyError
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.repositories.journal_states import StateStore
from mismartera_core.store.frame import Frame
from mismartera_core.system.kept_targets import KeptTargets
from mismartera_core.threads.analysis_engine import AroundReplay, Replay
from mismartera_core.threads.replay.blame import where_it_raised
from mismartera_core.threads.replay.player import Playable
from mismartera_core.threads.replay.portfolio import PortfolioUnit
from mismartera_core.threads.replay.targets import SignalUnit
from mismartera_core.threads.replay.unit import Unit

log = logging.getLogger(__name__)


@dataclass(slots=True)
class StrategyStates:
    """Keeps the states of the strategies of one account.

    Attributes:
        store: Where they are kept.
        account: The account.
        now_ns: The wall clock, nanoseconds UTC.
        control: The state of risk.
    """

    store: StateStore
    account: str
    now_ns: Callable[[], int]
    control: RiskControl
    _plans: list[tuple[PortfolioUnit, KeptTargets]] = field(default_factory=list)
    _kept: dict[tuple[str, str], str] = field(default_factory=dict)
    _owners: list[tuple[str, str, Strategy | PortfolioStrategy]] = field(default_factory=list)

    def player(self, inner: Replay, units: Sequence[Playable]) -> Replay:
        """A player that loads the states before its first frame, and keeps them after each.

        Args:
            inner: The player.
            units: What it plays; those whose strategy keeps no state cost nothing.
        """
        owners = [u.memory for u in units if _is_called(u)]
        self._owners = [owner for owner in owners if _keeps_state(owner[2])]
        self._plans = [self._plan(u) for u in units if isinstance(u, PortfolioUnit)]
        return _RememberingPlayer(inner, self) if self._owners or self._plans else inner

    def resume(self, day: date) -> None:
        """Have portfolios go on with the targets of a session that they have not reached.

        Raises:
            JournalError: They cannot be read.
        """
        for unit, plan in self._plans:
            targets = plan.load(day)
            if targets is not None:
                log.warning("Strategy %r goes on with the targets of before", plan.strategy)
                unit.resume(targets)

    def _plan(self, unit: PortfolioUnit) -> tuple[PortfolioUnit, KeptTargets]:
        execution = unit.execution
        plan = KeptTargets(
            self.store,
            self.account,
            unit.name,
            unit.symbols,
            lambda: execution.quantities,
            self.control,
            self.now_ns,
        )
        execution.remember = plan.aimed
        return unit, plan

    def load(self) -> None:
        """Give every strategy what it saved last.

        Raises:
            StrategyError: A strategy does not take it.
            JournalError: It cannot be read.
        """
        for name, symbol, strategy in self._owners:
            state = self.store.load_strategy_state(self.account, name, symbol)
            if state is not None:
                self._kept[name, symbol] = _text(state)
                try:
                    strategy.load_state(state)
                except Exception as error:
                    raise _blamed(error, "load_state", name, symbol) from error

    def keep(self) -> None:
        """Keep what has changed; what cannot be written now is tried again after the next step.

        Raises:
            StrategyError: A strategy raised, or gave what JSON cannot hold.
        """
        for _, plan in self._plans:
            plan.settle()
        for name, symbol, strategy in self._owners:
            try:
                state = strategy.save_state()
                text = _text(state)
            except Exception as error:
                raise _blamed(error, "save_state", name, symbol) from error
            if text != self._kept.get((name, symbol), "{}"):
                try:
                    self.store.save_strategy_state(
                        self.account, name, symbol, json.loads(text), self.now_ns()
                    )
                except JournalError as error:
                    log.warning("The state of strategy %r is not kept: %s", name, error)
                else:
                    self._kept[name, symbol] = text


class _RememberingPlayer(AroundReplay):
    """A player of strategies that keep state."""

    def __init__(self, inner: Replay, states: StrategyStates) -> None:
        super().__init__(inner)
        self._states = states
        self._loaded = False

    def play(self, frame: Frame) -> int:
        self._load()
        if frame.opens:
            self._states.resume(frame.day)
        bars = self._player.play(frame)
        self._states.keep()
        return bars

    def news(self, now_ns: int) -> bool:
        self._load()
        working = self._player.news(now_ns)
        self._states.keep()
        return working

    def _load(self) -> None:
        if not self._loaded:
            self._loaded = True
            self._states.load()


def _is_called(unit: Playable) -> TypeGuard[Unit | PortfolioUnit]:
    """Whether it calls a strategy; a SignalStrategy is all in its columns and keeps no state."""
    return isinstance(unit, Unit | PortfolioUnit) and not isinstance(unit, SignalUnit)


def _keeps_state(strategy: Strategy | PortfolioStrategy) -> bool:
    return type(strategy).save_state not in (Strategy.save_state, PortfolioStrategy.save_state)


def _text(state: dict[str, Any]) -> str:
    return json.dumps(state, sort_keys=True, allow_nan=False)


def _blamed(error: Exception, what: str, name: str, symbol: str) -> StrategyError:
    on = f" on {symbol}" if symbol else ""
    return StrategyError(
        f"strategy {name!r}{on} raised {type(error).__name__} in {what}: {error}",
        hint=where_it_raised(error),
    )
