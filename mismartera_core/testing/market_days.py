"""Days on which providers go wrong: changes of clocks, half days, holidays."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from mismartera_core.contracts.context import PluginContext
from mismartera_core.contracts.provider import DataProvider
from mismartera_core.model.intervals import DAY, HOUR
from mismartera_core.model.market import from_ns
from mismartera_core.model.sessions import SessionTable
from mismartera_core.testing.rows import instant
from mismartera_core.testing.suite import breach, expect

_WEEKEND = 5


def days_of(which: str, context: PluginContext, first_ns: int, last_ns: int) -> SessionTable | None:
    """The newest sessions of a kind within a span, with those beside them.

    Args:
        which: "clock_change", "early_close" or "holiday".
        context: Whose calendar holds.
        first_ns: Start of the span, nanoseconds UTC.
        last_ns: Its end.

    Returns:
        Two sessions around a change of clocks or a holiday, or one that closes early; None where
        the span has none.
    """
    zone = ZoneInfo(context.timezone)
    table = context.sessions(from_ns(first_ns, zone).date(), from_ns(last_ns, zone).date())
    found = {"clock_change": _clock_change, "early_close": _early_close, "holiday": _holiday}
    return found[which](table)


def check_days(days: SessionTable, made: DataProvider, symbol: str, interval: str) -> None:
    """Bars of these sessions, and between them, lie within their hours.

    Args:
        days: Sessions, ascending.
        made: The provider.
        symbol: Ticker.
        interval: Bar interval.
    """
    low, high = int(days.pre_open_ns[0]), int(days.post_close_ns[-1])
    found = made.get_bars(symbol, interval, low, high)
    row = np.searchsorted(days.pre_open_ns, found.ts, side="right") - 1
    outside = found.ts >= days.post_close_ns[row]
    contract = "bars are stamped in UTC and lie within the hours of the calendar"
    cure = "convert stamps from the zone of the source, with its daylight saving time, to UTC"
    for stamp in found.ts[outside][:1]:
        named = ", ".join(str(day) for day in days.dates)
        breach(contract, f"{interval} bar of {symbol} at {instant(stamp)}, beside {named}", cure)
    spans = []
    for day in range(len(days)):
        held = (found.ts >= days.open_ns[day]) & (found.ts < days.close_ns[day])
        what = f"no {interval} bar of {symbol} in the session of {days.dates[day]}"
        expect(held.any(), "a session within the coverage has bars", what, cure)
        own = found.ts[row == day]
        spans.append((own[[0, -1]] - days.open_ns[day]).tolist())
    moved = [end - start for start, end in zip(spans[0], spans[-1], strict=True)]
    expect(
        moved not in ([HOUR, HOUR], [-HOUR, -HOUR]),
        contract,
        f"{interval} bars of {symbol} begin and end an hour off on {days.dates[-1]}, compared with "
        f"{days.dates[0]}",
        cure,
    )


def _clock_change(table: SessionTable) -> SessionTable | None:
    moved = np.flatnonzero(np.diff(table.open_ns % DAY))
    return table.slice(int(moved[-1]), int(moved[-1]) + 2) if len(moved) else None


def _early_close(table: SessionTable) -> SessionTable | None:
    early = np.flatnonzero(table.early_close)
    return table.slice(int(early[-1]), int(early[-1]) + 1) if len(early) else None


def _holiday(table: SessionTable) -> SessionTable | None:
    for row in range(len(table) - 1, 0, -1):
        day = table.dates[row - 1] + timedelta(days=1)
        while day < table.dates[row]:
            if day.weekday() < _WEEKEND:
                return table.slice(row - 1, row + 1)
            day += timedelta(days=1)
    return None
