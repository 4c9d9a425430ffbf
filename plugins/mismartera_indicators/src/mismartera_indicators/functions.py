"""The functions that call TA-Lib, made from the tables in `catalogue` on first use.

What TA-Lib takes, and in which order, it says itself: prices are columns of the bars, a single
series is the column that `source` names, and an argument for which there is no parameter keeps
TA-Lib's default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from inspect import Parameter, Signature
from operator import attrgetter, itemgetter
from pkgutil import resolve_name
from textwrap import fill
from typing import Any, TypeAlias, get_args

import numpy as np

from mismartera_core import BarColumns, FloatArray, IndicatorOutputs
from mismartera_indicators.catalogue import ROWS
from mismartera_indicators.catalogue.row import Row
from mismartera_indicators.kernel import SERIES, TalibFunction, run, talib_function
from mismartera_indicators.params import AverageName

_Indicator: TypeAlias = Callable[..., IndicatorOutputs]
_Params: TypeAlias = dict[str, Any]

_AVERAGE_NUMBERS = import_module("talib").MA_Type
_DESCRIBED = import_module("talib.abstract").Function

_OURS: Mapping[str, tuple[str, ...]] = {
    "price": ("source",),
    "price0": ("source",),
    "price1": ("other",),
    "timeperiod": ("period",),
    "fastperiod": ("fast",),
    "slowperiod": ("slow",),
    "signalperiod": ("signal",),
    "fastk_period": ("k_period", "period"),
    "slowk_period": ("k_smoothing",),
    "slowd_period": ("d_smoothing",),
    "fastd_period": ("d_smoothing",),
    "matype": ("average",),
    "fastmatype": ("fast_average",),
    "slowmatype": ("slow_average",),
    "signalmatype": ("signal_average",),
    "nbdevup": ("deviations",),
    "nbdevdn": ("deviations",),
    "vfactor": ("volume_factor",),
    "fastlimit": ("fast_limit",),
    "slowlimit": ("slow_limit",),
    "timeperiod1": ("short",),
    "timeperiod2": ("medium",),
    "timeperiod3": ("long",),
    "firstperiod": ("first",),
    "secondperiod": ("second",),
    "wmaperiod": ("smoothing",),
    "roc1period": ("short",),
    "roc2period": ("long",),
    "rocperiod": ("change",),
    "stddevperiod": ("deviation_period",),
    "startvalue": ("start",),
    "offsetonreverse": ("offset",),
    "accelerationinitlong": ("initial_long",),
    "accelerationlong": ("step_long",),
    "accelerationmaxlong": ("maximum_long",),
    "accelerationinitshort": ("initial_short",),
    "accelerationshort": ("step_short",),
    "accelerationmaxshort": ("maximum_short",),
}
"""Our parameters for TA-Lib's; the first that an indicator has is meant."""


def __getattr__(name: str) -> _Indicator:
    row = ROWS.get(name)
    if row is None or row.module != "functions":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = globals()[name] = _make(row)
    return made


def _make(row: Row) -> _Indicator:
    fields = resolve_name(row.config_model).model_fields
    described = _DESCRIBED(row.functions[0])
    whole_numbers = list(described.output_flags) == ["integer"]
    columns = _columns(described.info["input_names"], fields)
    arguments = _arguments(described.info["parameters"], fields)
    function = _function(row.functions, described.lookback, whole_numbers)
    outputs = row.outputs

    if len(outputs) == 1:
        (output,) = outputs

        def compute(bars: BarColumns, **params: Any) -> IndicatorOutputs:
            return {output: run(function, columns(bars, params), arguments(params))}
    else:

        def compute(bars: BarColumns, **params: Any) -> IndicatorOutputs:
            return dict(
                zip(outputs, run(function, columns(bars, params), arguments(params)), strict=True)
            )

    compute.__name__ = compute.__qualname__ = row.name
    compute.__doc__ = f"{row.summary}.\n\n{fill(row.text, 100, break_on_hyphens=False)}"
    keywords = [Parameter(name, Parameter.KEYWORD_ONLY) for name in fields]
    signature = Signature([Parameter("bars", Parameter.POSITIONAL_OR_KEYWORD), *keywords])
    compute.__signature__ = signature  # type: ignore[attr-defined]
    return compute


def _columns(
    inputs: Mapping[str, str | Sequence[str]], fields: Iterable[str]
) -> Callable[[BarColumns, _Params], Sequence[FloatArray]]:
    """What takes the columns that a TA-Lib function wants from the bars."""
    names: list[str] = []
    for key, wanted in inputs.items():
        if isinstance(wanted, str):
            names.append(_chosen(key, fields) or wanted)
        else:
            names.extend(wanted)
    if len(names) == 1:
        (name,) = names
        if name in SERIES:
            column = SERIES[name]
            return lambda bars, _: (column(bars),)
        return lambda bars, params: (SERIES[params[name]](bars),)
    if all(name in SERIES for name in names):
        every = attrgetter(*names)
        return lambda bars, _: every(bars)
    return lambda bars, params: [SERIES[params.get(name, name)](bars) for name in names]


def _arguments(
    wanted: Mapping[str, Any], fields: Iterable[str]
) -> Callable[[_Params], Sequence[Any]]:
    """What puts parameters into the order of a TA-Lib function."""
    names = [_chosen(name, fields) or name for name in wanted]
    fixed = {name: value for name, value in wanted.items() if name in names and name not in fields}
    if not names:
        return lambda _: ()
    if fixed or any("average" in name for name in names):
        return lambda params: [
            _AVERAGES[value] if type(value) is str else value
            for value in map({**fixed, **params}.__getitem__, names)
        ]
    if len(names) == 1:
        (name,) = names
        return lambda params: (params[name],)
    return itemgetter(*names)


def _chosen(name: str, fields: Iterable[str]) -> str | None:
    return next((ours for ours in (*_OURS.get(name, ()), name) if ours in fields), None)


_AVERAGES = {name: getattr(_AVERAGE_NUMBERS, name.upper()) for name in get_args(AverageName)}
"""TA-Lib's numbers of moving averages."""


def _function(names: Sequence[str], lookback: int, whole_numbers: bool) -> TalibFunction:
    functions = [talib_function(name) for name in names]
    if len(functions) > 1:
        return lambda *given: tuple(function(*given) for function in functions)
    (function,) = functions
    if not whole_numbers:
        return function

    def as_float(*given: Any) -> FloatArray:
        # Whole numbers know no NaN: TA-Lib says 0 where it cannot know yet.
        values: FloatArray = function(*given).astype(np.float64)
        values[:lookback] = np.nan
        return values

    return as_float
