"""Suites of a plugin, run on the fake venue."""

from __future__ import annotations

import pytest
from mismartera_alpaca.plugin import mismartera_data_providers

from mismartera_core.testing import (
    AlpacaStreamHand,
    AlpacaVenue,
    RemoteStreamConformance,
    plugin_context,
    sessions_of,
    walk_bars,
)

KEY, SECRET = "PKTESTKEYOFLOOPBACK1", "s3cr3t/of+the=loopback~and-nobody-else42"
BARS = walk_bars(sessions_of([30]))


class TestAlpacaStream(RemoteStreamConformance):
    """Alpaca's stream, with all that can happen to one."""

    connect_seconds = 3.0
    reconnect_seconds = 5.0
    mute_seconds = 3.0

    @pytest.fixture
    def registration(self):
        (found,) = mismartera_data_providers()
        return found

    @pytest.fixture
    def venue(self):
        with AlpacaVenue({"AAA": BARS, "BBB": BARS}, key=KEY, secret=SECRET) as venue:
            yield venue

    @pytest.fixture
    def faults(self, venue):
        return AlpacaStreamHand(venue)

    @pytest.fixture
    def plugin_config(self, venue):
        return {
            "data_url": venue.url,
            "trading_url": venue.url,
            "stream_url": venue.data_url,
            "connect_seconds": 1,
            "read_seconds": 0.6,
            "deadline_seconds": 2,
            "requests_per_minute": 10_000,
            "mute_seconds": 0.5,
        }

    @pytest.fixture
    def context(self, tmp_path):
        secrets = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
        return plugin_context(tmp_path, secrets=secrets)

    @pytest.fixture
    def secrets(self):
        return [KEY, SECRET]
