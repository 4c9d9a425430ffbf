"""The sample provider: real daily bars that ship with the package, simulated minutes in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from mismartera_core import (
    BarColumns,
    DataError,
    DataProvider,
    FloatArray,
    PluginContext,
    interval_ns,
)
from mismartera_core.builtin.sample_minutes import IntArray, simulate_minutes

if TYPE_CHECKING:
    from mismartera_core import SessionTable

_FILE = Path(__file__).parent / "sample_data" / "daily.parquet"
_EPOCH = date(1970, 1, 1)
_MINUTE = interval_ns("1m")
_DAY = interval_ns("1d")
_INTERVALS = ("1m", "1d")
_BLOCK = 32
"""Sessions made at once; more fall out of the processor's cache and take twice as long."""


class SampleConfig(BaseModel):
    """Config of the sample provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=1, ge=0, description="Another seed, other minutes of the same days.")


@dataclass(frozen=True, slots=True)
class DailyBars:
    """Real daily bars of one symbol.

    Attributes:
        day: Days since 1970-01-01, ascending.
        bars: Shape (days, 5): open, high, low, close, volume; not adjusted.
    """

    day: IntArray
    bars: FloatArray


class SampleProvider(DataProvider):
    """Real daily bars of AAPL, FB, GOOG, IBM and MSFT from 2000-03-01 to 2013-03-01.

    Intraday minutes are simulated: first open, highest high, lowest low, last close and summed
    volume of a session are exactly its real daily bar's. The same seed gives the same minutes on
    any machine.

    Args:
        config: The seed.
        context: The calendar to lay the minutes into.
    """

    def __init__(self, config: SampleConfig, context: PluginContext) -> None:
        self._seed = config.seed
        self._sessions = context.sessions

    def symbols(self) -> Sequence[str]:
        """The five symbols."""
        return sorted(load_daily())

    def intervals(self, symbol: str) -> Sequence[str]:
        """1m and 1d."""
        _daily(symbol)
        return _INTERVALS

    def coverage(self, symbol: str, interval: str) -> tuple[int, int] | None:
        """First and last open by the calendar in force, None where it has none of the days."""
        _check_interval(symbol, interval)
        whole = _Range(self, symbol, -(2**62), 2**62)
        if not len(whole.opens):
            return None
        last = int(whole.opens[-1])
        return int(whole.opens[0]), last if interval == "1d" else int(whole.closes[-1]) - _MINUTE

    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Real daily bars, or simulated minutes.

        Raises:
            DataError: The symbol is not in the sample, or the interval is neither 1m nor 1d.
        """
        _check_interval(symbol, interval)
        chosen = _Range(self, symbol, start_ns, end_ns)
        if interval == "1d":
            bars = BarColumns.build(
                chosen.opens,
                *chosen.daily.T,
                interval_ns=_DAY,
                available_at=chosen.closes,
                session=np.arange(len(chosen.opens)),
            )
        else:
            bars = chosen.minutes(_key(symbol, self._seed))
        low, high = np.searchsorted(bars.ts, (start_ns, end_ns)).tolist()
        return bars.slice(low, high)

    def sessions(self, first: date, last: date) -> SessionTable:
        """Trading days by the calendar in force."""
        return self._sessions(first, last)


class _Range:
    """The sessions of a range that have a real daily bar, with the bars."""

    def __init__(self, provider: SampleProvider, symbol: str, start_ns: int, end_ns: int) -> None:
        real = _daily(symbol)
        low, high = np.searchsorted(real.day, (start_ns // _DAY - 1, end_ns // _DAY + 2)).tolist()
        self.day = self.opens = self.closes = np.empty(0, np.int64)
        self.breaks = np.empty((0, 2), np.int64)
        self.daily = np.empty((0, 5))
        if low == high:
            return
        table = provider.sessions(*(_date(real.day[i]) for i in (low, high - 1)))
        days = np.array([(d - _EPOCH).days for d in table.dates], np.int64)
        keep = (table.open_ns < end_ns) & (table.close_ns > start_ns)
        keep &= np.isin(days, real.day[low:high])
        self.day, self.opens, self.closes = days[keep], table.open_ns[keep], table.close_ns[keep]
        self.breaks = np.stack([table.break_start_ns, table.break_end_ns], axis=1)[keep]
        self.daily = real.bars[np.searchsorted(real.day, self.day)]

    def minutes(self, key: int) -> BarColumns:
        """Simulated minutes of all the sessions."""
        parts: list[tuple[IntArray, FloatArray, IntArray]] = []
        for rows, offsets in self._blocks():
            made = simulate_minutes(self.daily[rows], key, self.day[rows], len(offsets))
            ts = self.opens[rows][:, None] + offsets
            numbers = np.repeat(rows, len(offsets))
            parts.append((ts.ravel(), made.reshape(5, -1), numbers))
        if not parts:
            return BarColumns.empty()
        ts, values, numbers = (np.concatenate(p, axis=-1) for p in zip(*parts, strict=True))
        if len(parts) > 1:
            order = np.argsort(ts)
            ts, values, numbers = ts[order], values[:, order], numbers[order]
        return BarColumns.build(ts, *values, interval_ns=_MINUTE, session=numbers)

    def _blocks(self) -> Iterator[tuple[npt.NDArray[np.intp], IntArray]]:
        """Sessions of equal length and break, with the offsets of their minutes from the open."""
        gap = np.where(self.breaks > 0, self.breaks - self.opens[:, None], 0)
        shapes = np.column_stack([self.closes - self.opens, gap])
        for shape in np.unique(shapes, axis=0):
            offsets = np.arange(0, shape[0], _MINUTE)
            within_break = (offsets >= shape[1]) & (offsets < shape[2])
            rows = np.flatnonzero((shapes == shape).all(axis=1))
            for start in range(0, len(rows), _BLOCK):
                yield rows[start : start + _BLOCK], offsets[~within_break]


@cache
def load_daily() -> dict[str, DailyBars]:
    """The real daily bars by symbol."""
    import pyarrow.parquet as pq

    table = pq.read_table(_FILE, use_threads=False)
    symbols = table.column("symbol").to_numpy(zero_copy_only=False)
    days = table.column("date").to_numpy().astype("datetime64[D]").astype(np.int64)
    names = ("open", "high", "low", "close", "volume")
    values = np.stack([table.column(name).to_numpy() for name in names], axis=1)
    return {
        str(symbol): DailyBars(days[symbols == symbol], values[symbols == symbol])
        for symbol in np.unique(symbols)
    }


def _daily(symbol: str) -> DailyBars:
    held = load_daily()
    if symbol not in held:
        raise DataError(
            f"expected a symbol of the sample data, was {symbol!r}",
            hint=f"the sample has {', '.join(sorted(held))}; for others import your own files",
        )
    return held[symbol]


def _check_interval(symbol: str, interval: str) -> None:
    _daily(symbol)
    if interval not in _INTERVALS:
        raise DataError(f"the sample provider delivers 1m and 1d bars, asked for was {interval!r}")


def _key(symbol: str, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{symbol}".encode()).digest()[:8], "big")


def _date(days: np.int64) -> date:
    return _EPOCH + timedelta(days=int(days))


def _by_time(bars: dict[str, BarColumns]) -> Iterator[tuple[str, BarColumns]]:
    """Single bars of several symbols, by the time they became known and then by symbol."""
    rows = [
        (int(known), symbol, row)
        for symbol, columns in bars.items()
        for row, known in enumerate(columns.available_at)
    ]
    for _, symbol, row in sorted(rows):
        yield symbol, bars[symbol].slice(row, row + 1)
