"""A plan: everything a run needs, resolved; made of a session config or of Python objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Any, TypeAlias

from mismartera_core.contracts.broker import Broker, Costs
from mismartera_core.contracts.gap_filler import GapFiller
from mismartera_core.contracts.risk import RiskCheck
from mismartera_core.contracts.strategy import PortfolioStrategy, SignalStrategy, Strategy
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.model.columns import BarColumns, QuoteColumns, TickColumns
from mismartera_core.model.sessions import SessionTable
from mismartera_core.services.origins import Origins
from mismartera_core.store.live_step import LiveStep


def nothing_recorded(step: LiveStep) -> None:
    """Stands where nobody records a live session."""


BarLoader: TypeAlias = Callable[[Sequence[str], str, int, int], Mapping[str, BarColumns]]
StrategyClass: TypeAlias = type[Strategy] | type[PortfolioStrategy] | type[SignalStrategy]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyPlan:
    """One strategy of a run.

    Attributes:
        label: What orders and fills call it.
        cls: The class.
        params: Its validated parameters.
        symbols: Rows of its symbols.
        interval: Bars it listens to.
        flat_minutes: Minutes before the close at which it goes flat; None for never.
    """

    label: str
    cls: StrategyClass
    params: Any
    symbols: tuple[int, ...]
    interval: str
    flat_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailingAverage:
    """A historical indicator: the mean of a field over trailing daily bars.

    Attributes:
        field: Column.
        days: Trading days.
        symbols: Rows of the symbols it is computed for.
    """

    field: str
    days: int
    symbols: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFilling:
    """How missing bars of a live session are asked for a second time.

    Attributes:
        name: The gap filler's.
        filler: Is asked.
        max_retries: Further attempts for a gap after an error.
        retry_seconds: Pause between attempts.
    """

    name: str
    filler: GapFiller
    max_retries: int
    retry_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlan:
    """What a live session has instead of the past.

    Attributes:
        listen: Starts the provider's stream, which puts StreamItem and StreamEnded into a queue;
            returns when it began, nanoseconds UTC.
        hush: Stops it.
        now_ns: The wall clock, nanoseconds UTC.
        settle_ns: How long a step waits for symbols whose bar has not come.
        ticks: Whether trades are streamed.
        quotes: Whether quotes are streamed.
        gaps: How gaps are filled; None where they are only measured.
        record: Told of every step, before it is handed on.
        recorded: Steps of a recorded session, which stand for what the stream brings; None where
            it streams.
    """

    listen: Callable[[Queue[Any]], int]
    hush: Callable[[], None]
    now_ns: Callable[[], int]
    settle_ns: int
    ticks: bool = False
    quotes: bool = False
    gaps: GapFilling | None = None
    record: Callable[[LiveStep], None] = nothing_recorded
    recorded: Callable[[], Iterator[LiveStep]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What runs.

    Attributes:
        session_name: Name of the run.
        symbols: Tickers.
        table: Sessions; those before `first` are history.
        first: Number of the first session that is replayed.
        interval: Base interval.
        extended: Whether pre- and post-market belong to a session.
        trailing: Trading days of history each session has; None for all since the first.
        load: Base bars of symbols within [start, end), nanoseconds UTC.
        load_ticks: Trades of a symbol; None where they are not streamed.
        load_quotes: Quotes of a symbol; None where they are not streamed.
        intervals: Further bar intervals the config asks for.
        historical: Historical indicators by name.
        strategies: In the order of the config.
        broker: Works the orders.
        costs: Cost functions.
        risk: Checks by name.
        control: The state of risk of the account; one of the run's own where left out.
        speed: 0 as fast as possible, else multiples of real time.
        prefetch: Sessions prepared ahead.
        block_sessions: Sessions loaded at once.
        provider: Name of the data provider.
        complete: Whether a bar that is not there means that nothing traded.
        simulated: Whether the bars are generated.
        traded: Whether it is known that something traded in every bar.
        origins: Where the bars come from; None where only the provider's name is known.
        minimum_quality: Least mean quality of a session; None refuses nothing.
        measure_quality: Whether quality is measured at all.
        fingerprint: Whether the bars that are loaded are hashed.
        compiled: Whether the compiled loop replays the run; None where the engine decides.
        notes: What a reader of the result should know.
        live: What a live session has instead of the past; None in a backtest.
        folder: Where rows are set aside that need not be in memory; where the system keeps
            temporary files where None.
    """

    session_name: str
    symbols: tuple[str, ...]
    table: SessionTable
    first: int
    interval: str
    extended: bool
    trailing: int | None
    load: BarLoader
    load_ticks: Callable[[str, int, int], TickColumns] | None = None
    load_quotes: Callable[[str, int, int], QuoteColumns] | None = None
    intervals: tuple[str, ...] = ()
    historical: Mapping[str, TrailingAverage] = field(default_factory=dict)
    strategies: tuple[StrategyPlan, ...]
    broker: Broker
    costs: Costs
    risk: tuple[tuple[str, RiskCheck], ...] = ()
    control: RiskControl | None = None
    speed: float = 0.0
    prefetch: int = 5
    block_sessions: int = 5
    provider: str = ""
    complete: bool = False
    simulated: bool = False
    origins: Origins | None = None
    traded: bool = False
    minimum_quality: float | None = None
    measure_quality: bool = True
    fingerprint: bool = False
    compiled: bool | None = None
    notes: tuple[str, ...] = ()
    live: LivePlan | None = None
    folder: Path | None = None
