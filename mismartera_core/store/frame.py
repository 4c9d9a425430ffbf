"""Frames: what the threads hand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np

from mismartera_core.model.columns import BarColumns, FloatArray, QuoteColumns, TickColumns


class Track(NamedTuple):
    """Bars of one symbol and interval as a frame knows them: rows [hist, stop) of shared columns.

    Attributes:
        columns: The columns; rows from `stop` on belong to later frames.
        hist: First row of the trailing history.
        start: First row of the session.
        stop: Row after the last one that is known at the end of the frame.
    """

    columns: BarColumns
    hist: int
    start: int
    stop: int

    def known(self) -> BarColumns:
        """History and session up to the end of the frame."""
        return self.columns.slice(self.hist, self.stop)


class Need(NamedTuple):
    """An indicator that a strategy asked for.

    Attributes:
        symbol: Row of the symbol.
        interval: Bars it is computed on.
        name: Registered name.
        params: Validated parameters, sorted by name.
    """

    symbol: int
    interval: str
    name: str
    params: tuple[tuple[str, object], ...]


class Needs(NamedTuple):
    """An indicator that a strategy asked for over many symbols.

    Attributes:
        symbols: Rows of the symbols.
        interval: Bars it is computed on.
        name: Registered name.
        params: Validated parameters, sorted by name.
    """

    symbols: tuple[int, ...]
    interval: str
    name: str
    params: tuple[tuple[str, object], ...]


Outputs = Mapping[str, FloatArray]
ManyOutputs = Mapping[str, Sequence[FloatArray] | FloatArray]
"""One array a symbol; one of shape (symbols, rows) where all have equally many rows."""


@dataclass(frozen=True, slots=True)
class Feed:
    """How the stream of a live session stands.

    Attributes:
        live: Whether it is connected.
        reason: Why it is not; empty where it is.
        heard_ns: When it last brought something, nanoseconds UTC; 0 before the first.
        lost: Ranges of the session in which it was not, [start, end), nanoseconds UTC.
        halts: Why symbols do not trade: ticker and reason, by ticker.
    """

    live: bool
    reason: str = ""
    heard_ns: int = 0
    lost: tuple[tuple[int, int], ...] = ()
    halts: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True, eq=False)
class Frame:
    """Consecutive steps of one session with their columns complete.

    Attributes:
        session: Number of the session in the run's table.
        day: Its date.
        open_ns: Its open (the pre-market's with extended hours).
        close_ns: Its end (the post-market's with extended hours).
        market_open_ns: The calendar's regular open.
        market_close_ns: The calendar's regular close: what orders and risk checks go by.
        opens: Whether this is the session's first frame.
        ends: Whether it is the last.
        upto_ns: Everything known by this instant is in.
        seen_ns: What was known by this instant has been handed out already.
        base: Base bars by symbol row.
        anchored: Whether history starts at the same row in every frame of the run.
        derived: Bars of other intervals by interval and symbol row; the processor adds them.
        values: Indicators by need, aligned with the rows of its track from `hist` on; where history
            is anchored they may be longer than the track.
        many: The same of indicators over many symbols.
        ticks: Trades of the session up to now, by symbol row.
        quotes: Quotes of the session up to now, by symbol row; live the new ones only.
        historical: Historical indicators by name, one value a symbol.
        uniform: Whether it is known that all symbols share their stamps: then they have the same
            rows.
        outside: Rows left out since the frame before, because they lie outside every session, by
            symbol row.
        revisions: How often rows of each symbol were altered otherwise than by adding one in time;
            empty where frames do not grow from one to the next.
        next_ns: When the next step of a live session is due; 0 where nothing happens in between.
        feed: How the stream of a live session stands.
    """

    session: int
    day: date
    open_ns: int
    close_ns: int
    market_open_ns: int
    market_close_ns: int
    opens: bool
    ends: bool
    upto_ns: int
    seen_ns: int
    base: tuple[Track, ...]
    anchored: bool = False
    derived: dict[str, tuple[Track, ...]] = field(default_factory=dict)
    values: dict[Need, Outputs] = field(default_factory=dict)
    many: dict[Needs, ManyOutputs] = field(default_factory=dict)
    ticks: tuple[TickColumns, ...] = ()
    quotes: tuple[QuoteColumns, ...] = ()
    historical: Mapping[str, FloatArray] = field(default_factory=dict)
    uniform: bool = False
    outside: tuple[int, ...] = ()
    revisions: tuple[int, ...] = ()
    next_ns: int = 0
    feed: Feed | None = None

    def fresh(self, track: Track) -> int:
        """First row of a track that has not been handed out before this frame.

        By when rows became known, not by their number: bars may be filled in before them.
        """
        if self.seen_ns < self.open_ns:
            return track.start
        known, stop = track.columns.available_at, track.stop
        for row in (stop, stop - 1):  # a step adds one row or none: a search costs ten times this
            if row <= track.start or known[row - 1] <= self.seen_ns:
                return max(row, track.start)
        return track.start + int(
            np.searchsorted(known[track.start : stop], self.seen_ns, side="right")
        )


def known_rows(columns: BarColumns, start: int, upto_ns: int) -> int:
    """Row after the last one known at an instant, from row `start` on."""
    return start + int(np.searchsorted(columns.available_at[start:], upto_ns, side="right"))
