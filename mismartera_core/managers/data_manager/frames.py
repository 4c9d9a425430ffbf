"""Columns as pandas frames, and times of people as nanoseconds."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mismartera_core.managers.time_manager.calendar import to_ns
from mismartera_core.model.columns import PRICE_FIELDS, BarColumns, QuoteColumns, TickColumns

if TYPE_CHECKING:
    import pandas as pd

_FIRST_NS, _LAST_NS = -(2**63), 2**63 - 1
"""1677 to 2262; whoever asks for more gets all there is."""
_FIELDS = {
    BarColumns: PRICE_FIELDS,
    TickColumns: ("price", "size"),
    QuoteColumns: ("bid", "ask", "bid_size", "ask_size"),
}


def to_frame(columns: BarColumns | TickColumns | QuoteColumns, zone: ZoneInfo) -> pd.DataFrame:
    """A frame with an index in the exchange's zone.

    Args:
        columns: Bars, ticks or quotes.
        zone: The exchange's zone.
    """
    import pandas as pd

    stamps = pd.DatetimeIndex(columns.ts.view("datetime64[ns]"), name="timestamp")
    index = stamps.tz_localize("UTC").tz_convert(zone)
    values = {name: getattr(columns, name) for name in _FIELDS[type(columns)]}
    return pd.DataFrame(values, index=index)


def range_ns(start: date, end: date, zone: ZoneInfo) -> tuple[int, int]:
    """A half-open range of nanoseconds.

    Args:
        start: First day, or an instant; a naive datetime is of the exchange's zone.
        end: Last day, included, or the first instant that is left out.
        zone: The exchange's zone.
    """
    whole_day = not isinstance(end, datetime) and end < date.max
    return _instant(start, zone), _instant(end + timedelta(days=1) if whole_day else end, zone)


def _instant(at: date, zone: ZoneInfo) -> int:
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day, tzinfo=zone)
    ns = to_ns(at if at.tzinfo is not None else at.replace(tzinfo=zone))
    return min(max(ns, _FIRST_NS), _LAST_NS)
