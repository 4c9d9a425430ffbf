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
from mismartera_core.model.columns import BoolArray, FloatArray
from mismartera_core.model.market import from_ns
from mismartera_core.store.frame import Frame, Need, Track
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.events import Events
from mismartera_core.threads.replay.handles import aligned, check_output
from mismartera_core.threads.replay.panel import Panel
from mismartera_core.threads.replay.stepper import stepper


class Execution(Protocol):
    """How targets of a portfolio become fills: order by order, or as arrays."""

    @property
    def quantities(self) -> FloatArray:
        """Units held, one a symbol."""

    def equity(self, closes: FloatArray) -> float:
        """Cash plus positions at their last closes, one close a symbol."""

    def match(self, panel: Panel, row: int, now_ns: int) -> None:
        """Bars of a step became known: fill what waits for them."""

    def aim(self, targets: FloatArray, now_ns: int) -> None:
        """Go after targets; NaN leaves a symbol as it is."""

    def flatten(self) -> None:
        """Cancel what works, leave every position, refuse entries until the next session."""

    def begin_session(self) -> None:
        """A session opens."""

    def end_session(self, close_ns: int) -> None:
        """A session closes."""

    def settle(self) -> None:
        """Bring the account's cash up to now."""

    def finish(self) -> None:
        """The run has ended."""


class StepRow:
    """One instant over all symbols; see `Step`. The same object every time, moved on."""

    __slots__ = ("_nothing", "_panel", "before", "index", "now_ns", "row")

    def __init__(self, symbols: int) -> None:
        self._panel: Panel | None = None
        self._nothing = np.full(symbols, math.nan)
        self.before: dict[str, FloatArray] = {}
        self.index = 0
        self.row = 0
        self.now_ns = 0

    def take(self, panel: Panel, *, opens: bool) -> None:
        """Go on with the rows of another frame."""
        if opens or self._panel is None:
            self.before = {}
            self.index = -1
        elif len(self._panel.instants):
            fields = ("open", "high", "low", "close", "volume")
            self.before = {name: self._rows(name)[-1] for name in fields}
        self._panel = panel
        self.row = -1

    def _rows(self, field: str) -> FloatArray:
        assert self._panel is not None  # noqa: S101 - taken before the first step
        return self._panel.last(field, self.before.get(field, self._nothing))

    @property
    def open(self) -> FloatArray:
        """First prices of the newest bars."""
        row: FloatArray = self._rows("open")[self.row]
        return row

    @property
    def high(self) -> FloatArray:
        """Highest prices of the newest bars."""
        row: FloatArray = self._rows("high")[self.row]
        return row

    @property
    def low(self) -> FloatArray:
        """Lowest prices of the newest bars."""
        row: FloatArray = self._rows("low")[self.row]
        return row

    @property
    def close(self) -> FloatArray:
        """Last prices of the newest bars."""
        row: FloatArray = self._rows("close")[self.row]
        return row

    @property
    def volume(self) -> FloatArray:
        """Units traded in the newest bars."""
        row: FloatArray = self._rows("volume")[self.row]
        return row

    @property
    def present(self) -> BoolArray:
        """Whether a symbol has a bar at this instant."""
        assert self._panel is not None  # noqa: S101 - taken before the first step
        row: BoolArray = self._panel.present()[self.row]
        return row


class Row:
    """The values of an indicator over all symbols; see `RowHandle`.

    Attributes:
        value: One value a symbol, at the newest bars; NaN before the first.
        rows: The same at every step of the frame.
    """

    __slots__ = ("_columns", "_source", "_unit", "name", "needs", "output", "rows", "value")

    def __init__(
        self, unit: PortfolioUnit, name: str, needs: tuple[Need, ...], output: str
    ) -> None:
        self._unit = unit
        self.name = name
        self.needs = needs
        self.output = output
        self.value: FloatArray = np.full(len(needs), math.nan)
        self.rows: FloatArray = self.value[None]
        self._source: object = None
        self._columns: list[FloatArray] = []

    def columns(self, frame: Frame) -> list[FloatArray]:
        """One array a symbol, by the rows of its track from `hist` on."""
        if self._source is not frame.values:  # frames of one block share their values
            values = self._unit.desk.values
            self._columns = [values(frame, need)[self.output] for need in self.needs]
            self._source = frame.values
        return self._columns

    def __getattr__(self, output: str) -> Row:
        if output.startswith("_"):
            raise AttributeError(output)
        return self._unit.row(self.name, self.needs, output)


