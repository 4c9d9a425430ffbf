"""Files of a run: each whole or not there, readable by pandas in one line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from mismartera_core.errors import DataError, MisMarteraError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from mismartera_core.model.columns import IntArray

Unit = Literal["ns", "s"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a spreadsheet recognises a formula in a text cell."""


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write values as JSON, whole or not at all.

    Raises:
        MisMarteraError: The disk is full or the folder cannot be written.
    """
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def read_json(path: Path) -> dict[str, Any]:
    """Values of a JSON file; empty where there is no such file.

    Raises:
        DataError: The file is damaged.
    """
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DataError(f"expected JSON in {path}, was unreadable: {error}") from error
    if not isinstance(values, dict):
        raise DataError(f"expected a JSON object in {path}, was {type(values).__name__}")
    return values


def write_table(folder: Path, name: str, parts: Callable[[], Iterable[pd.DataFrame]]) -> list[Path]:
    """Write a table as CSV and as Parquet, part by part.

    In the CSV times are ISO 8601 with offset, numbers have all their digits, and text that a
    spreadsheet would take for a formula is preceded by an apostrophe.

    Args:
        folder: An existing folder.
        name: File name without ending.
        parts: Makes the table anew in parts, at least one of them; columns as `pandas.read_csv` and
            `pandas.read_parquet` are to give them back.

    Returns:
        The two files.
    """
    files = [folder / f"{name}.parquet", folder / f"{name}.csv"]
    units: dict[str, Unit] = {}
    write_atomically(files[0], lambda file: _write_parquet(_noting(parts(), units), file))
    write_atomically(files[1], lambda file: _write_csv(files[0], units, file))
    return files


def read_table(folder: Path, name: str) -> pd.DataFrame | None:
    """A table written by `write_table`, None where there is none.

    Raises:
        DataError: The file is damaged.
    """
    import pandas as pd
    import pyarrow as pa

    path = folder / f"{name}.parquet"
    if not path.exists():
        return None
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"expected a Parquet table in {path}, was unreadable: {error}") from error


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file under another name, flush it to the disk, then rename it.

    Args:
        path: Where it is to be.
        write: Writes into the open file.

    Raises:
        MisMarteraError: The disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise MisMarteraError(
            f"could not write {path}: {error.strerror or error}",
            hint="free some space or choose another runs_dir; files written before stay readable",
        ) from error


def _write_parquet(tables: Iterable[pa.Table], file: IO[bytes]) -> None:
    from pyarrow import parquet

    left = iter(tables)
    head = next(left)
    with parquet.ParquetWriter(file, head.schema) as writer:
        for table in chain([head], left):
            writer.write_table(table)


def _write_csv(path: Path, units: Mapping[str, Unit], file: IO[bytes]) -> None:
    """What a Parquet file holds, a row group at a time."""
    from pyarrow import csv, parquet

    with parquet.ParquetFile(path) as source:
        groups = map(source.read_row_group, range(source.num_row_groups))
        tables = (_for_people(group, units) for group in groups)
        head = next(tables)
        with csv.CSVWriter(file, head.schema) as writer:
            for table in chain([head], tables):
                writer.write_table(table)


def _noting(parts: Iterable[pd.DataFrame], units: dict[str, Unit]) -> Iterator[pa.Table]:
    """The parts, all of the schema of the first; noted is how finely instants are written."""
    import pyarrow as pa

    schema = None
    for part in parts:
        table = pa.Table.from_pandas(part, schema, preserve_index=False)
        schema = table.schema
        for field in schema:
            if _is_instant(field.type) and units.get(field.name) != "ns":
                units[field.name] = _unit(table[field.name])
        yield table


def _is_instant(type_: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_timestamp(type_) and type_.tz is not None)


def _unit(column: pa.ChunkedArray) -> Unit:
    """Whole seconds where all are whole."""
    return "ns" if (_nanoseconds(column) % 1_000_000_000).any() else "s"


def _for_people(table: pa.Table, units: Mapping[str, Unit]) -> pa.Table:
    import pyarrow as pa

    columns = {}
    for field in table.schema:
        column = table[field.name]
        if field.name in units:
            columns[field.name] = _iso(column, units[field.name])
        elif pa.types.is_timestamp(field.type):
            columns[field.name] = column.cast(pa.date32()).cast(pa.string())
        elif pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            texts = [text and _harmless(text) for text in column.to_pylist()]
            columns[field.name] = pa.array(texts, field.type)
        else:
            columns[field.name] = column
    return pa.table(columns)


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _iso(column: pa.ChunkedArray, unit: Unit) -> pa.Array:
    """ISO 8601 with offset."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    instants = _nanoseconds(column)
    # Not by pyarrow, which on some systems has no zones of its own.
    zoned = pd.DatetimeIndex(instants, tz="UTC").tz_convert(column.type.tz)
    local = zoned.tz_localize(None).asi8
    seconds = (local - instants) // 1_000_000_000
    text = np.datetime_as_string(local.astype("datetime64[ns]"), unit=unit).astype(object)
    offsets = {second: _offset(int(second)) for second in np.unique(seconds)}
    text = text + np.array([offsets[second] for second in seconds.tolist()], dtype=object)
    return pa.array(text, pa.string(), mask=column.is_null().to_numpy())


def _nanoseconds(column: pa.ChunkedArray) -> IntArray:
    """Since the epoch; 0 where there is none."""
    import pyarrow as pa

    stamps = column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64())
    values: IntArray = stamps.fill_null(0).to_numpy()
    return values


def _offset(seconds: int) -> str:
    sign = "-" if seconds < 0 else "+"
    minutes = abs(seconds) // 60
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
