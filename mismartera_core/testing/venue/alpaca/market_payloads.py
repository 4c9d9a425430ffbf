"""Alpaca's words for bars, quotes and trades: one letter each."""

from __future__ import annotations

from typing import Any

from mismartera_core.testing.venue.events import MarketEvent

KINDS = {"bar": "b", "revised": "u", "daily": "d", "quote": "q", "trade": "t", "status": "s"}
CHANNELS = {
    "b": "bars",
    "u": "updatedBars",
    "d": "dailyBars",
    "q": "quotes",
    "t": "trades",
    "s": "statuses",
}


def bar_values(values: dict[str, float]) -> dict[str, Any]:
    """A bar without its instant.

    Args:
        values: open, high, low, close and volume.
    """
    volume = values["volume"]
    known = volume == volume
    middle = (values["high"] + values["low"] + values["close"]) / 3
    return {
        "o": values["open"],
        "h": values["high"],
        "l": values["low"],
        "c": values["close"],
        "v": (int(volume) if volume == int(volume) else volume) if known else 0,
        "n": max(1, int(volume // 100)) if known else 0,
        "vw": round(middle, 6),
    }


def event_values(event: MarketEvent, number: int) -> dict[str, Any]:
    """Anything that is published, without kind, symbol and instant.

    Args:
        event: What is published.
        number: Of a trade: its id.
    """
    values = event.values
    if event.kind == "quote":
        return {
            "bx": "V",
            "bp": values["bid"],
            "bs": values["bid_size"],
            "ax": "V",
            "ap": values["ask"],
            "as": values["ask_size"],
            "c": ["R"],
            "z": "C",
        }
    if event.kind == "trade":
        size = values["size"]
        whole = int(size) if size == int(size) else size
        return {"i": number + 1, "x": "V", "p": values["price"], "s": whole, "c": ["@"], "z": "C"}
    if event.kind == "status":
        halted = bool(values["halted"])
        word = ("H", "Trading Halt", "T1") if halted else ("T", "Trading Resumption", "C11")
        return {"sc": word[0], "sm": word[1], "rc": word[2], "rm": "", "z": "C"}
    return bar_values(values)
