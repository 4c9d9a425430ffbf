"""Files of a run: each whole or not there, readable by pandas in one line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from mismartera_core.errors import DataError, MisMarteraError

if TYPE_CHECKING:
    import pandas as pd

Unit = Literal["ns", "s"]

CSV_ROWS = 16_384
"""Rows that are text at the same time."""

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


def write_table(folder: Path, name: str, table: pd.DataFrame) -> list[Path]:
    """Write a table as CSV and as Parquet.

    In the CSV times are ISO 8601 with offset, numbers have all their digits, and text that a
    spreadsheet would take for a formula is preceded by an apostrophe.

    Args:
        folder: An existing folder.
        name: File name without ending.
        table: Columns as `pandas.read_csv` and `pandas.read_parquet` are to give them back.

    Returns:
        The two files.
    """
    files = [folder / f"{name}.parquet", folder / f"{name}.csv"]
    write_atomically(files[0], lambda file: _write_parquet(table, file))
    write_atomically(files[1], lambda file: _write_csv(table, file))
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


def _write_parquet(table: pd.DataFrame, file: IO[bytes]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_pandas(table, preserve_index=False), file)


def _write_csv(table: pd.DataFrame, file: IO[bytes]) -> None:
    """Some rows at a time: text takes many times the room of the numbers it is made of."""
    import pyarrow as pa
    from pyarrow import csv

    units = {name: _unit(column) for name, column in table.items() if _is_instant(column)}
    parts = [table[i : i + CSV_ROWS] for i in range(0, len(table), CSV_ROWS)] or [table]
    head = pa.Table.from_pandas(_for_people(parts[0], units), preserve_index=False)
    with csv.CSVWriter(file, head.schema) as writer:
        writer.write(head)
        for part in parts[1:]:
            rows = _for_people(part, units)
            writer.write(pa.Table.from_pandas(rows, head.schema, preserve_index=False))


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
