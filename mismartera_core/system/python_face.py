"""`backtest`: the engine for notebooks and scripts, on DataFrames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from pydantic import ValidationError

from mismartera_core.config.problems import sentences
from mismartera_core.config.settings import load_settings
from mismartera_core.contracts.strategy import PortfolioStrategy, SignalStrategy, Strategy
from mismartera_core.errors import ConfigError, DataError
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.managers.time_manager.backtest_clock import BacktestClock
from mismartera_core.model.columns import BarColumns
from mismartera_core.registry import Registry, config_model, resolve_attribute
from mismartera_core.repositories.database import open_database
from mismartera_core.system.costs import CostChoice, costs_by_name
from mismartera_core.system.face_words import FaceWords, checked
from mismartera_core.system.frames import (
    Bars,
    columns_of,
    days_of,
    frames_of,
    interval_of,
    sharing,
)
from mismartera_core.system.interruption import heeded
from mismartera_core.system.run import Run
from mismartera_core.system.system_manager import Progress, SystemManager, simulated_clock
from mismartera_core.threads.plan import BarLoader, Plan, StrategyClass, StrategyPlan

STRATEGIES = Strategy, PortfolioStrategy, SignalStrategy


def backtest(
    bars: Bars,
    strategy: StrategyClass | str,
    *,
    params: Mapping[str, Any] | None = None,
    cash: float | Decimal = 100_000,
    leverage: float | None = 1.0,
    interval: str | None = None,
    listen: str | None = None,
    trailing_days: int | None = None,
    flat_by_close: int | None = None,
    commission: CostChoice | None = None,
    slippage: CostChoice | None = None,
    participation: CostChoice | None = None,
    hours: str = "regular",
    exchange_group: str = "US_EQUITY",
    asset_class: str = "EQUITY",
    symbol: str = "SYMBOL",
    speed_multiplier: float = 0.0,
    prefetch_days: int | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run a strategy over bars in memory.

    Args:
        bars: One DataFrame, or DataFrames by symbol: aware DatetimeIndex of bar opens; columns
            open, high, low, close, volume in any case (volume may be absent: unknown).
        strategy: A strategy class, or the name of a registered one.
        params: Its parameters.
        cash: Account currency at the start.
        leverage: Buying power as a multiple of equity; None for no limit.
        interval: Length of the bars; read off the index where left out.
        listen: Bars the strategy is called with; those of the DataFrame where left out.
        trailing_days: Trading days of history each session sees; all before it where left out.
        flat_by_close: Minutes before the close at which the strategy goes flat.
        commission: Commission model as a session config writes it:
            {"name": "per_share", "config": {"per_share": 0.005}}.
        slippage: Slippage model, likewise.
        participation: Participation model, likewise.
        hours: "regular" or "extended".
        exchange_group: Whose calendar holds.
        asset_class: With the exchange group it gives the zone.
        symbol: Name of the symbol where one DataFrame is given.
        speed_multiplier: 0 as fast as possible, else multiples of real time.
        prefetch_days: Sessions loaded and prepared ahead; all where left out.
        registry: Plugins; discovered where left out.
        progress: Told after every session.

    Returns:
        The run: `.summary`, `.equity`, `.trades`, `.orders`, `.fills`, `.signals`, `.trade_hash`.

    Raises:
        DataError: The bars cannot be used as they are; the message says why and what to type.
        ConfigError: A parameter is wrong.
        StrategyError: The strategy raised.
    """
    prepared = prepare(
        bars,
        strategy,
        params=params or {},
        cash=cash,
        leverage=leverage,
        interval=interval,
        listen=listen,
        trailing_days=trailing_days,
        flat_by_close=flat_by_close,
        commission=commission,
        slippage=slippage,
        participation=participation,
        hours=hours,
        exchange_group=exchange_group,
        asset_class=asset_class,
        symbol=symbol,
        speed_multiplier=speed_multiplier,
        prefetch_days=prefetch_days,
        registry=registry,
    )
    manager = SystemManager(prepared.plan, prepared.registry, prepared.clock, progress)
    with heeded() as asked:
        outcome = manager.run(asked)
    if outcome.error is not None:
        raise outcome.error
    if outcome.record.bars == 0:
        raise DataError(
            f"none of the bars lies within a session of {exchange_group} ({hours} hours)",
            hint="check the index's zone, or give exchange_group=, asset_class= or hours=",
        )
    return Run(outcome.record)


