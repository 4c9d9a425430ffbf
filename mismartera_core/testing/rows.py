"""What rows of market data must be, wherever they come from."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import numpy as np

from mismartera_core.model.columns import BAR_FIELDS, BarColumns, IntArray
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.market import from_ns
from mismartera_core.testing.suite import breach, expect

_WHOLE = ("ts", "available_at", "session")
_QUOTED = ("bid", "ask", "bid_size", "ask_size")
_PRICES = ("open", "high", "low", "close")


def instant(ns: int) -> str:
    """Nanoseconds UTC as people write them."""
    return from_ns(int(ns), UTC).isoformat()


def bars_are_columns(bars: Any, whose: str) -> None:
    """Bars are BarColumns: int64 stamps, float64 prices, one length.

    Args:
        bars: What was returned.
        whose: What they were asked for with.
    """
    contract = "bars are BarColumns with int64 stamps and float64 prices of one length"
    cure = "return BarColumns.build(ts, open, high, low, close, volume, interval_ns=...)"
    expect(isinstance(bars, BarColumns), contract, f"{whose}: {type(bars).__name__}", cure)
    for name in BAR_FIELDS:
        column = getattr(bars, name)
        wanted = np.int64 if name in _WHOLE else np.float64
        found = f"{whose}: {name} is {getattr(column, 'dtype', type(column).__name__)}"
        expect(getattr(column, "dtype", None) == wanted, contract, found, cure)
        sizes = f"{whose}: {len(column)} of {name} for {len(bars.ts)} of ts"
        expect(len(column) == len(bars.ts), contract, sizes, cure)


def stamps_ascend(ts: IntArray, whose: str) -> None:
    """Stamps rise from row to row.

    Args:
        ts: Nanoseconds UTC.
        whose: What they were asked for with.
    """
    wrong = np.flatnonzero(np.diff(ts) <= 0)
    if len(wrong):
        row = int(wrong[0]) + 1
        breach(
            contract="rows are ascending and unique by time",
            found=f"{whose}: row {row} at {instant(ts[row])} after {instant(ts[row - 1])}",
            cure="sort by time and drop duplicates before returning",
        )


def prices_are_possible(bars: BarColumns, whose: str) -> None:
    """Prices are finite, above zero, low <= open, close <= high; volume is not negative.

    Args:
        bars: The rows.
        whose: What they were asked for with.
    """
    prices = np.stack([getattr(bars, name) for name in _PRICES])
    _all_rows(
        np.isfinite(prices).all(axis=0),
        bars,
        "prices are finite: NaN and infinity never enter",
        whose,
        "drop the row, or raise DataError where the source is damaged",
    )
    _all_rows(
        (prices > 0.0).all(axis=0),
        bars,
        "prices are above zero",
        whose,
        "drop the row, or raise DataError where the source is damaged",
    )
    inside = (bars.low <= prices[[0, 3]]).all(axis=0) & (prices[[0, 3]] <= bars.high).all(axis=0)
    _all_rows(
        inside,
        bars,
        "low <= open, close <= high",
        whose,
        "check the order of the columns; drop rows that the source has wrong",
    )
    with np.errstate(invalid="ignore"):
        _all_rows(
            ~(bars.volume < 0.0) & ~np.isinf(bars.volume),
            bars,
            "volume is at least 0, or NaN where it is unknown",
            whose,
            "use NaN for unknown, never a negative number",
        )


def ticks_are_possible(columns: Any, whose: str) -> None:
    """Trades or quotes do not fall in time; prices and sizes are finite and sizes not negative.

    Args:
        columns: TickColumns or QuoteColumns; a side that is not quoted is NaN.
        whose: What they were asked for with.
    """
    for row in np.flatnonzero(np.diff(columns.ts) < 0)[:1]:
        breach(
            "trades and quotes are ascending by time",
            f"{whose}: {instant(columns.ts[row + 1])} after {instant(columns.ts[row])}",
            "sort by time, keeping the order of equal stamps",
        )
    for name in type(columns).__dataclass_fields__:
        values = getattr(columns, name)
        unknown = np.isnan(values) if name in _QUOTED else False
        for row in np.flatnonzero(~(np.isfinite(values) | unknown))[:1]:
            breach(
                "prices and sizes are finite",
                f"{whose}: {name} {values[row]} at {instant(columns.ts[row])}",
                "drop the row",
            )
        for row in np.flatnonzero(values < 0)[:1] if "size" in name else ():
            breach(
                "sizes are not negative",
                f"{whose}: {name} {values[row]} at {instant(columns.ts[row])}",
                "drop the row",
            )


def known_at_close(bars: BarColumns, interval: str, whose: str) -> None:
    """A bar is known after its open, at its close.

    Args:
        bars: The rows.
        interval: Their interval.
        whose: What they were asked for with.
    """
    length = interval_ns(interval)
    kept = (bars.available_at > bars.ts) & (bars.available_at <= bars.ts + length)
    _all_rows(
        kept,
        bars,
        "a bar is stamped at its open and known at its close: ts < available_at <= ts + interval",
        whose,
        "leave available_at out, or give the close of the session where that is earlier",
    )


def within(ts: IntArray, start_ns: int, end_ns: int, whose: str) -> None:
    """Every stamp lies in a half-open range.

    Args:
        ts: Nanoseconds UTC.
        start_ns: First that may be.
        end_ns: First that may not.
        whose: What they were asked for with.
    """
    for stamp in ts[(ts < start_ns) | (ts >= end_ns)][:1]:
        breach(
            contract="a range is half open: start_ns <= ts < end_ns",
            found=f"{whose}: a row at {instant(stamp)} for the range from {instant(start_ns)} to "
            f"{instant(end_ns)}",
            cure="keep rows with start_ns <= ts < end_ns; sources often include the end",
        )


def same_rows(found: Any, expected: Any, contract: str, whose: str, cure: str) -> None:
    """Two sets of columns have equal stamps and values.

    Args:
        found: Columns.
        expected: Columns of the same kind.
        contract: Why they should be equal.
        whose: What they were asked for with.
        cure: What to do where they differ.
    """
    expect(
        len(found) == len(expected),
        contract,
        f"{whose}: {len(found)} rows and {len(expected)} rows",
        cure,
    )
    for name in type(expected).__dataclass_fields__:
        if name == "session":  # counted from the first row asked for
            continue
        one, other = getattr(found, name), getattr(expected, name)
        equal = (one == other) | ((one != one) & (other != other))
        for row in np.flatnonzero(~equal)[:1]:
            values = f"{name} at {instant(expected.ts[row])} is {one[row]} and {other[row]}"
            breach(contract, f"{whose}: {values}", cure)


def copied(columns: Any) -> Any:
    """Columns with arrays of their own.

    Args:
        columns: Bars, ticks or quotes.
    """
    names = type(columns).__dataclass_fields__
    return type(columns)(**{name: getattr(columns, name).copy() for name in names})


def _all_rows(kept: Any, bars: BarColumns, contract: str, whose: str, cure: str) -> None:
    for row in np.flatnonzero(~kept)[:1]:
        values = {name: float(getattr(bars, name)[row]) for name in (*_PRICES, "volume")}
        at = f"{instant(bars.ts[row])}, known {instant(bars.available_at[row])}"
        more = f" (and {int((~kept).sum()) - 1} more)" if (~kept).sum() > 1 else ""
        breach(contract, f"{whose}: {values} at {at}{more}", cure)
