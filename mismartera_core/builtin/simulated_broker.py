"""The simulated broker: fills orders from bars by the rules of docs/order-semantics.md."""

from __future__ import annotations

import math
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from mismartera_core import (
    Bar,
    Broker,
    Costs,
    OrderStatus,
    OrderType,
    PluginContext,
    WorkingOrder,
)
from mismartera_core.contracts.broker import DoneSink, FillSink, ReplacedSink, Replacement
from mismartera_core.model.orders import ENTRY_ENDED, ONE_CANCELS_OTHER
from mismartera_core.model.quantities import PARTS, on_grid
from mismartera_core.services.matching import (
    AT_OPEN,
    INSIDE,
    LIMIT,
    MARKET,
    NONE,
    STOP,
    STOP_LIMIT,
    TRAILING,
    match,
    trail,
)

FILLED = OrderStatus.FILLED
PARTIALLY_FILLED = OrderStatus.PARTIALLY_FILLED
WORKING = OrderStatus.WORKING
HELD = OrderStatus.HELD

_TRIGGERED = {STOP: MARKET, TRAILING: MARKET, STOP_LIMIT: LIMIT}
"""What a triggered stop is from the next bar on."""
_NEVER_SLIP = (OrderType.LIMIT, OrderType.STOP_LIMIT)


