"""Builders of bars for tests: as DataFrames for the engine, as tuples for the reference."""

from __future__ import annotations

import numpy as np
import pandas as pd

MINUTE = 60_000_000_000
NEW_YORK = "America/New_York"


def session_index(day, minutes=390):
    """The first minutes of a New York session, by their opens."""
    start = pd.Timestamp(f"{day} 09:30", tz=NEW_YORK)
    return pd.DatetimeIndex(
        [start + pd.Timedelta(minutes=i) for i in range(minutes)], name="timestamp"
    ).as_unit("ns")


def frame(index, rows):
    """A DataFrame of (open, high, low, close, volume) rows."""
    columns = ["open", "high", "low", "close", "volume"]
    return pd.DataFrame(np.asarray(rows, dtype=np.float64), columns=columns, index=index)


def random_walk(days, *, seed=0, minutes=390, price=100.0, present=1.0, tick=0.01):
    """A random walk in whole ticks over the given days; `present` of the minutes traded."""
    rng = np.random.default_rng(seed)
    parts = []
    last = round(price / tick)
    for day in days:
        index = session_index(day, minutes)
        keep = rng.random(minutes) < present
        rows = []
        for _ in range(int(keep.sum())):
            o = last + int(rng.integers(-3, 4))
            c = o + int(rng.integers(-8, 9))
            h = max(o, c) + int(rng.integers(0, 6))
            low = min(o, c) - int(rng.integers(0, 6))
            rows.append([*(round(x * tick, 6) for x in (o, h, low, c)), rng.integers(0, 900)])
            last = c
        if rows:
            parts.append(frame(index[keep], rows))
    return pd.concat(parts)


def tuples(bars, interval_ns=MINUTE):
    """A DataFrame as the tuples the reference takes."""
    stamps = bars.index.as_unit("ns").asi8
    names = {str(name).lower(): name for name in bars.columns}
    columns = [bars[names[n]].tolist() for n in ("open", "high", "low", "close", "volume")]
    return [
        (int(ts), *(float(x) for x in row), int(ts) + interval_ns)
        for ts, row in zip(stamps, zip(*columns, strict=True), strict=True)
    ]


def day_session(day, close="16:00"):
    """(first, close, last) of a regular New York session."""
    first = pd.Timestamp(f"{day} 09:30", tz=NEW_YORK).as_unit("ns").value
    end = pd.Timestamp(f"{day} {close}", tz=NEW_YORK).as_unit("ns").value
    return (first, end, end)
