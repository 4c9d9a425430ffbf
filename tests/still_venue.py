"""A venue and a provider that say what a test has put in; nothing moves by itself."""

from collections.abc import Callable
from decimal import Decimal
from threading import Event
from typing import ClassVar

from mismartera_core import (
    BarColumns,
    BrokerError,
    DataProvider,
    OrderRejected,
    OrderType,
    ProviderCapabilities,
    Side,
    StreamChanged,
    StreamState,
    VenueAccount,
    VenueBroker,
    VenueCapabilities,
    VenueOrder,
    VenuePosition,
    VenueStatus,
)
from mismartera_core.managers.time_manager.live_clock import LiveClock

PLUGIN = """
from still_venue import CAPABILITIES, StillProvider, StillVenue

@hookimpl
def mismartera_brokers():
    return [BrokerReg(name="still", factory=lambda config, context: StillVenue())]

@hookimpl
def mismartera_data_providers():
    return [DataProviderReg(name="still", factory=lambda config, context: StillProvider(),
                            capabilities=CAPABILITIES)]
"""
"""Code of a plugin that offers both by the name `still`."""

CAPABILITIES = ProviderCapabilities(bars=("1m",), stream=True)


def account(**changes) -> VenueAccount:
    values = {
        "account_id": "PA123",
        "paper": True,
        "currency": "USD",
        "cash": Decimal("90000"),
        "equity": Decimal("100000"),
        "buying_power": Decimal("200000"),
        "multiplier": Decimal(2),
    }
    return VenueAccount(**{**values, **changes})


def order(venue_id="v1", client_id="c1", symbol="SPY", **changes) -> VenueOrder:
    values = {
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": Decimal(10),
        "filled_quantity": Decimal(0),
        "average_price": None,
        "status": VenueStatus.WORKING,
        "limit_price": Decimal("499.50"),
        "submitted_ns": 1_720_000_000_000_000_000,
    }
    return VenueOrder(
        venue_id=venue_id, client_id=client_id, symbol=symbol, **{**values, **changes}
    )


def position(symbol="SPY", quantity="10", price="500.25") -> VenuePosition:
    return VenuePosition(symbol=symbol, quantity=Decimal(quantity), average_price=Decimal(price))


class StillVenue(VenueBroker):
    """Answers; refuses to send, cancel or replace anything."""

    capabilities = VenueCapabilities()
    held: ClassVar[VenueAccount]
    error: ClassVar[BrokerError | None]
    skew_ns: ClassVar[int]
    orders: ClassVar[list[VenueOrder]]
    holds: ClassVar[list[VenuePosition]]
    lost: ClassVar[str]
    sent: ClassVar[list[str]]
    closed: ClassVar[int]

    @classmethod
    def reset(cls) -> None:
        cls.held, cls.error, cls.skew_ns = account(), None, 0
        cls.orders, cls.holds, cls.lost, cls.sent, cls.closed = [], [], "", [], 0

    def account(self):
        if self.error is not None:
            raise self.error
        return self.held

    def now_ns(self):
        return LiveClock().now_ns + self.skew_ns

    def listen(self, emit):
        if self.lost:
            emit(StreamChanged(StreamState.LOST, self.lost))

    def submit(self, terms):
        self.sent.append(terms.client_id)
        raise OrderRejected("nothing may be sent here")

    def cancel(self, venue_id):
        self.sent.append(venue_id)

    def replace(self, venue_id, terms):
        self.sent.append(venue_id)
        raise OrderRejected("nothing may be sent here")

    def find(self, client_id):
        return next((o for o in self.orders if o.client_id == client_id), None)

    def order(self, venue_id):
        return next((o for o in self.orders if o.venue_id == venue_id), None)

    def open_orders(self):
        return self.orders

    def executions(self, since_ns):
        return []

    def positions(self):
        return self.holds

    def close(self):
        type(self).closed += 1


class StillProvider(DataProvider):
    """Minute bars of a price that does not move, for every symbol but those that are absent."""

    absent: ClassVar[tuple[str, ...]]
    until_ns: ClassVar[int]
    says: ClassVar[Callable[..., None] | None]

    @classmethod
    def reset(cls) -> None:
        cls.absent, cls.says, cls.until_ns = (), None, LiveClock().now_ns

    def symbols(self):
        return []

    def get_bars(self, symbol, interval, start_ns, end_ns):
        if symbol in self.absent:
            return BarColumns.empty()
        minute = 60_000_000_000
        ts = list(range(start_ns, min(end_ns, self.until_ns), minute))
        flat = [500.0] * len(ts)
        return BarColumns.build(ts, flat, flat, flat, flat, flat, interval_ns=minute)

    def stream(self, wanted, emit, stop: Event):
        says = type(self).says
        if says is not None:
            says(emit)
        else:
            emit(StreamChanged(StreamState.LIVE))
        stop.wait()