class SimulatedConfig(BaseModel):
    """The simulated account."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    cash: Decimal = Field(gt=0, description="Account currency at the start")
    leverage: float | None = Field(
        default=1.0, gt=0, description="Buying power as a multiple of equity; null for no limit"
    )
    lot: float = Field(default=1.0, ge=1 / PARTS, description="Smallest tradable number of units")


class SimulatedBroker(Broker):
    """Working orders by symbol, matched bar by bar."""

    def __init__(self, config: SimulatedConfig, context: PluginContext | None = None) -> None:
        del context
        self.cash = config.cash
        self.leverage = config.leverage
        self.lot = config.lot
        self._books: dict[int, list[WorkingOrder]] = {}
        self._left = math.inf
        self._regular: tuple[int, int] | None = None

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

    def regular_hours(self, open_ns: int, close_ns: int) -> None:
        """Fill nothing but `extended` orders outside of these hours."""
        self._regular = open_ns, close_ns

    def submit(self, order: WorkingOrder) -> None:
        """Work an order from the next bar on; its legs are held until it has filled."""
        book = self._books.get(order.symbol)
        if book is None:
            book = self._books[order.symbol] = []
        book.append(order)
        if order.legs:
            book.extend(order.legs)

    def cancel(self, order: WorkingOrder, reason: str, now_ns: int) -> None:
        """End a working or held order."""
        self._end(order, OrderStatus.CANCELLED, reason, now_ns)

    def replace(self, order: WorkingOrder, terms: Replacement, now_ns: int) -> str:
        """Work an order by other terms, from the next bar on; held legs are for as much."""
        if terms.quantity != order.quantity:
            for leg in order.legs:
                leg.quantity = leg.remaining = terms.quantity
        order.take(terms)
        order.from_ns = order.updated_ns = now_ns
        self._on_replaced(order, terms, "")
        return ""

    def on_replaced(self, told: ReplacedSink) -> None:
        """Tell of changes."""
        self._on_replaced = told

    def end_session(self, close_ns: int) -> None:
        """Expire day orders placed before the close."""
        for book in list(self._books.values()):
            for order in tuple(book):
                due = not order.gtc and order.submitted_ns < close_ns
                if due and not order.is_done and order.status is not HELD:
                    self._end(order, OrderStatus.EXPIRED, "the session ended", close_ns)

    def match(self, symbol: int, bar: Bar, now_ns: int) -> None:
        """Match the working orders of a symbol with its next bar, by id."""
        if bar.volume == 0.0:
            return
        book = self._books[symbol]
        outside = self._regular is not None and not _within(bar.ts, self._regular)
        if outside:
            book = [order for order in book if order.extended]
            if not book:
                return
        order, opened = book[0], bar.ts
        if order.kind == MARKET and len(book) == 1 and self._participation is None:
            if order.from_ns <= opened:
                self._left = math.inf
                self._fill(order, bar.open, AT_OPEN, bar, now_ns)
            return
        self._left = math.inf if self._participation is None else self._room(bar)
        waiting = [order for order in book if order.from_ns <= opened]
        done: set[int] = set()
        prices = bar.open, bar.high, bar.low
        for order in waiting:
            other = order.oco
            if not _in_reach(order, opened, prices) and (
                other is None or not _in_reach(other, opened, prices)
            ):
                continue
            if order.id in done or not _live(order, opened):
                continue
            done.add(order.id)
            chosen, price, when = order, *self._outcome(order, bar)
            if other is not None and _live(other, opened) and (other.extended or not outside):
                done.add(other.id)
                chosen, price, when = _first(chosen, price, when, other, *self._outcome(other, bar))
            if when in (AT_OPEN, INSIDE):
                self._fill(chosen, price, when, bar, now_ns)
        for order in waiting:
            if order.kind == TRAILING and _live(order, opened):
                order.stop = trail(order.side, order.stop, order.trail, bar.high, bar.low)

    def _outcome(self, order: WorkingOrder, bar: Bar) -> tuple[float, int]:
        """What a bar does to an order; a stop that is triggered stays so."""
        kind, open_ = order.kind, bar.open
        inside = order.inside_ts == bar.ts
        if inside:
            if kind == LIMIT:
                return math.nan, NONE
            open_ = order.inside_price
        price, when = match(kind, order.side, order.limit, order.stop, open_, bar.high, bar.low)
        if when != NONE and kind in _TRIGGERED:
            order.kind = _TRIGGERED[kind]
        return price, INSIDE if inside and when == AT_OPEN else when

    def _fill(self, order: WorkingOrder, price: float, when: int, bar: Bar, now_ns: int) -> None:
        quantity, rest = order.remaining, 0.0
        if self._left < math.inf:
            if self._left <= 0.0:
                return
            quantity = min(quantity, self._left)
            rest = on_grid(order.remaining - quantity)
            self._left = on_grid(self._left - quantity)
        paid, fee = price, 0.0
        if self._slippage is not None and order.type not in _NEVER_SLIP:
            function, numbers = self._slippage
            paid = function(order.side, quantity, price, *bar.ohlcv, *numbers)
        if self._commission is not None:
            function, numbers = self._commission
            fee = function(order.side, quantity, paid, *bar.ohlcv, *numbers)
        order.updated_ns = now_ns
        order.remaining = rest
        if order.remaining > 0.0:
            order.status = PARTIALLY_FILLED
        else:
            order.status = FILLED
            order.is_done = True
            self._remove(order)
        if order.oco is not None:
            self._end(order.oco, OrderStatus.CANCELLED, ONE_CANCELS_OTHER, now_ns)
        if order.legs and order.is_done:
            self._activate(order, paid, when, bar)
        self._on_fill(order, quantity, paid, fee, bar, price)

    def _activate(self, entry: WorkingOrder, paid: float, when: int, bar: Bar) -> None:
        """Set the legs of a filled entry to work; they see this very bar."""
        for leg in entry.legs:
            if leg.status is HELD:
                leg.status = WORKING
                if when == INSIDE:
                    leg.inside_ts, leg.inside_price = bar.ts, paid

    def _end(self, order: WorkingOrder, status: OrderStatus, reason: str, now_ns: int) -> None:
        if order.is_done:
            return
        order.status = status
        order.is_done = True
        order.reason = reason
        order.updated_ns = now_ns
        self._remove(order)
        self._on_done(order)
        for leg in order.legs:
            if leg.status is HELD:
                self._release(leg, order, now_ns)

    def _release(self, leg: WorkingOrder, entry: WorkingOrder, now_ns: int) -> None:
        """A leg whose entry ended early: cancelled, or set to work for what there is to protect.

        That is what the entry filled; of a leg that protects more or less, less what is missing.
        """
        units = on_grid(leg.quantity - entry.remaining)
        if entry.filled_quantity > 0.0 and units > 0.0:
            leg.quantity = leg.remaining = units
            leg.status = WORKING
            leg.from_ns = now_ns
        else:
            self._end(leg, OrderStatus.CANCELLED, ENTRY_ENDED, now_ns)

    def _remove(self, order: WorkingOrder) -> None:
        book = self._books[order.symbol]
        if len(book) == 1:
            del self._books[order.symbol]
        else:
            book.remove(order)

    def _room(self, bar: Bar) -> float:
        assert self._participation is not None  # noqa: S101 - told apart by the caller
        function, numbers = self._participation
        return function(0.0, 0.0, bar.close, *bar.ohlcv, *numbers)


def _within(ts: int, hours: tuple[int, int]) -> bool:
    return hours[0] <= ts < hours[1]


def _in_reach(order: WorkingOrder, opened: int, prices: tuple[float, float, float]) -> bool:
    """Whether a bar can do anything to an order; most reach few of those that work."""
    kind = order.kind
    if kind == MARKET or order.inside_ts == opened:
        return True
    open_, high, low = prices
    if kind == LIMIT:
        limit = order.limit
        return open_ <= limit or low <= limit if order.side > 0 else open_ >= limit or high >= limit
    stop = order.stop
    return open_ >= stop or high >= stop if order.side > 0 else open_ <= stop or low <= stop


def _live(order: WorkingOrder, opened: int) -> bool:
    """Whether an order works and was placed before the bar opened, or as it did."""
    return not order.is_done and order.status is not HELD and order.from_ns <= opened


def _first(
    one: WorkingOrder, price: float, when: int, other: WorkingOrder, other_price: float, at: int
) -> tuple[WorkingOrder, float, int]:
    """Which of two OCO orders fills: the one at the open, else the worse for the trader."""
    if at not in (AT_OPEN, INSIDE):
        return one, price, when
    if when not in (AT_OPEN, INSIDE) or at < when:
        return other, other_price, at
    worse = one.side == other.side and other.side * other_price > one.side * price
    return (other, other_price, at) if at == when and worse else (one, price, when)
