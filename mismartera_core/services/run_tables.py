"""A run as pandas tables, with the column names traders know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mismartera_core.model.columns import IntArray
from mismartera_core.model.quality import FilledGap, Gap, QualityReport
from mismartera_core.model.results import MICROS, OrderColumns, RunRecord, in_micros
from mismartera_core.services.round_trips import Trades
from mismartera_core.services.run_summary import daily_equity, daily_returns
from mismartera_core.services.trade_figures import open_profit

OUTCOMES = {
    "filled": ("filled", ""),
    "partially_filled": ("partially filled", "still working at the end of the run"),
    "working": ("not filled", "still working at the end of the run"),
    "held": ("not filled", "the entry order did not fill"),
    "cancelled": ("cancelled", "cancelled by the strategy"),
    "expired": ("expired", "the session ended"),
    "rejected": ("rejected", "rejected"),
    "replaced": ("changed", "a working order was changed"),
}
"""What became of a signal by order status, and why where the order says nothing of it."""


_SIDES = {1: "buy", -1: "sell", 0: ""}


def times(ns: IntArray, zone: str) -> pd.DatetimeIndex:
    """Aware instants in the exchange's zone from nanoseconds UTC; below 1 means none."""
    stamps = np.where(ns > 0, ns, np.iinfo(np.int64).min).view("M8[ns]")
    return pd.DatetimeIndex(stamps, tz="UTC").tz_convert(zone)


def fills(record: RunRecord) -> pd.DataFrame:
    """Executions: when, at which bar, what, at which price."""
    rows = record.fills
    return pd.DataFrame(
        {
            "filled_at": times(rows.filled_ns, record.timezone),
            "bar": times(rows.bar_ts, record.timezone),
            "strategy": _names(record.strategies, rows.strategy),
            "symbol": _names(record.symbols, rows.symbol),
            "side": _sides(rows.side, "buy", "sell"),
            "quantity": rows.quantity,
            "price": rows.price,
            "commission": rows.commission / MICROS,
            "slippage": rows.slippage / MICROS,
            "order_id": rows.order_id,
        }
    )


def signals(record: RunRecord) -> pd.DataFrame:
    """Everything the strategies asked for, and what became of it.

    `outcome` is "filled", "partially filled", "not filled", "cancelled", "expired" or "rejected",
    and "changed" where a working order was; `reason` says why wherever it is not "filled".
    """
    rows = record.orders
    outcomes = _outcomes(rows)
    return pd.DataFrame(
        {
            "order_id": rows.id,
            "submitted_at": times(rows.submitted_ns, record.timezone),
            "updated_at": times(rows.updated_ns, record.timezone),
            "strategy": _names(record.strategies, rows.strategy),
            "symbol": _names(record.symbols, rows.symbol),
            "side": _sides(rows.side, "buy", "sell"),
            "type": _text(rows.type),
            "quantity": rows.quantity,
            "filled_quantity": rows.filled_quantity,
            "limit_price": rows.limit_price,
            "stop_price": rows.stop_price,
            "trail_amount": rows.trail_amount,
            "time_in_force": _text(rows.time_in_force),
            "status": _text(rows.status),
            "outcome": _text([outcome for outcome, _ in outcomes]),
            "reason": _text([reason for _, reason in outcomes]),
            "tag": _text(rows.tag),
            "parent_id": rows.parent_id,
        }
    )


def orders(signals: pd.DataFrame) -> pd.DataFrame:
    """The signals that became an order."""
    became = signals[signals["order_id"] > 0]
    return became.drop(columns="outcome").reset_index(drop=True)


