"""The broker: works orders and tells the engine what became of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

from mismartera_core import (
    Bar,
    Broker,
    Costs,
    OrderStatus,
    OrderType,
    PluginContext,
    WorkingOrder,
)
from pydantic import BaseModel, ConfigDict, Field


class {{ cookiecutter.__class }}Config(BaseModel):
    """What a session config can set."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    cash: Decimal = Field(gt=0, description="Account currency at the start.")
    leverage: float | None = Field(default=1.0, gt=0, description="Buying power; null: no limit.")


class {{ cookiecutter.__class }}(Broker):
    """Fills market and limit orders from the bars that open after they were placed."""

    def __init__(self, config: {{ cookiecutter.__class }}Config, context: PluginContext) -> None:
        self.cash = config.cash
        self.leverage = config.leverage
        self.lot = 1.0
        self._books: dict[int, list[WorkingOrder]] = {}

    def start(
        self,
        costs: Costs,
        on_fill: Callable[[WorkingOrder, float, float, float, Bar], None],
        on_done: Callable[[WorkingOrder], None],
    ) -> None:
        """Connect to the engine."""
        self._costs, self._on_fill, self._on_done = costs, on_fill, on_done

    def working_symbols(self) -> dict[int, list[WorkingOrder]]:
        """Working orders by symbol; the engine looks at it all the time."""
        return self._books

    def submit(self, order: WorkingOrder) -> None:
        """Work a market or limit order from the next bar on; refuse any other."""
        self._books.setdefault(order.symbol, []).append(order)
        simple = order.type in (OrderType.MARKET, OrderType.LIMIT)
        if order.legs or order.oco is not None or not simple:
            self._end(order, OrderStatus.REJECTED, "only market and limit orders", order.from_ns)

    def cancel(self, order: WorkingOrder, reason: str, now_ns: int) -> None:
        """End a working order."""
        self._end(order, OrderStatus.CANCELLED, reason, now_ns)

    def end_session(self, close_ns: int) -> None:
        """Expire day orders placed before the close."""
        for order in [order for book in self._books.values() for order in book]:
            if not order.gtc and order.submitted_ns < close_ns:
                self._end(order, OrderStatus.EXPIRED, "the session ended", close_ns)

    def match(self, symbol: int, bar: Bar, now_ns: int) -> None:
        """Fill what a bar fills, by id; a bar in which nothing traded fills nothing."""
        if bar.volume == 0.0:
            return
        left = self._participation(bar)
        for order in tuple(self._books.get(symbol, ())):
            price = fill_price(order, bar)
            if order.is_done or order.from_ns > bar.ts or price is None or left <= 0.0:
                continue
            quantity = min(order.remaining, left)
            left -= quantity
            self._fill(order, quantity, price, bar, now_ns)

    def _fill(
        self, order: WorkingOrder, quantity: float, price: float, bar: Bar, now_ns: int
    ) -> None:
        fee = 0.0
        if self._costs.slippage is not None and order.type is OrderType.MARKET:
            function, numbers = self._costs.slippage
            price = function(order.side, quantity, price, *bar.ohlcv, *numbers)
        if self._costs.commission is not None:
            function, numbers = self._costs.commission
            fee = function(order.side, quantity, price, *bar.ohlcv, *numbers)
        order.remaining -= quantity
        order.updated_ns = now_ns
        order.is_done = order.remaining <= 0.0
        order.status = OrderStatus.FILLED if order.is_done else OrderStatus.PARTIALLY_FILLED
        if order.is_done:
            self._remove(order)
        self._on_fill(order, quantity, price, fee, bar)

    def _participation(self, bar: Bar) -> float:
        """The most units that a bar can fill."""
        if self._costs.participation is None:
            return math.inf
        function, numbers = self._costs.participation
        return function(0.0, 0.0, bar.close, *bar.ohlcv, *numbers)

    def _end(self, order: WorkingOrder, status: OrderStatus, reason: str, now_ns: int) -> None:
        if order.is_done:
            return
        order.is_done = True
        order.status, order.reason, order.updated_ns = status, reason, now_ns
        if order in self._books.get(order.symbol, ()):
            self._remove(order)
        self._on_done(order)
        for leg in order.legs:
            self._end(leg, OrderStatus.CANCELLED, reason, now_ns)

    def _remove(self, order: WorkingOrder) -> None:
        book = self._books[order.symbol]
        book.remove(order)
        if not book:
            del self._books[order.symbol]


def fill_price(order: WorkingOrder, bar: Bar) -> float | None:
    """At what price a bar fills an order, before slippage; None where it does not.

    Args:
        order: A market or limit order; `side` is +1 for a buy, -1 for a sell.
        bar: The next bar after the order was placed, or a later one.
    """
    if order.type is OrderType.MARKET:
        return bar.open
    if order.side > 0:
        return min(bar.open, order.limit) if bar.low <= order.limit else None
    return max(bar.open, order.limit) if bar.high >= order.limit else None
