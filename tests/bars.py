"""Builders of bars for tests: as DataFrames for the engine, as tuples for the reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mismartera_core.testing import sessions_of, to_frame, walk_bars

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


def random_walk(days, *, seed=0, minutes=390, price=100.0, present=1.0):
    """A walk in cents over the first minutes of the days, trading days or not."""
    opens = [session_index(day, 1).asi8[0] for day in days]
    table = sessions_of([minutes] * len(days))
    table = replace(table, open_ns=np.array(opens), close_ns=np.array(opens) + minutes * MINUTE)
    bars = walk_bars(
        table, seed=seed, price=price, step=0.06 / price, missing=1.0 - present, idle=0.005
    )
    return to_frame(bars, NEW_YORK)


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
