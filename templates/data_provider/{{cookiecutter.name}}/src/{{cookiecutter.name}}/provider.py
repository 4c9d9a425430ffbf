"""The provider: where bars come from. All times are nanoseconds UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

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

MINUTE = interval_ns("1m")
DAY = interval_ns("1d")


class {{ cookiecutter.__class }}Config(BaseModel):
    """What a session config can set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    symbols: tuple[str, ...] = Field(default=("AAA", "BBB"), description="What it delivers.")
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

    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Bars that open at start_ns or later and before end_ns.

        Raises:
            DataError: Symbol or interval is not known.
        """
        self._check(symbol, interval)
        ts, session = self._minutes(start_ns, end_ns)
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

    def _prices(self, symbol: str, ts: npt.NDArray[np.int64]) -> FloatArray:
        return prices(self._config.price, self.symbols().index(symbol), ts)

    def _check(self, symbol: str, interval: str) -> None:
        if symbol not in self._config.symbols:
            known = ", ".join(self.symbols())
            raise DataError(f"expected a symbol among {known}, was {symbol!r}")
        if interval != "1m":
            raise DataError(f"expected interval '1m', was {interval!r}")

    def _minutes(
        self, start_ns: int, end_ns: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Opens of the minutes of all sessions in a range, and the number of each one's session."""
        epoch = date(1970, 1, 1)
        first, last = (epoch + timedelta(days=ns // DAY) for ns in (start_ns - DAY, end_ns + DAY))
        table = self._sessions(first, last)
        spans = zip(table.open_ns.tolist(), table.close_ns.tolist(), strict=True)
        days = [np.arange(opens, closes, MINUTE, dtype=np.int64) for opens, closes in spans]
        ts = np.concatenate([np.empty(0, dtype=np.int64), *days])
        session = np.repeat(np.arange(len(days)), [len(day) for day in days])
        inside = (ts >= start_ns) & (ts < end_ns)
        return ts[inside], session[inside]


def prices(base: float, row: int, ts: npt.NDArray[np.int64]) -> FloatArray:
    """The price at each instant; put your own source here.

    Args:
        base: What a unit costs on average.
        row: Number of the symbol.
        ts: Nanoseconds UTC.
    """
    minutes = ts // MINUTE + 17 * row
    wave = np.sin(minutes / 40.0) + 0.3 * np.sin(minutes / 7.0)
    return np.round(base * (1.0 + 0.01 * wave), 2)