def decisions(record: RunRecord) -> pd.DataFrame:
    """Every order that risk kept back and every change of its state, with the numbers."""
    rows = record.decisions
    return pd.DataFrame(
        {
            "decided_at": times(rows.decided_ns, record.timezone),
            "strategy": _names(record.strategies, rows.strategy),
            "symbol": _names(record.symbols, rows.symbol),
            "side": _text([_SIDES[side] for side in rows.side.tolist()]),
            "quantity": rows.quantity,
            "price": rows.price,
            "check": _text(rows.check),
            "limit": _text(rows.limit),
            "verdict": _text(rows.verdict),
            "found": rows.found,
            "allowed": rows.allowed,
            "reason": _text(rows.reason),
        }
    )


def trades(record: RunRecord, some: Trades) -> pd.DataFrame:
    """Round trips as they come from `round_trips`.

    `pnl` and `return` are after commissions; of an open trade at the last known close.
    """
    fills, trips = some.fills, some.trips
    entry, count = trips.entry, len(trips)
    none = np.zeros(count, dtype=np.int64)

    def at_exit(column: IntArray) -> IntArray:
        return none if some.are_open else column[trips.exit]

    net = open_profit(record, some) if some.are_open else trips.net / MICROS
    exit_ns = at_exit(fills.filled_ns)
    minutes = (exit_ns - fills.filled_ns[entry]) / 60e9
    cost = trips.entry_notional / MICROS
    absent = np.full(count, np.nan)
    return pd.DataFrame(
        {
            "strategy": _names(record.strategies, fills.strategy[entry]),
            "symbol": _names(record.symbols, fills.symbol[entry]),
            "side": _sides(trips.side, "long", "short"),
            "quantity": trips.quantity,
            "entry_time": times(fills.filled_ns[entry], record.timezone),
            "exit_time": times(exit_ns, record.timezone),
            "entry_price": fills.price[entry],
            "exit_price": absent if some.are_open else fills.price[trips.exit],
            "gross_pnl": in_micros(net + trips.commission / MICROS),
            "commission": trips.commission / MICROS,
            "pnl": net,
            "return": np.divide(net, cost, out=np.full(count, np.nan), where=cost != 0),
            "holding_minutes": absent if some.are_open else minutes,
            "entry_bar": times(fills.bar_ts[entry], record.timezone),
            "exit_bar": times(at_exit(fills.bar_ts), record.timezone),
            "entry_order_id": fills.order_id[entry],
            "exit_order_id": at_exit(fills.order_id),
            "status": _text(["open" if some.are_open else "closed"] * count),
        }
    )


def equity(record: RunRecord) -> pd.DataFrame:
    """The account after each step, by time."""
    rows = record.equity
    days = np.array(record.sessions, dtype="M8[D]")
    return pd.DataFrame(
        {
            "session": pd.DatetimeIndex(days[rows.session].astype("M8[ns]")),
            "equity": rows.equity,
            "cash": rows.cash,
            "gross": rows.gross,
        },
        index=times(rows.ts, record.timezone).rename("time"),
    )


def returns_by_day(record: RunRecord) -> pd.DataFrame:
    """Equity at the end of each session, profit and return, by date."""
    ends = daily_equity(record)
    starts = np.concatenate(([record.starting_cash / MICROS], ends[:-1]))[: len(ends)]
    days = np.array(record.sessions, dtype="M8[D]").astype("M8[ns]")
    return pd.DataFrame(
        {"equity": ends, "pnl": in_micros(ends - starts), "return": daily_returns(record)},
        index=pd.DatetimeIndex(days, name="session"),
    )


def quality(record: RunRecord) -> pd.DataFrame:
    """Completeness by session and symbol."""
    reports = tuple(record.quality)
    names = ("symbol", "interval", "expected", "traded", "silent", "missing", "outside", "filled")
    table: dict[str, object] = {
        "session": _days(reports),
        **{name: [getattr(report, name) for report in reports] for name in names},
        "gaps": [len(report.gaps) for report in reports],
        "score": np.array([report.score for report in reports], dtype=np.float64),
        "source": _text([report.source for report in reports]),
        "feed": _text([report.feed for report in reports]),
        "adjustment": _text([report.adjustment for report in reports]),
        "simulated": np.array([report.simulated for report in reports], dtype=np.bool_),
    }
    kinds = {name: "str" if name in ("symbol", "interval") else "int64" for name in names}
    return pd.DataFrame(table).astype(kinds)


