"""Seeded 1m bars for the benchmarks, made once, before anything is timed.

Prices are multiples of 1/16: sums of them are exact in float64, so every engine sees the same
averages and the same ties, and 100 shares cost whole cents. That is what lets fills and cash be
compared to the cent between engines that add up in different orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

TICK = 1 / 16
MINUTES = 390
MINUTE_NS = 60 * 10**9
FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True)
class Shape:
    """How much data a work load has, and what its random walks look like.

    Attributes:
        name: As in the tables.
        symbols: Number of symbols.
        sessions: Full regular sessions of New York, 390 bars each.
        seed: Of the random generator.
        trend: Spread of the drift of a session, in standard deviations of a minute; a trending
            market crosses its averages less often.
    """

    name: str
    symbols: int
    sessions: int
    seed: int
    trend: float = 0.0

    @property
    def bars(self) -> int:
        return self.symbols * self.sessions * MINUTES


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("W1", 1, 252, seed=1),
        Shape("W2", 20, 63, seed=1),
        Shape("W3", 500, 5, seed=3, trend=0.37),
    )
}


@dataclass(frozen=True, eq=False)
class Market:
    """Bars of one shape in the forms that engines take.

    Attributes:
        name: Of the shape.
        symbols: Tickers.
        ts: Opens of the bars, nanoseconds UTC, one row for all symbols.
        open: Prices, symbols x bars; so are high, low, close and volume.
    """

    name: str
    symbols: tuple[str, ...]
    ts: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray

    @property
    def bars(self) -> int:
        return int(self.close.size)

    @cached_property
    def lists(self) -> list[tuple[list[float], list[float]]]:
        """Opens and closes of each symbol as Python lists."""
        return [(o.tolist(), c.tolist()) for o, c in zip(self.open, self.close, strict=True)]

    @cached_property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Opens and closes time-major: one contiguous row a minute."""
        return np.ascontiguousarray(self.open.T), np.ascontiguousarray(self.close.T)

    @cached_property
    def frames(self) -> dict[str, Any]:
        """A DataFrame a symbol, its index in the exchange's zone."""
        import pandas as pd

        index = pd.DatetimeIndex(self.ts, tz="UTC").tz_convert("America/New_York")
        return {
            symbol: pd.DataFrame({name: getattr(self, name)[i] for name in FIELDS}, index=index)
            for i, symbol in enumerate(self.symbols)
        }

    def save(self, path: Path, **more: np.ndarray) -> Path:
        """Write the arrays for a process that cannot import this package."""
        arrays = {name: getattr(self, name) for name in ("ts", *FIELDS)}
        np.savez(path, symbols=np.array(self.symbols), **arrays, **more)
        return path


def session_minutes(sessions: int) -> np.ndarray:
    """Opens of the minutes of that many full regular sessions of XNYS from 2024 on.

    Half days are left out, so that every session has 390 bars.
    """
    opens, closes = _hours()
    full = opens[closes - opens == MINUTES * MINUTE_NS][:sessions]
    return (full[:, None] + np.arange(MINUTES) * MINUTE_NS).ravel()


def before_half_days(ts: np.ndarray) -> list[int]:
    """Rows of the last bars before a half day that the data leave out, with data after it."""
    opens, closes = _hours()
    half = opens[closes - opens != MINUTES * MINUTE_NS]
    rows = np.searchsorted(ts, half[(half > ts[0]) & (half < ts[-1])])
    return (rows - 1).tolist()


def _hours() -> tuple[np.ndarray, np.ndarray]:
    """Opens and closes of the sessions of XNYS, nanoseconds UTC."""
    import exchange_calendars as xc

    schedule = xc.get_calendar("XNYS", start="2024-01-01", end="2026-06-30").schedule
    opens, closes = (
        schedule[name].dt.as_unit("ns").astype("int64").to_numpy() for name in ("open", "close")
    )
    return opens, closes


def make(shape: Shape) -> Market:
    """Random walks on a price grid, one a symbol, continuous over sessions."""
    random = np.random.default_rng(shape.seed)
    size = (shape.symbols, shape.sessions * MINUTES)
    drift = random.standard_normal((shape.symbols, shape.sessions)).repeat(MINUTES, axis=1)
    steps = random.standard_normal(size) + shape.trend * drift
    closes = _grid(400.0 * np.exp(6e-4 * np.cumsum(steps, axis=1)))
    opens = closes.copy()
    opens[:, 1:] = closes[:, :-1] + TICK * random.integers(-1, 2, (size[0], size[1] - 1))
    wicks = TICK * random.integers(0, 6, (2, *size))
    return Market(
        name=shape.name,
        symbols=tuple(f"S{i:03d}" for i in range(shape.symbols)),
        ts=session_minutes(shape.sessions),
        open=opens,
        high=np.maximum(opens, closes) + wicks[0],
        low=np.minimum(opens, closes) - wicks[1],
        close=closes,
        volume=random.integers(1_000, 50_000, size).astype(np.float64),
    )


def _grid(prices: np.ndarray) -> np.ndarray:
    return np.round(prices / TICK) * TICK
