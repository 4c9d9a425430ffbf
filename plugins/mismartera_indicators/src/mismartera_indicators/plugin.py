"""The hook of the indicators. Names only: numpy, TA-Lib and pydantic load on first use."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import IndicatorReg, hookimpl

_CHANNEL = ("upper", "middle", "lower")
_VALUE = ("value",)

# Name, function, parameters, outputs, summary; by category.
_TABLE: dict[str, list[tuple[str, str, str, tuple[str, ...], str]]] = {
    "trend": [
        ("sma", "trend:sma", "Average", _VALUE, "Simple moving average"),
        ("ema", "trend:ema", "Average", _VALUE, "Exponential moving average"),
        ("opening_range", "session:opening_range", "OpeningRange", ("high", "low"),
         "High and low of the first minutes of the session"),
    ],
    "volume": [
        ("vwap", "session:vwap", "Vwap", ("vwap", "upper", "lower"),
         "Volume-weighted average price of the session, with a band"),
    ],
}  # fmt: skip


@hookimpl
def mismartera_indicators() -> Iterable[IndicatorReg]:
    """Every indicator of this package."""
    return [
        IndicatorReg(
            name=name,
            category=category,
            outputs=outputs,
            factory=f"mismartera_indicators.{function}",
            config_model=f"mismartera_indicators.params:{params}",
            summary=summary,
        )
        for category, rows in _TABLE.items()
        for name, function, params, outputs, summary in rows
    ]
