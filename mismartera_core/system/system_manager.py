"""SystemManager: the one place where a run is wired together, started and stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from queue import Queue
from threading import Event
from time import monotonic, perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from mismartera_core.contracts.clock import Clock
from mismartera_core.errors import ConfigError, MisMarteraError, RiskStop
from mismartera_core.managers.data_manager.arrivals import Arrivals
from mismartera_core.managers.execution_manager import ExecutionManager
from mismartera_core.managers.execution_manager.equity import EquityBook
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.managers.time_manager.backtest_clock import BacktestClock
from mismartera_core.model.results import RunRecord
from mismartera_core.registry import Registry
from mismartera_core.services.indicator_library import IndicatorLibrary
from mismartera_core.services.trade_hash import trade_hash
from mismartera_core.store.block import session_hours
from mismartera_core.store.frame import Frame
from mismartera_core.store.session_data import SessionData
from mismartera_core.system.compiled_choice import fastest
from mismartera_core.system.hook_budget import TAKEN_BACK, StrategyBudget
from mismartera_core.system.interruption import Interruption
from mismartera_core.system.live_status import StatusBoard
from mismartera_core.system.observers import LiveObservers
from mismartera_core.system.recorded import SessionTape
from mismartera_core.system.recorded.replayed_engine import ReplayedEngine
from mismartera_core.system.strategy_states import StrategyStates
from mismartera_core.system.stuck import join_all, stuck
from mismartera_core.system.units import make_units
from mismartera_core.threads.analysis_engine import AnalysisEngine, Replay
from mismartera_core.threads.channel import Channel
from mismartera_core.threads.data_processor import DataProcessor
from mismartera_core.threads.data_quality_manager import DataQualityManager
from mismartera_core.threads.derivation import Derivation
from mismartera_core.threads.garbage import collection_paused
from mismartera_core.threads.live_gaps import LiveGaps
from mismartera_core.threads.plan import Plan
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.player import Player
from mismartera_core.threads.session_coordinator import SessionCoordinator
from mismartera_core.threads.stream_subscription import StreamMode, StreamSubscription
from mismartera_core.threads.worker import Worker

log = logging.getLogger(__name__)
audit = logging.getLogger("mismartera_core.audit")

Progress = Callable[[date, int, int, int, float], None]
"""Takes the session, sessions done, sessions in all, bars so far and seconds so far."""

STEPS_AHEAD = 64
"""Frames of a step each that wait between two threads at most."""


@dataclass(slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        record: All that was computed, however the run ended.
        error: What stopped it early; None where it went to its end.
        fingerprint: sha256 over the bars that were replayed.
    """

    record: RunRecord
    error: BaseException | None
    fingerprint: str


