"""The plugin keeps the promises of its kinds, on the real alpaca-py and the fake venue."""

import pytest
from mismartera_alpaca import plugin
from mismartera_alpaca.data_promises import FillerPromises, ProviderPromises, StreamPromises
from mismartera_alpaca.promises import BrokerPromises


def record(hook):
    (found,) = hook()
    return found


class TestProvider(ProviderPromises):
    @pytest.fixture
    def registration(self):
        return record(plugin.mismartera_data_providers)


class TestStream(StreamPromises):
    @pytest.fixture
    def registration(self):
        return record(plugin.mismartera_data_providers)


class TestFiller(FillerPromises):
    @pytest.fixture
    def registration(self):
        return record(plugin.mismartera_gap_fillers)


class TestBroker(BrokerPromises):
    @pytest.fixture
    def registration(self):
        return record(plugin.mismartera_brokers)


@pytest.mark.parametrize(
    ("hook", "suites"),
    [
        (plugin.mismartera_data_providers, [ProviderPromises, StreamPromises]),
        (plugin.mismartera_gap_fillers, [FillerPromises]),
        (plugin.mismartera_brokers, [BrokerPromises]),
    ],
)
def test_plugins_check_runs_the_same_suites(hook, suites):
    assert [f"{it.__module__}:{it.__name__}" for it in suites] == list(record(hook).suites)
