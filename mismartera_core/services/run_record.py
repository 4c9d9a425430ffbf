"""A run record as a JSON document beside its tables, and back, without loss."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from mismartera_core.model.columns import FloatArray, IntArray
from mismartera_core.model.quality import FilledGap, Gap, MinuteState, QualityReport
from mismartera_core.model.results import (
    MICROS,
    DecisionColumns,
    EquityColumns,
    FillColumns,
    OrderColumns,
    RunRecord,
)

PLAIN = (
    "session_name",
    "timezone",
    "starting_cash",
    "bars",
    "seconds",
    "simulated_data",
    "threads",
    "trade_hash",
    "error",
)
LISTS = ("strategies", "symbols", "notes")


def empty_record(session_name: str) -> RunRecord:
    """A run that has not replayed anything."""
    return RunRecord(
        session_name=session_name,
        strategies=(),
        symbols=(),
        timezone="UTC",
        sessions=(),
        starting_cash=0,
        fills=FillColumns.none(),
        orders=OrderColumns.none(),
        equity=EquityColumns.none(),
    )


def to_document(record: RunRecord) -> dict[str, Any]:
    """What the tables do not say of a run, as JSON values."""
    prices = record.closing_prices
    return {
        **{name: getattr(record, name) for name in PLAIN},
        **{name: list(getattr(record, name)) for name in LISTS},
        "sessions": [day.isoformat() for day in record.sessions],
        "closing_prices": None
        if prices is None
        else [None if np.isnan(price) else float(price) for price in prices],
    }


def from_document(document: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> RunRecord:
    """The record of a run from its document and its tables.

    Args:
        document: Made by `to_document`.
        tables: "fills", "signals", "equity", "quality", "gaps" and "decisions"; what is
            absent counts as empty.
    """
    prices = document["closing_prices"]
    values: dict[str, Any] = {
        **{name: document[name] for name in PLAIN},
        **{name: tuple(document[name]) for name in LISTS},
        "sessions": tuple(date.fromisoformat(day) for day in document["sessions"]),
        "closing_prices": None if prices is None else np.array(prices, dtype=np.float64),
    }
    record = replace(empty_record(document["session_name"]), **values)
    parts: dict[str, Any] = {
        field: build(record, tables)
        for field, (table, build) in _BUILDERS.items()
        if table in tables
    }
    return replace(record, **parts)


def _fills(record: RunRecord, tables: Mapping[str, pd.DataFrame]) -> FillColumns:
    table = tables["fills"]
    # Runs that were written before it was kept have no such column.
    slippage = table["slippage"] if "slippage" in table else table["commission"] * 0.0
    return FillColumns(
        order_id=_whole(table["order_id"]),
        strategy=_rows(table["strategy"], record.strategies),
        symbol=_rows(table["symbol"], record.symbols),
        side=_side(table["side"]),
        quantity=_numbers(table["quantity"]),
        price=_numbers(table["price"]),
        commission=_micros(table["commission"]),
        bar_ts=_ns(table["bar"]),
        filled_ns=_ns(table["filled_at"]),
        slippage=_micros(slippage),
    )


def _orders(record: RunRecord, tables: Mapping[str, pd.DataFrame]) -> OrderColumns:
    table = tables["signals"]
    return OrderColumns(
        id=_whole(table["order_id"]),
        parent_id=_whole(table["parent_id"]),
        strategy=_rows(table["strategy"], record.strategies),
        symbol=_rows(table["symbol"], record.symbols),
        side=_side(table["side"]),
        type=table["type"].tolist(),
        time_in_force=table["time_in_force"].tolist(),
        quantity=_numbers(table["quantity"]),
        filled_quantity=_numbers(table["filled_quantity"]),
        limit_price=_numbers(table["limit_price"]),
        stop_price=_numbers(table["stop_price"]),
        trail_amount=_numbers(table["trail_amount"]),
        status=table["status"].tolist(),
        reason=table["reason"].tolist(),
        tag=table["tag"].tolist(),
        submitted_ns=_ns(table["submitted_at"]),
        updated_ns=_ns(table["updated_at"]),
    )


def _equity(record: RunRecord, tables: Mapping[str, pd.DataFrame]) -> EquityColumns:
    table = tables["equity"].reset_index()
    days = table["session"].dt.strftime("%Y-%m-%d")
    return EquityColumns(
        ts=_ns(table["time"]),
        session=_rows(days, [day.isoformat() for day in record.sessions]),
        cash=_numbers(table["cash"]),
        equity=_numbers(table["equity"]),
        gross=_numbers(table["gross"]),
    )


def _quality(
    record: RunRecord,  # noqa: ARG001 - one shape for all builders
    tables: Mapping[str, pd.DataFrame],
) -> tuple[QualityReport, ...]:
    gaps: dict[tuple[date, str, str], list[Gap | FilledGap]] = {}
    if "gaps" in tables:
        table = tables["gaps"]
        starts = _ns(table["start"]).tolist()
        for start, row in zip(starts, table.to_dict("records"), strict=True):
            key = row["session"].date(), str(row["symbol"]), str(row["interval"])
            gaps.setdefault(key, []).append(_gap(start, row))
    reports = []
    for row in tables["quality"].to_dict("records"):
        values = {str(name): value for name, value in row.items()}
        values["session"] = values["session"].date()
        key = values["session"], values["symbol"], values["interval"]
        mine = gaps.get(key, ())
        values["gaps"] = tuple(gap for gap in mine if isinstance(gap, Gap))
        values["filled_gaps"] = tuple(gap for gap in mine if isinstance(gap, FilledGap))
        reports.append(QualityReport(**values))
    return tuple(reports)


def _gap(start_ns: int, row: Mapping[Hashable, Any]) -> Gap | FilledGap:
    bars = int(row["bars"])
    if row["state"] == FilledGap.state:
        return FilledGap(start_ns=start_ns, bars=bars, source=row["source"])
    return Gap(start_ns=start_ns, bars=bars, state=MinuteState(row["state"]))


def _decisions(record: RunRecord, tables: Mapping[str, pd.DataFrame]) -> DecisionColumns:
    table = tables["decisions"]
    side = np.select([table["side"] == "buy", table["side"] == "sell"], [1, -1], 0)
    return DecisionColumns(
        decided_ns=_ns(table["decided_at"]),
        strategy=_rows(table["strategy"], record.strategies),
        symbol=_rows(table["symbol"], record.symbols),
        side=side.astype(np.int64),
        quantity=_numbers(table["quantity"]),
        price=_numbers(table["price"]),
        check=table["check"].tolist(),
        limit=table["limit"].tolist(),
        verdict=table["verdict"].tolist(),
        found=_numbers(table["found"]),
        allowed=_numbers(table["allowed"]),
        reason=table["reason"].tolist(),
    )


_BUILDERS = {
    "fills": ("fills", _fills),
    "orders": ("signals", _orders),
    "equity": ("equity", _equity),
    "quality": ("quality", _quality),
    "decisions": ("decisions", _decisions),
}
"""Fields of a record, the table each is made of, and how."""


def _rows(names: pd.Series, table: Sequence[str]) -> IntArray:
    place = {"": -1, **{name: row for row, name in enumerate(table)}}
    return np.array([place[name] for name in names.tolist()], dtype=np.int64)


def _side(names: pd.Series) -> IntArray:
    return np.where((names == "buy").to_numpy(dtype=bool), 1, -1).astype(np.int64)


def _whole(column: pd.Series) -> IntArray:
    return column.to_numpy(dtype=np.int64)


def _numbers(column: pd.Series) -> FloatArray:
    return column.to_numpy(dtype=np.float64)


def _micros(column: pd.Series) -> IntArray:
    return np.rint(_numbers(column) * MICROS).astype(np.int64)


def _ns(column: pd.Series) -> IntArray:
    ns = pd.DatetimeIndex(column).as_unit("ns").asi8
    return np.where(ns > 0, ns, 0)