class SystemManager:
    """Builds the four threads for a plan and runs them.

    Args:
        plan: What runs.
        registry: Plugins: indicators are looked up here, observers are told.
        clock: The run's clock.
        progress: Told after every session, by the analysis thread.
        tape: What the inputs of a live session pass through; None in a backtest.
        board: Shows how a live session stands; None where nobody watches.

    Attributes:
        alarm: Told by a thread that has failed, before the others are stopped; None for nobody.
    """

    def __init__(
        self,
        plan: Plan,
        registry: Registry,
        clock: Clock,
        progress: Progress | None = None,
        tape: SessionTape | None = None,
        states: StrategyStates | None = None,
        board: StatusBoard | None = None,
    ) -> None:
        self.alarm: Callable[[str], None] | None = None
        self._tape = tape
        self._board = board
        self._plan = plan
        self._notes: list[str] = []
        self._observers: Registry | LiveObservers = registry
        if plan.live is not None:
            self._observers = LiveObservers(registry, self._quarantined)
        self._progress = progress
        self._stop = Event()
        self._failures: list[tuple[str, BaseException]] = []
        self._sessions, self._bars = list[date](), 0
        hours = session_hours(plan.table, plan.interval, extended=plan.extended)
        zone = ZoneInfo(plan.table.timezone)
        library = IndicatorLibrary(registry, trades=plan.load_ticks is not None)

        def derivation() -> Derivation:
            return Derivation(library, plan.interval, hours.opens, hours.closes)

        self._data = SessionData(plan.symbols, plan.interval, zone, clock)
        self._execution = ExecutionManager(
            plan.broker,
            plan.costs,
            list(plan.risk),
            clock,
            self._data.last_close,
            zone,
            plan.control,
            plan.folder,
        )
        self._desk = Desk(clock, self._data, self._execution, library, derivation())
        for interval in plan.intervals:
            self._desk.want_interval(interval)
        self._equity = EquityBook(self._execution.ledger, len(plan.symbols))
        budget = self._budget = self._held_to_budget(tape, kept=states is not None)
        units = make_units(plan, self._desk)
        whole = all(
            s.interval == plan.interval and len(s.symbols) == len(plan.symbols)
            for s in plan.strategies
        )
        player = Player(self._desk, units, self._equity, only_base=whole)
        self._player: Replay = fastest(plan, self._desk, units, self._equity, hours.closes, player)
        if budget is not None:
            self._player = budget.player(self._player)
        if states is not None:
            self._player = states.player(self._player, units)
        if tape is not None:
            self._player = tape.player(self._player)
        if board is not None and plan.live is not None:
            board.begin(plan.live.now_ns, zone)
            self._player = board.watch(self._player, self._desk)
        self._workers = self._wire(self._player, derivation())

    @property
    def execution(self) -> ExecutionManager:
        """The books: what a venue's account is recovered into before the run."""
        return self._execution

    def resume(self) -> None:
        """The books were filled from a venue's account: its value over time begins from them."""
        self._equity.resume(
            {
                row: sum(holding.position.quantity for holding in holdings)
                for row, holdings in self._execution.holdings.items()
            }
        )
        if self._budget is not None:
            self._budget.resume()

    def stuck(self) -> str:
        """Which thread on the way of a bar is stuck, in a sentence; "" for none.

        Before its first frame the coordinator loads history, for as long as that takes.
        """
        loading = not self._coordinator.metrics.frames
        return stuck(w for w in self._way if not (loading and w is self._coordinator))

    def run(self, asked: Interruption | None = None) -> Outcome:
        """Run to the end, to the first failure or until asked to stop; the threads are joined.

        Args:
            asked: Where a wish to stop is kept; None where nobody can ask.
        """
        asked = asked or Interruption()
        began = self._began_at = perf_counter()
        with collection_paused():
            try:
                for worker in self._workers:
                    worker.start()
                stopped = join_all(self._workers, asked, self._interrupt, self.alarm)
            except BaseException:
                self._interrupt()
                raise
            finally:
                self._plan.broker.close()
                if isinstance(self._observers, LiveObservers):
                    self._observers.close()
        error = self._failures[0][1] if self._failures else stopped
        record = self._record(perf_counter() - began, error)
        return Outcome(record, error, self._coordinator.fingerprint())

    def _held_to_budget(self, tape: SessionTape | None, *, kept: bool) -> StrategyBudget | None:
        """What a live session's strategies are held to; a backtest's may take their time."""
        if self._plan.live is None or tape is None:
            return None
        back = TAKEN_BACK if kept else "until this session ends"
        budget = StrategyBudget(self._execution, tape.reading, self._quarantined, back=back)
        self._desk.guard = budget.guard
        return budget

    def _quarantined(self, who: str, why: str) -> None:
        """Said once: in the log, in the status, among the notes of the run, to the others."""
        self._notes.append(f"{who} was quarantined: {why}")
        audit.error("%s is quarantined: %s", who, why, extra={"event": "quarantined"})
        if self._board is not None:
            self._board.quarantine(f"{who}: {why}")
        error = MisMarteraError(f"{who} is quarantined: {why}")
        self._observers.observe("error_raised", error=error, where=who)

    def _interrupt(self) -> None:
        """Stop within the session that is replayed."""
        self._player.interrupt()
        self._abort()

    def _abort(self) -> None:
        self._stop.set()
        self._ready.abort()
        for channel in self._channels:
            channel.abort()

    def _wire(self, player: Replay, derivation: Derivation) -> tuple[Worker, ...]:
        plan, desk = self._plan, self._desk
        depth = before = STEPS_AHEAD
        if plan.speed == 0.0 and plan.live is None:
            # Two more are with the threads before; the rest wait for one of the last two threads.
            before = max((plan.prefetch - 2) // 2, 1)
            depth = max(plan.prefetch - 2 - before, 1)
        frames: Channel[Frame] = Channel(before)
        complete: Channel[Frame] = Channel(depth)
        measured: Channel[Frame] = Channel(depth)
        self._channels = (frames, complete, measured)
        mode = StreamMode.DATA_DRIVEN if plan.speed == 0.0 else StreamMode.CLOCK_DRIVEN
        if plan.live is not None:
            mode = StreamMode.LIVE
            plan.broker.on_news(complete.wake)
            if self._tape is not None:
                self._tape.on_news(complete.wake)
        self._ready = StreamSubscription(mode, depth)
        intervals = [i for i in desk.intervals if i != plan.interval]
        targets = (frames, measured) if plan.measure_quality else (frames,)
        arrivals = Arrivals()
        coordinator = self._coordinator = SessionCoordinator(
            self._stop, self._failed, plan, targets, intervals, self._entered, arrivals
        )
        processor = DataProcessor(
            self._stop,
            self._failed,
            frames,
            complete,
            self._ready,
            derivation,
            intervals,
            desk.needs,
        )
        self._quality = DataQualityManager(
            self._stop,
            self._failed,
            measured,
            table=plan.table,
            symbols=plan.symbols,
            interval=plan.interval,
            provider=plan.provider,
            complete=plan.complete,
            simulated=plan.simulated,
            origins=plan.origins,
            minimum=plan.minimum_quality,
            changed=lambda report: self._observers.observe("quality_changed", report=report),
            live=plan.live is not None,
            gaps=_gaps(plan, arrivals),
        )
        engine = self._engine(complete, player)
        if not plan.measure_quality:
            measured.close()
        self._way = coordinator, processor, engine
        return coordinator, processor, self._quality, engine

    def _engine(self, complete: Channel[Frame], player: Replay) -> AnalysisEngine:
        """The analysis thread; at a replay the recording says what it does next."""
        live = self._plan.live
        parts = self._stop, self._failed, complete, self._ready, player, self._began, self._ended
        turns = None if self._tape is None else self._tape.turns()
        if turns is not None:
            return ReplayedEngine(turns, *parts)
        return AnalysisEngine(*parts, None if live is None else live.now_ns)

    def _failed(self, name: str, error: BaseException) -> None:
        if not isinstance(error, Exception):
            # Raised here, SystemExit would end the program as if all were well.
            error = MisMarteraError(f"{name} ended by {type(error).__name__}, not by its work")
        elif not isinstance(error, MisMarteraError):
            error.add_note(f"It was raised in the thread {name}.")
        log.info("%s failed", name, exc_info=error)
        self._failures.append((name, error))
        self._observers.observe("error_raised", error=error, where=name)
        if self.alarm is not None and not isinstance(error, RiskStop):
            self.alarm(f"{name} failed: {sentence(error)}")
        # What the coordinator has sent is whole, and the others finish it: a race loses nothing.
        if name != self._coordinator.name:
            self._abort()

    def _entered(self, day: date, phase: Any) -> None:
        if self._board is not None:
            self._board.entered(day, phase)
        self._observers.observe("session_phase_changed", session=day, phase=phase)

    def _began(self, frame: Frame) -> None:
        self._sessions.append(frame.day)
        self._observers.observe("session_started", session=frame.day)

    def _ended(self, frame: Frame, bars: int) -> None:
        self._bars += bars
        self._observers.observe(
            "session_ended",
            session=frame.day,
            equity=float(self._desk.equity()),
            fills=self._execution.ledger.fill_count,
        )
        if self._progress is not None:
            total = len(self._plan.table) - self._plan.first
            seconds = perf_counter() - self._began_at
            self._progress(frame.day, len(self._sessions), total, self._bars, seconds)
        self._execution.control.check_end()

    def _record(self, seconds: float, error: BaseException | None) -> RunRecord:
        plan, ledger = self._plan, self._execution.ledger
        self._execution.note_changes()
        self._player.finish()
        labels = tuple(s.label for s in plan.strategies)
        fills = ledger.fill_columns()
        digest = trade_hash(fills, labels, plan.symbols)  # before there are orders: it takes room
        return RunRecord(
            session_name=plan.session_name,
            strategies=labels,
            symbols=plan.symbols,
            timezone=plan.table.timezone,
            sessions=tuple(self._sessions),
            starting_cash=round(plan.broker.cash * 1_000_000),
            fills=fills,
            orders=ledger.order_columns(),
            equity=self._equity.columns(plan.first),
            decisions=self._execution.decisions.columns(),
            quality=self._quality.reports,
            bars=self._bars,
            seconds=seconds,
            simulated_data=plan.simulated,
            closing_prices=self._data.final_closes(),
            notes=(
                *plan.notes,
                *self._player.notes,
                *self._desk.valued.notes(plan.interval),
                *self._execution.control.notes(),
                *self._notes,
            ),
            threads={worker.name: worker.metrics.as_dict() for worker in self._workers},
            trade_hash=digest,
            error="" if error is None else sentence(error),
        )


def _gaps(plan: Plan, arrivals: Queue[Any]) -> LiveGaps | None:
    """What has the gaps of a live session filled, where the config names a gap filler."""
    live = plan.live
    if live is None or live.gaps is None:
        return None
    return LiveGaps(live.gaps, plan.symbols, plan.interval, arrivals.put, live.now_ns, monotonic)


def simulated_clock(manager: TimeManager) -> BacktestClock:
    """The clock of a manager whose time is simulated, for the engine to set.

    Raises:
        ConfigError: No backtest has begun.
    """
    if not isinstance(manager.clock, BacktestClock):
        raise ConfigError("the wall clock cannot be set", hint="begin a backtest first")
    return manager.clock


def sentence(error: BaseException) -> str:
    """What a record says of an error: ours speak for themselves."""
    return str(error) if isinstance(error, MisMarteraError) else f"{type(error).__name__}: {error}"
