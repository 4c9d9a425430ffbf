"""`sweep`: one SignalStrategy with many parameters over the same bars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from mismartera_core.contracts.strategy import SignalStrategy
from mismartera_core.errors import ConfigError, DataError
from mismartera_core.model.columns import BarColumns, FloatArray, IntArray
from mismartera_core.model.results import MICROS, FillColumns
from mismartera_core.registry import Registry
from mismartera_core.services import compiled as loop
from mismartera_core.services.compiled import Pricing, kernels
from mismartera_core.services.indicator_library import IndicatorLibrary, KeptIndicators, ask_signals
from mismartera_core.services.trade_hash import trade_hash
from mismartera_core.store.block import build_block, session_hours
from mismartera_core.system.compiled_choice import why_stepped
from mismartera_core.system.costs import CostChoice
from mismartera_core.system.frames import Bars
from mismartera_core.system.python_face import Prepared, backtest, prepare, validated
from mismartera_core.threads.plan import Plan
from mismartera_core.threads.replay.blame import blamed_for
from mismartera_core.threads.replay.compiled import STEPPED

if TYPE_CHECKING:
    from rich.console import RenderableType

Grid: TypeAlias = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]
"""Values by parameter, of which every combination is run; or the combinations themselves."""


@dataclass(frozen=True, slots=True, eq=False)
class SweepResult:
    """What each set of parameters came to.

    Attributes:
        frame: One row a set: its parameters, `fills`, `ending_cash`, `ending_equity`,
            `total_return`, and `trade_hash` where it was asked for. A row is what `backtest` gives
            for its parameters.
        seconds: Time it took, by a monotonic timer, without reading the bars.
        notes: What a reader should know ("stepped: ...").
    """

    frame: pd.DataFrame
    seconds: float
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        from mismartera_core.system.sweep_rendering import short

        return short(self)

    def __str__(self) -> str:
        from mismartera_core.system.sweep_rendering import plain

        return plain(self)

    def __rich__(self) -> RenderableType:
        from mismartera_core.system.sweep_rendering import render

        return render(self)

    def _repr_html_(self) -> str:
        from mismartera_core.system.sweep_rendering import html

        return html(self)


@dataclass(slots=True)
class _Row:
    """One set of parameters, symbol by symbol; `worth` is the value of what is held at the end."""

    strategy: SignalStrategy
    cash: int
    fills: int = 0
    worth: float = 0.0
    stepped: bool = False
    parts: list[FillColumns] = field(default_factory=list)

    @property
    def about(self) -> str:
        """What it is blamed for where it raises."""
        return f"in signals with {self.strategy.params}"


def sweep(
    bars: Bars,
    strategy: type[SignalStrategy] | str,
    grid: Grid,
    *,
    cash: float | Decimal = 100_000,
    leverage: float | None = None,
    interval: str | None = None,
    commission: CostChoice | None = None,
    slippage: CostChoice | None = None,
    hours: str = "regular",
    exchange_group: str = "US_EQUITY",
    asset_class: str = "EQUITY",
    symbol: str = "SYMBOL",
    hashes: bool = False,
    registry: Registry | None = None,
) -> SweepResult:
    """Run a SignalStrategy for every set of parameters of a grid, compiled where that is possible.

    Args:
        bars: As `backtest` takes them.
        strategy: A SignalStrategy class, or the name of a registered one.
        grid: Values by parameter, of which every combination is run, or a list of combinations.
        cash: Account currency at the start of each run.
        leverage: Buying power as a multiple of equity; None for no limit. With a limit every run is
            stepped, which is slow.
        interval: Length of the bars; read off the index where left out.
        commission: Commission model by name.
        slippage: Slippage model by name.
        hours: "regular" or "extended".
        exchange_group: Whose calendar holds.
        asset_class: With the exchange group it gives the zone.
        symbol: Name of the symbol where one DataFrame is given.
        hashes: Whether the trade hash of each run is wanted.
        registry: Plugins; discovered where left out.

    Raises:
        DataError: The bars cannot be used as they are; the message says why and what to type.
        ConfigError: The grid is empty, a parameter is wrong, or it is no SignalStrategy.
        StrategyError: The strategy raised, or gave no signals.
    """
    sets = _sets(grid)
    words: dict[str, Any] = {
        "cash": cash,
        "leverage": leverage,
        "interval": interval,
        "commission": commission,
        "slippage": slippage,
        "hours": hours,
        "exchange_group": exchange_group,
        "asset_class": asset_class,
        "symbol": symbol,
    }
    prepared = prepare(bars, strategy, params=sets[0], registry=registry, **words)
    chosen = prepared.plan.strategies[0]
    if not issubclass(chosen.cls, SignalStrategy):
        raise ConfigError(
            f"sweep expects a SignalStrategy, was {chosen.cls.__name__}",
            hint="write it as a function of columns, or call backtest() for each set of parameters",
        )
    began = perf_counter()
    micros = round(prepared.plan.broker.cash * MICROS)
    with blamed_for(chosen.label, "when it was made"):
        rows = [_Row(chosen.cls(validated(chosen.cls, params)), micros) for params in sets]
    why = why_stepped(prepared.plan)
    if why is None:
        _run_compiled(prepared, rows, keep_fills=hashes)
        why = STEPPED
    found = []
    for params, row in zip(sets, rows, strict=True):
        if row.stepped or why != STEPPED:
            record = backtest(
                bars, strategy, params=params, registry=prepared.registry, **words
            ).record
            money = float(record.equity.cash[-1]), float(record.equity.equity[-1])
            found.append((len(record.fills), *money, record.trade_hash))
        else:
            money = row.cash / MICROS, row.cash / MICROS + row.worth
            found.append((row.fills, *money, _hash(prepared.plan, row) if hashes else ""))
    return SweepResult(
        _frame(_shown(sets, rows), found, micros / MICROS, hashes=hashes),
        perf_counter() - began,
        (why,) if why != STEPPED or any(row.stepped for row in rows) else (),
    )


def _sets(grid: Grid) -> list[dict[str, Any]]:
    hint = 'try {"period": [10, 20]}'
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if isinstance(values, str) or not isinstance(values, Iterable):
                raise ConfigError(
                    f"grid: expected a list of values of {name!r}, was {values!r}",
                    hint=f"try {{{name!r}: [{values!r}]}}",
                )
        sets = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    elif isinstance(grid, Sequence) and all(isinstance(params, Mapping) for params in grid):
        sets = [dict(params) for params in grid]
    else:
        raise ConfigError(
            f"grid: expected values by parameter, or a list of sets, was {type(grid).__name__}",
            hint=hint,
        )
    if not sets:
        raise ConfigError("the grid has no set of parameters", hint=hint)
    return sets


def _run_compiled(prepared: Prepared, rows: list[_Row], *, keep_fills: bool) -> None:
    """Run every set over every symbol; what the loop cannot follow is marked as stepped."""
    plan = prepared.plan
    span = session_hours(plan.table, plan.interval, extended=plan.extended)
    begin, end = int(span.starts[0]), int(span.ends[-1])
    loaded = plan.load(plan.symbols, plan.interval, begin, end)
    block = build_block(loaded, plan.symbols, span, plan.interval, 0, len(plan.table))
    if not any(len(bars) for bars in block.columns):
        raise DataError(
            "none of the bars lies within a session",
            hint="check the index's zone, or give exchange_group=, asset_class= or hours=",
        )
    library = IndicatorLibrary(prepared.registry)
    for symbol, bars in enumerate(block.columns):
        kept = KeptIndicators(library, bars)
        _one_symbol(plan, symbol, bars, span.closes, kept, rows, keep_fills=keep_fills)


def _one_symbol(
    plan: Plan,
    symbol: int,
    bars: BarColumns,
    closes: IntArray,
    indicators: KeptIndicators,
    rows: list[_Row],
    *,
    keep_fills: bool,
) -> None:
    trade, pricing, lot = kernels().trade, Pricing.of(plan.costs), plan.broker.lot
    numbers, prices = loop.scratch(len(bars))
    free = np.zeros(len(numbers), dtype=np.int64)
    units, waits = np.zeros((1, 2)), np.zeros((1, 2), dtype=np.int64)
    last_close = float(bars.close[-1]) if len(bars) else 0.0
    for row in rows:
        if row.stepped:
            continue
        with blamed_for(f"{plan.strategies[0].label} on {plan.symbols[symbol]}", row.about):
            signals = ask_signals(row.strategy, bars, indicators)
        if signals.stop_loss is not None or signals.take_profit is not None:
            row.stepped = True
            continue
        units[:] = 0.0
        count = trade(
            *(bars.open, bars.volume, bars.ts, bars.available_at, bars.session, closes),
            np.ascontiguousarray(signals.target, dtype=np.float64),
            *(0, len(bars), 0, len(closes), lot, 0, units, waits, numbers, prices),
        )
        fees = slippage = free
        if not pricing.is_free:
            bars_of = loop.bars_of_fills(bars, numbers[:count])
            fees, slippage = pricing.apply(numbers[:count], prices[:count], bars_of)
        fills, brought = kernels().tally(numbers, prices, fees, count)
        row.fills += fills
        row.cash += brought
        held = float(units[0, loop.POSITION])
        row.worth += held * last_close if held else 0.0
        if keep_fills:
            filled = (numbers[:count, loop.CODE] == loop.FILLED).nonzero()[0]
            costs = fees[filled], slippage[filled]
            row.parts.append(_fills(symbol, numbers[filled], prices[filled], *costs))


def _fills(
    symbol: int, ended: IntArray, prices: FloatArray, fees: IntArray, slippage: IntArray
) -> FillColumns:
    signed = prices[:, loop.SIGNED]
    zeros = np.zeros(len(ended), dtype=np.int64)
    return FillColumns(
        order_id=zeros,
        strategy=zeros,
        symbol=np.full(len(ended), symbol, dtype=np.int64),
        side=np.sign(signed).astype(np.int64),
        quantity=np.abs(signed),
        price=prices[:, loop.PRICE],
        commission=fees,
        bar_ts=ended[:, loop.BAR_TS].copy(),
        filled_ns=ended[:, loop.UPDATED].copy(),
        slippage=slippage,
    )


def _hash(plan: Plan, row: _Row) -> str:
    fills = FillColumns.joined(row.parts)
    return trade_hash(fills, [plan.strategies[0].label], plan.symbols)


def _shown(sets: list[dict[str, Any]], rows: list[_Row]) -> list[dict[str, Any]]:
    """The sets with the same parameters in each: where one names none, what it was run with."""
    names = dict.fromkeys(name for params in sets for name in params)
    return [
        {name: params.get(name, getattr(row.strategy.params, name, None)) for name in names}
        for params, row in zip(sets, rows, strict=True)
    ]


def _frame(
    sets: list[dict[str, Any]],
    found: list[tuple[int, float, float, str]],
    start: float,
    *,
    hashes: bool,
) -> pd.DataFrame:
    fills, cash, ending, digests = zip(*found, strict=True)
    frame = pd.DataFrame(sets)
    frame["fills"] = np.array(fills, dtype=np.int64)
    frame["ending_cash"] = np.array(cash)
    frame["ending_equity"] = np.array(ending)
    frame["total_return"] = np.array(ending) / start - 1.0
    if hashes:
        frame["trade_hash"] = list(digests)
    return frame
