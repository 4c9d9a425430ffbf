"""The hand that the suite of remote streams needs on a venue in Alpaca's dialect."""

from __future__ import annotations

import threading

from mismartera_core.model.columns import PRICE_FIELDS, BarColumns, QuoteColumns, TickColumns
from mismartera_core.testing.stream_faults import StreamRefusal
from mismartera_core.testing.venue.alpaca import AlpacaVenue
from mismartera_core.testing.venue.events import MarketEvent
from mismartera_core.testing.venue.faults import FrameFault
from mismartera_core.testing.venue.ticker import QUOTE_FIELDS, TICK_FIELDS

_ERRORS = {
    StreamRefusal.WRONG_KEY: ("data auth", 402, "auth failed"),
    StreamRefusal.CONNECTION_LIMIT: ("data auth", 406, "connection limit exceeded"),
    StreamRefusal.NOT_ENTITLED: ("data auth", 409, "insufficient subscription"),
    StreamRefusal.SYMBOL_LIMIT: ("data subscribe", 405, "symbol limit exceeded"),
}
_AWAY_SECONDS = 0.3


class AlpacaStreamHand:
    """A `StreamFaults` of a venue: it sends what it is told, whatever the venue's clock says.

    Args:
        venue: A venue that is up.
    """

    def __init__(self, venue: AlpacaVenue) -> None:
        self._venue = venue

    @property
    def connections(self) -> int:
        """Data sockets that are open."""
        return len(self._venue.lines("data"))

    @property
    def subscribed(self) -> frozenset[str]:
        """Symbols that somebody is subscribed to."""
        channels = ("bars", "trades", "quotes")
        return frozenset().union(*(self._venue.data.subscribed(name) for name in channels))

    def send_bars(self, symbol: str, bars: BarColumns) -> None:
        """Send each bar in a frame of its own."""
        self._send("bar", symbol, bars, PRICE_FIELDS)

    def revise(self, symbol: str, bars: BarColumns) -> None:
        """Send each bar as the correction of one that was sent before."""
        self._send("revised", symbol, bars, PRICE_FIELDS)

    def send_ticks(self, symbol: str, ticks: TickColumns) -> None:
        """Send trades."""
        self._send("trade", symbol, ticks, TICK_FIELDS)

    def send_quotes(self, symbol: str, quotes: QuoteColumns) -> None:
        """Send quotes."""
        self._send("quote", symbol, quotes, QUOTE_FIELDS)

    def noise(self) -> int:
        """Send messages that no client knows or can read; how many."""
        return self._venue.data.noise()

    def drop(self) -> None:
        """Break every data socket off, without a word."""
        self._venue.drop("data")

    def hang_up(self) -> None:
        """End every data socket as the protocol says."""
        self._venue.hang_up("data")

    def mute(self) -> None:
        """Say nothing more over the data sockets that are open."""
        self._venue.mute("data")

    def restart(self) -> None:
        """Go away with all connections, and come back at the same ports."""
        self._venue.go_down()
        threading.Event().wait(_AWAY_SECONDS)
        self._venue.come_up()

    def refuse(self, reason: StreamRefusal | None) -> None:
        """Refuse those who connect from now on; None takes them again."""
        faults = self._venue.faults
        for what in ("data auth", "data subscribe"):
            faults.off(what)
        if reason is StreamRefusal.NO_ANSWER:
            faults.on("data subscribe", FrameFault.silence(), times=None)
        elif reason is not None:
            what, code, words = _ERRORS[reason]
            error = {"T": "error", "code": code, "msg": words}
            faults.on(what, FrameFault.answered(error), times=None)

    def _send(
        self,
        kind: str,
        symbol: str,
        columns: BarColumns | QuoteColumns | TickColumns,
        fields: tuple[str, ...],
    ) -> None:
        for row, ts in enumerate(columns.ts.tolist()):
            values = {name: float(getattr(columns, name)[row]) for name in fields}
            self._venue.publish([MarketEvent(kind, symbol, ts, values)])
