"""A venue on this machine, and brokers of the plugin that talk to it."""

import pytest
from alpaca_orders import BARS, SECRETS
from alpaca_server import context
from mismartera_alpaca.broker import AlpacaBroker
from mismartera_alpaca.config import BrokerConfig

from mismartera_core.testing import (
    AlpacaVenue,
)


@pytest.fixture
def venue():
    key, secret = SECRETS.values()
    with AlpacaVenue({"AAPL": BARS, "MSFT": BARS}, key=key, secret=secret, multiplier=4) as venue:
        venue.limit.per_minute = 100_000
        yield venue


@pytest.fixture
def make(venue, tmp_path):
    """Make a broker: `make(paper=False)`; closed after the test."""
    made = []

    def broker(secrets=SECRETS, **changes):
        config = {
            "trading_url": venue.url,
            "trading_stream_url": venue.trading_url,
            "connect_seconds": 1,
            "read_seconds": 0.5,
            "deadline_seconds": 1.5,
            "requests_per_minute": 10_000,
            **changes,
        }
        made.append(AlpacaBroker(BrokerConfig(**config), context(tmp_path, secrets)))
        return made[-1]

    yield broker
    for it in made:
        it.close()


@pytest.fixture
def broker(make):
    broker = make()
    broker.account()
    return broker


@pytest.fixture
def heard(broker):
    events = []
    broker.listen(events.append)
    return events
