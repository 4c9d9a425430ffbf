"""How every indicator calls TA-Lib: one way, cheap, and the same on every prefix of the bars.

TA-Lib's functions run once from the first row to the last, so a prefix gives the same values bit
for bit. Only NaN needs a rule of ours: TA-Lib lets one NaN spoil every later value of some
functions (SMA, EMA) and steps over it in others (RSI). Here a row with a NaN or an infinity in an
input gives NaN, and the warm-up starts again after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import unwrap
from math import isfinite
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import talib

from mismartera_core import BarColumns, FloatArray

TalibFunction: TypeAlias = Callable[..., Any]

_PIECE = 8192
"""Rows of a dot product: with more than 10,000 the linear algebra library starts threads."""


def talib_function(name: str) -> TalibFunction:
    """A TA-Lib function without the wrapper that looks for pandas and polars columns.

    Args:
        name: TA-Lib's name, "SMA".

    Returns:
        The compiled function; saves about 1 us a call.
    """
    function: TalibFunction = unwrap(getattr(talib, name))
    return function


def run(function: TalibFunction, inputs: Sequence[FloatArray], arguments: Sequence[Any]) -> Any:
    """Call a TA-Lib function, and again after every row that is not finite.

    Args:
        function: From `talib_function`, or one that calls several of them.
        inputs: Columns of equal length.
        arguments: Its remaining arguments, by position.

    Returns:
        What the function returns: an array as long as the inputs, or a tuple of them.
    """
    for column in inputs:
        if not _finite(column):
            return _piecewise(function, inputs, arguments)
    return function(*inputs, *arguments)


def _finite(column: FloatArray) -> bool:
    # A sum of squares is finite where every value is: the cheapest way to ask.
    if len(column) <= _PIECE:
        return isfinite(column.dot(column))
    pieces = (column[start : start + _PIECE] for start in range(0, len(column), _PIECE))
    return all(isfinite(piece.dot(piece)) for piece in pieces)


def _piecewise(
    function: TalibFunction, inputs: Sequence[FloatArray], arguments: Sequence[Any]
) -> Any:
    usable = np.logical_and.reduce([np.isfinite(column) for column in inputs])
    # Without rows the function still tells how many arrays it returns.
    empty = function(*(column[:0] for column in inputs), *arguments)
    count = len(empty) if isinstance(empty, tuple) else 1
    outputs = tuple(np.full(len(usable), np.nan) for _ in range(count))
    for start, stop in _runs(usable):
        piece = function(*(column[start:stop] for column in inputs), *arguments)
        for output, values in zip(outputs, piece if count > 1 else (piece,), strict=True):
            output[start:stop] = values
    return outputs if count > 1 else outputs[0]


def _runs(mask: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and one past the last row of every run of True."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
    return zip(edges[::2], edges[1::2], strict=True)


SERIES: Mapping[str, Callable[[BarColumns], FloatArray]] = {
    **{name: attrgetter(name) for name in ("open", "high", "low", "close", "volume")},
    "hl2": lambda bars: (bars.high + bars.low) / 2.0,
    "hlc3": lambda bars: (bars.high + bars.low + bars.close) / 3.0,
    "ohlc4": lambda bars: (bars.open + bars.high + bars.low + bars.close) / 4.0,
}
"""The one column an indicator of a single series works on: a price, or the volume, per bar."""


def series(bars: BarColumns, source: str) -> FloatArray:
    """A column by the name that parameters give it.

    Args:
        bars: The bars.
        source: "open", "high", "low", "close", "volume", "hl2", "hlc3" or "ohlc4".

    Returns:
        A price (or the volume) per bar.
    """
    return SERIES[source](bars)


def shifted(values: FloatArray, rows: int) -> FloatArray:
    """The values of so many rows before; NaN where there is none."""
    result = np.full(len(values), np.nan)
    if rows < len(values):
        result[rows:] = values[: len(values) - rows]
    return result
