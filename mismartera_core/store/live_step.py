"""A step of a live session: what it changes in the columns, as a value that can be recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mismartera_core.model.columns import QuoteColumns, TickColumns
from mismartera_core.store.frame import Feed
from mismartera_core.store.live_bars import LiveBars, LiveRow


class ChangeKind(StrEnum):
    """How a bar gets into the columns."""

    NEW = "new"
    """It came in time: known at its close."""
    LATE = "late"
    """Its step was closed: known when it came."""
    FILLED = "filled"
    """Older than what strategies have seen: into history, nobody is called with it."""
    REVISED = "revised"
    """In the place of the bar with its open; what was decided before stays."""


@dataclass(frozen=True, slots=True)
class Change:
    """One bar of a step.

    Attributes:
        kind: How it gets into the columns.
        symbol: Row of the symbol.
        bar: The bar.
        known_ns: When it counts as known, nanoseconds UTC.
        source: Who brought it: "stream", or the name of a gap filler.
    """

    kind: ChangeKind
    symbol: int
    bar: LiveRow
    known_ns: int
    source: str = "stream"


@dataclass(frozen=True, slots=True, eq=False)
class LiveStep:
    """What becomes known at once in a live session.

    Attributes:
        upto_ns: The instant, nanoseconds UTC.
        seen_ns: The step before.
        next_ns: When the next step is due.
        changes: Bars, in the order in which they are to be applied.
        ticks: Trades by symbol row, stamped within (seen_ns, upto_ns].
        quotes: Quotes by symbol row, stamped likewise.
        feed: How the stream stands.
        opens: Whether it is the first of the session.
        ends: Whether it is the last.
    """

    upto_ns: int
    seen_ns: int
    next_ns: int
    changes: tuple[Change, ...]
    feed: Feed
    ticks: tuple[tuple[int, TickColumns], ...] = ()
    quotes: tuple[tuple[int, QuoteColumns], ...] = ()
    opens: bool = False
    ends: bool = False


def apply_changes(bars: Sequence[LiveBars], changes: Sequence[Change]) -> None:
    """Write the changes of a step into the columns.

    Args:
        bars: By symbol row.
        changes: In order.
    """
    for change in changes:
        book = bars[change.symbol]
        if change.kind is ChangeKind.REVISED:
            row = book.row_of(change.bar.ts)
            if row is not None:
                book.revise(row, change.bar)
        elif change.kind is ChangeKind.FILLED:
            book.insert(change.bar, change.known_ns)
        else:
            book.append(change.bar, change.known_ns)
