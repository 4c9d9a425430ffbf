"""RiskControl: whether anything may leave at all. The severest state counts; a human leaves it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from threading import RLock

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.contracts.risk import RiskStore
from mismartera_core.errors import RiskStop
from mismartera_core.managers.execution_manager.surroundings import Surroundings
from mismartera_core.model.risk import RiskRecord, RiskState, RiskVerdict

log = logging.getLogger(__name__)

_NEW_PEAK = 1.001
"""How far above the peak that is kept equity must be to be kept at once."""


class MemoryStore:
    """Keeps the risk state of a backtest."""

    def __init__(self) -> None:
        self._record: RiskRecord | None = None

    def load_risk_state(self) -> RiskRecord | None:
        """What was kept last."""
        return self._record

    def save_risk_state(self, record: RiskRecord) -> None:
        """Keep a state."""
        self._record = record


class RiskControl:
    """The state of risk of an account, and the gate that every order passes twice.

    Safe to be used by several threads: a kill switch halts while the analysis thread sends.

    Args:
        store: Keeps the state; in memory where left out. What it holds is in force at once.
        surroundings: What feed, venue and machine say.
        told: Called with every record that takes effect, by the thread that caused it.

    Attributes:
        surroundings: What feed, venue and machine say.
        sweep_due: Whether orders that the state forbids may still work.
    """

    def __init__(
        self,
        store: RiskStore | None = None,
        surroundings: Surroundings | None = None,
        told: Callable[[RiskRecord], None] | None = None,
    ) -> None:
        self.surroundings = Surroundings() if surroundings is None else surroundings
        self._store: RiskStore = MemoryStore() if store is None else store
        self._told = told
        self._lock = RLock()
        self._record = self._store.load_risk_state() or RiskRecord()
        self._saved = True
        self._blocks: dict[str, str] = {}
        self._guards: list[Callable[[], str]] = []
        self._permitted: set[WorkingOrder] = set()
        self._changes: list[RiskRecord] = []
        self._flatten = ""
        self._settle()
        self.sweep_due = self.state is not RiskState.ACTIVE

    @property
    def record(self) -> RiskRecord:
        """The state in force, since when and why."""
        return self._record

    @property
    def state(self) -> RiskState:
        """The state in force."""
        return self._record.state

    def gate(self, order: WorkingOrder, *, reduces: bool) -> str:
        """Why an order may not leave now; "" where it may. Asked before risk, and before the send.

        Args:
            order: The order.
            reduces: Whether it does no more than reduce the account's position.
        """
        if self._open or order in self._permitted:
            return ""
        for guard in self._guards:
            reason = guard()
            if reason:
                return reason
        record = self._record
        benched = record.quarantined
        why = benched.get(order.owner.strategy, "") if benched else ""
        if why and not reduces:
            return f"quarantined: {why}"
        for name, why in self._blocks.items():  # replaced as a whole, never changed
            return f"{name}: {why}"
        if record.state is RiskState.HALTED:
            return f"halted: {record.reason}"
        if record.state is RiskState.REDUCING and not reduces:
            return f"reducing: {record.reason}"
        return ""

    def guard(self, look: Callable[[], str]) -> None:
        """Have a look taken at every gate, such as at a kill file; it says why not, or ""."""
        self._guards.append(look)
        self._settle()

    def block(self, name: str, why: str) -> None:
        """Let nothing leave until `unblock`, such as while orders are reconciled.

        Args:
            name: What it is about.
            why: A sentence with what is the case.
        """
        with self._lock:
            self._blocks = {**self._blocks, name: why}
            self._settle()

    def unblock(self, name: str) -> None:
        """End a block; nothing happens where there is none."""
        with self._lock:
            self._blocks = {key: why for key, why in self._blocks.items() if key != name}
            self._settle()

    def bench(self, strategy: str, why: str) -> None:
        """Let a strategy open nothing more; what reduces a position leaves.

        It is kept with the state: only a human takes a strategy back.

        Args:
            strategy: Its name in the session config.
            why: A sentence with what is the case.
        """
        with self._lock:
            benched = {**self._record.quarantined, strategy: why}
            self._record = replace(self._record, quarantined=benched)
            self._settle()
            self._save()

    def ask_flatten(self, why: str, now_ns: int) -> None:
        """Halt, and have every position left: a human asks for it, from any thread.

        Args:
            why: Who asks, in words.
            now_ns: The clock, nanoseconds UTC.
        """
        self.halt("flatten", why, now_ns)
        self._flatten = why

    def flatten_asked(self) -> str:
        """Why every position is to be left, once for each time that it was asked; else ""."""
        asked, self._flatten = self._flatten, ""
        return asked

    def permit(self, order: WorkingOrder) -> None:
        """Let one order leave whatever the state: a human asked for it."""
        self._permitted.add(order)

    def is_permitted(self, order: WorkingOrder) -> bool:
        """Whether a human asked for an order."""
        return order in self._permitted

    def escalate(self, verdict: RiskVerdict, now_ns: int) -> bool:
        """Go to a severer state; whatever is not severer than what is in force changes nothing.

        Returns:
            Whether the state has changed.
        """
        with self._lock:
            if verdict.state.severity <= self.state.severity:
                return False
            self._take(
                replace(
                    self._record,
                    state=verdict.state,
                    limit=verdict.limit,
                    reason=verdict.reason,
                    at_ns=now_ns,
                )
            )
            self.sweep_due = True
        log.warning("risk: %s: %s", verdict.state.value, verdict.reason)
        return True

    def halt(self, limit: str, reason: str, now_ns: int) -> bool:
        """Go to HALTED; see `escalate`."""
        verdict = RiskVerdict(state=RiskState.HALTED, limit=limit, reason=reason)
        return self.escalate(verdict, now_ns)

    def resume(self, by: str, now_ns: int) -> None:
        """A human lets orders leave again.

        Args:
            by: Who, in words.
            now_ns: The clock, nanoseconds UTC.
        """
        with self._lock:
            if self.state is RiskState.ACTIVE:
                return
            self._take(
                RiskRecord(
                    reason=f"resumed by {by}",
                    at_ns=now_ns,
                    # A fall that a human has looked at is not held against what follows.
                    peak_equity=0.0,
                    quarantined=self._record.quarantined,
                )
            )
            self.sweep_due = False
        log.warning("risk: active: resumed by %s", by)

    def peak(self, equity: float) -> float:
        """The highest equity so far, with what it is now."""
        record = self._record
        if equity <= record.peak_equity:
            return record.peak_equity
        with self._lock:
            kept = record.peak_equity
            self._record = replace(self._record, peak_equity=equity)
            if equity > kept * _NEW_PEAK:
                self._save()
            else:
                self._saved = False
        return equity

    def changes(self) -> list[RiskRecord]:
        """Changes of the state since this was asked last, by whichever thread they came."""
        with self._lock:
            found, self._changes = self._changes, []
        return found

    def keep(self) -> None:
        """Save what has not been saved: after a session, and after a save that failed."""
        with self._lock:
            if not self._saved:
                self._save()

    def check_end(self) -> None:
        """A session has ended: so does the run where it is halted.

        Raises:
            RiskStop: It is.
        """
        self.keep()
        record = self._record
        if record.state is RiskState.HALTED:
            raise RiskStop(
                f"halted by risk: {record.reason}",
                hint="look at the decisions of the run; a live account goes on after: "
                "mismartera resume",
            )

    def notes(self) -> tuple[str, ...]:
        """What a reader of the result should know."""
        record = self._record
        if record.state is RiskState.ACTIVE:
            return ()
        return (f"risk: {record.state.value}: {record.reason}",)

    def _settle(self) -> None:
        """Know beforehand that nothing speaks against any order: so it is for most."""
        active = self._record.state is RiskState.ACTIVE
        self._open = active and not (self._guards or self._blocks or self._record.quarantined)

    def _take(self, record: RiskRecord) -> None:
        # In force first: a disk that is full must not keep an account from being halted.
        self._record = record
        self._settle()
        self._changes.append(record)
        self._save()
        if self._told is not None:
            self._told(record)

    def _save(self) -> None:
        self._saved = False
        try:
            self._store.save_risk_state(self._record)
        except Exception as error:
            log.exception("the risk state could not be saved; it is in force, and tried again")
            if self.state is not RiskState.HALTED:
                self._record = replace(
                    self._record,
                    state=RiskState.HALTED,
                    limit="journal",
                    reason=f"the risk state could not be saved: {error}",
                )
                self._settle()
                self.sweep_due = True
            return
        self._saved = True
