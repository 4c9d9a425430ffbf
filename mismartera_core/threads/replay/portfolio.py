"""A PortfolioStrategy in the engine: one call a step for all symbols, rows of time-major panels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import numpy as np

from mismartera_core.contracts.strategy import PortfolioStrategy
from mismartera_core.errors import ConfigError, StrategyError
from mismartera_core.model.columns import FloatArray
from mismartera_core.model.market import from_ns
from mismartera_core.store.frame import Frame, Needs, Track
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.events import Events
from mismartera_core.threads.replay.handles import aligned, check_output
from mismartera_core.threads.replay.panel import Panel
from mismartera_core.threads.replay.step_row import StepRow
from mismartera_core.threads.replay.stepper import stepper

FLOAT = np.dtype(np.float64)


class Execution(Protocol):
    """How targets of a portfolio become fills: order by order, or as arrays.

    Attributes:
        remember: Takes targets before the first order towards them leaves; None for nobody.
    """

    remember: Callable[[FloatArray], None] | None

    @property
    def quantities(self) -> FloatArray:
        """Units held, one a symbol."""

    def equity(self, closes: FloatArray) -> float:
        """Cash plus positions at their last closes, one close a symbol."""

    def follow(self, panel: Panel, step: StepRow) -> None:
        """The steps that come are rows of a panel: orders fill at each, before the strategy."""

    def aim(self, targets: FloatArray, now_ns: int) -> None:
        """Go after targets; NaN leaves a symbol as it is."""

    def flatten(self) -> None:
        """Cancel what works, leave every position, refuse entries until the next session."""

    @property
    def stays(self) -> bool:
        """Whether a position was to be left and was not."""

    def begin_session(self) -> None:
        """A session opens."""

    def end_session(self, close_ns: int) -> None:
        """A session closes."""

    def settle(self) -> None:
        """Bring the account's cash up to now."""

    def finish(self) -> None:
        """The run has ended."""


class Row:
    """The values of an indicator over all symbols; see `RowHandle`.

    Attributes:
        value: One value a symbol, at the newest bars; NaN before the first.
    """

    __slots__ = ("_unit", "needs", "output", "value")

    def __init__(self, unit: PortfolioUnit, needs: Needs, output: str) -> None:
        self._unit = unit
        self.needs = needs
        self.output = output
        self.value: FloatArray = np.full(len(needs.symbols), math.nan)

    def columns(self, frame: Frame) -> Sequence[FloatArray] | FloatArray:
        """One array a symbol, by the rows of its track from `hist` on."""
        return self._unit.desk.many_values(frame, self.needs)[self.output]

    def __getattr__(self, output: str) -> Row:
        if output.startswith("_"):
            raise AttributeError(output)
        return self._unit.row(self.needs, output)


