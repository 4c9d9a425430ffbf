"""Calls an indicator as the engine does, and holds what it returns to the contract."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from mismartera_core.model.columns import PRICE_FIELDS, BarColumns, FloatArray, TickColumns
from mismartera_core.registrations import IndicatorReg
from mismartera_core.registry.attributes import one_line
from mismartera_core.testing.builders import ticks_of
from mismartera_core.testing.suite import breach, expect
from mismartera_core.threads.replay.blame import where_it_raised

Values: TypeAlias = Mapping[str, FloatArray]
"""Arrays by name of the output."""


IndicatorCall: TypeAlias = Callable[..., Any]
"""`compute(bars, **params)`, or `compute(bars, ticks, **params)` where it takes trades."""


def quietly(
    made: IndicatorCall,
    bars: BarColumns,
    params: Mapping[str, Any],
    ticks: TickColumns | None = None,
) -> Any:
    """Call an indicator; what it raises or warns of is a breach.

    Args:
        made: The function.
        bars: Any bars.
        params: Its parameters.
        ticks: Trades, where it takes them.
    """
    columns = (bars,) if ticks is None else (bars, ticks)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            return made(*columns, **params)
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises is the finding
        breach(
            "an indicator raises nothing and warns of nothing, whatever the bars are",
            f"{one_line(error)} on {_described(bars, params)}, at {where_it_raised(error)}",
            "the bars belong to everybody: work on copies (close = bars.close.copy())"
            if "read-only" in str(error)
            else "return NaN where there is too little to compute from; guard divisions",
        )


def outputs_of(
    registration: IndicatorReg,
    made: IndicatorCall,
    params: Mapping[str, Any],
    bars: BarColumns,
) -> Values:
    """What an indicator returns for some bars, once it is what the contract says.

    One that takes trades is called as a run calls it, once for each session: with the bars up to
    the session's end and the session's trades; its values are those of the session's rows.

    Args:
        registration: Its record.
        made: The function.
        params: Its parameters.
        bars: Any bars.
    """
    if not registration.ticks:
        return returned(registration, made, params, bars)
    parts: dict[str, list[FloatArray]] = {name: [] for name in registration.outputs}
    for start, seen, ticks in session_trades(bars):
        for name, values in returned(registration, made, params, seen, ticks).items():
            parts[name].append(values[start:])
    return {name: np.concatenate(each) for name, each in parts.items()}


def session_trades(bars: BarColumns) -> Iterator[tuple[int, BarColumns, TickColumns]]:
    """What a run hands over for each session: its first row, bars up to its end, its trades.

    Args:
        bars: Any bars; where there is none, so are the trades.
    """
    ticks = ticks_of(bars)
    changes = np.flatnonzero(np.diff(bars.session)) + 1
    for start, stop in pairwise([0, *changes.tolist(), len(bars)]):
        span = (bars.ts[start], bars.available_at[stop - 1]) if stop else (0, 0)
        first, end = np.searchsorted(ticks.ts, span).tolist()
        yield start, bars.slice(0, stop), ticks.slice(first, end)


def returned(
    registration: IndicatorReg,
    made: IndicatorCall,
    params: Mapping[str, Any],
    bars: BarColumns,
    ticks: TickColumns | None = None,
) -> Values:
    """What one call returns, once it is what the contract says.

    Args:
        registration: The indicator's record.
        made: The function.
        params: Its parameters.
        bars: Any bars.
        ticks: Trades, where it takes them.
    """
    found = quietly(made, bars, params, ticks)
    contract = f"an indicator returns a mapping of its outputs, in order: {registration.outputs}"
    cure = "return {'name': array, ...} as IndicatorReg(outputs=...) says, the principal one first"
    expect(isinstance(found, Mapping), contract, type(found).__name__, cure)
    expect(tuple(found) == registration.outputs, contract, str(tuple(found)), cure)
    for name, values in found.items():
        found_type = type(values).__name__
        if isinstance(values, np.ndarray):
            found_type = f"{values.ndim}-dimensional {values.dtype}"
        expect(
            found_type == "1-dimensional float64",
            "every output is a one-dimensional float64 array",
            f"{name!r} is {found_type}",
            "np.asarray(values, dtype=np.float64); whole numbers, too, and NaN for none",
        )
        expect(
            len(values) == len(bars),
            "every output has one value a bar",
            f"{name!r} has {len(values)} values on {_described(bars, params)}",
            "begin with np.full(len(bars), np.nan) and fill in what is known",
        )
    return dict(found)


def _described(bars: BarColumns, params: Mapping[str, Any]) -> str:
    count = {0: "no bars", 1: "one bar"}.get(len(bars), f"{len(bars)} bars")
    unknown = [name for name in PRICE_FIELDS if len(bars) and np.isnan(bars.field(name)).all()]
    of_what = f" with unknown {', '.join(unknown)}" if unknown else ""
    return f"{count}{of_what}" + (f" with {dict(params)}" if params else "")
