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
    """

    def __init__(self, venue: FakeVenue, timeline: Timeline) -> None:
        self._venue, self._timeline = venue, timeline
        self._publishing: list[MarketEvent] = []

    def start(self) -> None:
        """Begin with the first bars that close after the venue's clock."""
        now = self._venue.clock.now_ns
        for symbol, bars in self._venue.tape.bars.items():
            self._wait_for(symbol, int(np.searchsorted(bars.available_at, now, side="right")))
        for kind, symbol in self._venue.ticker.series():
            self._tell(kind, symbol, self._venue.ticker.first_after(kind, symbol, now))
        for end, extended in self._venue.hours.ends():
            if end > now:
                self._timeline.put(end, Turn.CLOSE, partial(self._expire, end, extended))
        for opened in self._venue.hours.table.open_ns.tolist():
            if opened > now:
                self._timeline.put(opened, Turn.OPEN, self._venue.start_accepted)

    def fill_at_open(self, order: BookOrder) -> None:
        """Fill an order that has just been taken, if it fills at the open of the forming bar.

        Args:
            order: The order, with its legs.
        """
        now, symbol = self._venue.clock.now_ns, order.symbol
        row = self._venue.tape.open_row(symbol, now)
        if row is not None and not self._venue.is_halted(symbol):
            bar = self._venue.tape.price_bar(symbol, row)
            orders = [order, *order.legs]
            self._venue.book.match_open(orders, bar, partial(self._eligible, bar), now)

    def _wait_for(self, symbol: str, row: int) -> None:
        bars = self._venue.tape.bars[symbol]
        if row >= len(bars):
            return
        self._timeline.put(
            int(bars.available_at[row]), Turn.MATCH, partial(self._closed, symbol, row)
        )

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

    def _expire(self, end_ns: int, extended: bool) -> None:
        venue = self._venue
        for order in venue.book.open():
            terms = order.terms
            ends = terms.time_in_force is TimeInForce.DAY and terms.extended_hours == extended
            if ends and order.submitted_ns < end_ns and order.is_live:
                venue.book.end(order, Status.EXPIRED, "the session ended", end_ns)
