"""Price levels of the session before. Parameters: see `session_params`.

The session before is the one before it in these bars; every level is NaN in the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs
from mismartera_indicators.kernel import shifted
from mismartera_indicators.session import range_until
from mismartera_indicators.sessions import days, session_starts

_SECOND = 10**9


def previous_day(bars: BarColumns) -> IndicatorOutputs:
    """Open, high, low and close of the session before.

    Formula: first open, highest high, lowest low and last close of the session before, as the
    bars have it: without pre- and post-market where only regular hours are streamed. Units: price.
    Warm-up: one session. Source: the usual definition.
    """
    found, before = days(bars), {}
    for name in ("close", "high", "low", "open"):
        before[name] = found.spread(shifted(getattr(found, name), 1))
    return before


def gap(bars: BarColumns) -> IndicatorOutputs:
    """Gap of the session's open in percent of the close before.

    Formula: 100 * (first open / last close of the session before - 1). Units: percent. Warm-up:
    one session. Source: the usual definition.
    """
    found = days(bars)
    before = shifted(found.close, 1)
    before[before == 0.0] = np.nan
    return {"value": found.spread(100.0 * (found.open / before - 1.0))}


def premarket(bars: BarColumns, *, opens: str) -> IndicatorOutputs:
    """High and low of the bars before regular hours.

    Formula: highest high and lowest low of the session's bars with volume that closed at or before
    the regular open, on the local date of the session's first bar. Units: price. Warm-up: NaN until
    the regular open, and for the whole session where nothing traded before it. Source: the usual
    definition.
    """
    clock, _, name = opens.partition(" ")
    zone, opening = ZoneInfo(name), time.fromisoformat(clock)
    ends = []
    for stamp in bars.ts[session_starts(bars)[:-1]].tolist():
        day = datetime.fromtimestamp(stamp // _SECOND, zone).date()
        ends.append(int(datetime.combine(day, opening, zone).timestamp()) * _SECOND)
    return range_until(bars, ends)


def pivots(bars: BarColumns) -> IndicatorOutputs:
    """Classic pivot levels of the session before.

    Formula: pivot p = (high + low + close) / 3, r1 = 2 * p - low, r2 = p + high - low, r3 = high +
    2 * (p - low); s1 = 2 * p - high, s2 = p - high + low, s3 = low - 2 * (high - p). Units: price.
    Warm-up: one session. Source: the floor traders' definition.
    """
    high, low, _, pivot = _before(bars)
    levels = {
        "r1": 2.0 * pivot - low,
        "r2": pivot + (high - low),
        "r3": high + 2.0 * (pivot - low),
        "s1": 2.0 * pivot - high,
        "s2": pivot - (high - low),
        "s3": low - 2.0 * (high - pivot),
    }
    return _spread(bars, {"pivot": pivot, **levels})


def pivots_fibonacci(bars: BarColumns) -> IndicatorOutputs:
    """Fibonacci pivot levels of the session before.

    Formula: pivot p = (high + low + close) / 3; r and s = p +- 0.382, 0.618 and 1 times (high -
    low). Units: price. Warm-up: one session. Source: the usual definition.
    """
    high, low, _, pivot = _before(bars)
    return _spread(bars, {"pivot": pivot, **_steps(pivot, high - low, (0.382, 0.618, 1.0))})


def pivots_camarilla(bars: BarColumns) -> IndicatorOutputs:
    """Camarilla pivot levels of the session before.

    Formula: r and s = close +- 1.1 / 12, 1.1 / 6, 1.1 / 4 and 1.1 / 2 times (high - low); pivot =
    (high + low + close) / 3. Units: price. Warm-up: one session. Source: Scott (1989).
    """
    high, low, close, pivot = _before(bars)
    shares = tuple(1.1 / part for part in (12.0, 6.0, 4.0, 2.0))
    return _spread(bars, {"pivot": pivot, **_steps(close, high - low, shares)})


def _before(bars: BarColumns) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """High, low, close and pivot of the session before, a row a session."""
    found = days(bars)
    high, low, close = (shifted(column, 1) for column in (found.high, found.low, found.close))
    return high, low, close, (high + low + close) / 3.0


def _steps(
    middle: FloatArray, span: FloatArray, shares: tuple[float, ...]
) -> dict[str, FloatArray]:
    up = {f"r{i}": middle + share * span for i, share in enumerate(shares, 1)}
    return up | {f"s{i}": middle - share * span for i, share in enumerate(shares, 1)}


def _spread(bars: BarColumns, levels: Mapping[str, FloatArray]) -> IndicatorOutputs:
    rows = np.diff(session_starts(bars))
    return {name: np.repeat(values, rows) for name, values in levels.items()}
