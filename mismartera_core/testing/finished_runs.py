"""A finished run without an engine: two sessions, two strategies, two symbols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from mismartera_core.contracts.report import RunView
from mismartera_core.model.intervals import DAY, MINUTE
from mismartera_core.model.quality import Gap, MinuteState, QualityReport
from mismartera_core.model.results import (
    MICROS,
    EquityColumns,
    FillColumns,
    OrderColumns,
    RunRecord,
)
from mismartera_core.services.trade_hash import trade_hash
from mismartera_core.system.run import Run

_DAYS = (date(2024, 7, 1), date(2024, 7, 2))
_OPEN = 1_719_840_600 * 1_000_000_000
"""2024-07-01 09:30 in New York."""

_FILLS = (
    (1, 0, 0, 1, 100.0, 10.0, 1.0, 0),
    (2, 0, 0, -1, 100.0, 11.0, 1.0, 30),
    (3, 1, 1, -1, 50.0, 20.0, 0.5, 60),
    (4, 1, 1, 1, 50.0, 21.0, 0.5, 90),
    (5, 1, 0, 1, 10.0, 11.0, 0.0, 1440),
)
"""order, strategy, symbol, side, quantity, price, commission, minute of the bar."""

_ORDERS = (
    (1, 0, 0, 1, 100.0, 100.0, "filled", "", 0),
    (2, 0, 0, -1, 100.0, 100.0, "filled", "", 30),
    (3, 1, 1, -1, 50.0, 50.0, "filled", "", 60),
    (4, 1, 1, 1, 50.0, 50.0, "filled", "", 90),
    (5, 1, 0, 1, 30.0, 10.0, "expired", "the session ended", 1440),
    (0, 1, 0, 1, 9e5, 0.0, "rejected", "buying power: needs 9000000.00, has 9998.50", 1500),
)
"""id, strategy, symbol, side, quantity, filled, status, reason, minute."""

_EQUITY = (
    (0, 10_000.0, 0.0),
    (30, 10_099.0, 1_100.0),
    (90, 10_047.0, 0.0),
    (1440, 10_047.0, 110.0),
    (1829, 10_057.0, 120.0),
)
"""minute, equity, gross."""


def finished_run(
    *,
    trades: bool = True,
    session_name: str = "example",
    strategies: Sequence[str] = ("fast", "slow"),
    symbols: Sequence[str] = ("AAA", "BBB"),
    folder: Path | None = None,
) -> RunView:
    """A run as a report reads it; always the same one.

    Args:
        trades: Whether anything was traded, asked for and refused; without, nothing happened.
        session_name: Name of its session config.
        strategies: Names of its two strategies.
        symbols: Its two tickers.
        folder: Its run folder.
    """
    record = RunRecord(
        session_name=session_name,
        strategies=tuple(strategies),
        symbols=tuple(symbols),
        timezone="America/New_York",
        sessions=_DAYS,
        starting_cash=10_000 * MICROS,
        fills=_fills(_FILLS if trades else ()),
        orders=_orders(_ORDERS if trades else ()),
        equity=_equity(_EQUITY if trades else [(minute, 10_000.0, 0.0) for minute, *_ in _EQUITY]),
        quality=tuple(_quality(symbol) for symbol in symbols),
        bars=1560,
        seconds=0.01,
        closing_prices=np.array([12.0, 21.0]),
        notes=("no risk block: nothing limits the orders",),
    )
    made = replace(record, trade_hash=trade_hash(record.fills, record.strategies, record.symbols))
    return Run(made, folder)


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[Any]:
    return [np.array(column) for column in zip(*rows, strict=True)] or [np.zeros(0)] * width


def _at(minute: Any) -> Any:
    return _OPEN + minute.astype(np.int64) * MINUTE


def _fills(rows: Sequence[Sequence[Any]]) -> FillColumns:
    order, strategy, symbol, side, quantity, price, commission, minute = _columns(rows, 8)
    opened = _at(minute)
    return FillColumns(
        order_id=order.astype(np.int64),
        strategy=strategy.astype(np.int64),
        symbol=symbol.astype(np.int64),
        side=side.astype(np.int64),
        quantity=quantity.astype(np.float64),
        price=price.astype(np.float64),
        commission=np.rint(commission * MICROS).astype(np.int64),
        bar_ts=opened,
        filled_ns=opened + MINUTE,
        slippage=np.zeros(len(rows), dtype=np.int64),
    )


def _orders(rows: Sequence[Sequence[Any]]) -> OrderColumns:
    number, strategy, symbol, side, quantity, filled, status, reason, minute = _columns(rows, 9)
    none = np.full(len(rows), np.nan)
    return OrderColumns(
        id=number.astype(np.int64),
        parent_id=np.zeros(len(rows), dtype=np.int64),
        strategy=strategy.astype(np.int64),
        symbol=symbol.astype(np.int64),
        side=side.astype(np.int64),
        type=["market"] * len(rows),
        time_in_force=["day"] * len(rows),
        quantity=quantity.astype(np.float64),
        filled_quantity=filled.astype(np.float64),
        limit_price=none,
        stop_price=none,
        trail_amount=none,
        status=[str(value) for value in status],
        reason=[str(value) for value in reason],
        tag=[""] * len(rows),
        submitted_ns=_at(minute),
        updated_ns=_at(minute) + MINUTE,
    )


def _equity(rows: Sequence[Sequence[float]]) -> EquityColumns:
    minute, equity, gross = _columns(rows, 3)
    ts = _at(minute) + MINUTE
    session = (ts - _OPEN) // DAY
    return EquityColumns(ts, session, equity - gross, equity, gross)


def _quality(symbol: str) -> QualityReport:
    gap = Gap(start_ns=_OPEN + 10 * MINUTE, bars=2, state=MinuteState.MISSING)
    return QualityReport(
        session=_DAYS[0],
        symbol=symbol,
        interval="1m",
        expected=390,
        traded=388,
        silent=0,
        missing=2,
        source="memory",
        gaps=(gap,),
        score=388 / 390,
    )