class PortfolioUnit:
    """The host of a PortfolioStrategy.

    Args:
        desk: What the units of a run share.
        label: What orders and fills call the strategy.
        symbols: Rows of its symbols.
        interval: Bars it listens to.
        flat_minutes: Minutes before the close at which it goes flat; None for never.
        execution: How its targets become fills.
    """

    def __init__(
        self,
        desk: Desk,
        label: str,
        symbols: Sequence[int],
        interval: str,
        flat_minutes: int | None,
        execution: Execution,
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
        self._rows: list[Row] = []
        self._asked: dict[tuple[Any, ...], tuple[Need, ...]] = {}
        self._declaring = False
        self._closes: FloatArray = np.full(len(symbols), math.nan)
        self._strategy: PortfolioStrategy | None = None

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

    def columns(self, frame: Frame) -> list[FloatArray]:  # noqa: ARG002 - it takes rows
        """None: it takes rows of panels."""
        return []

    def steps(
        self,
        frame: Frame,
        columns: list[list[float]],  # noqa: ARG002 - it takes rows
    ) -> tuple[list[int], Iterator[None]]:
        """The instants at which at least one bar becomes known, and what to advance at each."""
        track = self.desk.data.track
        tracks = [track(row, self.interval) for row in self._symbols]
        starts = list(map(frame.fresh, tracks))
        panel = Panel(tracks, starts)
        if frame.opens or len(panel.instants):
            self._take(frame, panel, tracks, starts)
        known, rows = panel.instants.tolist(), self._rows
        values: list[Any] = [row.rows for row in rows]
        return known, stepper(len(rows))(known, values, rows, self._step_of(panel))

    def events(self, frame: Frame) -> list[Events]:  # noqa: ARG002 - it listens to bars alone
        """None: it listens to bars."""
        return []

    def _take(self, frame: Frame, panel: Panel, tracks: list[Track], starts: list[int]) -> None:
        """Go on with the rows of a frame; one without steps leaves what was last."""
        self.step.take(panel, opens=frame.opens)
        for row in self._rows:
            if frame.opens:
                row.value = np.full(len(tracks), math.nan)
                row.rows = row.value[None]
            if len(panel.instants):
                fresh = panel.rows(self._columns(frame, row, tracks, starts))
                row.rows = panel.fill(fresh, row.rows[-1])

    def _columns(
        self, frame: Frame, row: Row, tracks: list[Track], starts: list[int]
    ) -> list[FloatArray]:
        """An indicator's values at the rows that are new, by symbol."""
        whole = row.columns(frame)
        if row.needs[0].interval == self.interval:
            return [
                v[s - t.hist : t.stop - t.hist]
                for v, t, s in zip(whole, tracks, starts, strict=True)
            ]
        track = self.desk.data.track
        sources = [track(need.symbol, need.interval) for need in row.needs]
        return [aligned(*each) for each in zip(whole, sources, tracks, starts, strict=True)]

    def _step_of(self, panel: Panel) -> Callable[[int], None]:
        """What is done at each instant of a panel."""
        assert self._strategy is not None  # noqa: S101 - bound before the first session
        step, on_step = self.step, self._strategy.on_step
        match, aim = self._execution.match, self._execution.aim
        weights, check = self._strategy.targets == "weights", self._check

        def advance(now_ns: int) -> None:
            step.row += 1
            step.index += 1
            step.now_ns = now_ns
            match(panel, step.row, now_ns)
            wanted = on_step(step)
            if wanted is not None:
                check(wanted)
                aim(self._shares(wanted) if weights else wanted, now_ns)

        return advance

    def _check(self, wanted: FloatArray) -> None:
        row = isinstance(wanted, np.ndarray) and wanted.shape == self._shape
        if not row or wanted.dtype.kind not in "fiu":
            raise StrategyError(
                f"{self.label}: on_step must return an array of {len(self.symbols)} targets or "
                f"None, was {wanted!r}"
            )

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
            needs = tuple(self.desk.need(row, wanted, name, params) for row in self._symbols)
            self._asked[asked] = needs
        return self.row(name, needs, self.desk.library.get(name).outputs[0])

    def row(self, name: str, needs: tuple[Need, ...], output: str) -> Row:
        """The handle on one output; made in setup, found again later."""
        for known in self._rows:
            if known.needs[0] == needs[0] and known.output == output:
                return known
        check_output(output, self.desk.library.get(name).outputs, name)
        if not self._declaring:
            raise ConfigError(
                f"indicator {name!r}, output {output!r}, was not declared in setup",
                hint="declare it there: self.x = self.indicator(...).output",
            )
        made = Row(self, name, needs, output)
        self._rows.append(made)
        return made

    def _declare(self) -> None:
        assert self._strategy is not None  # noqa: S101 - bound first
        self._declaring = True
        try:
            self._strategy.setup()
        finally:
            self._declaring = False
