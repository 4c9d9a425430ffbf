"""What a stream brings becomes steps: a machine without a clock, a thread or a queue of its own.

It is told of events and of the time, and says which steps are closed by then. The same events at
the same times give the same steps.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mismartera_core.contracts.stream import (
    StreamChanged,
    StreamedBars,
    StreamedQuotes,
    StreamedTicks,
    StreamEvent,
    StreamNoise,
    StreamState,
)
from mismartera_core.model.columns import BarColumns, IntArray
from mismartera_core.store.frame import Feed
from mismartera_core.store.live_bars import LiveBars, LiveRow
from mismartera_core.store.live_step import Change, ChangeKind, LiveStep, apply_changes
from mismartera_core.threads.live_events import LiveEvents
from mismartera_core.threads.live_halts import LiveHalts

STREAM = "stream"
BREATH_NS = 10_000_000
"""Least time between a step and one of trades and quotes alone. The first comes at once; of a
storm, those of ten milliseconds come together, so that bars are not kept waiting by their number.
"""


class LiveSteps:
    """The steps of one session.

    Args:
        symbols: Tickers, by row.
        opens: Opens of the bars that the session can have, nanoseconds UTC.
        closes: When each of them is known.
        settle_ns: How long a step waits for symbols whose bar has not come.
        bars: What is known when the session begins, by row; kept up to date.
        began_ns: From when on it listens; steps before it are history.

    Attributes:
        counts: What came beside good bars: "duplicate", "impossible", "outside", "unknown symbol",
            "noise", and the kinds of changes.
        bars: The columns after the steps that were handed out.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        opens: IntArray,
        closes: IntArray,
        settle_ns: int,
        bars: Sequence[LiveBars],
        began_ns: int,
    ) -> None:
        self.bars = tuple(bars)
        self.counts: Counter[str] = Counter()
        self._rows = {symbol: row for row, symbol in enumerate(symbols)}
        self._opens = opens
        self._closes: list[int] = closes.tolist()
        self._settle_ns = settle_ns
        self._upto = max(int(opens[0]), began_ns)
        self._next = int(np.searchsorted(closes, self._upto, side="right"))
        self._opened = False
        self._pending: dict[int, dict[int, LiveRow]] = {}
        self._late: dict[tuple[int, int], tuple[LiveRow, int]] = {}
        self._history: dict[tuple[int, int], Change] = {}
        self._events = LiveEvents(len(self.bars))
        self._feed = Feed(live=False, reason="not connected yet")
        self._told = self._feed
        self._heard_ns = 0
        self._halts = LiveHalts()
        self._lost_since: int | None = None

    @property
    def due_ns(self) -> int:
        """When the next step closes at the latest; endless where the session is over."""
        if not self._opened:
            return self._upto
        if self._next == len(self._closes):
            return 1 << 62
        closes = self._closes[self._next] + self._settle_ns
        return min(closes, self._upto + BREATH_NS) if self._events.arrived else closes

    def take(self, event: StreamEvent, arrived_ns: int, source: str = STREAM) -> None:
        """Take what a stream or a gap filler has brought.

        Args:
            event: What came.
            arrived_ns: When, nanoseconds UTC.
            source: "stream", or the name of a gap filler.
        """
        if isinstance(event, StreamChanged):
            self._changed(event, arrived_ns)
            return
        if source == STREAM:
            self._heard_ns = max(self._heard_ns, arrived_ns)
        if isinstance(event, StreamNoise):
            self.counts["noise"] += 1
            return
        if self._halts.take(event, arrived_ns):
            self._feed = replace(self._feed, halts=self._halts.now)
        row = self._rows.get(event.symbol)
        if row is None:
            self.counts["unknown symbol"] += 1
        elif isinstance(event, StreamedBars):
            for bar in _rows_of(event.bars):
                self._bar(row, bar, arrived_ns, source, revised=event.revised)
        elif isinstance(event, StreamedTicks):
            self._events.ticks(row, event.ticks, arrived_ns)
        elif isinstance(event, StreamedQuotes):
            self._events.quotes(row, event.quotes, arrived_ns)

    def due(self, now_ns: int) -> LiveStep | None:
        """The next step that is closed by now; None where there is none. Ask until there is none.

        Args:
            now_ns: The time, nanoseconds UTC.
        """
        if not self._opened:
            if now_ns < self._upto:
                return None
            self._opened = True
            return self._step(self._upto, [], opens=True, ends=self._next == len(self._closes))
        if self._next == len(self._closes):
            return None
        boundary = self._closes[self._next]
        step = self._between(min(now_ns, boundary - 1))
        if step is not None:
            return step
        here = self._pending.get(self._next, {})
        if now_ns < boundary or (
            len(here) < len(self.bars) and now_ns < boundary + self._settle_ns
        ):
            return None
        self._next += 1
        self._pending.pop(self._next - 1, None)
        changes = [Change(ChangeKind.NEW, row, bar, boundary) for row, bar in sorted(here.items())]
        return self._step(boundary, changes, ends=self._next == len(self._closes))

    def _between(self, until_ns: int) -> LiveStep | None:
        """A step of what came between two boundaries."""
        changed = self._told != self._feed
        if until_ns <= self._upto or not (changed or self._late or self._events.arrived):
            return None
        # What comes while a step settles comes after it: the bars of the step were known before.
        breathed = until_ns >= min(self._upto + BREATH_NS, self._closes[self._next] - 1)
        events = [at for at in self._events.arrived if at <= until_ns] if breathed else []
        if not self._late and not events and not changed:
            return None
        came = [arrived for _, arrived in self._late.values()] + events
        upto = min(max([self._upto + 1, *came]), until_ns)
        oldest: dict[int, int] = {}  # two late bars of one symbol are two steps
        for row, ts in sorted(self._late):
            oldest.setdefault(row, ts)
        changes = [
            Change(ChangeKind.LATE, row, self._late.pop((row, ts))[0], upto)
            for row, ts in oldest.items()
        ]
        return self._step(upto, changes, events=bool(events))

    def _step(
        self,
        upto: int,
        changes: list[Change],
        *,
        events: bool = False,
        opens: bool = False,
        ends: bool = False,
    ) -> LiveStep:
        seen = upto if opens else self._upto
        ticks, quotes = self._events.drain(seen, upto) if events else ((), ())
        everything = (*self._history.values(), *changes)
        self._history = {}
        apply_changes(self.bars, everything)
        self.counts.update(change.kind.value for change in everything)
        self._feed = self._told = replace(self._feed, heard_ns=self._heard_ns)
        self._upto = upto
        following = self._closes[self._next] if self._next < len(self._closes) else 0
        return LiveStep(
            upto, seen, following, everything, self._feed, ticks, quotes, opens=opens, ends=ends
        )

    def _bar(self, row: int, bar: LiveRow, arrived_ns: int, source: str, *, revised: bool) -> None:
        number = int(np.searchsorted(self._opens, bar.ts))
        if number == len(self._opens) or self._opens[number] != bar.ts:
            self.counts["outside"] += 1
        elif not _possible(bar.prices):
            self.counts["impossible"] += 1
        elif number >= self._next:
            here = self._pending.setdefault(number, {})
            if row in here and not revised:
                self.counts["duplicate"] += 1
                return
            here[row] = bar
        else:
            self._closed(row, bar, self._closes[number], arrived_ns, source, revised=revised)

    def _closed(
        self, row: int, bar: LiveRow, close_ns: int, arrived_ns: int, source: str, *, revised: bool
    ) -> None:
        """Take a bar whose step is closed."""
        book, key = self.bars[row], (row, bar.ts)
        there, waiting = book.row_of(bar.ts), self._history.get(key)
        if waiting is not None or key in self._late or there is not None:
            same = there is not None and book.prices(there) == bar.prices
            if not revised or same:
                self.counts["duplicate"] += 1
            elif waiting is not None:
                self._history[key] = replace(waiting, bar=bar)
            elif key in self._late:
                self._late[key] = (bar, self._late[key][1])
            else:
                self._history[key] = Change(ChangeKind.REVISED, row, bar, close_ns, source)
        elif bar.ts > book.newest_ts and source == STREAM:
            self._late[key] = (bar, arrived_ns)
        else:
            self._history[key] = Change(ChangeKind.FILLED, row, bar, close_ns, source)

    def _changed(self, event: StreamChanged, arrived_ns: int) -> None:
        live = event.state is StreamState.LIVE
        lost = self._feed.lost
        if live and self._lost_since is not None:
            lost = (*lost, (self._lost_since, arrived_ns))
            self._lost_since = None
        elif not live and self._lost_since is None:
            self._lost_since = self._heard_ns or arrived_ns
        self._feed = replace(self._feed, live=live, reason=event.reason, lost=lost)


def _rows_of(bars: BarColumns) -> list[LiveRow]:
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    prices = zip(*(column.tolist() for column in columns), strict=True)
    return [LiveRow(ts, each) for ts, each in zip(bars.ts.tolist(), prices, strict=True)]


def _possible(prices: tuple[float, float, float, float, float]) -> bool:
    """Whether a bar can be: finite and above zero, the low lowest, the high highest."""
    o, h, l, c, volume = prices  # noqa: E741 - the field's letters
    finite = all(0.0 < price < math.inf for price in (o, h, l, c))
    return finite and l <= min(o, c) and h >= max(o, c) and not volume < 0.0