def _loader(columns: Mapping[str, BarColumns]) -> BarLoader:
    def load(
        symbols: Sequence[str], interval: str, start_ns: int, end_ns: int
    ) -> dict[str, BarColumns]:
        del interval
        found, bounds = {}, np.array((start_ns, end_ns))
        stamps, begin, end = None, 0, 0
        for name in symbols:
            bars = columns[name]
            if bars.ts is not stamps:
                stamps = bars.ts
                begin, end = stamps.searchsorted(bounds).tolist()
            found[name] = bars if end - begin == len(bars) else bars.slice(begin, end)
        return found

    return load


def _strategy(strategy: StrategyClass | str, registry: Registry) -> StrategyClass:
    if isinstance(strategy, str):
        found: StrategyClass = resolve_attribute(registry.get("strategy", strategy).factory)
        return found
    if not isinstance(strategy, type) or not issubclass(strategy, STRATEGIES):
        raise ConfigError(
            f"expected a strategy class or its name, was {strategy!r}",
            hint="derive it from Strategy, PortfolioStrategy or SignalStrategy, and give the class",
        )
    return strategy


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run over bars in memory, ready to start.

    Attributes:
        plan: What runs.
        registry: Plugins.
        clock: Put before its first session.
    """

    plan: Plan
    registry: Registry
    clock: BacktestClock


def prepare(
    bars: Bars,
    strategy: StrategyClass | str,
    *,
    params: Mapping[str, Any],
    cash: float | Decimal,
    leverage: float | None,
    interval: str | None,
    commission: CostChoice | None,
    slippage: CostChoice | None,
    hours: str,
    exchange_group: str,
    asset_class: str,
    symbol: str,
    registry: Registry | None,
    participation: CostChoice | None = None,
    listen: str | None = None,
    trailing_days: int | None = None,
    flat_by_close: int | None = None,
    speed_multiplier: float = 0.0,
    prefetch_days: int | None = None,
) -> Prepared:
    """The plan of a run over bars in memory; arguments and errors as `backtest`."""
    words = checked(
        FaceWords,
        {
            "interval": interval,
            "listen": listen,
            "trailing_days": trailing_days,
            "flat_by_close": flat_by_close,
            "hours": hours,
            "exchange_group": exchange_group,
            "asset_class": asset_class,
            "speed_multiplier": speed_multiplier,
            "prefetch_days": prefetch_days,
        },
    )
    frames = frames_of(bars, symbol)
    registry = registry or Registry.discover()
    length = words.interval or interval_of(frames)
    settings = load_settings()
    clock = TimeManager(
        open_database(settings.database_url), words.exchange_group, words.asset_class
    )
    columns = sharing({n: columns_of(n, f, length, clock.zone) for n, f in frames.items()})
    table = clock.init_backtest(None, *days_of(columns, clock))
    cls = _strategy(strategy, registry)
    broker = registry.get("broker", "simulated")
    model, factory = config_model(broker), resolve_attribute(broker.factory)
    chosen = StrategyPlan(
        label=strategy if isinstance(strategy, str) else cls.__name__,
        cls=cls,
        params=validated(cls, params),
        symbols=tuple(range(len(columns))),
        interval=words.listen or length,
        flat_minutes=words.flat_by_close,
    )
    sessions = words.prefetch_days or len(table)
    plan = Plan(
        session_name=chosen.label,
        symbols=tuple(columns),
        table=table,
        first=0,
        interval=length,
        extended=words.hours == "extended",
        trailing=words.trailing_days,
        load=_loader(columns),
        strategies=(chosen,),
        broker=factory(checked(model, {"cash": str(cash), "leverage": leverage})),
        costs=costs_by_name(registry, commission, slippage, participation),
        speed=words.speed_multiplier,
        prefetch=min(sessions, 64),
        block_sessions=sessions,
        provider="DataFrame",
        traded=all(bars.volume.all() for bars in columns.values()),  # NaN is not zero
    )
    return Prepared(plan, registry, simulated_clock(clock))


def validated(cls: StrategyClass, params: Mapping[str, Any]) -> Any:
    """The validated parameters of a strategy class.

    Raises:
        ConfigError: One is unknown or out of bounds.
    """
    if not isinstance(params, Mapping):
        raise ConfigError(f"params: expected values by name, was {params!r}")
    try:
        return cls.Params(**params)
    except ValidationError as error:
        problems = "; ".join(sentences(error, cls.Params))
        known = ", ".join(cls.Params.model_fields) or "none"
        raise ConfigError(
            f"params of {cls.__name__}: {problems}", hint=f"its parameters are: {known}"
        ) from error
