"""The broker keeps the promises of venue brokers, on the real alpaca-py and the fake venue."""

import pytest
from alpaca_hand import AlpacaHand
from mismartera_alpaca.plugin import mismartera_brokers

from mismartera_core.testing import VenueBrokerConformance, plugin_context

KEY, SECRET = "PKTEST-OF-THE-HAND", "s3cr3t-of-the-hand"


class TestBroker(VenueBrokerConformance):
    deadline = 3.0
    reconnect_seconds = 8.0
    says_why = False

    @pytest.fixture
    def registration(self):
        (found,) = mismartera_brokers()
        return found

    @pytest.fixture
    def faults(self):
        with AlpacaHand(KEY, SECRET) as hand:
            yield hand

    @pytest.fixture
    def plugin_config(self, faults):
        return {
            "trading_url": faults.venue.url,
            "trading_stream_url": faults.venue.trading_url,
            "connect_seconds": 0.5,
            "read_seconds": 0.5,
            "deadline_seconds": 1.5,
            "requests_per_minute": 10_000,
        }

    @pytest.fixture
    def context(self, tmp_path):
        secrets = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
        return plugin_context(tmp_path, secrets=secrets)

    @pytest.fixture
    def secrets(self):
        return [KEY, SECRET]
