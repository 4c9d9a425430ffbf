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

from mismartera_core import BarColumns, IndicatorReg, interval_ns
from mismartera_indicators.plugin import mismartera_indicators

_INTRODUCTION = """\
# Indicators

Written by `python -m mismartera_indicators.reference > docs/indicators.md`.

A strategy asks for an indicator by name in `setup`: `self.indicator("sma", period=20)`, on bars
other than its own by `interval="5m"`. `.value` is the first output in the table, the others go by
name: `self.indicator("bbands").lower.value`.

- Row i depends on the bars up to i only. Fewer bars give the same values, bit for bit.
- NaN until the indicator has warmed up. "Bars to the first value" is for the defaults.
- A bar with an unknown value (NaN) in a column that is used gives NaN, and the warm-up starts again
  after it. `vwap` stays NaN to the end of the session: what is unknown belongs to its sums.
- A bar without volume never divides by zero; what a formula gives then is said below.
- Averages with a memory (ema, rsi, atr, adx ...) depend on where the bars begin: give them enough
  trailing days. Windows (sma, bbands, donchian ...) include the current bar.
- `vwap` and `opening_range` start anew with each session, the others run on across sessions.
- `source` is one of open, high, low, close, volume, hl2, hlc3, ohlc4.
"""


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
                    "| name | what | outputs | parameters and defaults | bars to the first value |",
                    "| --- | --- | --- | --- | --- |",
                    *rows,
                ]
            )
            + "\n"
        )
        parts.extend(_section(record) for record in members)
    return "\n".join(parts)


def _row(record: IndicatorReg) -> str:
    defaults = _model(record)().model_dump()
    params = ", ".join(f"{name}={value}" for name, value in defaults.items()) or "none"
    outputs = ", ".join(record.outputs)
    first = _bars_to_first_value(record, defaults)
    return f"| `{record.name}` | {record.summary} | {outputs} | {params} | {first} |"


def _section(record: IndicatorReg) -> str:
    text = inspect.getdoc(resolve_name(str(record.factory))) or ""
    body = text.split("\n\n", 1)[1]
    params = [
        f"- `{name}`: {field['description']}{_bounds(field)}"
        for name, field in _model(record).model_json_schema().get("properties", {}).items()
        if name != "source"
    ]
    return "\n".join([f"### {record.name}\n", body, *([""] if params else []), *params]) + "\n"


def _bounds(field: dict[str, Any]) -> str:
    if "minimum" in field:
        return f", {field['minimum']} to {field['maximum']}"
    return f", above {field['exclusiveMinimum']:g} up to {field['maximum']:g}"


def _model(record: IndicatorReg) -> Any:
    return resolve_name(str(record.config_model))


def _bars_to_first_value(record: IndicatorReg, params: dict[str, Any]) -> int:
    """Bars of a minute until every output has a value."""
    count = 200
    close = 100.0 + np.sin(np.arange(count))
    bars = BarColumns.build(
        np.arange(count) * interval_ns("1m"),
        close,
        close + 1.0,
        close - 1.0,
        close,
        np.full(count, 100.0),
        interval_ns=interval_ns("1m"),
    )
    outputs = resolve_name(str(record.factory))(bars, **params)
    return 1 + max(int(np.argmin(np.isnan(values))) for values in outputs.values())


if __name__ == "__main__":
    sys.stdout.write(render(mismartera_indicators()))
