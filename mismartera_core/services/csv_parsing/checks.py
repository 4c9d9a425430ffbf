"""Which rows are impossible, doubled or unfinished, and why."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mismartera_core.model.columns import BoolArray, FloatArray, IntArray

PRICES = ("open", "high", "low", "close")
UNFINISHED = "the bar has not ended yet"
_RARE = 0.05


class Verdicts:
    """A reason for each row that is not taken; the first one given stays.

    Args:
        rows: How many rows there are.
    """

    def __init__(self, rows: int) -> None:
        self.good: BoolArray = np.ones(rows, np.bool_)
        self.reasons: dict[int, str] = {}

    def refuse(self, rows: BoolArray, reason: str) -> None:
        """Refuse rows by mask."""
        for row in np.flatnonzero(rows & self.good).tolist():
            self.reasons[row] = reason
        self.good &= ~rows


def check_numbers(
    verdicts: Verdicts, name: str, numbers: FloatArray, absent: BoolArray, text: BoolArray
) -> None:
    """Refuse rows without a usable number; a volume may be absent, a price may not.

    Args:
        verdicts: Takes the reasons.
        name: "open" ... "volume".
        numbers: The column.
        absent: Where nothing is given.
        text: Where the text is no number.
    """
    verdicts.refuse(text, f"{name} is not a number")
    if name == "volume":
        verdicts.refuse(np.isinf(numbers), "volume is not finite")
        verdicts.refuse(numbers < 0, "volume is negative")
        return
    verdicts.refuse(absent, f"{name} is missing")
    verdicts.refuse(~np.isfinite(numbers), f"{name} is not finite")
    verdicts.refuse(numbers < 0, f"{name} is negative")
    verdicts.refuse(numbers == 0, f"{name} is zero")


def check_prices(verdicts: Verdicts, price: Mapping[str, FloatArray]) -> None:
    """Refuse rows whose prices contradict each other."""
    high, low = price["high"], price["low"]
    verdicts.refuse(high < low, "high is below low")
    for name in ("open", "close"):
        verdicts.refuse(price[name] > high, f"{name} is above high")
        verdicts.refuse(price[name] < low, f"{name} is below low")


def check_doubles(
    verdicts: Verdicts, ts: IntArray, columns: Mapping[str, FloatArray]
) -> tuple[BoolArray, int]:
    """Keep one of equal rows; refuse all rows of a time on which they differ.

    Returns:
        Rows that are dropped as equal to one that is kept, and of how many times rows differed.
    """
    rows = np.flatnonzero(verdicts.good)
    order = rows[np.argsort(ts[rows], kind="stable")]
    again = ts[order[1:]] == ts[order[:-1]]
    dropped = np.zeros(len(ts), np.bool_)
    if not again.any():
        return dropped, 0
    group = np.concatenate([[0], np.cumsum(~again)])
    head = order[np.flatnonzero(np.diff(group, prepend=-1))][group]
    equal = np.ones(len(order), np.bool_)
    for column in columns.values():
        mine, other = column[order], column[head]
        equal &= (mine == other) | (np.isnan(mine) & np.isnan(other))
    torn = np.isin(group, group[~equal])
    conflicting = np.zeros(len(ts), np.bool_)
    conflicting[order[torn]] = True
    verdicts.refuse(conflicting, "several rows of this time with different values")
    dropped[order[~torn & (order != head)]] = True
    verdicts.good &= ~dropped
    return dropped, len(np.unique(group[~equal]))


def check_unfinished(
    verdicts: Verdicts,
    ts: IntArray,
    columns: Mapping[str, FloatArray],
    ends: IntArray,
    now_ns: int | None,
) -> None:
    """Refuse bars that were still growing when the file was written.

    Args:
        verdicts: Takes the reasons.
        ts: Open of each row's bar.
        columns: Prices and volume.
        ends: End of each row's bar.
        now_ns: The current time, None where it does not matter.
    """
    if now_ns is not None:
        verdicts.refuse(ends > now_ns, UNFINISHED)
    rows = np.flatnonzero(verdicts.good)
    if len(rows) < 3:
        return
    last = rows[np.argmax(ts[rows])]
    empty = columns["volume"][rows] == 0
    flat = all(columns[name][last] == columns["close"][last] for name in PRICES)
    if flat and columns["volume"][last] == 0 and empty.mean() <= _RARE:
        chosen = np.zeros(len(ts), np.bool_)
        chosen[last] = True
        verdicts.refuse(chosen, "unfinished last bar: flat and without volume")
