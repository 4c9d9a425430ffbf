"""What the importer hands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from mismartera_core.model.columns import BarColumns
from mismartera_core.model.sessions import SessionTable

Calendar: TypeAlias = Callable[[date, date], SessionTable]
"""Trading days from a first to a last date, both included."""


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that was not taken.

    Attributes:
        line: Its line in the file, from 1.
        reason: Why.
        text: The line as it stands.
    """

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedBars:
    """The bars of a file and all that was understood of it. Every row is in exactly one of
    columns, quarantine and duplicates.

    Attributes:
        columns: The bars, ascending and unique; available_at is ts + interval.
        interval: "1m", "1d" ...
        symbol: The symbol the file names, empty where it names none.
        rows: Rows of the file, header and blank lines apart.
        duplicates: Rows dropped because an equal row with the same time was kept.
        quarantine: Rows not taken, by line.
        understanding: What the file was taken to be, item by item.
        warnings: What deserves a look, one sentence each.
    """

    columns: BarColumns
    interval: str
    symbol: str
    rows: int
    duplicates: int
    quarantine: tuple[QuarantinedRow, ...]
    understanding: Mapping[str, str]
    warnings: tuple[str, ...]
