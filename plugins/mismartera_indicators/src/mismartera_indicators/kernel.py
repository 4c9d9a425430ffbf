"""How every indicator calls TA-Lib: one way, cheap, and the same on every prefix of the bars.

TA-Lib's functions run once from the first row to the last, so a prefix gives the same values bit
for bit. Only NaN needs a rule of ours: TA-Lib lets one NaN spoil every later value of some
functions (SMA, EMA) and steps over it in others (RSI). Here a row with a NaN or an infinity in an
input gives NaN, and the warm-up starts again after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import unwrap
from math import isfinite
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import talib

from mismartera_core import BarColumns, FloatArray

TalibFunction: TypeAlias = Callable[..., Any]


def talib_function(name: str) -> TalibFunction:
    """A TA-Lib function without the wrapper that looks for pandas and polars columns.

    Args:
        name: TA-Lib's name, "SMA".

    Returns:
        The compiled function; saves about 1 us a call.
    """
    function: TalibFunction = unwrap(getattr(talib, name))
    return function


def single(function: TalibFunction, *inputs: FloatArray, params: tuple[Any, ...]) -> FloatArray:
    """Call a TA-Lib function that returns one array.

    Args:
        function: From `talib_function`.
        *inputs: Columns of equal length.
        params: Its remaining arguments, by position.

    Returns:
        As long as the inputs; NaN where it has not warmed up.
    """
    return several(function, *inputs, params=params)[0]


def several(
    function: TalibFunction, *inputs: FloatArray, params: tuple[Any, ...]
) -> tuple[FloatArray, ...]:
    """Call a TA-Lib function, and again after every row that is not finite.

    Args:
        function: From `talib_function`, or one that calls several of them.
        *inputs: Columns of equal length.
        params: Its remaining arguments, by position.

    Returns:
        Its arrays, each as long as the inputs.
    """
    # A sum is finite where every row is: the cheapest way to ask (a dot product starts threads).
    if all(isfinite(np.add.reduce(column)) for column in inputs):
        return _as_tuple(function(*inputs, *params))
    usable = np.logical_and.reduce([np.isfinite(column) for column in inputs])
    # Without rows the function still tells how many arrays it returns.
    count = len(_as_tuple(function(*(column[:0] for column in inputs), *params)))
    outputs = tuple(np.full(len(usable), np.nan) for _ in range(count))
    for start, stop in _runs(usable):
        piece = _as_tuple(function(*(column[start:stop] for column in inputs), *params))
        for output, values in zip(outputs, piece, strict=True):
            output[start:stop] = values
    return outputs


def _as_tuple(result: Any) -> tuple[FloatArray, ...]:
    return result if isinstance(result, tuple) else (result,)


def _runs(mask: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and one past the last row of every run of True."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
    return zip(edges[::2], edges[1::2], strict=True)


_SERIES: dict[str, Callable[[BarColumns], FloatArray]] = {
    "open": lambda bars: bars.open,
    "high": lambda bars: bars.high,
    "low": lambda bars: bars.low,
    "close": lambda bars: bars.close,
    "volume": lambda bars: bars.volume,
    "hl2": lambda bars: (bars.high + bars.low) / 2.0,
    "hlc3": lambda bars: (bars.high + bars.low + bars.close) / 3.0,
    "ohlc4": lambda bars: (bars.open + bars.high + bars.low + bars.close) / 4.0,
}


def series(bars: BarColumns, source: str) -> FloatArray:
    """The one column an indicator of a single series works on.

    Args:
        bars: The bars.
        source: "open", "high", "low", "close", "volume", "hl2", "hlc3" or "ohlc4".

    Returns:
        A price (or the volume) per bar.
    """
    return _SERIES[source](bars)
