"""alpaca-py's streams in threads of their own, and waiting for what they bring."""

from __future__ import annotations

import queue
import threading
import time
import warnings
from datetime import date

from mismartera_core.testing import session_table, walk_bars

with warnings.catch_warnings():  # alpaca-py imports websockets.legacy, which says that it is old
    warnings.simplefilter("ignore", DeprecationWarning)
    from alpaca.data.live import StockDataStream
    from alpaca.trading.stream import TradingStream

PATIENCE = 30.0
DAYS = session_table(date(2026, 11, 20), date(2026, 11, 27))
"""With Thanksgiving in it, and the half day after."""
BARS = {"AAPL": walk_bars(DAYS, seed=1), "MSFT": walk_bars(DAYS, seed=2, price=50.0)}


def until(condition, what="it"):
    """Wait until a condition holds."""
    end, pause = time.monotonic() + PATIENCE, threading.Event()
    while not condition():
        assert time.monotonic() < end, f"{what} has not come in {PATIENCE:g} s"
        pause.wait(0.005)


class Heard:
    """A stream of alpaca-py in a thread; what its handlers were called with."""

    def __init__(self, venue, name, stream):
        self.venue, self.name, self.stream = venue, name, stream
        stream._reconnect_min_backoff = stream._reconnect_max_backoff = 0.05
        self.messages = queue.Queue()
        self.thread = threading.Thread(target=stream.run, name="alpaca stream")

    def handler(self, kind):
        async def put(message):
            self.messages.put((kind, message))

        return put

    def start(self):
        self.thread.start()
        return self

    def subscribed(self, kind):
        """Wait until the venue has subscribed it and the client knows that it runs.

        A symbol that is added between the two is kept in the client and never sent.
        """
        until(lambda: self.venue.data.subscribed(kind) and self.stream._running, kind)

    def get(self):
        return self.messages.get(timeout=PATIENCE)

    def take(self, count):
        return [self.get()[1] for _ in range(count)]

    def stop(self):
        if not self.thread.is_alive():
            return
        until(lambda: self.stream._loop is not None)
        self.stream.stop()

        def ended():
            self.venue.drop(self.name)  # recv() looks at the stop every 5 s only
            return not self.thread.is_alive()

        until(ended, "the end of the stream")


def data_stream(venue, **words):
    """A market data stream of a venue; subscribe to something before it is started."""
    key, secret = words.pop("key", venue.key), words.pop("secret", venue.secret)
    stream = StockDataStream(key, secret, url_override=venue.data_url, **words)
    return Heard(venue, venue.data.name, stream)


def trading_stream(venue, **words):
    """A trading stream of a venue, subscribed to trade_updates."""
    secret = words.pop("secret", venue.secret)
    stream = TradingStream(venue.key, secret, url_override=venue.trading_url, **words)
    heard = Heard(venue, venue.trades.name, stream)
    heard.stream.subscribe_trade_updates(heard.handler("trade_update"))
    return heard
