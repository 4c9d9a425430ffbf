"""The plugin keeps the promises of its kinds, on the real alpaca-py."""

import pytest
from alpaca_rows import KEY, OPEN, SECRET, SECRETS, bar, streamed, text
from alpaca_server import AlpacaServer, bars_pages, context
from mismartera_alpaca.plugin import mismartera_data_providers, mismartera_gap_fillers

from mismartera_core import DataProviderReg, GapFillerReg
from mismartera_core.model.intervals import DAY, MINUTE
from mismartera_core.testing import (
    GapFillerConformance,
    RemoteProviderConformance,
    RemoteStreamConformance,
    Reply,
    plugin_context,
)

BARS = 40
PAGE = 7


def held():
    """Minutes, their multiples, and days of two symbols."""
    found = {}
    for name, price in (("AAPL", 100.0), ("MSFT", 300.0)):
        for length in (1, 5, 15, 30):
            stamps = range(OPEN, OPEN + BARS * MINUTE, length * MINUTE)
            found[name, length * MINUTE] = [
                (ns, bar(ns, price + row / 100, o=price, h=price + 2, l=price - 1))
                for row, ns in enumerate(stamps)
            ]
        midnight = OPEN - 570 * MINUTE
        found[name, 1440 * MINUTE] = [(midnight + n * DAY, bar(midnight + n * DAY)) for n in (0, 1)]
    return found


def rows_of(kind, row):
    """A few trades or quotes, one of them before any range that is asked for, out of order."""
    stamps = (OPEN + 9, OPEN + 5, OPEN + 5, OPEN - 1)
    rows = [{"t": text(ns), **row} for ns in stamps]
    return Reply.json({kind: {"AAPL": rows}, "next_page_token": None})


@pytest.fixture
def server():
    routes = {
        "/v2/stocks/bars": bars_pages(held(), PAGE),
        "/v2/stocks/trades": lambda request: rows_of("trades", {"p": 100.5, "s": 7, "x": "V"}),
        "/v2/stocks/quotes": lambda request: rows_of(
            "quotes", {"bp": 100.4, "ap": 0, "bs": 2, "as": 0}
        ),
    }
    with AlpacaServer(routes) as server:
        server.data.waiting = [[streamed(OPEN + n * MINUTE)] for n in range(5)]
        yield server


class TestProvider(RemoteProviderConformance):
    """History and stream."""

    stream_seconds = 0.5
    rate = 20.0
    burst = 10

    @pytest.fixture
    def registration(self):
        (found,) = mismartera_data_providers()
        assert isinstance(found, DataProviderReg)
        return found

    @pytest.fixture
    def venue(self, server):
        return server.http

    @pytest.fixture
    def plugin_config(self, server, request):
        limited = request.node.name.startswith("test_limiter")
        return server.data_config(page_size=PAGE, requests_per_minute=1210 if limited else 10_000)

    @pytest.fixture
    def context(self, tmp_path):
        return context(tmp_path)

    @pytest.fixture
    def secrets(self):
        return [KEY, SECRET]

    @pytest.fixture
    def symbol(self):
        return "AAPL"

    @pytest.fixture
    def window(self):
        return OPEN, OPEN + BARS * MINUTE


class TestStream(RemoteStreamConformance):
    """The stream, with all that can happen to one."""

    connect_seconds = 3.0
    reconnect_seconds = 5.0
    mute_seconds = 3.0

    @pytest.fixture
    def registration(self):
        (found,) = mismartera_data_providers()
        return found

    @pytest.fixture
    def alpaca(self):
        with AlpacaServer() as alpaca:
            yield alpaca

    @pytest.fixture
    def faults(self, alpaca):
        return alpaca.data

    @pytest.fixture
    def plugin_config(self, alpaca):
        return alpaca.data_config(mute_seconds=0.5)

    @pytest.fixture
    def context(self, tmp_path):
        return context(tmp_path)

    @pytest.fixture
    def secrets(self):
        return [KEY, SECRET]


class TestFiller(GapFillerConformance):
    """Back-fill by REST."""

    @pytest.fixture
    def registration(self):
        (found,) = mismartera_gap_fillers()
        assert isinstance(found, GapFillerReg)
        return found

    @pytest.fixture
    def plugin_config(self, server):
        return server.data_config(page_size=PAGE)

    @pytest.fixture
    def context(self, tmp_path):
        return plugin_context(tmp_path, secrets=SECRETS)

    @pytest.fixture
    def gap(self):
        return "AAPL", "1m", OPEN + 3 * MINUTE, OPEN + 12 * MINUTE
