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
    units: dict[Any, Unit] = {}
    write_atomically(files[0], lambda file: _write_parquet(_noting(parts(), units), file))
    write_atomically(files[1], lambda file: _write_csv(parts(), units, file))
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


def _write_parquet(parts: Iterable[pd.DataFrame], file: IO[bytes]) -> None:
    from pyarrow import parquet

    tables = _tables(parts)
    head = next(tables)
    with parquet.ParquetWriter(file, head.schema) as writer:
        for table in chain([head], tables):
            writer.write_table(table)


def _write_csv(parts: Iterable[pd.DataFrame], units: Mapping[Any, Unit], file: IO[bytes]) -> None:
    from pyarrow import csv

    tables = _tables(_for_people(part, units) for part in parts)
    head = next(tables)
    with csv.CSVWriter(file, head.schema) as writer:
        for table in chain([head], tables):
            writer.write_table(table)


def _tables(parts: Iterable[pd.DataFrame]) -> Iterator[Any]:
    """Arrow tables of one schema, that of the first."""
    import pyarrow as pa

    schema = None
    for part in parts:
        table = pa.Table.from_pandas(part, schema, preserve_index=False)
        schema = table.schema
        yield table


def _noting(parts: Iterable[pd.DataFrame], units: dict[Any, Unit]) -> Iterator[pd.DataFrame]:
    """The parts; noted is how finely instants are written: whole seconds where all are whole."""
    for part in parts:
        for name, column in part.items():
            if _is_instant(column):
                units[name] = "ns" if units.get(name) == "ns" else _unit(column)
        yield part


def _is_instant(column: pd.Series) -> bool:
    import pandas as pd

    return isinstance(column.dtype, pd.DatetimeTZDtype)


def _for_people(table: pd.DataFrame, units: Mapping[Any, Unit]) -> pd.DataFrame:
    import pandas as pd

    columns = {}
    for name, column in table.items():
        if name in units:
            columns[name] = _iso(column, units[name])
        elif column.dtype.kind == "M":
            columns[name] = column.dt.strftime("%Y-%m-%d")
        elif column.dtype.kind in "OU" or isinstance(column.dtype, pd.StringDtype):
            columns[name] = column.map(_harmless).astype("str")
        else:
            columns[name] = column
    return pd.DataFrame(columns)


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _unit(column: pd.Series) -> Unit:
    """Whole seconds where all are whole."""
    import pandas as pd

    return "ns" if (pd.DatetimeIndex(column).as_unit("ns").asi8 % 1_000_000_000).any() else "s"


def _iso(column: pd.Series, unit: Unit) -> pd.Series:
    """ISO 8601 with offset."""
    import numpy as np
    import pandas as pd

    index = pd.DatetimeIndex(column).as_unit("ns")
    local = index.tz_localize(None).asi8
    seconds = (local - index.asi8) // 1_000_000_000
    text = np.datetime_as_string(local.astype("datetime64[ns]"), unit=unit).astype(object)
    offsets = {second: _offset(int(second)) for second in np.unique(seconds)}
    text = text + np.array([offsets[second] for second in seconds.tolist()], dtype=object)
    return pd.Series(text, index=column.index, dtype="str").where(column.notna())


def _offset(seconds: int) -> str:
    sign = "-" if seconds < 0 else "+"
    minutes = abs(seconds) // 60
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
