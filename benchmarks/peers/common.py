"""What the peer scripts share. They run in an environment that knows nothing of this project.

A script is called as `run_x.py DATA.npz TASK` and prints one line of JSON.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

FAST, SLOW, SHARES = 10, 30, 100
CASH = 1_000_000.0
"""For each symbol: more than it can ever need, so that nothing is refused."""

ENOUGH_SECONDS, MOST_RUNS = 1.0, 5
FIELDS = ("open", "high", "low", "close", "volume")


class Job(NamedTuple):
    """One run: `run` is timed, `read` takes fills and change of cash from what it returned."""

    run: Callable[[], Any]
    read: Callable[[Any], tuple[Any, Any]]


def main(package: str, rule: str, tasks: dict[str, Callable[[dict[str, Any]], Job]]) -> None:
    """Warm up on a few bars, run until there is enough to take a median of, print the result."""
    path, task = sys.argv[1:3]
    data = dict(np.load(path))
    prepare = tasks[task]
    warm_up = prepare(_head(data))
    warm_up.read(warm_up.run())
    seconds: list[float] = []
    while not seconds or (sum(seconds) < ENOUGH_SECONDS and len(seconds) < MOST_RUNS):
        job = prepare(data)
        gc.collect()
        start = time.perf_counter()
        result = job.run()
        seconds.append(time.perf_counter() - start)
        fills, cash = job.read(result)
    print(
        json.dumps(
            {
                "engine": f"{package} {version(package)}",
                "python": ".".join(map(str, sys.version_info[:3])),
                "rule": rule,
                "seconds": statistics.median(seconds),
                "fills": fills,
                "cash": cash,
            }
        )
    )


def frames(data: dict[str, Any]) -> list[Any]:
    """A DataFrame a symbol, as peers ask for it: stamps without a zone, capitalised columns."""
    import pandas as pd

    index = pd.DatetimeIndex(data["ts"].view("M8[ns]"))
    return [
        pd.DataFrame({name.capitalize(): data[name][i] for name in FIELDS}, index=index)
        for i in range(len(data["symbols"]))
    ]


def _head(data: dict[str, Any], symbols: int = 2, bars: int = 390) -> dict[str, Any]:
    head = {name: np.ascontiguousarray(data[name][:symbols, :bars]) for name in FIELDS}
    return {**data, **head, "symbols": data["symbols"][:symbols], "ts": data["ts"][:bars]}
