"""From a file to columns of text: compression, encoding, delimiter, header, line numbers."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mismartera_core.errors import DataError, did_you_mean
from mismartera_core.model.columns import BoolArray, IntArray
from mismartera_core.services.csv_parsing.values import QuarantinedRow

_DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}
"""Comma last: in files with another delimiter it may be the decimal mark."""
_LEAST = 3
_SAMPLE_LINES = 50
_SAMPLE_CELLS = 5_000


@dataclass(frozen=True, slots=True)
class TextTable:
    """A file as columns of text.

    Attributes:
        names: Column names as written; empty where the file has no header.
        columns: One Arrow string array a column.
        line: Line of each row in the file, from 1.
        ragged: Rows with another number of cells.
        symbol: Symbol that a yfinance header names, else empty.
        understanding: Format, header and encoding in words.
        content: The text, for quoting lines.
    """

    names: tuple[str, ...]
    columns: tuple[Any, ...]
    line: IntArray
    ragged: tuple[QuarantinedRow, ...]
    symbol: str
    understanding: dict[str, str]
    content: bytes

    def only_symbol(self, path: Path, column: int | None) -> str:
        """The symbol that a column, or else the header, names; empty where there is none.

        Args:
            path: The file, for messages.
            column: The column of symbols, None where there is none.

        Raises:
            DataError: There are several.
        """
        if column is None:
            return self.symbol
        named = sorted({str(cell) for cell in self.columns[column].unique().to_pylist() if cell})
        if len(named) > 1:
            raise DataError(
                f"expected one symbol in {path}, found {len(named)}: {', '.join(named[:8])}",
                hint="save each symbol to a file of its own",
            )
        return named[0] if named else ""

    @property
    def typical(self) -> tuple[str, ...]:
        """For each column a cell of middle length: neither the empty ones nor "5" for 00:05."""
        return tuple(_typical(column[:_SAMPLE_CELLS].to_pylist()) for column in self.columns)


@dataclass(frozen=True, slots=True)
class _Head:
    """Names, how many lines come before the data, and in words what they are."""

    names: tuple[str, ...]
    lines: int
    symbol: str
    words: str


def read_table(path: Path) -> TextTable:
    """Read a delimited text file, plain, gzipped or zipped.

    Raises:
        DataError: The file is missing, empty or no table of at least three columns.
    """
    import pyarrow as pa
    import pyarrow.csv as pc

    content, encoding = _decoded(path)
    if b"\n" not in content:  # lines of old Macs end with a carriage return alone
        content = content.replace(b"\r", b"\n")
    lines_of_bytes = content[:200_000].splitlines()[: _SAMPLE_LINES + 10]
    sample = [line.decode("utf-8", "replace") for line in lines_of_bytes]
    delimiter, width, preamble = _shape(path, sample)
    rows = list(csv.reader(sample[preamble:], delimiter=delimiter))
    head = _head(path, rows, width, preamble)
    clean, bad = _without_open_quotes(content)

    ragged: list[tuple[int, str]] = []

    def keep(row: Any) -> str:
        ragged.append((row.number + head.lines, f"{row.actual_columns} cells, expected {width}"))
        return "skip"

    keys = [f"c{i}" for i in range(width)]
    body = clean[_offset(clean, head.lines) :]
    if not body.strip():
        raise DataError(f"{path} has a header and no row")
    try:
        table = pc.read_csv(
            pa.BufferReader(body),
            read_options=pc.ReadOptions(use_threads=False, column_names=keys),
            parse_options=pc.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if b'"' in clean else False,
                invalid_row_handler=keep,
                ignore_empty_lines=False,
            ),
            convert_options=pc.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False
            ),
        ).combine_chunks()
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from error
    lines = np.arange(len(table) + len(ragged), dtype=np.int64) + head.lines + 1
    lines = np.setdiff1d(lines, [number for number, _ in ragged], assume_unique=True)
    table, lines = _without_blank_lines(table, lines, clean)
    return TextTable(
        names=head.names,
        columns=tuple(_one_chunk(table.column(key)) for key in keys),
        line=lines,
        ragged=quoted(content, [*bad, *ragged]),
        symbol=head.symbol,
        understanding={
            "format": f"{_DELIMITERS[delimiter]} separated, {width} columns, {encoding}",
            "header": head.words,
        },
        content=content,
    )


def where_empty(column: Any) -> BoolArray:
    """Which cells of a column of text are empty."""
    import pyarrow.compute as pc

    mask: BoolArray = pc.equal(column, "").to_numpy(zero_copy_only=False)
    return mask


def quoted(content: bytes, rows: Sequence[tuple[int, str]]) -> tuple[QuarantinedRow, ...]:
    """Quarantined rows with the text of their lines.

    Args:
        content: The file's text.
        rows: Line and reason of each.
    """
    if not rows:
        return ()
    lines = content.splitlines()
    return tuple(
        QuarantinedRow(line, reason, lines[line - 1].decode("utf-8", "replace"))
        for line, reason in sorted(rows)
    )


def _typical(cells: list[str]) -> str:
    given = sorted(filter(None, cells), key=len)
    return given[len(given) // 2] if given else ""


def _decoded(path: Path) -> tuple[bytes, str]:
    """The text as UTF-8 without a byte order mark, and what it was."""
    raw = _unpacked(path)
    for mark, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if raw.startswith(mark):
            try:
                return raw[2:].decode(name).encode(), "UTF-16"
            except UnicodeDecodeError as error:
                raise DataError(f"{path} cannot be read: {error}") from error
    if raw.startswith(b"\xef\xbb\xbf"):
        return raw[3:], "UTF-8 with byte order mark"
    if not raw.strip():
        raise DataError(f"{path} is empty")
    if b"\0" in raw[:10_000]:
        raise DataError(f"expected a text file, {path} is binary")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace").encode(), "Windows-1252"
    return raw, "UTF-8"


def _unpacked(path: Path) -> bytes:
    try:
        if path.suffix == ".gz":
            return gzip.decompress(path.read_bytes())
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                names = [n for n in archive.namelist() if not n.endswith("/")]
                if len(names) != 1:
                    raise DataError(f"expected one file in {path}, found {len(names)}")
                return archive.read(names[0])
        return path.read_bytes()
    except FileNotFoundError as error:
        near = [p.name for p in path.parent.glob("*") if p.is_file()]
        raise DataError(f"there is no file {path}", hint=did_you_mean(path.name, near)) from error
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        # RuntimeError: the archive has a password, or is packed in a way that Python does not know
        raise DataError(f"{path} cannot be read: {error}") from error


def _shape(path: Path, sample: list[str]) -> tuple[str, int, int]:
    """Delimiter, number of columns and number of lines before the table."""
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in csv.reader(sample, delimiter=delimiter)]
        usual = Counter(w for w in widths if w >= _LEAST).most_common(1)
        if usual and usual[0][1] * 2 >= sum(map(bool, widths)):
            width = usual[0][0]
            return delimiter, width, widths.index(width)
    raise DataError(
        f"expected a table of at least three columns, {path} begins with {sample[0][:80]!r}",
        hint="columns are separated by comma, semicolon, tab or |",
    )


def _head(path: Path, rows: list[list[str]], width: int, preamble: int) -> _Head:
    first = [cell.strip() for cell in rows[0]]
    before = f", after {preamble} other line(s)" if preamble else ""
    starts = [row[0].lower() for row in rows[:3] if row]
    if len(starts) == 3 and starts[:2] == ["price", "ticker"]:
        symbols = {cell.strip() for cell in rows[1][1:] if cell.strip()}
        if len(symbols) != 1:
            raise DataError(
                f"expected one symbol in {path}, its header names {', '.join(sorted(symbols))}",
                hint="save each symbol to a file of its own",
            )
        names = (rows[2][0].strip() or "Datetime", *first[1:])
        return _Head(names, preamble + 3, symbols.pop(), "three lines, as yfinance writes them")
    if any(_numeric(cell) for cell in first):
        if preamble:
            raise DataError(
                f"{path} begins with {preamble} line(s) that are neither header nor data"
            )
        return _Head((), 0, "", "none")
    if len(first) != width:
        raise DataError(f"expected {width} names in the header of {path}, found {len(first)}")
    return _Head(tuple(first), preamble + 1, "", "one line" + before)


def _numeric(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return text.strip().lower() not in {"nan", "inf"}


def _without_open_quotes(content: bytes) -> tuple[bytes, list[tuple[int, str]]]:
    """The text with lines blanked whose quotes do not close; they would swallow the lines below."""
    if b'"' not in content:
        return content, []
    lines = content.splitlines()
    bad = [number for number, line in enumerate(lines) if line.count(b'"') % 2]
    for number in bad:
        lines[number] = b""
    return b"\n".join(lines), [(number + 1, "a quote does not close") for number in bad]


def _offset(content: bytes, lines: int) -> int:
    """Where the data begin."""
    reader = io.BytesIO(content)
    for _ in range(lines):
        reader.readline()
    return reader.tell()


def _without_blank_lines(table: Any, lines: IntArray, content: bytes) -> tuple[Any, IntArray]:
    import pyarrow.compute as pc

    empty = np.ones(len(table), np.bool_)
    for column in table.columns:
        empty &= pc.equal(column, "").to_numpy()
        if not empty.any():
            return table, lines
    texts = content.splitlines()
    blank = [int(row) for row in np.flatnonzero(empty) if not texts[lines[row] - 1].strip()]
    keep = np.ones(len(table), np.bool_)
    keep[blank] = False
    return table.filter(keep), lines[keep]


def _one_chunk(column: Any) -> Any:
    import pyarrow.compute as pc

    whole = column.combine_chunks()
    if hasattr(whole, "chunks"):
        whole = whole.chunk(0) if whole.num_chunks else whole
    return pc.utf8_trim_whitespace(whole)
