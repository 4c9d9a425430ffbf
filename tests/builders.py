"""Small run records for tests, from rows a reader can follow."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from mismartera_core.model.intervals import DAY, MINUTE
from mismartera_core.model.results import (
    MICROS,
    EquityColumns,
    FillColumns,
    OrderColumns,
    RunRecord,
)
from mismartera_core.services.trade_hash import trade_hash

FIRST_DAY = date(2024, 7, 1)
OPEN = 1_719_840_600 * 1_000_000_000
"""2024-07-01 09:30 in New York."""


def fill_columns(*rows, order_ids=None):
    """Fills from (strategy row, symbol row, side, quantity, price, commission, minute)."""
    columns = [np.array(column) for column in zip(*rows, strict=True)] or [np.zeros(0)] * 7
    strategy, symbol, side, quantity, price, commission, minute = columns
    opened = OPEN + minute.astype(np.int64) * MINUTE
    return FillColumns(
        order_id=np.arange(1, len(rows) + 1) if order_ids is None else np.array(order_ids),
        strategy=strategy.astype(np.int64),
        symbol=symbol.astype(np.int64),
        side=side.astype(np.int64),
        quantity=quantity.astype(float),
        price=price.astype(float),
        commission=np.rint(commission * MICROS).astype(np.int64),
        bar_ts=opened,
        filled_ns=opened + MINUTE,
        slippage=np.zeros(len(rows), dtype=np.int64),
    )


def order_columns(*rows):
    """Orders from (id, strategy, symbol, side, quantity, filled, status, reason, minute)."""
    columns = list(zip(*rows, strict=True)) or [()] * 9
    number, strategy, symbol, side, quantity, filled, status, reason, minute = columns
    count = len(rows)
    nothing = np.full(count, np.nan)
    placed = OPEN + np.array(minute, dtype=np.int64) * MINUTE
    return OrderColumns(
        id=np.array(number, dtype=np.int64),
        parent_id=np.zeros(count, dtype=np.int64),
        strategy=np.array(strategy, dtype=np.int64),
        symbol=np.array(symbol, dtype=np.int64),
        side=np.array(side, dtype=np.int64),
        type=["market"] * count,
        time_in_force=["day"] * count,
        quantity=np.array(quantity, dtype=float),
        filled_quantity=np.array(filled, dtype=float),
        limit_price=nothing,
        stop_price=nothing,
        trail_amount=nothing,
        status=list(status),
        reason=list(reason),
        tag=[""] * count,
        submitted_ns=placed,
        updated_ns=placed + MINUTE,
    )


def equity_columns(*sessions):
    """One step a minute from lists of (equity, gross), one list a session."""
    rows = [
        (OPEN + number * DAY + (minute + 1) * MINUTE, number, equity - gross, equity, gross)
        for number, session in enumerate(sessions)
        for minute, (equity, gross) in enumerate(session)
    ]
    columns = [np.array(column) for column in zip(*rows, strict=True)] or [np.zeros(0)] * 5
    ts, number, cash, equity, gross = columns
    whole, real = np.int64, np.float64
    return EquityColumns(
        ts.astype(whole), number.astype(whole), cash.astype(real), equity.astype(real),
        gross.astype(real),
    )  # fmt: skip


def run_record(fills=(), orders=(), sessions=(), **changes):
    """A run with two strategies and two symbols in New York, starting with 10,000.

    Args:
        fills: Rows of `fill_columns`.
        orders: Rows of `order_columns`.
        sessions: Lists of `equity_columns`; each makes a trading day.
        **changes: Fields of the record that are to be others.
    """
    record = RunRecord(
        session_name="example",
        strategies=("fast", "slow"),
        symbols=("AAA", "BBB"),
        timezone="America/New_York",
        sessions=tuple(FIRST_DAY + timedelta(days=day) for day in range(len(sessions))),
        starting_cash=10_000 * MICROS,
        fills=fill_columns(*fills),
        orders=order_columns(*orders),
        equity=equity_columns(*sessions),
        **changes,
    )
    return replace(record, trade_hash=trade_hash(record.fills, record.strategies, record.symbols))
