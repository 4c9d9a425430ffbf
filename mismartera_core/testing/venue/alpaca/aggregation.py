"""Bars of other lengths than the tape's, as the REST answers them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mismartera_core.testing.venue.alpaca.market_payloads import bar_values
from mismartera_core.testing.venue.alpaca.payloads import EASTERN, eastern, instant
from mismartera_core.testing.venue.fake_venue import FakeVenue

_LENGTHS = {"Min": 60_000_000_000, "T": 60_000_000_000, "Hour": 3_600_000_000_000}
_LENGTHS["H"] = _LENGTHS["Hour"]


def aggregated(
    venue: FakeVenue, symbol: str, first_ns: int, last_ns: int, count: int, unit: str
) -> Iterator[dict[str, Any]]:
    """Bars that open within a range, of what had closed by now.

    Args:
        venue: The venue.
        symbol: Ticker.
        first_ns: Earliest open.
        last_ns: Latest open, included.
        count: Length, in units.
        unit: "Min", "T", "Hour", "H", "Day" or "D".
    """
    length = _LENGTHS.get(unit)
    held: dict[str, float] | None = None
    opened = 0
    for row in venue.tape.rows(symbol, 0, last_ns, venue.clock.now_ns):
        ts = int(venue.tape.bars[symbol].ts[row])
        start = _midnight(ts) if length is None else ts // (length * count) * length * count
        values = venue.tape.values(symbol, row)
        if start < first_ns:
            continue
        if held is not None and start == opened:
            merge(held, values)
            continue
        if held is not None:
            yield {"t": instant(opened), **bar_values(held)}
        held, opened = values, start
    if held is not None:
        yield {"t": instant(opened), **bar_values(held)}


def merge(held: dict[str, float], values: dict[str, float]) -> None:
    """Put a later bar into one that it belongs to.

    Args:
        held: The longer bar; changed.
        values: The later bar.
    """
    held["high"] = max(held["high"], values["high"])
    held["low"] = min(held["low"], values["low"])
    held["close"] = values["close"]
    held["volume"] += values["volume"]


def _midnight(ts: int) -> int:
    """The start of a day in New York, where Alpaca stamps its daily bars."""
    day = eastern(ts)
    start = datetime(day.year, day.month, day.day, tzinfo=EASTERN)
    return int(start.timestamp()) * 1_000_000_000
