"""Calls an indicator as the engine does, and holds what it returns to the contract."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from mismartera_core.contracts.indicator import IndicatorFunction
from mismartera_core.model.columns import PRICE_FIELDS, BarColumns, FloatArray
from mismartera_core.registrations import IndicatorReg
from mismartera_core.registry.attributes import one_line
from mismartera_core.testing.suite import breach, expect
from mismartera_core.threads.replay.blame import where_it_raised

Values: TypeAlias = Mapping[str, FloatArray]
"""Arrays by name of the output."""


def quietly(made: IndicatorFunction, bars: BarColumns, params: Mapping[str, Any]) -> Any:
    """Call an indicator; what it raises or warns of is a breach.

    Args:
        made: The function.
        bars: Any bars.
        params: Its parameters.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            return made(bars, **params)
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
    made: IndicatorFunction,
    params: Mapping[str, Any],
    bars: BarColumns,
) -> Values:
    """What an indicator returns for some bars, once it is what the contract says.

    Args:
        registration: Its record.
        made: The function.
        params: Its parameters.
        bars: Any bars.
    """
    found = quietly(made, bars, params)
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
