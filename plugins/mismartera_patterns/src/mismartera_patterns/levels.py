"""Support and resistance: prices at which the market has turned several times."""

from __future__ import annotations

from itertools import pairwise
from math import nan
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs
from mismartera_patterns.outputs import LEVELS
from mismartera_patterns.params import Levels
from mismartera_patterns.zigzag import Pivot, chart_of

IntArray: TypeAlias = npt.NDArray[np.int64]


def support_resistance(bars: BarColumns, **params: Any) -> IndicatorOutputs:
    """Levels at which the price has turned several times, and breakouts through them.

    Definition: of the last `memory` pivots, highs and lows alike, those within `width` average true
    ranges of the lowest of them form a level where they are at least `touches`; its price is their
    mean.
    Reported: a level holds from the bar that confirms its last pivot until the next pivot is
    confirmed. The first close beyond the resistance (support) of the bar before is the breakout;
    there is another through it only when a pivot has joined or left it.
    Outputs: signal +1 at a close above the resistance, -1 at one below the support, else 0; support
    and resistance, the nearest levels below and above the close; how many pivots touched them; at a
    breakout target, the next level in its direction, invalidation, the broken level (a broken
    resistance is a support), and score, 1 - 1 / pivots of the broken level; NaN where none.
    Source: Edwards and Magee, chapter XIII; Murphy, "Technical Analysis of the Financial Markets".
    """
    settings = Levels(**params)
    chart = chart_of(bars, settings)
    outputs = {name: np.full(len(bars), np.nan) for name in LEVELS}
    outputs["signal"][:] = 0.0
    nearest = np.full((4, len(chart.close)), np.nan)
    ends = [*(pivot.known for pivot in chart.pivots), len(chart.close)]
    for number, (start, stop) in enumerate(pairwise(ends), start=1):
        last = chart.pivots[max(number - settings.memory, 0) : number]
        prices, touches = _levels(last, settings.width * float(chart.atr[start]), settings.touches)
        below = np.searchsorted(prices[1:-1], chart.close[start:stop], side="right")
        nearest[:, start:stop] = (
            prices[below],
            prices[below + 1],
            touches[below],
            touches[below + 1],
        )
    for name, values in zip(LEVELS[1:5], nearest, strict=True):
        outputs[name][chart.rows] = values
    _mark_breakouts(outputs, chart.close, chart.rows, nearest)
    return outputs


def _levels(pivots: list[Pivot], width: float, fewest: int) -> tuple[FloatArray, FloatArray]:
    """Prices of the levels, ascending, and their touches; NaN at both ends, for none."""
    groups: list[list[float]] = []
    for price in sorted(pivot.price for pivot in pivots):
        if groups and price - groups[-1][0] <= width:
            groups[-1].append(price)
        else:
            groups.append([price])
    kept = [group for group in groups if len(group) >= fewest]
    prices = [nan, *(sum(group) / len(group) for group in kept), nan]
    return np.array(prices), np.array([nan, *(float(len(group)) for group in kept), nan])


def _mark_breakouts(
    outputs: dict[str, FloatArray], close: FloatArray, rows: IntArray, nearest: FloatArray
) -> None:
    """Write what a close beyond a level of the bar before means."""
    support, resistance, below, above = nearest
    for signal, level, touches in (
        (1.0, resistance, above),
        (-1.0, support, below),
    ):
        crossed = np.flatnonzero(signal * close[1:] > signal * level[:-1]) + 1
        # A level is known by its price, which changes with its pivots; ascending, so the first.
        at = crossed[np.unique(level[crossed - 1], return_index=True)[1]]
        outputs["signal"][rows[at]] = signal
        outputs["target"][rows[at]] = level[at]
        outputs["invalidation"][rows[at]] = level[at - 1]
        outputs["score"][rows[at]] = 1.0 - 1.0 / touches[at - 1]
