"""The csv provider: a folder of files, one per symbol, read as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from mismartera_core import BarColumns, DataError, DataProvider, Origin, PluginContext

if TYPE_CHECKING:
    from mismartera_core import ParsedBars


class CsvConfig(BaseModel):
    """Config of the csv provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(description="Folder with a file SYMBOL.csv for each symbol.")
    timezone: str | None = Field(
        default=None, description="IANA zone of stamps that carry none; by default found out."
    )
    label: Literal["start", "end"] | None = Field(
        default=None, description="Which end of a bar its stamp marks; by default found out."
    )
    date_format: str | None = Field(
        default=None, description="strptime format of the stamps; by default found out."
    )


class CsvProvider(DataProvider):
    """Bars of a folder of CSV files, understood as `mismartera data import` does.

    Args:
        config: Folder and what is to be said about its files.
        context: The calendar, which tells zones and labels.
    """

    def __init__(self, config: CsvConfig, context: PluginContext) -> None:
        self._config = config
        self._sessions = context.sessions
        self._parsed: dict[str, ParsedBars] = {}

    def symbols(self) -> Sequence[str]:
        """Names of the files, without .csv."""
        if not self._config.path.is_dir():
            raise DataError(
                f"expected a folder of CSV files, there is no {self._config.path}",
                hint="data_provider.config.path says where it is",
            )
        return sorted(file.stem for file in self._config.path.glob("*.csv"))

    def intervals(self, symbol: str) -> Sequence[str]:
        """The interval of a symbol's file."""
        return (self._read(symbol).interval,)

    def coverage(self, symbol: str, interval: str) -> tuple[int, int] | None:
        """First and last open of a symbol's file."""
        bars = self._bars(symbol, interval)
        return (int(bars.ts[0]), int(bars.ts[-1])) if len(bars) else None

    def get_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Bars of a symbol's file.

        Raises:
            DataError: There is no such file, it has another interval, or it has rows that are no
                bars.
        """
        bars = self._bars(symbol, interval)
        low, high = np.searchsorted(bars.ts, (start_ns, end_ns)).tolist()
        return bars.slice(low, high)

    def provenance(
        self, symbol: str, interval: str, start_ns: int, end_ns: int
    ) -> Sequence[Origin]:
        """The symbol's file."""
        del interval
        return [Origin(start_ns=start_ns, end_ns=end_ns, source=self._file(symbol).name)]

    def _bars(self, symbol: str, interval: str) -> BarColumns:
        parsed = self._read(symbol)
        if parsed.interval != interval:
            raise DataError(
                f"expected {interval} bars in {self._file(symbol)}, found {parsed.interval}"
            )
        columns: BarColumns = parsed.columns
        return columns

    def _read(self, symbol: str) -> ParsedBars:
        if symbol not in self._parsed:
            self._parsed[symbol] = self._parse(symbol)
        return self._parsed[symbol]

    def _parse(self, symbol: str) -> ParsedBars:
        from mismartera_core import parse_bars_csv

        if symbol not in self.symbols():
            raise DataError(
                f"expected {self._file(symbol)}, there is no such file",
                hint=f"the folder has {', '.join(self.symbols()) or 'none'}",
            )
        parsed: ParsedBars = parse_bars_csv(
            self._file(symbol),
            timezone=self._config.timezone,
            label=self._config.label,
            dateformat=self._config.date_format,
            sessions=self._sessions,
        )
        if parsed.quarantine:
            row = parsed.quarantine[0]
            raise DataError(
                f"{len(parsed.quarantine)} row(s) of {self._file(symbol)} are no bars, the first "
                f"in line {row.line}: {row.reason}",
                hint="correct them, or use the parquet provider: `mismartera data import` puts "
                "such rows aside and lists them",
            )
        return parsed

    def _file(self, symbol: str) -> Path:
        return self._config.path / f"{symbol}.csv"
