from __future__ import annotations

import logging
import threading

import pytest
import venue_streams
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.trading.client import TradingClient
from venue_streams import BARS, DAYS

from mismartera_core.testing import AlpacaVenue


@pytest.fixture(autouse=True)
def nothing_left():
    """Every thread that a test starts has ended after it."""
    logging.disable(logging.CRITICAL)  # the streams log every drop
    before = set(threading.enumerate())
    yield
    logging.disable(logging.NOTSET)
    venue_streams.until(lambda: set(threading.enumerate()) <= before, "the end of all threads")


@pytest.fixture
def options():
    return {}


@pytest.fixture
def venue(options):
    with AlpacaVenue(BARS, sessions=DAYS, **options) as made:
        yield made


@pytest.fixture
def trading(venue):
    client = TradingClient(venue.key, venue.secret, url_override=venue.url)
    client._retry_wait = 0
    yield client
    client._session.close()


@pytest.fixture
def history(venue):
    client = StockHistoricalDataClient(venue.key, venue.secret, url_override=venue.url)
    client._retry_wait = 0
    yield client
    client._session.close()


@pytest.fixture
def data(venue):
    """A stream of AAPL's bars and their corrections, connected and subscribed."""
    heard = venue_streams.data_stream(venue)
    heard.stream.subscribe_bars(heard.handler("bar"), "AAPL")
    heard.stream.subscribe_updated_bars(heard.handler("updated"), "AAPL")
    heard.start()
    heard.subscribed("bars")
    yield heard
    heard.stop()


@pytest.fixture
def updates(venue):
    """A stream of trade updates, connected and listening."""
    heard = venue_streams.trading_stream(venue).start()
    venue_streams.until(lambda: venue.trades.listeners, "the listener")
    yield heard
    heard.stop()