def gaps(record: RunRecord) -> pd.DataFrame:
    """Every absent run of bars: silent, missing, or filled and by which gap filler."""
    rows = [(report, gap) for report in record.quality for gap in _all_gaps(report)]
    days = np.array([report.session for report, _ in rows], dtype="M8[D]").astype("M8[ns]")
    starts = np.array([gap.start_ns for _, gap in rows], dtype=np.int64)
    return pd.DataFrame(
        {
            "session": pd.DatetimeIndex(days),
            "symbol": _text([report.symbol for report, _ in rows]),
            "interval": _text([report.interval for report, _ in rows]),
            "start": times(starts, record.timezone),
            "bars": np.array([gap.bars for _, gap in rows], dtype=np.int64),
            "state": _text([str(gap.state) for _, gap in rows]),
            "source": _text([gap.source if isinstance(gap, FilledGap) else "" for _, gap in rows]),
        }
    )


def _all_gaps(report: QualityReport) -> list[Gap | FilledGap]:
    return sorted([*report.gaps, *report.filled_gaps], key=lambda gap: gap.start_ns)


def funnel(record: RunRecord) -> pd.DataFrame:
    """Why there were no more trades: from bars over signals and refusals to fills.

    Numbers within reasons are replaced by "…", so that equal reasons are counted together.
    """
    refused: Counter[str] = Counter()
    unfilled: Counter[str] = Counter()
    placed = changed = 0
    for rows in record.orders.parts():
        became = rows.id > 0
        placed += int(became.sum())
        for is_order, (outcome, reason) in zip(became.tolist(), _outcomes(rows), strict=True):
            if outcome == "changed":
                changed += 1
            elif reason:
                (unfilled if is_order else refused)[reason] += 1
    stages = [
        ("bars", "", record.bars),
        ("signals", "", len(record.orders)),
        *(("refused", reason, count) for reason, count in _kinds(refused)),
        ("orders", "", placed),
        *([("changed", "", changed)] if changed else []),
        *(("not filled", reason, count) for reason, count in _kinds(unfilled)),
        ("fills", "", len(record.fills)),
    ]
    return pd.DataFrame(stages, columns=["stage", "reason", "count"])


def _kinds(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    """Reasons that differ in numbers alone, counted together; the most frequent first."""
    kinds: Counter[str] = Counter()
    for reason, count in reasons.items():
        kinds[re.sub(r"-?\d[\d,]*(\.\d+)?", "…", reason)] += count
    return sorted(kinds.items(), key=lambda item: (-item[1], item[0]))


def _outcomes(rows: OrderColumns) -> list[tuple[str, str]]:
    """What became of each signal, and why."""
    each = zip(rows.status, rows.filled_quantity.tolist(), rows.reason, strict=True)
    return [_outcome(status, filled, said) for status, filled, said in each]


def _outcome(status: str, filled: float, said: str) -> tuple[str, str]:
    outcome, reason = OUTCOMES[status]
    if outcome == "filled":  # what was said of a change that was not made is no reason
        return outcome, ""
    return "partially filled" if filled > 0 else outcome, said or reason


def _days(reports: Sequence[QualityReport]) -> pd.DatetimeIndex:
    days = np.array([report.session for report in reports], dtype="M8[D]")
    return pd.DatetimeIndex(days.astype("M8[ns]"))


def _names(names: Sequence[str], rows: IntArray) -> pd.Series:
    table = np.array([*names, ""], dtype=object)
    return pd.Series(table[rows], dtype="str")


def _sides(side: IntArray, plus: str, minus: str) -> pd.Series:
    return pd.Series(np.where(side > 0, plus, minus).astype(object), dtype="str")


def _text(values: Sequence[str]) -> pd.Series:
    return pd.Series(list(values), dtype="str")
