"""Parquet to columns, and the memory of runs that read from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.data import FIELDS, MINUTE_NS, Market
from benchmarks.runner import Sample

ROOT = Path(__file__).parents[1]
EVER = (0, 2**62)


def fill_store(root: Path, market: Market) -> Path:
    """A store of the market's bars, one file a symbol and year."""
    from mismartera_core import BarColumns
    from mismartera_core.repositories.bar_store import BarStore
    from mismartera_core.repositories.bar_store_format import Provenance

    store = BarStore(root)
    for i, symbol in enumerate(market.symbols):
        columns = (getattr(market, name)[i] for name in FIELDS)
        bars = BarColumns.build(market.ts, *columns, interval_ns=MINUTE_NS)
        store.write_bars(symbol, "1m", bars, Provenance(source="benchmark", simulated=True))
    return root


def read_by_pyarrow(root: Path) -> None:
    """The floor: the same columns of the same files as tables, unchecked."""
    from pyarrow.parquet import ParquetFile

    for path in _files(root):
        with ParquetFile(path) as file:
            file.read(["ts", *FIELDS])


def read_by_pyarrow_table(root: Path) -> None:
    """The same by the call that most people know; it builds a dataset a file."""
    from pyarrow.parquet import read_table

    for path in _files(root):
        read_table(path, columns=["ts", *FIELDS])


def _files(root: Path) -> list[Path]:
    return sorted(root.glob("bars/1m/*/*.parquet"))


def read_by_store(root: Path) -> None:
    """What a run does: a fresh store that checks each file, then numpy columns."""
    from mismartera_core.repositories.bar_store import BarStore

    store = BarStore(root)
    store.read_many(store.symbols(), "1m", *EVER)


def peak_memory(root: Path, first: str, last: str) -> Callable[[], Sample]:
    """Peak of memory in MiB of a run over all symbols of a store, in a process of its own."""

    def run() -> Sample:
        answer = child_json("benchmarks.run_from_store", str(root), first, last)
        return Sample(
            answer["peak_mib"], note=f"{answer['bars']:,} bars in {answer['seconds']:.1f} s"
        )

    return run


def child_json(module: str, *arguments: str, **variables: str) -> dict[str, Any]:
    """The last line that a module of this package prints, run in a process and folder of its own.

    The folder is gone afterwards, and with it what the run has written.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
