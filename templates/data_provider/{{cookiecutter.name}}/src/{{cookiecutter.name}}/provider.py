"""The provider: where bars come from. All times are nanoseconds UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from mismartera_core import (
    BarColumns,
    DataError,
    DataProvider,
    FloatArray,
    PluginContext,
    interval_ns,
)
from pydantic import BaseModel, ConfigDict, Field

IntArray: TypeAlias = npt.NDArray[np.int64]

MINUTE = interval_ns("1m")


class {{ cookiecutter.__class }}Config(BaseModel):
    """What a session config can set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    symbols: tuple[str, ...] = Field(default=("AAA", "BBB"), description="What it delivers.")
    first: date = Field(default=date(2012, 1, 1), description="First day.")
    last: date = Field(default=date(2012, 12, 31), description="Last day, included.")
    price: float = Field(default=100.0, gt=1, description="What a unit costs on average.")


class {{ cookiecutter.__class }}(DataProvider):
    """A bar for every minute of every session."""

    def __init__(self, config: {{ cookiecutter.__class }}Config, context: PluginContext) -> None:
        self._config = config
        self._sessions = context.sessions

    def symbols(self) -> Sequence[str]:
        """What the config names."""
        return sorted(self._config.symbols)

    def intervals(self, symbol: str) -> Sequence[str]:
        """Minutes only; longer bars are made of them."""
        self._check(symbol, "1m")
        return ("1m",)

    def coverage(self, symbol: str, interval: str) -> tuple[int, int] | None:
        """First and last open."""
        self._check(symbol, interval)
        ts = self._minutes[0]
        return (int(ts[0]), int(ts[-1])) if len(ts) else None

    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Bars that open at start_ns or later and before end_ns.

        Raises:
            DataError: Symbol or interval is not known.
        """
        self._check(symbol, interval)
        rows = slice(*np.searchsorted(self._minutes[0], (start_ns, end_ns)))
        ts, session = (column[rows] for column in self._minutes)
        opens, closes = self._prices(symbol, ts), self._prices(symbol, ts + MINUTE)
        return BarColumns.build(
            ts,
            opens,
            np.maximum(opens, closes),
            np.minimum(opens, closes),
            closes,
            np.full(len(ts), 1000.0),
            interval_ns=MINUTE,
            session=session,
        )

    def _prices(self, symbol: str, ts: IntArray) -> FloatArray:
        return prices(self._config.price, self.symbols().index(symbol), ts)

    def _check(self, symbol: str, interval: str) -> None:
        if symbol not in self._config.symbols:
            known = ", ".join(self.symbols())
            raise DataError(f"expected a symbol among {known}, was {symbol!r}")
        if interval != "1m":
            raise DataError(f"expected interval '1m', was {interval!r}")

    @cached_property
    def _minutes(self) -> tuple[IntArray, IntArray]:
        """Opens of all minutes by the calendar, and the number of each one's session."""
        table = self._sessions(self._config.first, self._config.last)
        spans = zip(table.open_ns.tolist(), table.close_ns.tolist(), strict=True)
        days = [np.arange(opens, closes, MINUTE, dtype=np.int64) for opens, closes in spans]
        ts = np.concatenate([np.empty(0, dtype=np.int64), *days])
        return ts, np.repeat(np.arange(len(days)), [len(day) for day in days])


def prices(base: float, row: int, ts: IntArray) -> FloatArray:
    """The price at each instant; put your own source here.

    Args:
        base: What a unit costs on average.
        row: Number of the symbol.
        ts: Nanoseconds UTC.
    """
    minutes = ts // MINUTE + 17 * row
    wave = np.sin(minutes / 40.0) + 0.3 * np.sin(minutes / 7.0)
    return np.round(base * (1.0 + 0.01 * wave), 2)
