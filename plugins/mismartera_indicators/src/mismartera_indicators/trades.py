"""Indicators of the session's trades. Parameters: see `params`."""

from __future__ import annotations

import numpy as np

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs, TickColumns


def cumulative_delta(bars: BarColumns, ticks: TickColumns) -> IndicatorOutputs:
    """Volume of trades signed by the tick test, since the session's open and in the bar.

    Needs trades: "ticks" in session_data_config.streams.

    Formula: a trade counts +size above the last different price before it in the session, -size
    below it, 0 where there is none; value = sum over the trades since the session's open, delta =
    sum over those of the bar. A trade at the close of a bar belongs to the next one; what trades
    where a bar is missing is in value only. Units: units traded. Warm-up: to the first trade of the
    session that is replayed; NaN before it and in the sessions of the history. After a trade of
    unknown price or size value stays NaN to the session's end. Source: tick test of Lee and Ready,
    "Inferring Trade Direction from Intraday Data" (1991).
    """
    value, delta = np.full(len(bars), np.nan), np.full(len(bars), np.nan)
    known = np.searchsorted(ticks.ts, bars.available_at, side="left")
    start = int(np.searchsorted(known, 1))  # the first bar that knows of a trade
    if start < len(bars):
        # Trades are those of one session.
        stop = int(np.searchsorted(bars.session, bars.session[start], side="right"))
        signed = _signs(ticks.price) * ticks.size
        # A running sum adds in the order of the trades: the same on every prefix.
        value[start:stop] = np.add.accumulate(signed)[known[start:stop] - 1]
        delta[start:stop] = _inside(bars.slice(start, stop), ticks, signed)
    return {"value": value, "delta": delta}


def _signs(price: FloatArray) -> FloatArray:
    """+1 above the last different price before, -1 below it; 0 while there is none."""
    moved = np.sign(np.diff(price, prepend=price[:1]))
    rows = np.arange(len(price))
    signs: FloatArray = moved[np.maximum.accumulate(np.where(moved != 0.0, rows, 0))]
    return signs


def _inside(bars: BarColumns, ticks: TickColumns, signed: FloatArray) -> FloatArray:
    """Sum over the trades from the open of each bar until before its close."""
    rows = np.searchsorted(bars.available_at, ticks.ts, side="right")
    within = np.flatnonzero(rows < len(bars))
    within = within[ticks.ts[within] >= bars.ts[rows[within]]]
    # Adds in the order of the trades, too.
    sums = np.bincount(rows[within], weights=signed[within], minlength=len(bars))
    return np.asarray(sums, dtype=np.float64)
