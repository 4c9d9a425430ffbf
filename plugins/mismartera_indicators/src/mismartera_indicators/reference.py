"""The reference page of the indicators, written from their registrations.

python -m mismartera_indicators.reference > docs/indicators.md
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from itertools import groupby
from pkgutil import resolve_name
from typing import Any

import numpy as np

from mismartera_core import BarColumns, IndicatorReg, TickColumns
from mismartera_indicators.catalogue import ROWS
from mismartera_indicators.plugin import mismartera_indicators
from mismartera_indicators.sessions import DAY, MINUTE

_INTRODUCTION = """\
# Indicators

Written by `python -m mismartera_indicators.reference > docs/indicators.md`.

A strategy asks for an indicator by name in `setup`: `self.indicator("sma", period=20)`, on bars
other than its own by `interval="5m"`. `.value` is the first output in the table, the others go by
name: `self.indicator("bbands").lower.value`.

- Row i depends on the bars up to i only. Fewer bars give the same values, bit for bit.
- NaN until the indicator has warmed up. "First value" is for the defaults: bars, or sessions.
- A bar with an unknown value (NaN) in a column that is used gives NaN, and the warm-up starts again
  after it. What is summed over a session (vwap, close_location_delta) stays NaN to its end.
- What is made of trades (cumulative_delta) needs `"ticks"` in `session_data_config.streams`, has
  values for the session that is replayed alone, and none in a SignalStrategy.
- A bar without volume never divides by zero; what a formula gives then is said below.
- Averages with a memory (ema, rsi, atr, adx ...) depend on where the bars begin: give them enough
  trailing days. Windows (sma, bbands, donchian ...) include the current bar.
- What belongs to a session (vwap, opening_range, pivots, gap ...) starts anew with each, the others
  run on across sessions. Figures of the days before need as many trailing days.
- Candlestick patterns look at colours, bodies and shadows, not at the trend they stand in; what is
  long, short or a doji is measured against the bars before, by TA-Lib's defaults.
- `source` and `other` are one of open, high, low, close, volume, hl2, hlc3, ohlc4; `field` one of
  the first five; `average` one of sma, ema, wma, dema, tema, trima, kama, t3, rma, hma, zlema.
"""

OWN = {
    "AROON": "aroon",
    "FRACTAL": "fractal",
    "KC": "keltner",
    "RVOL": "rvol",
    "SUPERTREND": "supertrend",
    "VWAP": "vwap",
    "VWMA": "vwma",
}
"""TA-Lib's functions that have a function of ours around them, or in their place."""

LEFT_OUT = {
    "numpy does it": (
        "ACOS ADD ASIN ATAN CEIL COS COSH CUMSUM DIV EXP FLOOR LOG10 MULT SIN SINH SQRT SUB TAN "
        "TANH"
    ),
    "`highest` and `lowest`": "MINMAX",
    "a row number, which depends on where the bars begin; `aroon` gives the age": (
        "MAXINDEX MININDEX MINMAXINDEX"
    ),
    "wants a period for every bar, which no column is": "MAVP",
}
"""TA-Lib's functions that have no place here, by the reason."""


def render(records: Iterable[IndicatorReg]) -> str:
    """The page as Markdown.

    Args:
        records: Registrations with a config model.

    Returns:
        A table per category and a section per indicator, both in alphabetical order.
    """
    parts = [_INTRODUCTION]
    ordered = sorted(records, key=lambda record: (record.category, record.name))
    for category, group in groupby(ordered, key=lambda record: record.category):
        members = list(group)
        rows = [_row(record) for record in members]
        parts.append(
            "\n".join(
                [
                    f"## {category.capitalize()}\n",
                    "| name | what | outputs | parameters and defaults | first value |",
                    "| --- | --- | --- | --- | --- |",
                    *rows,
                ]
            )
            + "\n"
        )
        parts.extend(_section(record) for record in members)
    return "\n".join([*parts, _talib()])


def _row(record: IndicatorReg) -> str:
    params = _params(record)
    shown = ", ".join(f"{name}={value}" for name, value in params.items()) or "none"
    outputs = ", ".join(record.outputs)
    first = _first_value(record, params)
    return f"| `{record.name}` | {record.summary} | {outputs} | {shown} | {first} |"


def _section(record: IndicatorReg) -> str:
    text = inspect.getdoc(resolve_name(str(record.factory))) or ""
    body = text.split("\n\n", 1)[1]
    params = [
        f"- `{name}`: {field['description']}{_bounds(field)}"
        for name, field in _model(record).model_json_schema().get("properties", {}).items()
        if "enum" not in field
    ]
    return "\n".join([f"### {record.name}\n", body, *([""] if params else []), *params]) + "\n"


def _bounds(field: dict[str, Any]) -> str:
    if "minimum" in field:
        return f", {field['minimum']:g} to {field['maximum']:g}"
    if "exclusiveMinimum" in field:
        return f", above {field['exclusiveMinimum']:g} up to {field['maximum']:g}"
    return ""


def _talib() -> str:
    """Where each of TA-Lib's functions is."""
    here = OWN | {function: row.name for row in ROWS.values() for function in _called(row.name)}
    rows = [f"| {function} | `{here[function]}` |" for function in sorted(here)]
    rows += [
        f"| {function} | not here: {reason} |"
        for reason, functions in LEFT_OUT.items()
        for function in functions.split()
    ]
    head = ["## TA-Lib's functions\n", "| TA-Lib | here |", "| --- | --- |"]
    return "\n".join([*head, *rows]) + "\n"


def _called(name: str) -> tuple[str, ...]:
    row = ROWS[name]
    return row.functions if row.module == "functions" else ()


def _model(record: IndicatorReg) -> Any:
    return resolve_name(str(record.config_model))


def _params(record: IndicatorReg) -> dict[str, Any]:
    params: dict[str, Any] = _model(record)(**record.example).model_dump()
    return params


def _first_value(record: IndicatorReg, params: dict[str, Any]) -> str:
    """Bars of a minute, or sessions of them, until every output has a value."""
    for sessions, length, unit in ((1, 300, ""), (40, 1, " sessions")):
        bars = _minutes(sessions, length)
        trades = [TickColumns(bars.ts, bars.open, bars.volume)] if record.ticks else []
        outputs = resolve_name(str(record.factory))(bars, *trades, **params)
        known = np.logical_and.reduce([np.isfinite(values) for values in outputs.values()])
        if known.any():
            return f"{int(np.argmax(known)) + 1}{unit}"
    return "see below"


def _minutes(sessions: int, length: int) -> BarColumns:
    number, minute = np.divmod(np.arange(sessions * length), length)
    close = 100.0 + np.sin(np.arange(len(number)))
    return BarColumns.build(
        number * DAY + minute * MINUTE,
        close,
        close + 1.0,
        close - 1.0,
        close,
        np.full(len(number), 100.0),
        interval_ns=MINUTE,
        session=number,
    )


if __name__ == "__main__":
    sys.stdout.write(render(mismartera_indicators()))
