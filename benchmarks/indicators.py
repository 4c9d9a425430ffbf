"""Every indicator over a year of minutes, beside the same TA-Lib functions called plainly."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

import numpy as np

from benchmarks.data import FIELDS, MINUTE_NS, MINUTES, Market
from benchmarks.runner import Sample, timed


def plain(market: Market) -> Sample:
    """TA-Lib called on plain columns, as a script would, with the arguments our defaults mean."""
    import talib
    from mismartera_indicators.functions import _arguments, _columns

    bars, calls = _bars(market), []
    for row in _of_talib():
        params = _params(row)
        described = talib.abstract.Function(row.functions[0])
        inputs = _columns(described.info["input_names"], params)(bars, params)
        more = _arguments(described.parameters, params)(params)
        calls += [(getattr(talib, name), inputs, more) for name in row.functions]

    def work(_: None) -> None:
        for call, given, more in calls:
            call(*given, *more)

    return Sample(timed(work, None)().value, note=f"{len(calls)} calls")


def ours(market: Market) -> Sample:
    """The indicators that call those functions, and nothing else."""
    return _indicators(market, _of_talib())


def every(market: Market) -> Sample:
    """All indicators of the plugin that take bars alone."""
    from mismartera_indicators.catalogue import ROWS

    return _indicators(market, [row for row in ROWS.values() if not row.ticks])


def _indicators(market: Market, rows: list[Any]) -> Sample:
    bars = _bars(market)
    calls = [
        (resolve_name(f"mismartera_indicators.{row.module}:{row.name}"), _params(row))
        for row in rows
    ]

    def work(_: None) -> None:
        for call, params in calls:
            call(bars, **params)

    return Sample(timed(work, None)().value, note=f"{len(calls)} calls")


def _of_talib() -> list[Any]:
    from mismartera_indicators.catalogue import ROWS

    return [row for row in ROWS.values() if row.module == "functions"]


def _params(row: Any) -> dict[str, Any]:
    params: dict[str, Any] = resolve_name(row.config_model)(**row.example).model_dump()
    return params


def _bars(market: Market) -> Any:
    from mismartera_core import BarColumns

    columns = (getattr(market, name)[0] for name in FIELDS)
    session = np.repeat(np.arange(len(market.ts) // MINUTES), MINUTES)
    return BarColumns.build(market.ts, *columns, interval_ns=MINUTE_NS, session=session)
