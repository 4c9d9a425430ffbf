"""Strategies of a plan become units of the engine."""

from __future__ import annotations

from typing import Any

from mismartera_core.contracts.strategy import PortfolioStrategy, SignalStrategy, Strategy
from mismartera_core.errors import ConfigError
from mismartera_core.threads.plan import Plan, StrategyPlan
from mismartera_core.threads.replay.blame import blamed_for
from mismartera_core.threads.replay.desk import Desk
from mismartera_core.threads.replay.player import Playable
from mismartera_core.threads.replay.portfolio import Execution, PortfolioUnit
from mismartera_core.threads.replay.portfolio_arrays import AsArrays
from mismartera_core.threads.replay.portfolio_execution import OrderByOrder
from mismartera_core.threads.replay.targets import SignalUnit, TargetUnit
from mismartera_core.threads.replay.unit import Unit


def make_units(plan: Plan, desk: Desk) -> list[Playable]:
    """Units by symbol, then by strategy; strategies over all symbols come last.

    Raises:
        ConfigError: A class is no strategy.
    """
    for chosen in plan.strategies:
        if not issubclass(chosen.cls, Strategy | PortfolioStrategy | SignalStrategy):
            raise ConfigError(
                f"{chosen.label}: expected a Strategy, PortfolioStrategy or SignalStrategy, "
                f"was {chosen.cls.__name__}"
            )
    single = [
        _single(plan, desk, index, chosen, symbol)
        for symbol in range(len(plan.symbols))
        for index, chosen in enumerate(plan.strategies)
        if symbol in chosen.symbols and not issubclass(chosen.cls, PortfolioStrategy)
    ]
    whole = [
        _portfolio(plan, desk, index, chosen)
        for index, chosen in enumerate(plan.strategies)
        if issubclass(chosen.cls, PortfolioStrategy)
    ]
    return [*single, *whole]


def fits_arrays(plan: Plan) -> bool:
    """Whether a portfolio's orders can be handled as arrays: nothing looks at single orders."""
    chosen = plan.strategies[0]
    return (
        len(plan.strategies) == 1
        and plan.broker.leverage is None
        and plan.costs.participation is None
        and not plan.risk
        and chosen.flat_minutes is None
        and chosen.interval == plan.interval
        and not plan.extended
    )


def _single(plan: Plan, desk: Desk, index: int, chosen: StrategyPlan, symbol: int) -> Playable:
    desk.want_interval(chosen.interval)
    holding = desk.execution.holding(chosen.label, index, symbol, plan.symbols[symbol])
    if issubclass(chosen.cls, SignalStrategy):
        signals = _made(chosen)
        return SignalUnit(desk, holding, chosen.interval, chosen.flat_minutes, signals)
    unit = Unit(desk, holding, chosen.interval, chosen.flat_minutes)
    made = _made(chosen, unit)
    with blamed_for(unit.label, "in setup"):
        unit.bind(made)
    return unit


def _portfolio(plan: Plan, desk: Desk, index: int, chosen: StrategyPlan) -> Playable:
    desk.want_interval(chosen.interval)
    execution: Execution
    if fits_arrays(plan):
        execution = AsArrays(desk, index, chosen.symbols, plan.costs, plan.broker.lot)
    else:
        holdings = [
            desk.execution.holding(chosen.label, index, row, plan.symbols[row])
            for row in chosen.symbols
        ]
        units = [TargetUnit(desk, h, chosen.interval, None) for h in holdings]
        execution = OrderByOrder(desk, units)
    unit = PortfolioUnit(
        desk,
        chosen.label,
        chosen.symbols,
        chosen.interval,
        chosen.flat_minutes,
        execution,
        traded=plan.traded,
    )
    made = _made(chosen, unit)
    with blamed_for(unit.label, "in setup"):
        unit.bind(made)
    return unit


def _made(chosen: StrategyPlan, *unit: object) -> Any:
    """An instance of the strategy.

    Raises:
        StrategyError: Its own `__init__` raised.
    """
    with blamed_for(chosen.label, "when it was made"):
        return chosen.cls(chosen.params, *unit)  # type: ignore[arg-type, call-arg, unused-ignore]
