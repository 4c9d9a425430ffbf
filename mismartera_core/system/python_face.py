"""`backtest`: the engine for notebooks and scripts, on DataFrames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from pydantic import ValidationError

from mismartera_core.config.problems import sentences
from mismartera_core.config.settings import load_settings
from mismartera_core.errors import ConfigError, DataError
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.managers.time_manager.backtest_clock import BacktestClock
from mismartera_core.model.columns import BAR_FIELDS, BarColumns
from mismartera_core.model.intervals import DAY, HOUR, MINUTE, SECOND, interval_ns, is_daily
from mismartera_core.model.market import from_ns
from mismartera_core.registry import Registry, config_model, resolve_attribute
from mismartera_core.repositories.database import open_database
from mismartera_core.store.block import read_only
from mismartera_core.system.costs import CostChoice, costs_by_name
from mismartera_core.system.interruption import heeded
from mismartera_core.system.python_arguments import (
    frames_of,
    refuse_other_length,
    refuse_wrong,
)
from mismartera_core.system.run import Run
from mismartera_core.system.system_manager import Progress, SystemManager, simulated_clock
from mismartera_core.threads.plan import BarLoader, Plan, StrategyClass, StrategyPlan

Bars: TypeAlias = pd.DataFrame | Mapping[str, pd.DataFrame]

_ALIASES = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume", "vol": "volume"}


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
    if not isinstance(strategy, type):
        raise ConfigError(f"expected a strategy class or its name, was {strategy!r}")
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
    refuse_wrong(
        hours,
        cash=cash,
        leverage=leverage,
        trailing_days=trailing_days,
        flat_by_close=flat_by_close,
        speed_multiplier=speed_multiplier,
        prefetch_days=prefetch_days,
    )
    frames = frames_of(bars, symbol)
    registry = registry or Registry.discover()
    length = interval or _interval_of(frames)
    settings = load_settings()
    clock = TimeManager(open_database(settings.database_url), exchange_group, asset_class)
    columns = _sharing({n: _columns(n, f, length, clock.zone) for n, f in frames.items()})
    refuse_other_length(columns, length)
    table = clock.init_backtest(None, *_days(columns, clock))
    cls = _strategy(strategy, registry)
    broker = registry.get("broker", "simulated")
    model, factory = config_model(broker), resolve_attribute(broker.factory)
    chosen = StrategyPlan(
        label=strategy if isinstance(strategy, str) else cls.__name__,
        cls=cls,
        params=validated(cls, params),
        symbols=tuple(range(len(columns))),
        interval=listen or length,
        flat_minutes=flat_by_close,
    )
    sessions = prefetch_days or len(table)
    plan = Plan(
        session_name=chosen.label,
        symbols=tuple(columns),
        table=table,
        first=0,
        interval=length,
        extended=hours == "extended",
        trailing=trailing_days,
        load=_loader(columns),
        strategies=(chosen,),
        broker=factory(model(cash=Decimal(str(cash)), leverage=leverage)),
        costs=costs_by_name(registry, commission, slippage, participation),
        speed=speed_multiplier,
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
    try:
        return cls.Params(**params)
    except ValidationError as error:
        problems = "; ".join(sentences(error, cls.Params))
        known = ", ".join(cls.Params.model_fields) or "none"
        raise ConfigError(
            f"params of {cls.__name__}: {problems}", hint=f"its parameters are: {known}"
        ) from error


def _columns(name: str, frame: pd.DataFrame, interval: str, zone: ZoneInfo) -> BarColumns:
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex):
        raise DataError(f"{name}: expected a DatetimeIndex, was {type(index).__name__}")
    if index.tz is None:
        raise DataError(
            f"{name}: expected an index with a time zone, was a naive one",
            hint='type: bars = bars.tz_localize("America/New_York")  # or the zone of your data',
        )
    if not index.is_unique:
        row = index[index.duplicated()][0]
        raise DataError(f"{name}: {int(index.duplicated().sum())} stamps come twice, first {row}")
    if not index.is_monotonic_increasing:
        raise DataError(
            f"{name}: the index is not ascending", hint="type: bars = bars.sort_index()"
        )
    if is_daily(interval) and (index == index.normalize()).all():
        # Days are stamped by their date: midnight of any zone means that day of the exchange.
        index = index.tz_localize(None).tz_localize(zone, nonexistent="shift_forward")
    fields = _fields(name, frame)
    values = {key: frame[column].to_numpy(dtype=np.float64) for key, column in fields.items()}
    volume = values.get("volume", np.full(len(frame), np.nan))
    bars = BarColumns.build(
        index.as_unit("ns").asi8,
        values["open"],
        values["high"],
        values["low"],
        values["close"],
        volume,
        interval_ns=interval_ns(interval),
    )
    _refuse_impossible(name, frame, bars)
    return bars


def _sharing(columns: Mapping[str, BarColumns]) -> dict[str, BarColumns]:
    """The same columns, read only; symbols with equal stamps have one array of them."""
    made: dict[str, BarColumns] = {}
    like: BarColumns | None = None
    for name, bars in columns.items():
        mine = BarColumns(*(read_only(getattr(bars, field)) for field in BAR_FIELDS))
        if like is None or mine.ts.tobytes() != like.ts.tobytes():
            like = mine
        made[name] = replace(mine, ts=like.ts, available_at=like.available_at, session=like.session)
    return made


def _fields(name: str, frame: pd.DataFrame) -> dict[str, Any]:
    """Columns of the frame by field, whatever their case."""
    fields: dict[str, Any] = {}
    for column in frame.columns:
        key = str(column).strip().lower()
        fields.setdefault(_ALIASES.get(key, key), column)
    missing = [key for key in ("open", "high", "low", "close") if key not in fields]
    if missing:
        raise DataError(
            f"{name}: no column {', '.join(missing)}; found {', '.join(map(str, frame.columns))}"
        )
    return {k: fields[k] for k in ("open", "high", "low", "close", "volume") if k in fields}


def _refuse_impossible(name: str, frame: pd.DataFrame, bars: BarColumns) -> None:
    top = np.maximum(bars.open, bars.close)
    bottom = np.minimum(bars.open, bars.close)
    possible = (bars.high >= top) & (bars.low <= bottom) & (bars.low > 0)
    possible &= np.isfinite(bars.high) & ~(bars.volume < 0)
    if not possible.all():
        row = int(np.flatnonzero(~possible)[0])
        raise DataError(
            f"{name}: {int((~possible).sum())} impossible bars, first at {frame.index[row]}: "
            f"{frame.iloc[row].to_dict()}",
            hint="expected 0 < low <= open, close <= high, all finite, volume not negative",
        )


def _interval_of(frames: Mapping[str, pd.DataFrame]) -> str:
    """The bar interval of the longest frame: the most common distance between stamps."""
    longest = max(frames.values(), key=len)
    if not isinstance(longest.index, pd.DatetimeIndex) or len(longest) < 2:
        raise DataError("the bar interval cannot be read off", hint='give interval="1m"')
    distances = np.diff(longest.index.as_unit("ns").asi8)
    values, counts = np.unique(distances, return_counts=True)
    common = int(values[np.argmax(counts)])
    if values[0] < common < DAY:
        raise DataError(
            f"the bar interval cannot be read off: most stamps are {pd.Timedelta(common)} apart, "
            f"some {pd.Timedelta(values[0])}",
            hint='give interval="1m", or whatever their length is',
        )
    if values[0] > 4 * DAY:  # a long weekend is four days
        raise DataError(
            f"the bars are {pd.Timedelta(int(values[0]))} apart, and none may last longer than a "
            "day: it would be known before its end",
            hint='give interval="1d" if each bar is of one day',
        )
    for unit, letter in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")):
        if common >= unit and common % unit == 0:
            return "1d" if letter == "d" else f"{common // unit}{letter}"
    raise DataError(f"the bar interval cannot be read off: {common} ns", hint='give interval="1m"')


def _days(columns: Mapping[str, BarColumns], clock: TimeManager) -> tuple[date, date]:
    """First and last local date of the bars."""
    spans = [(int(bars.ts[0]), int(bars.ts[-1])) for bars in columns.values() if len(bars)]
    if not spans:
        raise DataError("the bars are empty")
    first, last = min(s[0] for s in spans), max(s[1] for s in spans)
    return from_ns(first, clock.zone).date(), from_ns(last, clock.zone).date()
