"""Bars, one after another: what closes, what is published, what expires."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mismartera_core.model.orders import TimeInForce
from mismartera_core.testing.venue.events import MarketEvent
from mismartera_core.testing.venue.matching import PriceBar
from mismartera_core.testing.venue.orders import BookOrder, Status
from mismartera_core.testing.venue.timeline import Timeline, Turn

if TYPE_CHECKING:
    from mismartera_core.testing.venue.fake_venue import FakeVenue


class Replaying:
    """Puts the bars of a venue on its timeline.

    Args:
        venue: The venue.
        timeline: Its timeline.
        prompt: Whether orders fill at the open of a bar as soon as it opens.
    """

    def __init__(self, venue: FakeVenue, timeline: Timeline, *, prompt: bool) -> None:
        self._venue, self._timeline, self._prompt = venue, timeline, prompt
        self._publishing: list[MarketEvent] = []

    def start(self) -> None:
        """Begin with the first bars that close after the venue's clock."""
        now = self._venue.clock.now_ns
        for symbol, bars in self._venue.tape.bars.items():
            self._wait_for(symbol, int(np.searchsorted(bars.available_at, now, side="right")))
        for kind, symbol in self._venue.ticker.series():
            self._tell(kind, symbol, self._venue.ticker.first_after(kind, symbol, now))
        for close in self._venue.hours.closes():
            if close > now:
                self._timeline.put(close, Turn.CLOSE, partial(self._expire, close))
        for opened in self._venue.hours.table.open_ns.tolist():
            if opened > now:
                self._timeline.put(opened, Turn.OPEN, self._venue.start_accepted)

    def open_bar(self, symbol: str) -> None:
        """Fill what fills at the open of the bar that is forming.

        Args:
            symbol: Ticker.
        """
        row = self._venue.tape.open_row(symbol, self._venue.clock.now_ns)
        if row is not None and not self._venue.is_halted(symbol):
            bar = self._venue.tape.price_bar(symbol, row)
            may = partial(self._eligible, bar)
            self._venue.book.match_open(bar, may, symbol, self._venue.clock.now_ns)

    def _wait_for(self, symbol: str, row: int) -> None:
        bars = self._venue.tape.bars[symbol]
        if row >= len(bars):
            return
        self._timeline.put(
            int(bars.available_at[row]), Turn.MATCH, partial(self._closed, symbol, row)
        )
        if self._prompt:
            self._timeline.put(int(bars.ts[row]), Turn.OPEN, partial(self.open_bar, symbol))

    def _closed(self, symbol: str, row: int) -> None:
        venue = self._venue
        self._wait_for(symbol, row + 1)
        if venue.is_halted(symbol):
            return
        bar = venue.tape.price_bar(symbol, row)
        venue.book.match(bar, partial(self._eligible, bar), symbol, venue.clock.now_ns)
        if not venue.tape.is_lost(symbol, bar.ts):
            at = venue.tape.published_ns(symbol, row)
            self._timeline.put(at, Turn.PUBLISH, partial(self._publish, symbol, row))

    def _publish(self, symbol: str, row: int) -> None:
        """Publish a bar together with the others that are due at this instant."""
        tape = self._venue.tape
        ts = int(tape.bars[symbol].ts[row])
        if not self._publishing:
            self._timeline.put(self._venue.clock.now_ns, Turn.PUBLISH, self._send)
        self._publishing.append(MarketEvent("bar", symbol, ts, tape.values(symbol, row)))

    def _send(self) -> None:
        events, self._publishing = self._publishing, []
        self._venue.publish(events)

    def _tell(self, kind: str, symbol: str, row: int) -> None:
        """Put a quote or a trade on the timeline; it puts the next one there."""
        ticker = self._venue.ticker
        at = ticker.stamp(kind, symbol, row)
        if at is None:
            return

        def publish() -> None:
            self._tell(kind, symbol, row + 1)
            if not self._venue.is_halted(symbol):
                self._venue.publish([ticker.event(kind, symbol, row)])

        self._timeline.put(at, Turn.PUBLISH, publish)

    def _eligible(self, bar: PriceBar, order: BookOrder) -> bool:
        if order.from_ns > bar.ts:
            return False
        return order.terms.extended_hours or self._venue.hours.is_regular(bar.ts)

    def _expire(self, close_ns: int) -> None:
        venue = self._venue
        for order in venue.book.open():
            due = order.terms.time_in_force is TimeInForce.DAY and order.submitted_ns < close_ns
            if due and order.is_live:
                venue.book.end(order, Status.EXPIRED, "the session ended", close_ns)
