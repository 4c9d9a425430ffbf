"""Orders to send to a venue, and what is looked for in what it tells."""

from decimal import Decimal

from mismartera_core import (
    Executed,
    OrderTerms,
    OrderType,
    Side,
    StreamChanged,
)
from mismartera_core.testing import (
    sessions_of,
    walk_bars,
)

BARS = walk_bars(sessions_of([60]), seed=3)
PRICE = Decimal(str(round(float(BARS.open[0]), 2)))
CHEAP = (PRICE / 2).quantize(Decimal("0.01"))
SECRETS = {"ALPACA_API_KEY": "PKTEST-LOOPBACK", "ALPACA_SECRET_KEY": "none-of-your-business"}


def terms(client_id="mm-1", **changes):
    usual = {"symbol": "AAPL", "side": Side.BUY, "type": OrderType.MARKET, "quantity": Decimal(10)}
    return OrderTerms(client_id=client_id, **{**usual, **changes})


def resting(client_id="mm-1", **changes):
    return terms(client_id, type=OrderType.LIMIT, limit_price=CHEAP, **changes)


def posts(venue):
    return [request for request in venue.requests if request.method == "POST"]


def executed(events):
    return [it for it in events if isinstance(it, Executed)]


def states(events):
    return [it.state for it in events if isinstance(it, StreamChanged)]
