"""Rows of a run that has grown: what is settled lies in a file, and is read in parts."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import IO, Any, Generic, TypeVar, cast
from weakref import finalize

import numpy as np

from mismartera_core.errors import MisMarteraError
from mismartera_core.model.columns import IntArray
from mismartera_core.model.results import Rows, joined_column

R = TypeVar("R", bound=Rows)


class Shelf(Generic[R]):
    """Rows in the order in which they were added; to read it is like the rows themselves.

    Every look at a column reads it from the file: who goes through rows one by one holds the
    columns, or the rows (`part`), before.

    The file has no name: it is gone with the shelf, or with the process. A part of the file is a
    column after the other, so that a column is read without the others.

    Args:
        kind: The class of the rows.
        folder: Where the file is made, once something is settled; where the system keeps temporary
            files where None.
    """

    def __init__(self, kind: type[R], folder: Path | None) -> None:
        self._kind = kind
        self._folder = folder
        self._names: tuple[str, ...] = tuple(kind.__dataclass_fields__)  # type: ignore[attr-defined]
        self._lock = Lock()
        self._file: IO[bytes] | None = None
        self._counts: list[int] = []
        self._places: list[tuple[int, ...]] = []
        self._fresh: list[R] = []
        self._loose = 0

    @property
    def loose(self) -> int:
        """Rows that are not settled."""
        return self._loose

    def add(self, rows: R) -> None:
        """Add rows, in memory until they are settled."""
        if len(rows):
            self._fresh.append(rows)
            self._loose += len(rows)

    def settle(self) -> None:
        """Write what was added since the last time into the file, as a part of its own.

        Raises:
            MisMarteraError: There is no room; the rows are still here.
        """
        if not self._fresh:
            return
        rows = self._kind.joined(self._fresh)
        try:
            places = self._write(rows)
        except OSError as error:
            raise MisMarteraError(
                f"could not set aside {len(rows)} rows of the run: {error.strerror or error}",
                hint="free some space or choose another runs_dir (MISMARTERA_RUNS_DIR)",
            ) from error
        self._places.append(places)
        self._counts.append(len(rows))
        self._fresh, self._loose = [], 0

    def rows(self) -> R:
        """All rows: in memory where nothing was settled, else the shelf, which reads like them."""
        if len(self._fresh) > 1:
            self._fresh = [self._kind.joined(self._fresh)]
        if self._places:
            return cast("R", self)
        return self._fresh[0] if self._fresh else self._kind.none()

    def __len__(self) -> int:
        return sum(self._counts) + self._loose

    def parts(self) -> Iterator[R]:
        """The rows as they were settled, a part at a time; what is not settled yet comes last."""
        for places in self._places:
            yield self._kind(*self._read(places))
        yield from self._fresh

    def part(self, start: int, stop: int | None = None) -> R:
        """The rows from start to stop."""
        first, last, _ = slice(start, stop).indices(len(self))
        return self._chosen(np.arange(first, last))

    def take(self, rows: IntArray) -> R:
        """Rows by ascending number."""
        return self._chosen(rows)

    def columns(self) -> list[Any]:
        """The columns, in order, in memory."""
        return [getattr(self, name) for name in self._names]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(name)
        column = self._names.index(name)
        settled = [self._read(places[column : column + 1])[0] for places in self._places]
        return joined_column([*settled, *(getattr(rows, name) for rows in self._fresh)])

    def _chosen(self, rows: IntArray) -> R:
        """Rows by ascending number; of the parts only those that have any are read."""
        counts = [*self._counts, *map(len, self._fresh)]
        bounds = np.searchsorted(rows, np.cumsum([0, *counts])).tolist()
        found, first = [], 0
        for number, count in enumerate(counts):
            wanted = rows[bounds[number] : bounds[number + 1]]
            if len(wanted):
                found.append(self._numbered(number).take(wanted - first))
            first += count
        return self._kind.joined(found or [self._kind.none()])

    def _numbered(self, number: int) -> R:
        settled = len(self._places)
        if number < settled:
            return self._kind(*self._read(self._places[number]))
        return self._fresh[number - settled]

    def _write(self, rows: R) -> tuple[int, ...]:
        """Append a part; returns where each of its columns begins."""
        places = []
        with self._lock:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
                finalize(self, self._file.close)
            file = self._file
            file.seek(0, 2)
            for column in rows.columns():
                places.append(file.tell())
                pickle.dump(column, file, pickle.HIGHEST_PROTOCOL)
            file.flush()
        return tuple(places)

    def _read(self, places: Sequence[int]) -> list[Any]:
        """Columns by where they begin. What is read is what this process has written."""
        assert self._file is not None  # noqa: S101 - there are places
        columns = []
        with self._lock:
            for place in places:
                self._file.seek(place)
                columns.append(pickle.load(self._file))  # noqa: S301 - its own, without a name
        return columns