class PortfolioUnit:
    """The host of a PortfolioStrategy.

    Args:
        desk: What the units of a run share.
        label: What orders and fills call the strategy.
        symbols: Rows of its symbols.
        interval: Bars it listens to.
        flat_minutes: Minutes before the close at which it goes flat; None for never.
        execution: How its targets become fills.
        traded: Whether it is known that something traded in every bar.
    """

    def __init__(
        self,
        desk: Desk,
        label: str,
        symbols: Sequence[int],
        interval: str,
        flat_minutes: int | None,
        execution: Execution,
        *,
        traded: bool = False,
    ) -> None:
        self.desk = desk
        self.name = label
        self.label = f"strategy {label!r}"
        self.symbols = tuple(desk.data.symbols[row] for row in symbols)
        self.interval = interval
        self.flat_minutes = flat_minutes
        self.flattened = False
        self.step = StepRow(len(symbols))
        self._symbols = list(symbols)
        self._shape = (len(symbols),)
        self._execution = execution
        self._traded = traded
        self._rows: list[Row] = []
        self._asked: dict[tuple[Any, ...], Needs] = {}
        self._declaring = False
        self._closes: FloatArray = np.full(len(symbols), math.nan)
        self._strategy: PortfolioStrategy | None = None
        self._unfinished: FloatArray | None = None

    @property
    def execution(self) -> Execution:
        """How its targets become fills."""
        return self._execution

    def resume(self, targets: FloatArray) -> None:
        """Go on with targets that an earlier process went after, at the next step."""
        self._unfinished = targets

    @property
    def memory(self) -> tuple[str, str, PortfolioStrategy]:
        """Whose state is kept: name of the strategy, no ticker, and the instance."""
        assert self._strategy is not None  # noqa: S101 - bound before the first session
        return self.name, "", self._strategy

    def bind(self, strategy: PortfolioStrategy) -> None:
        """Take the strategy and let it declare what it needs."""
        if strategy.targets not in ("weights", "shares"):
            raise StrategyError(
                f"{self.label}: targets must be 'weights' or 'shares', was {strategy.targets!r}"
            )
        self._strategy = strategy
        if self.desk.guard is not None:
            self.desk.guard(self.name, self.label, strategy)
        self._declare()

    def begin_session(self, *, declared: bool) -> None:
        """Start a session: set up again (but for the first), then tell the strategy."""
        assert self._strategy is not None  # noqa: S101 - bound before the first session
        self.flattened = False
        self._execution.begin_session()
        if not declared:
            self._declare()
        self._strategy.on_session_start()

    def end_session(self) -> None:
        """Tell the strategy that the session closes."""
        assert self._strategy is not None  # noqa: S101 - bound before the first session
        self._strategy.on_session_end()
        self._execution.end_session(self.desk.clock.now_ns)
        if self._strategy.targets == "weights":
            self._closes = self.desk.data.final_closes()[self._symbols]

    def finish(self) -> None:
        """The run has ended: book what is left."""
        self._execution.finish()

    def flatten(self) -> None:
        """Go flat and stay so until the next session."""
        self.flattened = True
        self._execution.flatten()

    @property
    def stays(self) -> bool:
        """Whether it was to go flat and was not let."""
        return self._execution.stays

    def columns(self, frame: Frame) -> list[FloatArray]:  # noqa: ARG002 - it takes rows
        """None: it takes rows of panels."""
        return []

    def steps(
        self,
        frame: Frame,
        columns: list[list[float]],  # noqa: ARG002 - it takes rows
    ) -> tuple[list[int], Iterator[None]]:
        """The instants at which at least one bar becomes known, and what to advance at each."""
        every = self.desk.data.tracks(self.interval)
        tracks = [every[row] for row in self._symbols]
        uniform = frame.uniform and self.interval == self.desk.data.interval
        if uniform:
            starts = [frame.fresh(tracks[0])] * len(tracks)
        else:
            starts = list(map(frame.fresh, tracks))
        panel = Panel(
            tracks,
            starts,
            uniform=uniform,
            traded=self._traded,
        )
        if len(panel.instants):
            self._execution.follow(panel, self.step)  # while the step stands where it was
        if frame.opens or len(panel.instants):
            self.step.take(panel, opens=frame.opens)
        known, rows = panel.instants.tolist(), self._rows
        values = [self._values(frame, panel, row, tracks, starts) for row in rows]
        return known, stepper(len(rows))(known, values, rows, self._step_of())

    def events(self, frame: Frame) -> list[Events]:  # noqa: ARG002 - it listens to bars alone
        """None: it listens to bars."""
        return []

    def _values(
        self, frame: Frame, panel: Panel, row: Row, tracks: list[Track], starts: list[int]
    ) -> FloatArray:
        """An indicator's values at each step of a frame."""
        if frame.opens:
            row.value = np.full(len(tracks), math.nan)
        if not len(panel.instants):
            return row.value[:0]
        whole, (symbols, interval, *_) = row.columns(frame), row.needs
        if interval == self.interval:
            return panel.values(whole, row.value)
        sources = [self.desk.data.track(symbol, interval) for symbol in symbols]
        fresh = panel.rows(list(map(aligned, whole, sources, tracks, starts)))
        return panel.fill(fresh, row.value)

    def _step_of(self) -> Callable[[int], None]:
        """What is done at each instant."""
        assert self._strategy is not None  # noqa: S101 - bound before the first session
        step, on_step = self.step, self._strategy.on_step
        aim, check, shape, ndarray = self._execution.aim, self._check, self._shape, np.ndarray
        weights = self._strategy.targets == "weights"

        def advance(now_ns: int) -> None:
            step.row += 1
            step.index += 1
            step.now_ns = now_ns
            wanted = on_step(step)
            if wanted is not None:
                if type(wanted) is not ndarray or wanted.shape != shape or wanted.dtype != FLOAT:
                    wanted = check(wanted)
                aim(self._shares(wanted) if weights else wanted, now_ns)

        return advance if self._unfinished is None else self._resuming(advance)

    def _resuming(self, advance: Callable[[int], None]) -> Callable[[int], None]:
        """Before the strategy is asked for new targets, those of an earlier process count.

        At every step, until nothing works: an order that was on its way may never have arrived.
        """
        working = self.desk.working

        def resume(now_ns: int) -> None:
            targets = self._unfinished
            if targets is not None:
                if working.keys().isdisjoint(self._symbols):
                    self._unfinished = None
                self._execution.aim(targets, now_ns)
            advance(now_ns)

        return resume

    def _check(self, wanted: Any) -> FloatArray:
        """The targets as float64: in fewer bits an account's money would overflow or be rounded."""
        row = isinstance(wanted, np.ndarray) and wanted.shape == self._shape
        if not row or wanted.dtype.kind not in "fiu":
            raise StrategyError(
                f"{self.label}: on_step must return an array of {len(self.symbols)} targets or "
                f"None, was {wanted!r}"
            )
        targets: FloatArray = wanted.astype(np.float64)
        return targets

    def _shares(self, weights: FloatArray) -> FloatArray:
        """Units for fractions of the account's equity, whole lots, towards zero."""
        lot = self.desk.execution.broker.lot
        close = self.step.close
        close = np.where(np.isnan(close), self._closes, close)
        equity = self._execution.equity(close)
        with np.errstate(invalid="ignore"):
            return np.trunc(weights * equity / close / lot) * lot

    # what the strategy calls

    @property
    def now(self) -> datetime:
        """The clock, in the exchange's zone."""
        return from_ns(self.desk.clock.now_ns, self.desk.data.zone)

    @property
    def cash(self) -> Decimal:
        """Cash of the account."""
        self._execution.settle()
        return self.desk.cash()

    @property
    def equity(self) -> Decimal:
        """Cash plus positions of the account at their last closes."""
        return self.desk.equity()

    @property
    def quantities(self) -> FloatArray:
        """Units held, one a symbol."""
        return self._execution.quantities

    def historical(self, name: str) -> FloatArray:
        """Values of a historical indicator for this session."""
        return self.desk.historical(name)[self._symbols]

    def indicator(self, name: str, interval: str | None, params: dict[str, Any]) -> Row:
        """A handle on the principal output of an indicator, over all symbols."""
        asked = (name, interval, tuple(sorted(params.items())))
        needs = self._asked.get(asked)
        if needs is None:
            wanted = interval or self.interval
            needs = self.desk.need_many(tuple(self._symbols), wanted, name, params)
            self._asked[asked] = needs
            self.desk.valued.ask(self.name, needs)
        return self.row(needs, self.desk.library.get(name).outputs[0])

    def row(self, needs: Needs, output: str) -> Row:
        """The handle on one output; made in setup, found again later."""
        name = needs.name
        for known in self._rows:
            if known.needs == needs and known.output == output:
                return known
        check_output(output, self.desk.library.get(name).outputs, name)
        if not self._declaring:
            raise ConfigError(
                f"indicator {name!r}, output {output!r}, was not declared in setup",
                hint="declare it there: self.x = self.indicator(...).output",
            )
        made = Row(self, needs, output)
        self._rows.append(made)
        return made

    def _declare(self) -> None:
        assert self._strategy is not None  # noqa: S101 - bound first
        self._declaring = True
        try:
            self._strategy.setup()
        finally:
            self._declaring = False
