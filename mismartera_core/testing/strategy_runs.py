"""Runs a strategy on columns with the real engine, without a database."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np

from mismartera_core.config.session_config import HistoricalIndicator
from mismartera_core.contracts.broker import Costs
from mismartera_core.contracts.strategy import SignalStrategy
from mismartera_core.model.columns import BarColumns, FloatArray
from mismartera_core.model.market import from_ns
from mismartera_core.model.results import RunRecord
from mismartera_core.model.sessions import SessionTable
from mismartera_core.model.signals import Signals
from mismartera_core.registry import Registry, config_model, resolve_attribute
from mismartera_core.services.indicator_library import ColumnIndicators, IndicatorLibrary
from mismartera_core.system.system_manager import SystemManager
from mismartera_core.testing.suite import expect, survives
from mismartera_core.threads.plan import Plan, StrategyClass, StrategyPlan, TrailingAverage

AT_ONCE = 1e9
"""A speed that paces step by step and waits for nothing."""

Asked: TypeAlias = tuple[int, int, str, int, float, str, float | None, str]
"""When (nanoseconds UTC), order id, symbol, side, units, type, limit price and tag of an order."""


@dataclass(slots=True)
class HandClock:
    """A clock that stands where it is set.

    Attributes:
        now_ns: Nanoseconds since the epoch, UTC.
    """

    now_ns: int = 0


def strategy_plan(
    cls: StrategyClass,
    params: Any,
    registry: Registry,
    bars: Mapping[str, BarColumns],
    sessions: SessionTable,
    *,
    block_sessions: int | None = None,
    speed: float = 0.0,
    compiled: bool | None = None,
    historical: Mapping[str, Mapping[str, Any]] | None = None,
) -> Plan:
    """What `backtest` would run: one strategy on bars of one minute, unlimited buying power.

    Args:
        cls: The strategy.
        params: Its validated parameters.
        registry: Plugins.
        bars: By symbol.
        sessions: The sessions that are replayed, those without a bar, too.
        block_sessions: Sessions loaded at once; all where left out.
        speed: 0 for frames of a whole session, else multiples of real time, step by step.
        compiled: Whether the compiled loop replays it; None where the engine decides.
        historical: Historical indicators by name, as a session config writes them.
    """

    def load(
        symbols: Sequence[str], interval: str, start_ns: int, end_ns: int
    ) -> dict[str, BarColumns]:
        del interval
        rows = {name: np.searchsorted(bars[name].ts, (start_ns, end_ns)) for name in symbols}
        return {name: bars[name].slice(int(low), int(high)) for name, (low, high) in rows.items()}

    broker = registry.get("broker", "simulated")
    model, factory = config_model(broker), resolve_attribute(broker.factory)
    return Plan(
        session_name=cls.__name__,
        symbols=tuple(bars),
        table=sessions,
        first=0,
        interval="1m",
        extended=False,
        trailing=None,
        load=load,
        historical={name: _average(it, len(bars)) for name, it in (historical or {}).items()},
        strategies=(
            StrategyPlan(
                label=cls.__name__,
                cls=cls,
                params=params,
                symbols=tuple(range(len(bars))),
                interval="1m",
            ),
        ),
        broker=factory(model(cash=Decimal(1_000_000), leverage=None)),
        costs=Costs(),
        speed=speed,
        prefetch=block_sessions or len(sessions),
        block_sessions=block_sessions or len(sessions),
        provider="walk",
        measure_quality=False,
        compiled=compiled,
    )


def _average(written: Mapping[str, Any], symbols: int) -> TrailingAverage:
    wanted = HistoricalIndicator(**written)
    days = int(wanted.period.removesuffix("d"))
    return TrailingAverage(field=wanted.field, days=days, symbols=tuple(range(symbols)))


def run_plan(plan: Plan, registry: Registry) -> RunRecord:
    """Run a plan to its end.

    Args:
        plan: What runs.
        registry: Plugins.

    Raises:
        StrategyError: The strategy raised.
    """
    outcome = SystemManager(plan, registry, HandClock()).run()
    if outcome.error is not None:
        raise outcome.error
    return outcome.record


def asked_for(record: RunRecord, upto_ns: float = math.inf) -> list[Asked]:
    """What the strategy asked for up to an instant, in the order of time.

    Args:
        record: A run.
        upto_ns: The instant, included, nanoseconds UTC.
    """
    rows = record.orders
    limits = [None if math.isnan(price) else price for price in rows.limit_price.tolist()]
    found = zip(
        rows.submitted_ns.tolist(),
        rows.id.tolist(),
        [record.symbols[row] for row in rows.symbol.tolist()],
        rows.side.tolist(),
        rows.quantity.tolist(),
        [str(kind) for kind in rows.type],
        limits,
        rows.tag,
        strict=True,
    )
    return sorted((row for row in found if row[0] <= upto_ns), key=lambda row: row[:4])


def first_change(record: RunRecord, one: list[Asked], other: list[Asked]) -> tuple[str, str] | None:
    """Where two runs ask for different things.

    Args:
        record: One of the runs.
        one: What the first asked for.
        other: What the second asked for.

    Returns:
        What each asked for at the first difference, in words; None where there is none.
    """
    zone = ZoneInfo(record.timezone)
    for pair in zip_longest(one, other):
        if pair[0] != pair[1]:
            first, second = (_in_words(asked, zone) for asked in pair)
            return first, second
    return None


def targets_of(
    cls: type[SignalStrategy], params: Any, registry: Registry, bars: BarColumns
) -> dict[str, FloatArray]:
    """The columns a SignalStrategy returns for some bars, once they are what the contract says.

    Args:
        cls: The strategy.
        params: Its validated parameters.
        registry: Plugins.
        bars: Any bars.
    """
    library = IndicatorLibrary(registry)
    with survives(
        "signals() raises nothing, whatever the bars are: none, one, or with gaps",
        "return as many NaN as there are bars where there is too little to compute from; "
        "the bars are read-only, so work on copies",
    ):
        made = cls(params).signals(bars, ColumnIndicators(library, bars))
    cure = "return Signals(target=...), arrays of one float64 a bar, NaN for 'leave as it is'"
    contract = "signals() returns a Signals with one value a bar in each of its columns"
    expect(isinstance(made, Signals), contract, type(made).__name__, cure)
    columns = {name: getattr(made, name) for name in Signals.__dataclass_fields__}
    given = {name: column for name, column in columns.items() if column is not None}
    for name, column in given.items():
        size = getattr(column, "shape", None)
        expect(size == (len(bars),), contract, f"{name}: {size} for {len(bars)} bars", cure)
    return {name: np.asarray(column, dtype=np.float64) for name, column in given.items()}


def _in_words(asked: Asked | None, zone: ZoneInfo) -> str:
    if asked is None:
        return "no order"
    at, number, symbol, side, quantity, kind, limit, tag = asked
    price = "" if limit is None else f" at {limit:g}"
    said = f" ({tag})" if tag else ""
    verb = "buy" if side > 0 else "sell"
    refused = "" if number else ", refused"
    return (
        f"{verb} {quantity:g} {symbol}, {kind}{price}{said}{refused}, "
        f"asked at {from_ns(at, zone).isoformat()}"
    )
