"""Indicators that start anew with every session. Parameters: see `session_params`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

import numpy as np

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs, interval_ns
from mismartera_indicators.kernel import series
from mismartera_indicators.sessions import DAY, MINUTE, session_rows, session_starts

_EVENING = interval_ns("3h")
"""Sessions that open so long before midnight UTC (Sydney, Chicago) belong to the next day."""


def vwap(bars: BarColumns, *, source: str, deviations: float) -> IndicatorOutputs:
    """Volume-weighted average price of the session so far, with a band.

    Formula: vwap = sum(price * volume) / sum(volume); upper and lower = vwap +- deviations *
    sqrt(sum(volume * (price - vwap)^2) / sum(volume)); all sums from the session's first bar on.
    Units: price. Warm-up: 0 bars; NaN until something has traded, and from a bar of unknown volume
    on to the end of the session. Source: the usual definition, population deviation.
    """
    return _weighted(bars, source, deviations, session_rows(bars))


def anchored_vwap(
    bars: BarColumns, *, anchor: str, source: str, deviations: float
) -> IndicatorOutputs:
    """Volume-weighted average price since an anchor, with a band.

    Formula: as vwap, with sums from the anchor on: the first bar of the session, of the first
    session of the week or month, or the first bar at or after an instant. A week begins with the
    session that opens after Sunday 21:00 UTC, a month likewise. NaN until the bars show an anchor:
    sums over a part of a week would be no week's. Units: price. Warm-up: to the anchor. Source:
    Shannon, "Maximum Trading Gains with Anchored VWAP" (2023).
    """
    return _weighted(bars, source, deviations, _anchored(bars, anchor))


def _anchored(bars: BarColumns, anchor: str) -> list[tuple[int, int]]:
    """First and one past the last row of every stretch that begins at an anchor."""
    if anchor == "session":
        return session_rows(bars)
    if anchor in ("week", "month"):
        first = session_starts(bars)[:-1]
        stamps = bars.ts[first] + _EVENING
        days = stamps // DAY
        # The epoch was a Thursday.
        keys = (days + 3) // 7 if anchor == "week" else days.astype("M8[D]").astype("M8[M]")
        begins = [*first[np.flatnonzero(keys[1:] != keys[:-1]) + 1].tolist(), len(bars)]
        return list(pairwise(begins))
    instant = _nanoseconds(anchor)
    row = int(np.searchsorted(bars.ts, instant))
    if row == len(bars) or (row == 0 and bars.ts[0] > instant):
        return []
    return [(row, len(bars))]


def _nanoseconds(text: str) -> int:
    instant = datetime.fromisoformat(text)
    seconds = int(instant.replace(microsecond=0).timestamp())
    return seconds * 10**9 + instant.microsecond * 1000


def _weighted(
    bars: BarColumns, source: str, deviations: float, stretches: Sequence[tuple[int, int]]
) -> IndicatorOutputs:
    """Volume-weighted mean and band over each stretch of rows."""
    price = series(bars, source)
    sums = np.full((3, len(bars)), np.nan)
    anchor = np.full(len(bars), np.nan)
    for start, stop in stretches:
        anchor[start:stop] = price[start]
    # Distances from the first price keep the sum of squares exact to the cent.
    distance = price - anchor
    parts = np.empty((3, len(bars)))
    parts[0] = bars.volume
    np.multiply(parts[0], distance, out=parts[1])
    np.multiply(parts[1], distance, out=parts[2])
    for start, stop in stretches:
        # A running sum adds in the order of the rows: the same on every prefix, unlike np.sum.
        np.add.accumulate(parts[:, start:stop], axis=1, out=sums[:, start:stop])
    volume = np.where(sums[0] > 0.0, sums[0], np.nan)
    mean = sums[1] / volume
    width = deviations * np.sqrt(np.maximum(sums[2] / volume - mean * mean, 0.0))
    middle = anchor + mean
    return {"vwap": middle, "upper": middle + width, "lower": middle - width}


def opening_range(bars: BarColumns, *, minutes: int) -> IndicatorOutputs:
    """High and low of the first minutes of the session.

    Formula: highest high and lowest low of the bars with volume that closed within `minutes` of
    the session's first bar (columns do not carry the calendar's open: a symbol that first trades
    late starts late). Units: price. Warm-up: NaN until a bar is known at or after the end of the
    range, and for the whole session where nothing traded in it. Source: Crabel, "Day Trading with
    Short Term Price Patterns and Opening Range Breakout" (1990).
    """
    ends = bars.ts[session_starts(bars)[:-1]] + minutes * MINUTE
    return range_until(bars, ends.tolist())


def range_until(bars: BarColumns, ends: Iterable[int]) -> dict[str, FloatArray]:
    """High and low of every session's bars that were known at an instant, from then on.

    Args:
        bars: The bars.
        ends: An instant for every session, nanoseconds UTC.
    """
    high, low = np.full(len(bars), np.nan), np.full(len(bars), np.nan)
    for (start, stop), end in zip(session_rows(bars), ends, strict=True):
        known = bars.available_at[start:stop]
        inside = slice(start, start + int(np.searchsorted(known, end, side="right")))
        traded = bars.volume[inside] != 0.0
        if traded.any():
            rest = slice(start + int(np.searchsorted(known, end, side="left")), stop)
            high[rest] = bars.high[inside][traded].max()
            low[rest] = bars.low[inside][traded].min()
    return {"high": high, "low": low}


def close_location_delta(bars: BarColumns) -> IndicatorOutputs:
    """Volume signed by where the bar closed, and its sum in the session.

    A stand-in for cumulative_delta where there are no trades: bars do not say who bought.

    Formula: delta = volume * ((close - low) - (high - close)) / (high - low), 0 where the bar has
    no range; cumulative = its sum from the session's first bar on, NaN from an unknown bar to the
    session's end. Units: units traded. Warm-up: 0 bars. Source: Chaikin's money flow volume.
    """
    span = bars.high - bars.low
    location = np.where(np.isnan(span), np.nan, 0.0)
    np.divide(2.0 * bars.close - bars.high - bars.low, span, out=location, where=span > 0.0)
    delta = location * bars.volume
    cumulative = np.empty(len(bars))
    for start, stop in session_rows(bars):
        np.add.accumulate(delta[start:stop], out=cumulative[start:stop])
    return {"delta": delta, "cumulative": cumulative}
