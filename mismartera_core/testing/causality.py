"""Whether a function of columns looks ahead: its values on a prefix, and with another future."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import numpy as np

from mismartera_core.model.columns import BarColumns, FloatArray
from mismartera_core.testing.builders import scrambled, sealed
from mismartera_core.testing.suite import breach

Compute: TypeAlias = Callable[[BarColumns], Mapping[str, FloatArray]]
"""Named arrays of columns, each as long as they are."""

_CAUSAL = "row i of every output depends on the bars up to i only, bit for bit"
_CURE = (
    "use windows that end at the row, running sums (np.add.accumulate) and shifts to the past; "
    "no centred window, no statistic over the whole column, no len(bars), no [::-1]"
)


def first_difference(
    one: Mapping[str, FloatArray], other: Mapping[str, FloatArray], start: int = 0
) -> tuple[str, int, float, float] | None:
    """Where two sets of arrays differ in a bit; NaN equals NaN.

    Args:
        one: Arrays by name.
        other: Arrays of the same names and lengths.
        start: Rows before it are not looked at.

    Returns:
        Name, row and both values of the first difference; None where there is none.
    """
    for name, values in one.items():
        ours, theirs = (np.ascontiguousarray(v[start:]) for v in (values, other[name]))
        unequal = ours.view(np.int64) != theirs.view(np.int64)
        rows = np.flatnonzero(unequal & ~(np.isnan(ours) & np.isnan(theirs)))
        if len(rows):
            row = int(rows[0])
            return name, start + row, float(ours[row]), float(theirs[row])
    return None


def telling_rows(values: Mapping[str, FloatArray], count: int = 12) -> list[int]:
    """Where a cut tells most: right after rows at which a value has come up.

    What is reported rarely, such as a pattern, and known only bars later, is found nowhere else.

    Args:
        values: Arrays by name.
        count: Rows at most.

    Returns:
        Numbers of the rows after them, ascending, by chance where there are more.
    """
    came = [
        np.flatnonzero((v[1:] != v[:-1]) & np.isfinite(v[1:]) & (v[1:] != 0.0)) + 2
        for v in values.values()
    ]
    rows = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *came]))
    if len(rows) > count:
        rows = np.sort(np.random.default_rng(0).choice(rows, count, replace=False))
    return [int(row) for row in rows]


def check_cut(compute: Compute, bars: BarColumns, rows: Iterable[int], what: str = "") -> None:
    """Without the bars from a row on, the values before it are the same.

    Args:
        compute: What is tested.
        bars: Any bars.
        rows: Where to cut.
        what: Named in the message, such as the parameters.
    """
    whole = compute(sealed(bars))
    for n in rows:
        found = first_difference(_head(whole, n), compute(sealed(bars.slice(0, n))))
        if found is not None:
            how = f"but {found[3]!r} where the bars from row {n} on are not there"
            breach(_CAUSAL, _said(found, len(bars), how, what), _CURE)


def check_scrambled(
    compute: Compute, bars: BarColumns, rows: Iterable[int], what: str = ""
) -> None:
    """With other bars from a row on, the values before it are the same.

    Args:
        compute: What is tested.
        bars: Any bars.
        rows: Where the bars begin to be others.
        what: Named in the message, such as the parameters.
    """
    whole = compute(sealed(bars))
    for n in rows:
        other = compute(sealed(scrambled(bars, n, seed=n)))
        found = first_difference(_head(whole, n), _head(other, n))
        if found is not None:
            how = f"but {found[3]!r} where the bars from row {n} on are others"
            breach(_CAUSAL, _said(found, len(bars), how, what), _CURE)


def check_steps(compute: Compute, bars: BarColumns, rows: Iterable[int], what: str = "") -> None:
    """At each of the rows, the newest value is the one a computation of all bars gives.

    Args:
        compute: What is tested.
        bars: Any bars.
        rows: Steps at which it is computed anew, as live.
        what: Named in the message.
    """
    whole = compute(sealed(bars))
    for row in rows:
        upto = compute(sealed(bars.slice(0, row + 1)))
        found = first_difference(_head(whole, row + 1), upto, start=row)
        if found is not None:
            breach(
                "values computed at once and step by step are equal bit for bit",
                _said(found, len(bars), f"but {found[3]!r} computed when it was the newest", what),
                "let the value of a row depend on nothing but the bars up to it; sum in the order "
                "of the rows: np.sum and np.convolve round differently for other lengths",
            )


def _head(values: Mapping[str, FloatArray], rows: int) -> dict[str, FloatArray]:
    return {name: column[:rows] for name, column in values.items()}


def _said(found: tuple[str, int, float, float], size: int, how: str, what: str) -> str:
    name, row, value, _ = found
    return f"{what}{name!r} at row {row} of {size} is {value!r}, {how}"
