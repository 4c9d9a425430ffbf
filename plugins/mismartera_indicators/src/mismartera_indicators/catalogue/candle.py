"""What the rows of candlestick patterns share."""

from __future__ import annotations

from mismartera_indicators.catalogue.row import Row


def candle(name: str, lookback: int, summary: str, shape: str, params: str = "Params") -> Row:
    """A pattern.

    Args:
        name: Without the prefix; TA-Lib's name, with underscores between its words.
        lookback: Bars before the first value.
        summary: Its name in words.
        shape: What it looks like, and what it says.
        params: Its parameters; most have none.
    """
    function = "CDL" + name.replace("_", "").upper()
    text = (
        f"Formula: {shape}. Units: 100 bullish, -100 bearish, 0 no pattern. "
        f"Warm-up: {lookback} bars. Source: TA-Lib {function}."
    )
    return Row(f"cdl_{name}", params, summary, text)
