"""Indicators that start anew with every session. Parameters: see `params`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mismartera_core import BarColumns, IndicatorOutputs, interval_ns
from mismartera_indicators.kernel import series

_MINUTE = interval_ns("1m")


def session_rows(bars: BarColumns) -> Iterator[tuple[int, int]]:
    """First and one past the last row of every session."""
    if len(bars) == 0:
        return iter(())
    firsts = [0, *(np.flatnonzero(np.diff(bars.session)) + 1).tolist()]
    return zip(firsts, [*firsts[1:], len(bars)], strict=True)


def session_start(bars: BarColumns, first: int) -> int:
    """When a session began: the open of its first bar, nanoseconds UTC.

    Columns do not carry the calendar's open, so a symbol that first trades late starts late.
    """
    return int(bars.ts[first])


def vwap(bars: BarColumns, *, source: str, deviations: float) -> IndicatorOutputs:
    """Volume-weighted average price of the session so far, with a band.

    Formula: vwap = sum(price * volume) / sum(volume); upper and lower = vwap +- deviations *
    sqrt(sum(volume * (price - vwap)^2) / sum(volume)); all sums from the session's first bar on.
    Units: price. Warm-up: none; NaN until something has traded, and from a bar of unknown volume
    on to the end of the session. Source: the usual definition, population deviation.
    """
    price = series(bars, source)
    sums = np.empty((3, len(bars)))
    anchor = np.empty(len(bars))
    for start, stop in session_rows(bars):
        # Distances from the session's first price keep the sum of squares exact to the cent.
        anchor[start:stop] = price[start]
        distance = price[start:stop] - price[start]
        part = sums[:, start:stop]
        part[0] = bars.volume[start:stop]
        np.multiply(part[0], distance, out=part[1])
        np.multiply(part[1], distance, out=part[2])
        # A running sum adds in the order of the rows: the same on every prefix, unlike np.sum.
        np.add.accumulate(part.copy(), axis=1, out=part)
    volume = np.where(sums[0] > 0.0, sums[0], np.nan)
    mean = sums[1] / volume
    width = deviations * np.sqrt(np.maximum(sums[2] / volume - mean * mean, 0.0))
    middle = anchor + mean
    return {"vwap": middle, "upper": middle + width, "lower": middle - width}


def opening_range(bars: BarColumns, *, minutes: int) -> IndicatorOutputs:
    """High and low of the first minutes of the session.

    Formula: highest high and lowest low of the bars with volume that closed within `minutes` of
    the session's first bar. Units: price. Warm-up: NaN until a bar is known at or after the end
    of the range, and for the whole session where nothing traded in it. Source: Crabel, "Day
    Trading with Short Term Price Patterns and Opening Range Breakout" (1990).
    """
    high, low = np.full(len(bars), np.nan), np.full(len(bars), np.nan)
    for start, stop in session_rows(bars):
        known = bars.available_at[start:stop]
        end = session_start(bars, start) + minutes * _MINUTE
        inside = slice(start, start + int(np.searchsorted(known, end, side="right")))
        traded = bars.volume[inside] != 0.0
        if traded.any():
            rest = slice(start + int(np.searchsorted(known, end, side="left")), stop)
            high[rest] = bars.high[inside][traded].max()
            low[rest] = bars.low[inside][traded].min()
    return {"high": high, "low": low}
