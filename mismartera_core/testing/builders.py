"""Bars to test with: seeded walks over sessions, as columns and as DataFrames; their trades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from mismartera_core.model.columns import (
    BAR_FIELDS,
    PRICE_FIELDS,
    BarColumns,
    FloatArray,
    TickColumns,
)
from mismartera_core.model.intervals import DAY, HOUR, MINUTE, interval_ns
from mismartera_core.model.sessions import SessionTable

if TYPE_CHECKING:
    import pandas as pd

_FIRST_DAY = date(2024, 1, 2)
_FIRST_NS = (_FIRST_DAY - date(1970, 1, 1)).days * DAY + 14 * HOUR
"""Half an hour before New York's regular open: indicators that know a clock see both sides."""
_TICK = 0.01
_SIXTEENTHS = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 4.0]) / 16.0
"""What the trades of a bar are of its volume: sums of them are exact."""


def sessions_of(minutes: Sequence[int]) -> SessionTable:
    """Sessions of so many minutes, one a day, at made-up hours: no calendar is asked.

    For the sessions of a market take `session_table(first, last)`.

    Args:
        minutes: Length of each session.
    """
    count = len(minutes)
    opens = _FIRST_NS + DAY * np.arange(count, dtype=np.int64)
    closes = opens + MINUTE * np.array(minutes, dtype=np.int64)
    days = tuple(_FIRST_DAY + timedelta(days=number) for number in range(count))
    early = tuple(length < max(minutes) for length in minutes)
    none = np.zeros(count, dtype=np.int64)
    return SessionTable(days, opens, closes, opens, closes, none, none, early, "UTC")


def walk_bars(
    sessions: SessionTable,
    *,
    seed: int = 0,
    interval: str = "1m",
    price: float = 100.0,
    step: float = 0.001,
    missing: float = 0.0,
    idle: float = 0.0,
    unknown: float = 0.0,
) -> BarColumns:
    """Bars of a random walk in cents: the same arguments, the same bars.

    Every bar is possible: 0 < low <= open, close <= high.

    Args:
        sessions: When bars are; a half day ends them early.
        seed: Of the random numbers.
        interval: Length of a bar.
        price: Where the walk begins.
        step: Standard deviation from close to close, as a fraction of the price; 0 is flat.
        missing: Fraction of the bars that are not there.
        idle: Fraction of the bars in which nothing traded (volume 0).
        unknown: Fraction of the values of each column that are unknown (NaN).

    Returns:
        Bars of all sessions, numbered from 0.
    """
    length = interval_ns(interval)
    spans = zip(sessions.open_ns.tolist(), sessions.close_ns.tolist(), strict=True)
    opens = [np.arange(start, end, length, dtype=np.int64) for start, end in spans]
    counts = [len(part) for part in opens]
    ts = np.concatenate(opens) if opens else np.zeros(0, dtype=np.int64)
    rng = np.random.default_rng(seed)
    columns = _walk(rng, len(ts), price, step, idle)
    for name, column in columns.items():
        columns[name] = np.where(rng.random(len(ts)) < unknown, np.nan, column)
    bars = BarColumns.build(
        ts,
        **columns,
        interval_ns=length,
        available_at=np.minimum(ts + length, np.repeat(sessions.close_ns, counts)),
        session=np.repeat(np.arange(len(counts)), counts),
    )
    return bars.take(rng.random(len(ts)) >= missing) if missing else bars


def without_volume(bars: BarColumns, volume: float = 0.0) -> BarColumns:
    """The same bars, but nothing traded in any.

    Args:
        bars: Any bars.
        volume: 0, or NaN for volume that nobody knows.
    """
    return replace(bars, volume=np.full(len(bars), volume))


def ticks_of(bars: BarColumns, *, seed: int = 0) -> TickColumns:
    """Trades that make up the bars: the same bars, the same trades, whatever bars follow.

    Eight in each bar: the first at its open, to the nanosecond; none where nothing traded, and
    none where a value is unknown.

    Args:
        bars: Any bars of a minute or longer.
        seed: Of the random numbers.

    Returns:
        Trades of all bars, read-only; their open, high, low, close and volume are those of the
        bars.
    """
    chance = np.random.default_rng(seed).random((len(bars), 3, len(_SIXTEENTHS)))
    within = np.sort(chance[:, 0], axis=1)
    within[:, 0] = 0.0
    length = bars.available_at - bars.ts
    ts = bars.ts[:, None] + (within * length[:, None]).astype(np.int64)
    low, high = bars.low[:, None], bars.high[:, None]
    price = np.clip(np.round(low + chance[:, 1] * (high - low), 2), low, high)
    price[:, 0], price[:, -1] = bars.open, bars.close
    price[:, 2], price[:, 5] = bars.high, bars.low
    size = bars.volume[:, None] * _SIXTEENTHS[np.argsort(chance[:, 2], axis=1)]
    traded = (bars.volume > 0.0) & np.isfinite([bars.field(n) for n in PRICE_FIELDS]).all(axis=0)
    columns = ts[traded].ravel(), price[traded].ravel(), size[traded].ravel()
    for column in columns:
        column.flags.writeable = False
    return TickColumns(*columns)


