"""Rows as Alpaca sends them, made into columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from mismartera_alpaca.times import column, to_ns
from mismartera_core import BarColumns, QuoteColumns, SessionTable, TickColumns, interval_ns
from mismartera_core.model.market import from_ns

Row = dict[str, Any]
Sessions = Callable[[Any, Any], SessionTable]
_BAR = itemgetter("o", "h", "l", "c", "v")
_MARGIN = timedelta(days=7)


def minute_bars(rows: Sequence[Row], interval: str) -> BarColumns:
    """Intraday bars, ascending and unique; what cannot be a bar is left out.

    Args:
        rows: As Alpaca sends them.
        interval: "1m", "5m", "15m" or "30m".

    Raises:
        KeyError: A row is no bar.
        ValueError: A row is no bar.
        TypeError: A row is no bar.
    """
    ts, values = _columns(rows, _BAR, 5)
    bars = BarColumns.build(ts, *values, interval_ns=interval_ns(interval))
    return _possible(bars)


def day_bars(rows: Sequence[Row], sessions: Sessions, zone: str) -> BarColumns:
    """Daily bars, stamped at the open of their session and known at its close.

    Alpaca stamps them at midnight of the exchange; a day without a session is left out.

    Args:
        rows: As Alpaca sends them.
        sessions: Trading days from a first to a last date.
        zone: The exchange's, as an IANA name.
    """
    ts, values = _columns(rows, _BAR, 5)
    if not len(ts):
        return BarColumns.empty()
    days = [from_ns(int(stamp), ZoneInfo(zone)).date() for stamp in ts]
    table = sessions(min(days) - _MARGIN, max(days) + _MARGIN)
    row_of = {day: row for row, day in enumerate(table.dates)}
    kept = np.array([day in row_of for day in days], dtype=np.bool_)
    found = np.array([row_of.get(day, 0) for day in days], dtype=np.int64)[kept]
    bars = BarColumns.build(
        table.open_ns[found],
        *(value[kept] for value in values),
        interval_ns=interval_ns("1d"),
        available_at=table.close_ns[found],
    )
    return _possible(bars)


def ticks(rows: Sequence[Row]) -> TickColumns:
    """Trades, ascending; what cannot be a trade is left out."""
    ts, (price, size) = _columns(rows, itemgetter("p", "s"), 2)
    kept = np.isfinite(price) & (price > 0) & np.isfinite(size) & (size >= 0)
    order = np.flatnonzero(kept)[np.argsort(ts[kept], kind="stable")]
    return TickColumns(ts[order], price[order], size[order])


def quotes(rows: Sequence[Row]) -> QuoteColumns:
    """Quotes, ascending; NaN where a side is not quoted, which Alpaca writes as 0."""
    ts, values = _columns(rows, itemgetter("bp", "ap", "bs", "as"), 4)
    bid, ask, bid_size, ask_size = (
        np.where(np.isfinite(value) & (value >= 0), value, np.nan) for value in values
    )
    bid[bid == 0], ask[ask == 0] = np.nan, np.nan
    order = np.argsort(ts, kind="stable")
    return QuoteColumns(ts[order], bid[order], ask[order], bid_size[order], ask_size[order])


def within(columns: Any, start_ns: int, end_ns: int) -> Any:
    """Rows with start_ns <= ts < end_ns.

    Args:
        columns: Bars, ticks or quotes, ascending.
        start_ns: First stamp.
        end_ns: First stamp that is not wanted.
    """
    low, high = np.searchsorted(columns.ts, (start_ns, end_ns)).tolist()
    return columns.slice(low, max(low, high))


def finished(bars: BarColumns, now_ns: int) -> BarColumns:
    """Bars that had ended by an instant."""
    return bars.take(bars.available_at <= now_ns)


def _columns(
    rows: Sequence[Row], fields: Callable[[Row], tuple[Any, ...]], count: int
) -> tuple[npt.NDArray[np.int64], list[npt.NDArray[np.float64]]]:
    """The stamps, and a column for each field."""
    if not rows:
        return np.empty(0, np.int64), [np.empty(0)] * count
    stamps = [row["t"] for row in rows]
    texts = all(isinstance(stamp, str) for stamp in stamps)
    ts = column(stamps) if texts else np.array([to_ns(stamp) for stamp in stamps], np.int64)
    return ts, list(np.array([fields(row) for row in rows], dtype=np.float64).T.copy())


def _possible(bars: BarColumns) -> BarColumns:
    """Ascending and unique, without rows that no market can have made."""
    prices = np.stack([bars.open, bars.high, bars.low, bars.close])
    kept = (np.isfinite(prices) & (prices > 0)).all(axis=0)
    kept &= (bars.low <= prices[[0, 3]]).all(axis=0) & (bars.high >= prices[[0, 3]]).all(axis=0)
    kept &= np.isfinite(bars.volume) & (bars.volume >= 0)
    if kept.all() and (np.diff(bars.ts) > 0).all():
        return bars
    bars = bars.take(kept)
    return bars.take(np.unique(bars.ts, return_index=True)[1])
