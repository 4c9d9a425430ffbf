"""The simulated broker: fills orders from bars by the rules of docs/order-semantics.md."""

from __future__ import annotations

import math
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from mismartera_core import Bar, Broker, Costs, OrderStatus, PluginContext, WorkingOrder
from mismartera_core.contracts.broker import DoneSink, FillSink
from mismartera_core.services.matching import (
    AT_OPEN,
    INSIDE,
    LIMIT,
    MARKET,
    NONE,
    STOP,
    STOP_LIMIT,
    TRAILING,
    TRIGGERED,
    match,
    trail,
)

FILLED = OrderStatus.FILLED
PARTIALLY_FILLED = OrderStatus.PARTIALLY_FILLED
WORKING = OrderStatus.WORKING
HELD = OrderStatus.HELD

ONE_CANCELS_OTHER = "one cancels other"
ENTRY_ENDED = "the entry of the bracket did not fill"


class SimulatedConfig(BaseModel):
    """The simulated account."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    cash: Decimal = Field(gt=0, description="Account currency at the start")
    leverage: float | None = Field(
        default=1.0, gt=0, description="Buying power as a multiple of equity; null for no limit"
    )
    lot: float = Field(default=1.0, gt=0, description="Smallest tradable number of units")


class SimulatedBroker(Broker):
    """Working orders by symbol, matched bar by bar."""

    def __init__(self, config: SimulatedConfig, context: PluginContext | None = None) -> None:
        del context
        self.cash = config.cash
        self.leverage = config.leverage
        self.lot = config.lot
        self._books: dict[int, list[WorkingOrder]] = {}

    def start(self, costs: Costs, on_fill: FillSink, on_done: DoneSink) -> None:
        """Connect to the engine."""
        self._commission = costs.commission
        self._slippage = costs.slippage
        self._participation = costs.participation
        self._on_fill = on_fill
        self._on_done = on_done

    def working_symbols(self) -> dict[int, list[WorkingOrder]]:
        """Working orders by symbol."""
        return self._books

    def submit(self, order: WorkingOrder) -> None:
        """Work an order from the next bar on."""
        book = self._books.get(order.symbol)
        if book is None:
            self._books[order.symbol] = [order]
        else:
            book.append(order)

    def cancel(self, order: WorkingOrder, reason: str, now_ns: int) -> None:
        """End a working or held order."""
        self._end(order, OrderStatus.CANCELLED, reason, now_ns)

    def end_session(self, close_ns: int) -> None:
        """Expire day orders placed before the close."""
        for book in list(self._books.values()):
            for order in tuple(book):
                if not order.gtc and order.submitted_ns < close_ns and not order.is_done:
                    self._end(order, OrderStatus.EXPIRED, "the session ended", close_ns)

    def match(self, symbol: int, bar: Bar, now_ns: int) -> None:
        """Match the working orders of a symbol with its next bar, by id."""
        volume = bar.volume
        if volume == 0.0:
            return
        room = math.inf if self._participation is None else self._room(bar)
        paired: set[int] = set()
        for order in tuple(self._books[symbol]):
            if order.is_done or room <= 0.0 or order.id in paired:
                continue
            chosen, price, when = order, bar.open, AT_OPEN
            if order.oco is not None:
                paired.add(order.oco.id)
                chosen, price, when = self._decide(order, bar)
            elif order.kind != MARKET:
                price, when = self._test(order, bar)
            if when in (AT_OPEN, INSIDE):
                room -= self._execute(chosen, price, when, bar, room, now_ns)

    def _decide(self, order: WorkingOrder, bar: Bar) -> tuple[WorkingOrder, float, int]:
        """Which of two OCO orders fills: the one at the open, else the worse for the trader."""
        price, when = self._test(order, bar)
        other = order.oco
        if other is None or other.is_done:
            return order, price, when
        other_price, other_when = self._test(other, bar)
        if other_when in (NONE, TRIGGERED):
            return order, price, when
        if when in (NONE, TRIGGERED) or other_when < when:
            return other, other_price, other_when
        if when == other_when and other.side * other_price > order.side * price:
            return other, other_price, other_when
        return order, price, when

    def _test(self, order: WorkingOrder, bar: Bar) -> tuple[float, int]:
        price, when = match(
            order.kind, order.side, order.limit, order.stop, bar.open, bar.high, bar.low
        )
        if when == TRIGGERED:
            order.kind = LIMIT
        elif when == NONE and order.kind == TRAILING:
            order.stop = trail(order.side, order.stop, order.trail, bar.high, bar.low)
        return price, when

    def _execute(
        self, order: WorkingOrder, price: float, when: int, bar: Bar, room: float, now_ns: int
    ) -> float:
        quantity = min(order.remaining, room)
        order.remaining -= quantity
        order.updated_ns = now_ns
        if order.remaining > 0.0:
            order.status = PARTIALLY_FILLED
        else:
            order.status = FILLED
            order.is_done = True
            self._remove(order)
        paid, fee = price, 0.0
        if self._slippage is not None and order.kind not in (LIMIT, STOP_LIMIT):
            function, numbers = self._slippage
            paid = function(order.side, quantity, price, *bar[2:7], *numbers)
        if self._commission is not None:
            function, numbers = self._commission
            fee = function(order.side, quantity, paid, *bar[2:7], *numbers)
        if order.oco is not None and not order.oco.is_done:
            self._end(order.oco, OrderStatus.CANCELLED, ONE_CANCELS_OTHER, now_ns)
        self._on_fill(order, quantity, paid, fee, bar)
        if order.legs and order.is_done:
            quantity += self._activate(order, paid, when, bar, room - quantity, now_ns)
        return quantity

    def _activate(
        self, entry: WorkingOrder, paid: float, when: int, bar: Bar, room: float, now_ns: int
    ) -> float:
        """Set the legs of a filled entry to work and test them on the bar that filled it."""
        legs = [leg for leg in entry.legs if leg.status is HELD]
        for leg in legs:
            leg.status = WORKING
            self.submit(leg)
        if not legs or room <= 0.0:
            return 0.0
        if when == AT_OPEN:
            chosen, price, hit = self._decide(legs[0], bar)
        else:
            stops = [leg for leg in legs if leg.kind == STOP]
            if not stops:
                return 0.0
            chosen = stops[0]
            price, hit = match(STOP, chosen.side, math.nan, chosen.stop, paid, bar.high, bar.low)
        if hit not in (AT_OPEN, INSIDE):
            return 0.0
        return self._execute(chosen, price, hit, bar, room, now_ns)

    def _end(self, order: WorkingOrder, status: OrderStatus, reason: str, now_ns: int) -> None:
        if order.is_done:
            return
        held = order.status is HELD
        order.status = status
        order.is_done = True
        order.reason = reason
        order.updated_ns = now_ns
        if not held:
            self._remove(order)
        self._on_done(order)
        self._end_legs(order, now_ns)

    def _end_legs(self, entry: WorkingOrder, now_ns: int) -> None:
        """Legs of an entry that ended early: cancelled, or set to work for what was filled."""
        for leg in entry.legs:
            if leg.status is not HELD:
                continue
            if entry.filled_quantity > 0.0:
                leg.quantity = leg.remaining = entry.filled_quantity
                leg.status = WORKING
                self.submit(leg)
            else:
                self._end(leg, OrderStatus.CANCELLED, ENTRY_ENDED, now_ns)

    def _remove(self, order: WorkingOrder) -> None:
        book = self._books[order.symbol]
        book.remove(order)
        if not book:
            del self._books[order.symbol]

    def _room(self, bar: Bar) -> float:
        assert self._participation is not None  # noqa: S101 - told apart by the caller
        function, numbers = self._participation
        return function(0.0, 0.0, bar.close, *bar[2:7], *numbers)
