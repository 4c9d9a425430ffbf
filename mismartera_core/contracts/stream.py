"""Live streams: what is asked for, and what comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from mismartera_core.model.columns import BarColumns, QuoteColumns, TickColumns


class StreamState(StrEnum):
    """Where a stream's connection is."""

    LIVE = "live"
    """Connected, and everything that was asked for is subscribed."""
    LOST = "lost"
    """Not connected; it connects again by itself. What the venue sends meanwhile does not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRequest:
    """What a stream is to bring.

    Attributes:
        symbols: Tickers.
        interval: Bar interval; "" for no bars.
        ticks: Whether trades are wanted.
        quotes: Whether quotes are wanted.
        statuses: Whether halts and pauses are wanted.
    """

    symbols: tuple[str, ...]
    interval: str = ""
    ticks: bool = False
    quotes: bool = False
    statuses: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class StreamedBars:
    """Bars of one symbol that have ended.

    Attributes:
        symbol: Ticker.
        bars: Stamped at their open.
        revised: Whether they replace bars that came before: the venue has corrected them.
    """

    symbol: str
    bars: BarColumns
    revised: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class StreamedTicks:
    """Trades of one symbol.

    Attributes:
        symbol: Ticker.
        ticks: As they were reported.
    """

    symbol: str
    ticks: TickColumns


@dataclass(frozen=True, slots=True, eq=False)
class StreamedQuotes:
    """Quotes of one symbol.

    Attributes:
        symbol: Ticker.
        quotes: As they were reported.
    """

    symbol: str
    quotes: QuoteColumns


@dataclass(frozen=True, slots=True)
class StreamedStatus:
    """A symbol was halted, paused or resumed.

    Attributes:
        symbol: Ticker.
        halted: Why it does not trade, in the venue's words; "" where it does again.
    """

    symbol: str
    halted: str


@dataclass(frozen=True, slots=True)
class StreamChanged:
    """The stream's connection has changed.

    Attributes:
        state: Live or lost.
        reason: Why it was lost, in a sentence; "" when it is live.
    """

    state: StreamState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StreamNoise:
    """A message that could not be understood; counted, never fatal.

    Attributes:
        what: The message or its type, shortened.
    """

    what: str


StreamEvent: TypeAlias = (
    StreamedBars | StreamedTicks | StreamedQuotes | StreamedStatus | StreamChanged | StreamNoise
)
Emit: TypeAlias = Callable[[StreamEvent], None]
"""Takes an event; only puts it into a queue, so it never blocks for long and never raises."""
