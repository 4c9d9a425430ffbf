"""Replays frames step by step: the hot path."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from mismartera_core.errors import MisMarteraError, StrategyError
from mismartera_core.managers.execution_manager.equity import EquityBook
from mismartera_core.model.columns import FloatArray
from mismartera_core.model.intervals import MINUTE
from mismartera_core.model.risk import RiskState
from mismartera_core.store.frame import Frame
from mismartera_core.store.lists import to_lists
from mismartera_core.threads.channel import Stopped
from mismartera_core.threads.garbage import tidy_young
from mismartera_core.threads.replay.blame import RAISED, blame
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.events import Events
from mismartera_core.threads.replay.unit import Unit

Call = Callable[[], Any]
Calls = Sequence[Call]


class Playable(Protocol):
    """What the player advances: a unit, or a strategy over all symbols."""

    flat_minutes: int | None
    flattened: bool

    @property
    def stays(self) -> bool:
        """Whether it was to go flat and was not let."""

    @property
    def label(self) -> str:
        """Strategy and symbol, for errors."""

    def begin_session(self, *, declared: bool) -> None:
        """A session opens."""

    def end_session(self) -> None:
        """A session closes."""

    def columns(self, frame: Frame) -> list[FloatArray]:
        """Values it wants at the bars of a frame."""

    def steps(self, frame: Frame, columns: list[list[float]]) -> tuple[list[int], Iterator[None]]:
        """Instants of a frame and what to advance at each; the columns are its own, as lists."""

    def events(self, frame: Frame) -> list[Events]:
        """Ticks and quotes of a frame, as streams of their own."""

    def flatten(self) -> None:
        """Go flat and stay so until the next session."""

    def finish(self) -> None:
        """The run has ended: book what is left."""


class Player:
    """Replays frames.

    At each step the clock is set, orders meet the bars that became known, and strategies are called
    (docs/order-semantics.md). No lookup by text, no hook, no log and no datetime happens in here.

    Args:
        desk: What the units share.
        units: By symbol in the order of the config, then by strategy.
        equity: Keeps the account's value over time.
        only_base: Whether every unit listens to base bars of every symbol; if not, steps at which
            only orders are matched are added.

    Attributes:
        notes: What a reader of the result should know.
    """

    def __init__(
        self, desk: Desk, units: Sequence[Playable], equity: EquityBook, *, only_base: bool
    ) -> None:
        self.notes: tuple[str, ...] = ()
        self._desk = desk
        self._units = units
        self._equity = equity
        self._only_base = only_base
        self._declared = True
        self._closed = False
        self._interrupted = False
        self._next_ns = 0
        self._to_come: list[int] = []
        self._advance: dict[int, Playable] = {}
        self._made: list[float] = []
        self._match = desk.execution.broker.match
        self._watched = bool(desk.execution.monitors)
        self._lone = _lone(units) if only_base and not self._watched else None

    def play(self, frame: Frame) -> int:
        """Replay one frame.

        Returns:
            Base bars that were in it.
        """
        desk = self._desk
        desk.take(frame)
        self._next_ns = frame.next_ns
        if frame.opens:
            self._equity.begin(frame)
            desk.clock.now_ns = frame.open_ns
            self._guarded(lambda unit: unit.begin_session(declared=self._declared))
            self._declared = self._closed = False
        if self._lone is not None and frame.market_close_ns == frame.close_ns:
            self._run_alone(self._lone, frame)
        else:
            self._run_together(frame)
        if frame.ends and not self._closed:
            self._close(frame)
        self._made = []
        if not frame.ends:
            return 0
        self._end(frame)
        return sum(track.stop - track.start for track in frame.base)

    def news(self, now_ns: int) -> bool:
        """Deliver what a venue has said since; between frames of a live session.

        The clock goes along, but not past the next step: a step stands at its own instant.

        Args:
            now_ns: The wall clock, nanoseconds UTC.

        Returns:
            Whether orders still work.
        """
        clock = self._desk.clock
        clock.now_ns = max(clock.now_ns, min(now_ns, self._next_ns or now_ns))
        try:
            self._desk.execution.broker.poll(now_ns)
        except MisMarteraError:
            raise
        except Exception as error:
            raise self._error(error, "the broker") from error
        # By the clock of the engine: where frames wait, the world is further on than what is known.
        self._desk.execution.attend(clock.now_ns)
        return bool(self._desk.working)

    def interrupt(self) -> None:
        """End the replay at the next step; to be called by another thread.

        What is to come is taken away from under the loop, which so needs no look at a flag.
        """
        self._interrupted = True
        self._to_come.clear()

    def heed(self) -> None:
        """Leave where the replay was interrupted.

        Raises:
            Stopped: It was.
        """
        if self._interrupted:
            raise Stopped

    def finish(self) -> None:
        """The run has ended."""
        for unit in self._units:
            unit.finish()

    def _run_alone(self, unit: Unit, frame: Frame) -> None:
        """Replay a frame in which one unit is called at every step, and nothing but it."""
        columns, self._made = to_lists(unit.columns(frame))
        self._to_come, run = unit.alone(frame, columns, self._match)
        self.heed()
        try:
            run()
        except MisMarteraError:
            raise
        except RAISED as error:
            raise self._error(error, unit.label) from error
        self.heed()

    def _run_together(self, frame: Frame) -> None:
        """Replay a frame step by step, calling all units that have something at each."""
        instants, calls = self._steps(frame)
        self._leave_in_time(frame, instants, calls)
        if self._watched:
            calls = [(*group, self._attend) for group in calls]
        after = bisect_right(instants, frame.market_close_ns)
        self._run(instants[:after], calls[:after])
        if after < len(instants) and not self._closed:
            self._close(frame)
        self._run(instants[after:], calls[after:])
        self._advance = {}

    def _run(self, instants: list[int], calls: list[Calls]) -> None:
        """Take the steps; `instants` is emptied where the replay is interrupted."""
        desk = self._desk
        clock, working, match = desk.clock, desk.working, self._match_step
        call: Call = _nothing
        self._to_come = instants
        self.heed()
        try:
            if calls and len(calls[0]) == 1 and calls.count(calls[0]) == len(calls):
                call = calls[0][0]
                for clock.now_ns in instants:
                    if working:
                        match(clock.now_ns)
                    call()
            else:
                for clock.now_ns, group in zip(instants, calls, strict=False):
                    if working:
                        match(clock.now_ns)
                    for call in group:
                        call()
        except MisMarteraError:
            raise
        except RAISED as error:
            raise self._failed(error, call) from error
        self.heed()

    def _attend(self) -> None:
        """Let monitors look at the account after a step."""
        execution = self._desk.execution
        execution.marked_ns = now_ns = self._desk.clock.now_ns
        execution.attend(now_ns)

    def _match_step(self, now_ns: int) -> None:
        """Let every order meet the base bar of its symbol that became known now."""
        working, base_bars = self._desk.working, self._desk.data.base_bars
        for symbol in sorted(working):
            bars, known = base_bars(symbol)
            row = bisect_left(known, now_ns)
            if row < len(known) and known[row] == now_ns and symbol in working:
                self._match(symbol, bars[row], now_ns)

    def _steps(self, frame: Frame) -> tuple[list[int], list[Calls]]:
        """The instants of a frame in order, and what is called at each."""
        parts: list[tuple[list[int], Call]] = []
        called = () if self._desk.data.is_still else self._units
        columns = [unit.columns(frame) for unit in called]
        made, self._made = to_lists([column for each in columns for column in each])
        lists = iter(made)
        for unit, own in zip(called, columns, strict=True):
            known, steps = unit.steps(frame, [next(lists) for _ in own])
            self._advance[id(steps)] = unit
            parts.append((known, steps.__next__))
        events = [(u, e) for u in self._units for e in u.events(frame)]
        for unit, (known, steps) in events:
            self._advance[id(steps)] = unit
            parts.append((known, steps.__next__))
        if (
            self._only_base
            and parts
            and not events
            and all(known == parts[0][0] for known, _ in parts)
        ):
            known = parts[0][0]
            return known, [tuple(call for _, call in parts)] * len(known)
        return _merged(parts, () if self._only_base else self._base_instants(frame))

    def _base_instants(self, frame: Frame) -> Iterable[list[int]]:
        """Instants of base bars, at which orders are matched even where no strategy is called."""
        data = self._desk.data
        return (data.base_bars(symbol)[1] for symbol in range(len(frame.base)))

    def _leave_in_time(self, frame: Frame, instants: list[int], calls: list[Calls]) -> None:
        """Put going flat before the first calls at or after the time for it."""
        for unit in reversed(self._units):
            if unit.flat_minutes is None or (unit.flattened and not self._again(unit)):
                continue
            row = bisect_left(instants, frame.market_close_ns - unit.flat_minutes * MINUTE)
            if row < len(instants) and instants[row] <= frame.market_close_ns:
                calls[row] = (unit.flatten, *calls[row])

    def _again(self, unit: Playable) -> bool:
        """Whether a position whose exit was refused is to be left once more, at the next step."""
        return unit.stays and self._desk.execution.control.state is not RiskState.HALTED

    def _close(self, frame: Frame) -> None:
        """The regular close: positions that are to be left are, and day orders expire."""
        self._closed = True
        self._desk.clock.now_ns = frame.market_close_ns
        self._guarded(_flatten_late)
        self._desk.execution.broker.end_session(frame.market_close_ns)

    def _end(self, frame: Frame) -> None:
        desk = self._desk
        desk.clock.now_ns = frame.close_ns
        self._guarded(lambda unit: unit.end_session())
        self._equity.end(frame)
        desk.look_at_values(frame)
        desk.data.release()
        tidy_young()

    def _guarded(self, action: Callable[[Playable], None]) -> None:
        for unit in self._units:
            self.heed()
            try:
                action(unit)
            except MisMarteraError:
                raise
            except RAISED as error:
                raise self._error(error, unit.label) from error

    def _failed(self, error: BaseException, call: Call) -> MisMarteraError:
        steps = getattr(call, "__self__", None)
        unit = self._advance.get(id(steps))
        if unit is None and isinstance(getattr(steps, "label", None), str):
            return self._error(error, steps.label)  # type: ignore[union-attr]
        return self._error(error, "a strategy" if unit is None else unit.label)

    def _error(self, error: BaseException, label: str) -> StrategyError:
        return blame(error, label, self._desk.clock.now_ns, self._desk.data.zone)


def _lone(units: Sequence[Playable]) -> Unit | None:
    """The one unit of a run, where nothing has to come between its bars."""
    (unit, *others) = units
    if others or type(unit) is not Unit or unit.flat_minutes is not None:
        return None
    return None if unit.feed is None or unit.feed.listens else unit


def _merged(
    parts: list[tuple[list[int], Call]], others: Iterable[list[int]]
) -> tuple[list[int], list[Calls]]:
    """All instants in order, with the calls of each in the order of the parts."""
    at: dict[int, list[Call]] = {instant: [] for known in others for instant in known}
    for known, call in parts:
        for instant in known:
            at.setdefault(instant, []).append(call)
    instants = sorted(at)
    return instants, [at[now] for now in instants]


def _nothing() -> None:
    """Called before anything else is."""


def _flatten_late(unit: Playable) -> None:
    """Go flat at the close where no step came after the time for it."""
    if unit.flat_minutes is not None and not unit.flattened:
        unit.flatten()
