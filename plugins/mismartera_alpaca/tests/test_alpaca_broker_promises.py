"""The broker keeps the promises of venue brokers, on the real alpaca-py and the fake venue."""

import pytest
from mismartera_alpaca.plugin import mismartera_brokers
from mismartera_alpaca.promises import BrokerPromises


class TestBroker(BrokerPromises):
    @pytest.fixture
    def registration(self):
        (found,) = mismartera_brokers()
        return found
