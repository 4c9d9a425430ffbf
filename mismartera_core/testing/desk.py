"""The engine's place before a broker: hands it orders and bars, and notes what comes back."""

from __future__ import annotations

import math
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

from mismartera_core.contracts.broker import Broker, Costs, WorkingOrder
from mismartera_core.model.intervals import MINUTE
from mismartera_core.model.market import Bar, Series
from mismartera_core.model.orders import OrderStatus, OrderType
from mismartera_core.services.matching import LIMIT, MARKET, STOP, STOP_LIMIT, TRAILING
from mismartera_core.testing.suite import survives

START = 1_719_840_600 * 1_000_000_000
"""Where the clock of a desk stands first: 2024-07-01 13:30 UTC."""

_KINDS = {
    (False, False, False): (OrderType.MARKET, MARKET),
    (True, False, False): (OrderType.LIMIT, LIMIT),
    (False, True, False): (OrderType.STOP, STOP),
    (True, True, False): (OrderType.STOP_LIMIT, STOP_LIMIT),
    (False, False, True): (OrderType.TRAILING_STOP, TRAILING),
}
"""Whether there is a limit, a stop, a trail: what the order is."""

_RAISES_NOTHING = (
    "a broker raises nothing: the engine has accepted the order, and waits for on_fill or on_done",
    "let it end as rejected, with a reason, and call on_done, where the broker cannot work it",
)

_SERIES = tuple(Series(name, "1m", UTC) for name in ("AAA", "BBB"))


class Execution(NamedTuple):
    """A fill as the broker told of it.

    Attributes:
        order: The order.
        quantity: Units filled.
        price: Price after slippage.
        fee: Commission.
        bar: The bar it came from.
        exact: Price before slippage; None where the broker says nothing of it.
    """

    order: WorkingOrder
    quantity: float
    price: float
    fee: float
    bar: Bar
    exact: float | None = None


class Owner(NamedTuple):
    """What `WorkingOrder.snapshot` asks of the strategy that placed it."""

    strategy: str = "example"
    symbol_name: str = "AAA"
    zone: tzinfo = UTC


class Desk:
    """Drives a simulated broker minute by minute and records fills and ends.

    Args:
        broker: The broker; it is started.
        costs: Cost functions with their numbers; none by default.

    Attributes:
        now_ns: The clock; each bar moves it on by a minute.
        last: Last close.
        fills: Executions, in the order in which they were told.
        ended: Orders that ended without filling completely, in the order in which they were told.
        orders: All orders placed, legs too, by id from 1.
    """

    def __init__(self, broker: Broker, costs: Costs | None = None) -> None:
        self.broker = broker
        self.now_ns = START
        self.last = 100.0
        self.fills: list[Execution] = []
        self.ended: list[WorkingOrder] = []
        self.orders: list[WorkingOrder] = []
        broker.start(costs or Costs(), self._on_fill, self.ended.append)

    def place(
        self,
        side: int,
        quantity: float = 100.0,
        *,
        limit: float = math.nan,
        stop: float = math.nan,
        trail: float = math.nan,
        take_profit: float = math.nan,
        stop_loss: float = math.nan,
        gtc: bool = False,
        oco: WorkingOrder | None = None,
        symbol: int = 0,
    ) -> WorkingOrder:
        """Place an order now; its kind follows from the prices given.

        Args:
            side: +1 buys, -1 sells.
            quantity: Units.
            limit: Limit price.
            stop: Trigger price.
            trail: Distance of a trailing stop.
            take_profit: Limit of a leg, held until this order has filled.
            stop_loss: Stop of a leg, held until this order has filled.
            gtc: Good till cancelled; else for the day.
            oco: The order that a fill of this one cancels, and that cancels this one.
            symbol: Row of the symbol, 0 or 1.
        """
        if not math.isnan(trail):
            stop = self.last + side * trail
        order = self._order(side, quantity, limit, stop, trail, gtc=gtc, symbol=symbol)
        if oco is not None:
            order.oco, oco.oco = oco, order
        legs = []
        for prices in ((take_profit, math.nan), (math.nan, stop_loss)):
            if not all(map(math.isnan, prices)):
                leg = self._order(-side, quantity, *prices, math.nan, gtc=True, symbol=symbol)
                leg.status, leg.entry = OrderStatus.HELD, order
                legs.append(leg)
        if len(legs) == len(("take profit", "stop loss")):
            legs[0].oco, legs[1].oco = legs[1], legs[0]
        order.legs = tuple(legs)
        with survives(*_RAISES_NOTHING):
            self.broker.submit(order)
        return order

    def bar(
        self,
        open: float,  # noqa: A002 - the field's word
        high: float,
        low: float,
        close: float,
        volume: float = 10_000.0,
        *,
        opened_ns: int | None = None,
        symbol: int = 0,
    ) -> list[Execution]:
        """A minute passes and its bar becomes known.

        Args:
            open: First price.
            high: Highest price.
            low: Lowest price.
            close: Last price.
            volume: Units traded.
            opened_ns: Open of the bar; by default the clock before it moves on.
            symbol: Row of the symbol.

        Returns:
            What filled in it.
        """
        opened = self.now_ns if opened_ns is None else opened_ns
        known = opened + MINUTE
        bar = Bar(_SERIES[symbol], opened, open, high, low, close, volume, known)
        self.now_ns, self.last = max(self.now_ns, known), close
        told = len(self.fills)
        if symbol in self.broker.working_symbols():
            with survives(*_RAISES_NOTHING):
                self.broker.match(symbol, bar, self.now_ns)
        return self.fills[told:]

    def cancel(self, order: WorkingOrder, reason: str = "cancelled by the strategy") -> None:
        """Cancel an order, as the engine does: only one that still works."""
        if not order.is_done:
            with survives(*_RAISES_NOTHING):
                self.broker.cancel(order, reason, self.now_ns)

    def end_session(self) -> None:
        """The session closes a minute from now."""
        self.now_ns += MINUTE
        with survives(*_RAISES_NOTHING):
            self.broker.end_session(self.now_ns)

    def working(self) -> list[WorkingOrder]:
        """Orders in the broker's books, by id."""
        books = self.broker.working_symbols().values()
        return sorted((order for book in books for order in book), key=lambda order: order.id)

    def _order(
        self,
        side: int,
        quantity: float,
        limit: float,
        stop: float,
        trail: float,
        **words: Any,
    ) -> WorkingOrder:
        given = tuple(not math.isnan(price) for price in (limit, stop, trail))
        name, kind = _KINDS[(given[0], given[1] and not given[2], given[2])]
        order = WorkingOrder(
            Owner(symbol_name=_SERIES[words["symbol"]].symbol),
            words["symbol"],
            side,
            quantity,
            self.now_ns,
            type=name,
            kind=kind,
            limit=limit,
            stop=stop,
            trail=trail,
            gtc=words["gtc"],
        )
        self.orders.append(order)
        order.id = len(self.orders)
        return order

    def _on_fill(
        self,
        order: WorkingOrder,
        quantity: float,
        price: float,
        fee: float,
        bar: Bar,
        exact: float | None = None,
        /,
    ) -> None:
        self.fills.append(Execution(order, quantity, price, fee, bar, exact))
