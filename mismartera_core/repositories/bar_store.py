"""Market data as Parquet files: by data type, interval, symbol and year (UTC)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mismartera_core.errors import DataError, did_you_mean
from mismartera_core.model.columns import BarColumns, QuoteColumns, TickColumns
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.quality import Origin
from mismartera_core.repositories.bar_store_commit import commit, reading, recover, writing
from mismartera_core.repositories.bar_store_format import (
    FIELDS,
    Columns,
    Provenance,
    StoredFile,
    encode,
    open_checked,
    read_groups,
)
from mismartera_core.repositories.bar_store_merge import Merged, Stored, merge, split_years
from mismartera_core.repositories.bar_store_names import folder_name, names_in
from mismartera_core.repositories.bar_store_origins import (
    ProvenanceRange,
    ranges_of,
    runs_of,
    whole_file,
)

Mode = Literal["merge", "replace"]
_YEAR = re.compile(r"\d{4}\.parquet")
_ALL = (np.iinfo(np.int64).min, np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteReport:
    """What a write did.

    Attributes:
        added: Rows that were not there before.
        changed: Rows that were there with other values; the new ones won.
        unchanged: Rows that were there already, equal.
        removed: Rows that are gone.
        files: Files written.
    """

    added: int
    changed: int
    unchanged: int
    removed: int
    files: tuple[Path, ...]


class BarStore:
    """Bars, ticks and quotes in a folder of Parquet files.

    A write is all or nothing, also when the process is killed or the disk is full; what is read is
    what was written, or a DataError. Reads may come from several threads.

    Args:
        root: The folder; it is made by the first write.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: dict[Path, StoredFile] = {}

    def symbols(self, kind: str = "bars") -> list[str]:
        """Symbols that have bars (or "ticks", "quotes"), sorted."""
        if kind != "bars":
            return names_in(self.root / kind)
        return sorted({s for i in self._intervals() for s in names_in(self.root / "bars" / i)})

    def intervals(self, symbol: str) -> list[str]:
        """Bar intervals stored for a symbol, shortest first; empty where there is none."""
        held = [i for i in self._intervals() if self._files("bars", i, symbol)]
        return sorted(held, key=interval_ns)

    def coverage(self, symbol: str, interval: str) -> tuple[int, int] | None:
        """First and last open (included) of a symbol's bars, None where there are none."""
        with reading(self.root):
            files = self._files("bars", interval, symbol)
            if not files:
                return None
            first, last = self._checked(files[0])[0], self._checked(files[-1])[0]
            return int(first.first[0]), int(last.last[-1])

    def provenance(self, symbol: str, interval: str, kind: str = "bars") -> list[ProvenanceRange]:
        """Where a symbol's bars come from, by their first open.

        Args:
            symbol: Ticker.
            interval: Bar interval; empty for ticks and quotes.
            kind: "bars", "ticks" or "quotes".
        """
        with reading(self.root):
            return ranges_of(self._rows(kind, path) for path in self._files(kind, interval, symbol))

    def origins(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> list[Origin]:
        """Where a symbol's bars of a range come from, run by run, ascending.

        Args:
            symbol: Ticker.
            interval: Bar interval.
            start_ns: First open.
            end_ns: First open that is not part of it.
        """
        found: list[Origin] = []
        with reading(self.root):
            for path in self._files("bars", interval, symbol):
                whole = whole_file(self._checked(path)[0])
                if whole is None:
                    rows, listed = self._rows("bars", path)
                    found += runs_of(rows["ts"], rows["source"], listed)
                else:
                    found.append(whole)
        return [it for it in found if it.start_ns < end_ns and it.end_ns > start_ns]

    def read_bars(self, symbol: str, interval: str, start_ns: int, end_ns: int) -> BarColumns:
        """Bars with start_ns <= ts < end_ns; an empty result where there are none.

        Raises:
            DataError: Symbol or interval is unknown, or a file is damaged.
        """
        self._require(symbol, interval)
        got = self._read("bars", interval, symbol, start_ns, end_ns)
        return BarColumns.build(**got, interval_ns=interval_ns(interval))

    def read_many(
        self, symbols: Sequence[str], interval: str, start_ns: int, end_ns: int
    ) -> dict[str, BarColumns]:
        """Bars of several symbols."""
        return {s: self.read_bars(s, interval, start_ns, end_ns) for s in symbols}

    def read_ticks(self, symbol: str, start_ns: int, end_ns: int) -> TickColumns:
        """Trades with start_ns <= ts < end_ns.

        Raises:
            DataError: Symbol is unknown, or a file is damaged.
        """
        self._require_kind("ticks", symbol)
        return TickColumns(**self._read("ticks", "", symbol, start_ns, end_ns))

    def read_quotes(self, symbol: str, start_ns: int, end_ns: int) -> QuoteColumns:
        """Quotes with start_ns <= ts < end_ns.

        Raises:
            DataError: Symbol is unknown, or a file is damaged.
        """
        self._require_kind("quotes", symbol)
        return QuoteColumns(**self._read("quotes", "", symbol, start_ns, end_ns))

    def write_bars(
        self,
        symbol: str,
        interval: str,
        columns: BarColumns,
        provenance: Provenance,
        *,
        mode: Mode = "merge",
        attachments: Mapping[str, bytes] | None = None,
    ) -> WriteReport:
        """Store bars.

        Args:
            symbol: Ticker.
            interval: "1m", "1d" ...
            columns: Bars, ascending and unique by ts.
            provenance: Where they come from.
            mode: "merge": rows of equal ts are replaced, others stay; "replace": these bars are all
                that is stored of this symbol and interval afterwards.
            attachments: Content by path below the store's folder, written in the same commit.

        Raises:
            DataError: The bars are not ascending, or the disk refuses; nothing was changed then.
        """
        interval_ns(interval)
        if np.any(np.diff(columns.ts) <= 0):
            raise DataError(
                f"expected bars of {symbol} {interval} ascending and unique by time, they are not"
            )
        return self._write("bars", interval, symbol, columns, provenance, mode, attachments or {})

    def write_ticks(
        self,
        symbol: str,
        columns: TickColumns,
        provenance: Provenance,
        *,
        mode: Mode = "merge",
        attachments: Mapping[str, bytes] | None = None,
    ) -> WriteReport:
        """Store trades; "merge" replaces the span from the first to the last of them.

        Raises:
            DataError: The trades are not ascending, or the disk refuses.
        """
        return self._write_stream("ticks", symbol, columns, provenance, mode, attachments)

    def write_quotes(
        self,
        symbol: str,
        columns: QuoteColumns,
        provenance: Provenance,
        *,
        mode: Mode = "merge",
        attachments: Mapping[str, bytes] | None = None,
    ) -> WriteReport:
        """Store quotes; "merge" replaces the span from the first to the last of them.

        Raises:
            DataError: The quotes are not ascending, or the disk refuses.
        """
        return self._write_stream("quotes", symbol, columns, provenance, mode, attachments)

    def _write_stream(
        self,
        kind: str,
        symbol: str,
        columns: Any,
        provenance: Provenance,
        mode: Mode,
        attachments: Mapping[str, bytes] | None,
    ) -> WriteReport:
        if np.any(np.diff(columns.ts) < 0):
            raise DataError(f"expected {kind} of {symbol} ascending by time, they are not")
        return self._write(kind, "", symbol, columns, provenance, mode, attachments or {})

    def _write(
        self,
        kind: str,
        interval: str,
        symbol: str,
        columns: Any,
        provenance: Provenance,
        mode: Mode,
        attachments: Mapping[str, bytes],
    ) -> WriteReport:
        if not (len(columns.ts) or attachments or mode == "replace"):
            return WriteReport(added=0, changed=0, unchanged=0, removed=0, files=())
        folder = self._folder(kind, interval, symbol)
        merged: dict[Path, Merged] = {}
        with writing(self.root):
            recover(self.root)
            old = {int(path.stem): path for path in self._files(kind, interval, symbol)}
            new = split_years({name: getattr(columns, name) for name in FIELDS[kind]})
            for year, rows in new.items():
                before = self._stored(kind, old[year], mode) if year in old else None
                merged[folder / f"{year}.parquet"] = merge(kind, before, rows, provenance, mode)
            gone = [p for y, p in old.items() if y not in new] if mode == "replace" else []
            lost = [it for path in gone if (it := self._stored(kind, path, mode))]
            files = {
                path: encode(kind, m.columns, m.source, m.provenance)
                for path, m in merged.items()
                if m.differs
            }
            extra = {self.root / name: content for name, content in attachments.items()}
            if files or extra or gone:
                commit(self.root, {**files, **extra}, gone)
        return WriteReport(
            added=sum(m.added for m in merged.values()),
            changed=sum(m.changed for m in merged.values()),
            unchanged=sum(m.unchanged for m in merged.values()),
            removed=sum(len(rows["ts"]) for rows, _listed in lost)
            + sum(m.removed for m in merged.values()),
            files=tuple(files),
        )

    def _read(
        self, kind: str, interval: str, symbol: str, start_ns: int, end_ns: int
    ) -> dict[str, npt.NDArray[Any]]:
        names = FIELDS[kind]
        first, last = _year_of(start_ns), _year_of(end_ns)
        tables = []
        with reading(self.root):
            recover(self.root)
            for path in self._files(kind, interval, symbol):
                if first <= int(path.stem) <= last:
                    file, content = self._checked(path)
                    table = read_groups(file, names, start_ns, end_ns, content)
                    tables.append(_cut(table, start_ns, end_ns))
            return _joined(tables, names)

    def _stored(self, kind: str, path: Path, mode: Mode) -> Stored | None:
        """The rows of a file; None where it is damaged and will be replaced."""
        try:
            return self._rows(kind, path)
        except DataError:
            if mode == "merge":
                raise
            return None

    def _rows(self, kind: str, path: Path) -> tuple[Columns, tuple[Provenance, ...]]:
        file, content = self._checked(path)
        names = (*FIELDS[kind], "source")
        return _joined([read_groups(file, names, *_ALL, content)], names), file.provenance

    def _checked(self, path: Path) -> tuple[StoredFile, bytes | None]:
        """A file, and its bytes where this is the first time it is touched since it changed."""
        status = path.stat()
        stamp = (status.st_size, status.st_ino, status.st_ctime_ns)
        known = self._open.get(path)
        if known is not None and known.stamp == stamp:
            return known, None
        file, content = open_checked(path, stamp)
        self._open[path] = file
        return file, content

    def _require(self, symbol: str, interval: str) -> None:
        if self._files("bars", interval, symbol):
            return
        held = self.intervals(symbol)
        if held:
            raise DataError(
                f"expected {interval} bars of {symbol} in {self.root}, found {', '.join(held)}",
                hint=f"import them: mismartera data import FILE --symbol {symbol} "
                f"--interval {interval}",
            )
        known = self.symbols()
        near = f"{did_you_mean(symbol, known)}; or " if known else ""
        raise DataError(
            f"expected bars of {symbol!r} in {self.root}, found none",
            hint=f"{near}import it: mismartera data import FILE --symbol {symbol}",
        )

    def _require_kind(self, kind: str, symbol: str) -> None:
        if not self._files(kind, "", symbol):
            raise DataError(
                f"expected {kind} of {symbol!r} in {self.root}, found none",
                hint=did_you_mean(symbol, names_in(self.root / kind)),
            )

    def _intervals(self) -> list[str]:
        return names_in(self.root / "bars")

    def _folder(self, kind: str, interval: str, symbol: str) -> Path:
        base = self.root / kind / interval if interval else self.root / kind
        return base / folder_name(symbol)

    def _files(self, kind: str, interval: str, symbol: str) -> list[Path]:
        folder = self._folder(kind, interval, symbol)
        if not folder.is_dir():
            return []
        return sorted(path for path in folder.iterdir() if _YEAR.fullmatch(path.name))


def _year_of(ns: int) -> int:
    return (
        int(np.int64(ns).astype("datetime64[ns]").astype("datetime64[Y]").astype(np.int64)) + 1970
    )


def _joined(tables: Sequence[Any], names: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """One fresh array a column, so that nothing keeps whole row groups in memory."""
    dtypes = {"ts": np.int64, "source": np.int16}
    return {
        name: np.concatenate(
            [
                np.empty(0, dtypes.get(name, np.float64)),
                *(chunk.to_numpy() for table in tables for chunk in table.column(name).chunks),
            ]
        )
        for name in names
    }


def _cut(table: Any, start_ns: int, end_ns: int) -> Any:
    """The rows of a range."""
    ts = table.column("ts").to_numpy()
    low, high = np.searchsorted(ts, (start_ns, end_ns)).tolist()
    return table.slice(low, high - low)
