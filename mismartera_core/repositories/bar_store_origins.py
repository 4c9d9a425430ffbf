"""Where the rows of a store come from, run by run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mismartera_core.model.quality import Origin
from mismartera_core.repositories.bar_store_format import Columns, Provenance, StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceRange:
    """Rows of one provenance.

    Attributes:
        provenance: Where they come from.
        rows: How many.
        first_ns: First ts of them.
        last_ns: Last ts of them.
    """

    provenance: Provenance
    rows: int
    first_ns: int
    last_ns: int


def whole_file(file: StoredFile) -> Origin | None:
    """The origin of a file whose rows all have the same; None where they have several.

    Args:
        file: An opened file.
    """
    if len(file.provenance) != 1 or not len(file.first):
        return None
    return _origin(file.provenance[0], int(file.first[0]), int(file.last[-1]) + 1)


def runs_of(
    ts: npt.NDArray[np.int64], source: npt.NDArray[np.int16], listed: Sequence[Provenance]
) -> Iterator[Origin]:
    """Origins of rows: one for each run of rows that have the same.

    Args:
        ts: Stamps, ascending.
        source: Number of each row's provenance.
        listed: What these numbers count.
    """
    edges = [0, *(np.flatnonzero(np.diff(source)) + 1).tolist(), len(ts)]
    for low, high in pairwise(edges):
        if high > low:
            yield _origin(listed[int(source[low])], int(ts[low]), int(ts[high - 1]) + 1)


def ranges_of(
    files: Iterable[tuple[Columns, Sequence[Provenance]]],
) -> list[ProvenanceRange]:
    """One range for each provenance of some files, by its first row.

    Args:
        files: Rows and what their `source` counts.
    """
    found: dict[str, ProvenanceRange] = {}
    for rows, listed in files:
        for number, provenance in enumerate(listed):
            ts = rows["ts"][rows["source"] == number]
            if not len(ts):
                continue
            before = found.get(repr(provenance))
            found[repr(provenance)] = ProvenanceRange(
                provenance=provenance,
                rows=len(ts) + (before.rows if before else 0),
                first_ns=before.first_ns if before else int(ts[0]),
                last_ns=int(ts[-1]),
            )
    return sorted(found.values(), key=lambda item: item.first_ns)


def _origin(provenance: Provenance, start_ns: int, end_ns: int) -> Origin:
    return Origin(
        start_ns=start_ns,
        end_ns=end_ns,
        source=provenance.source,
        feed=provenance.feed,
        adjustment=provenance.adjustment,
        simulated=provenance.simulated,
        filled=provenance.filled,
        fetched_at_ns=provenance.imported_at_ns,
    )
