"""From files and vendors into the store."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zlib import crc32

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.errors import DataError
from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.managers.time_manager.calendar import to_ns
from mismartera_core.model.columns import BarColumns, TickColumns
from mismartera_core.repositories.bar_store import BarStore, Mode, WriteReport
from mismartera_core.repositories.bar_store_format import Provenance
from mismartera_core.repositories.bar_store_names import folder_name
from mismartera_core.services.csv_parsing import (
    ParsedBars,
    ParsedEvents,
    QuarantinedRow,
    parse_bars_csv,
    parse_events_csv,
)

Kind = Literal["bars", "ticks", "quotes"]
_TICKER = re.compile(r"(?=.*[A-Z])[A-Z0-9^][A-Z0-9.^=-]*")
_INTERVAL = re.compile(r"\d+(S|M|MIN|H|D)|(S|M|H|D)\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did.

    Attributes:
        symbol: Under which symbol the bars were stored.
        symbol_from: Where that comes from: "as said", "the file's content" or "the file's name".
        parsed: The file, understood.
        written: What changed in the store.
        quarantine_file: Where the quarantined rows are, None where there are none.
    """

    symbol: str
    symbol_from: str
    parsed: ParsedBars | ParsedEvents
    written: WriteReport
    quarantine_file: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvOptions:
    """What a user can say about a file of bars; None is found out.

    Attributes:
        kind: "bars", "ticks" or "quotes".
        symbol: Ticker.
        interval: "1m", "1d" ...
        timezone: IANA name of the zone of stamps without one.
        label: "start" or "end": which end of a bar its stamp marks.
        dateformat: strptime format of the stamps.
        source: Where the file comes from; by default its name.
        adjustment: "raw", "splits" or "splits_dividends", where known.
        mode: "merge" into what is stored, or "replace" it.
        replaced: Symbols and intervals, or kinds, that earlier files of the same import have
            replaced; a further file of them is merged.
    """

    kind: Kind = "bars"
    symbol: str | None = None
    interval: str | None = None
    timezone: str | None = None
    label: str | None = None
    dateformat: str | None = None
    source: str | None = None
    adjustment: str = ""
    mode: Mode = "merge"
    replaced: Collection[tuple[str, str]] = ()


def import_csv(
    store: BarStore, time_manager: TimeManager, path: Path, options: CsvOptions
) -> ImportReport:
    """Parse a file and store its rows and its quarantine in one commit."""
    now_ns = to_ns(time_manager.wall_now())
    parsed = _parse(time_manager, path, options, now_ns)
    symbol, symbol_from = _symbol(path, options.symbol, parsed.symbol)
    level = parsed.interval or options.kind
    mode = "merge" if (symbol, level) in options.replaced else options.mode
    folder = crc32(str(path.resolve().parent).encode())  # files of two folders may share a name
    place = f"quarantine/{level}/{folder_name(symbol)}/{path.name}.{folder:08x}.csv"
    attach = bool(parsed.quarantine) or (store.root / place).exists()
    attachments = {place: _as_csv(parsed.quarantine)} if attach else {}
    provenance = Provenance(
        source=options.source or path.name,
        adjustment=options.adjustment,
        imported_at_ns=now_ns,
        understanding=parsed.understanding,
    )
    return ImportReport(
        symbol=symbol,
        symbol_from=symbol_from,
        parsed=parsed,
        written=_write(store, symbol, parsed, provenance, mode, attachments),
        quarantine_file=store.root / place if parsed.quarantine else None,
    )


def _parse(
    time_manager: TimeManager, path: Path, options: CsvOptions, now_ns: int
) -> ParsedBars | ParsedEvents:
    if options.kind != "bars":
        events = parse_events_csv(path, timezone=options.timezone, dateformat=options.dateformat)
        if events.kind != options.kind:
            raise DataError(f"expected {options.kind} in {path}, found {events.kind}")
        return events
    parsed = parse_bars_csv(
        path,
        interval=options.interval,
        timezone=options.timezone,
        label=options.label,
        dateformat=options.dateformat,
        sessions=time_manager.session_table,
        now_ns=now_ns,
    )
    if not len(parsed.columns):
        row = parsed.quarantine[0]
        raise DataError(f"no row of {path} is a usable bar; line {row.line}: {row.reason}")
    return parsed


def _write(
    store: BarStore,
    symbol: str,
    parsed: ParsedBars | ParsedEvents,
    provenance: Provenance,
    mode: Mode,
    attachments: dict[str, bytes],
) -> WriteReport:
    if isinstance(parsed.columns, BarColumns):
        return store.write_bars(
            symbol, parsed.interval, parsed.columns, provenance, mode=mode, attachments=attachments
        )
    if isinstance(parsed.columns, TickColumns):
        return store.write_ticks(
            symbol, parsed.columns, provenance, mode=mode, attachments=attachments
        )
    return store.write_quotes(
        symbol, parsed.columns, provenance, mode=mode, attachments=attachments
    )


def import_from_provider(
    store: BarStore,
    now_ns: int,
    provider: DataProvider,
    symbols: Sequence[str],
    interval: str,
    start_ns: int,
    end_ns: int,
    provenance: Provenance,
) -> dict[str, WriteReport]:
    """Fetch bars and store those that have ended."""
    fetched = provider.load_bars(symbols, interval, start_ns, end_ns)
    reports = {}
    for symbol in symbols:
        bars = fetched[symbol]
        reports[symbol] = store.write_bars(
            symbol, interval, bars.take(bars.available_at <= now_ns), provenance
        )
    return reports


def guess_symbol(path: Path) -> str:
    """The symbol that a file is named after, empty where there is none.

    The first word in capitals: wiki_AAPL_daily.csv is AAPL; else the first letters: spy.csv is SPY.

    Args:
        path: The file.
    """
    stem = re.sub(r"(\.(csv|txt|tsv|gz|zip))+$", "", path.name, flags=re.IGNORECASE)
    words = re.split(r"[_\s]+", stem)
    for word in words:
        if _TICKER.fullmatch(word) and not _INTERVAL.fullmatch(word):
            return word
    first = re.match(r"[A-Za-z]+", words[0])
    return first[0].upper() if first else ""


def _symbol(path: Path, said: str | None, named: str) -> tuple[str, str]:
    if said:
        return said, "as said"
    if named:
        return named, "the file's content"
    guessed = guess_symbol(path)
    if not guessed:
        raise DataError(f"{path} does not tell which symbol it is of", hint="say it: --symbol SPY")
    return guessed, "the file's name"


def _as_csv(rows: Sequence[QuarantinedRow]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("line", "reason", "text"))
    writer.writerows((row.line, row.reason, row.text) for row in rows)
    return out.getvalue().encode()
