"""The hook of the indicators. Names only: numpy, TA-Lib and pydantic load on first use."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core import IndicatorReg, hookimpl

_VALUE = ("value",)
_CHANNEL = ("upper", "middle", "lower")
_MACD = ("macd", "signal", "histogram")
_ADX = ("adx", "plus_di", "minus_di")
_AROON = ("up", "down")
_STOCH = ("k", "d")
_RANGE = ("high", "low")
_VWAP = ("vwap", "upper", "lower")

# Module, name, parameters, outputs, summary; by category.
_TABLE: dict[str, list[tuple[str, str, str, tuple[str, ...], str]]] = {
    "trend": [
        ("trend", "sma", "Average", _VALUE, "Simple moving average"),
        ("trend", "ema", "Average", _VALUE, "Exponential moving average"),
        ("trend", "wma", "Average", _VALUE, "Linearly weighted moving average"),
        ("trend", "dema", "Average", _VALUE, "Double exponential moving average"),
        ("trend", "tema", "Average", _VALUE, "Triple exponential moving average"),
        ("trend", "kama", "AdaptiveAverage", _VALUE, "Kaufman's adaptive moving average"),
        ("trend", "macd", "Macd", _MACD, "Moving average convergence and divergence"),
        ("trend", "adx", "Period14", _ADX, "Average directional index, +DI and -DI"),
        ("trend", "aroon", "Period14", _AROON, "Age of the highest high and the lowest low"),
        ("trend", "donchian", "Period20", _CHANNEL, "Highest high and lowest low"),
        ("trend", "highest", "Average", _VALUE, "Highest value of the last bars"),
        ("trend", "lowest", "Average", _VALUE, "Lowest value of the last bars"),
        (
            "session",
            "opening_range",
            "OpeningRange",
            _RANGE,
            "High and low of the session's first minutes",
        ),
    ],
    "momentum": [
        ("momentum", "rsi", "Rsi", _VALUE, "Relative strength index"),
        ("momentum", "stoch", "Stochastic", _STOCH, "Slow stochastic oscillator"),
        ("momentum", "cci", "Period20", _VALUE, "Commodity channel index"),
        ("momentum", "roc", "Change", _VALUE, "Rate of change, percent"),
        ("momentum", "mom", "Change", _VALUE, "Momentum: change in price"),
        ("momentum", "willr", "Period14", _VALUE, "Williams' %R"),
    ],
    "volatility": [
        ("volatility", "true_range", "Params", _VALUE, "True range"),
        ("volatility", "atr", "Period14", _VALUE, "Average true range"),
        ("volatility", "natr", "Period14", _VALUE, "Average true range, percent of the close"),
        ("volatility", "bbands", "Bands", _CHANNEL, "Bollinger bands"),
        ("volatility", "stddev", "Spread", _VALUE, "Standard deviation, population"),
    ],
    "volume": [
        ("volume", "obv", "Params", _VALUE, "On-balance volume"),
        ("volume", "ad", "Params", _VALUE, "Accumulation and distribution line"),
        ("volume", "mfi", "Period14", _VALUE, "Money flow index"),
        ("session", "vwap", "Vwap", _VWAP, "Session volume-weighted average price, with a band"),
    ],
}


@hookimpl
def mismartera_indicators() -> Iterable[IndicatorReg]:
    """Every indicator of this package."""
    return [
        IndicatorReg(
            name=name,
            category=category,
            outputs=outputs,
            factory=f"mismartera_indicators.{module}:{name}",
            config_model=f"mismartera_indicators.params:{params}",
            summary=summary,
        )
        for category, rows in _TABLE.items()
        for module, name, params, outputs, summary in rows
    ]