def repriced(bars: BarColumns, row: int, *, seed: int = 0) -> BarColumns:
    """The same bars up to a row, the same times, and from the row on other possible prices.

    Args:
        bars: Any bars.
        row: First row that changes.
        seed: Of the random numbers.
    """
    rng, rest = np.random.default_rng(seed), len(bars) - row
    columns = {name: getattr(bars, name).copy() for name in BAR_FIELDS}
    around = float(bars.close[0]) if rest and np.isfinite(bars.close[0]) else 100.0
    for name, column in _walk(rng, rest, around * rng.uniform(0.5, 2.0), 0.05, 0.2).items():
        columns[name][row:] = column
    return BarColumns(**columns)


def scrambled(bars: BarColumns, row: int, *, seed: int = 0) -> BarColumns:
    """The same bars up to a row, and any other future: prices, times, sessions, unknown values.

    Args:
        bars: Any bars.
        row: First row that changes.
        seed: Of the random numbers.
    """
    made = repriced(bars, row, seed=seed)
    rng, rest = np.random.default_rng(seed + 1), len(bars) - row
    columns = {name: getattr(made, name).copy() for name in BAR_FIELDS}
    for name in PRICE_FIELDS:
        columns[name][row:][rng.random(rest) < 0.2] = np.nan
    last = int(bars.ts[row - 1]) if row else _FIRST_NS
    columns["ts"][row:] = last + MINUTE * (1 + rng.integers(0, 99, rest)).cumsum()
    columns["available_at"][row:] = columns["ts"][row:] + MINUTE
    session = int(bars.session[row - 1]) if row else 0
    columns["session"][row:] = session + rng.integers(0, 2, rest).cumsum()
    return BarColumns(**columns)


def sealed(bars: BarColumns) -> BarColumns:
    """The bars in memory of their own that nobody can write to.

    Args:
        bars: Any bars.
    """
    columns = {name: getattr(bars, name).copy() for name in BAR_FIELDS}
    for column in columns.values():
        column.flags.writeable = False
    return BarColumns(**columns)


def to_frame(bars: BarColumns, timezone: str = "UTC") -> pd.DataFrame:
    """Bars as `backtest` takes them.

    Args:
        bars: Any bars.
        timezone: IANA name of the zone of the index.

    Returns:
        A DataFrame by open time with columns open, high, low, close and volume.
    """
    import pandas as pd

    stamps = pd.DatetimeIndex(bars.ts.astype("datetime64[ns]"), name="timestamp")
    columns = {name: bars.field(name).copy() for name in PRICE_FIELDS}
    return pd.DataFrame(columns, index=stamps.tz_localize("UTC").tz_convert(timezone))


def market_bars(
    symbols: Sequence[str],
    sessions: SessionTable,
    *,
    seed: int = 0,
    interval: str = "1m",
    missing: float = 0.05,
    idle: float = 0.02,
) -> Mapping[str, BarColumns]:
    """Walks of several symbols over the same sessions.

    Args:
        symbols: Tickers.
        sessions: When bars are.
        seed: Of the random numbers; each symbol has a walk of its own.
        interval: Length of a bar.
        missing: Fraction of the bars that are not there, of every symbol but the first.
        idle: Fraction of the bars in which nothing traded.
    """
    return {
        symbol: walk_bars(
            sessions,
            seed=seed * 1009 + number,
            interval=interval,
            price=100.0 / (1 + number),
            step=0.002,
            missing=missing if number else 0.0,
            idle=idle,
        )
        for number, symbol in enumerate(symbols)
    }


def _walk(
    rng: np.random.Generator, size: int, price: float, step: float, idle: float
) -> dict[str, FloatArray]:
    """Prices in cents and volumes of a walk."""

    def cents(values: FloatArray) -> FloatArray:
        return np.maximum(np.round(values / _TICK), 1.0)

    close = cents(price * np.exp(step * rng.normal(size=size).cumsum()))
    before = np.concatenate((cents(np.array([price])), close[:-1]))[:size]
    first = cents(before * _TICK * np.exp(0.3 * step * rng.normal(size=size)))
    spread = np.round(close * step * rng.random((2, size)))
    high = np.maximum(first, close) + spread[0]
    low = np.maximum(np.minimum(first, close) - spread[1], 1.0)
    prices = {"open": first, "high": high, "low": low, "close": close}
    volume = np.where(rng.random(size) < idle, 0.0, rng.integers(1, 1000, size))
    return {
        **{name: np.round(column * _TICK, 2) for name, column in prices.items()},
        "volume": volume,
    }
