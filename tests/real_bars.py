"""Real minute bars of the reference data, moved to the sessions that a test plays."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from shared_data import shared

from mismartera_core import BarColumns
from mismartera_core.model.columns import PRICE_FIELDS
from mismartera_core.model.sessions import SessionTable
from mismartera_core.testing import session_table

MINUTE = 60_000_000_000


def real_bars(name: str) -> BarColumns:
    """All rows of a file of one-minute bars."""
    path = shared(f"data/us_equity_1m/{name}.csv")
    table = pd.read_csv(path, index_col="timestamp", parse_dates=True)
    stamps = table.index.as_unit("ns").asi8
    return BarColumns.build(stamps, *(table[name] for name in PRICE_FIELDS), interval_ns=MINUTE)


def redated(name: str, played: SessionTable) -> BarColumns:
    """The regular hours of a file, its last session at the last one to play, and so back.

    Args:
        name: The file, which ends in its first and last day.
        played: Sessions; a half day takes what fits. Where there are more than the file has, it
            begins again.

    Returns:
        Prices and volumes as they are, stamps moved by whole sessions.
    """
    bars = real_bars(name)
    own = session_table(*map(date.fromisoformat, name.split("_")[-2:]))
    parts = []
    for back in range(len(played), 0, -1):
        row = -1 - (back - 1) % len(own)
        begin, open_ns = int(own.open_ns[row]), int(played.open_ns[-back])
        last = min(int(own.close_ns[row]), begin + int(played.close_ns[-back]) - open_ns)
        part = bars.slice(*np.searchsorted(bars.ts, (begin, last)).tolist())
        fields = {name: getattr(part, name) for name in PRICE_FIELDS}
        parts.append(BarColumns.build(part.ts - begin + open_ns, **fields, interval_ns=MINUTE))
    return BarColumns.concat(parts)
