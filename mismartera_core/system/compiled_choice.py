"""Which runs the compiled loop replays; all others are stepped: slower, never different."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from mismartera_core.builtin.simulated_broker import SimulatedBroker
from mismartera_core.contracts.strategy import SignalStrategy
from mismartera_core.managers.execution_manager.equity import EquityBook
from mismartera_core.model.columns import IntArray
from mismartera_core.model.intervals import interval_ns, is_daily
from mismartera_core.services import cost_formulas
from mismartera_core.services.compiled import Pricing, kernels
from mismartera_core.store.block import session_hours
from mismartera_core.threads.analysis_engine import Replay
from mismartera_core.threads.plan import Plan
from mismartera_core.threads.replay.compiled import CompiledPlayer
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.player import Playable, Player
from mismartera_core.threads.replay.targets import SignalUnit

SMALL_ROWS = 500_000
"""Below, stepping (0.6 to 1.2 us a bar) is over before numba is loaded (0.4 s); measured."""

_OBSTACLES: tuple[tuple[str, Callable[[Plan], bool]], ...] = (
    (
        "only runs of SignalStrategies alone are compiled",
        lambda plan: not all(issubclass(s.cls, SignalStrategy) for s in plan.strategies),
    ),
    ("a run in real time is stepped", lambda plan: plan.speed != 0.0),
    ("extended hours are not compiled", lambda plan: plan.extended),
    ("buying power (leverage) is not compiled", lambda plan: plan.broker.leverage is not None),
    ("risk checks are not compiled", lambda plan: bool(plan.risk)),
    (
        "a participation limit is not compiled",
        lambda plan: plan.costs.participation is not None,
    ),
    (
        "flat_by_close is not compiled",
        lambda plan: any(s.flat_minutes is not None for s in plan.strategies),
    ),
    (
        "only strategies on base bars are compiled",
        lambda plan: any(s.interval != plan.interval for s in plan.strategies),
    ),
    ("only standard cost formulas are compiled", lambda plan: not _standard_costs(plan)),
    (
        "only the simulated broker's rules are compiled",
        lambda plan: type(plan.broker) is not SimulatedBroker,
    ),
    ("numba is not installed", lambda plan: find_spec("numba") is None),  # noqa: ARG005
)


def why_stepped(plan: Plan) -> str | None:
    """Why a run cannot be compiled; None where it can.

    Args:
        plan: The run.

    Returns:
        A sentence for the notes of the run; empty where no strategy could ever be compiled.
    """
    if not any(issubclass(s.cls, SignalStrategy) for s in plan.strategies):
        return ""
    for reason, holds in _OBSTACLES:
        if holds(plan):
            return f"stepped: {reason}"
    return None


def is_small(plan: Plan) -> bool:
    """Whether a run is over sooner without numba; never once the kernels are loaded."""
    if kernels.cache_info().currsize:
        return False
    hours = session_hours(plan.table, plan.interval, extended=plan.extended)
    lengths = (hours.closes - hours.opens)[plan.first :]
    bars = (
        len(lengths)
        if is_daily(plan.interval)
        else int(lengths.sum()) // interval_ns(plan.interval)
    )
    return bars * len(plan.symbols) < SMALL_ROWS


def fastest(
    plan: Plan,
    desk: Desk,
    units: list[Playable],
    equity: EquityBook,
    closes: IntArray,
    player: Player,
) -> Replay:
    """The compiled loop where the plan allows it and the run is worth it, else the player.

    Args:
        plan: The run.
        desk: What the units share.
        units: Units of the plan.
        equity: Keeps the account's value over time.
        closes: Close of each session of the run, nanoseconds UTC.
        player: Steps.
    """
    why = why_stepped(plan)
    if why:
        player.notes = (why,)
    if why is not None or plan.compiled is False or (plan.compiled is None and is_small(plan)):
        return player
    try:
        kernels()
    except ImportError as error:
        player.notes = (f"stepped: numba does not load here: {error}",)
        return player
    signal_units = [unit for unit in units if isinstance(unit, SignalUnit)]
    return CompiledPlayer(desk, signal_units, equity, closes, Pricing.of(plan.costs), player)


def _standard_costs(plan: Plan) -> bool:
    commission, slippage = plan.costs.commission, plan.costs.slippage
    return (commission is None or commission[0] is cost_formulas.commission) and (
        slippage is None or slippage[0] is cost_formulas.slippage
    )
