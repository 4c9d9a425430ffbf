"""What risk checks are told of an order's surroundings, where one wants to know."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.contracts.risk import RiskFacts
from mismartera_core.managers.execution_manager.api import ExecutionManager
from mismartera_core.model.intervals import interval_ns
from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.results import MICROS
from mismartera_core.services import short_sale_rule
from mismartera_core.store.session_data import SessionData

AVERAGE_VOLUME = "average volume of 20 trading days"
"""Name of the historical indicator by which the volume of a day is known."""
VOLUME_DAYS = 20


class FactFinder:
    """Looks up the facts of an order, or of none.

    Args:
        execution: Orders and books.
        data: The session that is replayed.
    """

    def __init__(self, execution: ExecutionManager, data: SessionData) -> None:
        self._execution = execution
        self._data = data
        self._interval = interval_ns(data.interval) / 1e9

    def facts(
        self, order: WorkingOrder | None, equity: float, gross: float, now_ns: int
    ) -> RiskFacts:
        """The facts now.

        Args:
            order: The order that asks to leave; None where none does.
            equity: Of the account.
            gross: Value of its positions.
            now_ns: The clock, nanoseconds UTC.
        """
        execution = self._execution
        around, log = execution.control.surroundings, execution.log
        common: dict[str, Any] = {
            "now_ns": now_ns,
            "marked_ns": execution.marked_ns,
            "interval": self._interval,
            "feed_age": 0.0 if around.feed_ns is None else (now_ns - around.feed_ns) / 1e9,
            "clock_skew": around.clock_skew,
            "disk_free": around.disk_free,
            "orders_last_minute": log.orders(now_ns),
            "rejects_last_minute": log.rejects(now_ns),
            "symbol_rejects_last_minute": log.symbol_rejects(now_ns),
            "peak_equity": execution.control.peak(equity),
        }
        if order is None:
            return RiskFacts(**common)
        owner, name = order.owner, order.owner.symbol_name
        bid, ask, age = self._quote(name, order.symbol, now_ns)
        multiplier = self._multiplier()
        exposure = self._working_exposure(order)
        cash = execution.ledger.cash / MICROS
        return RiskFacts(
            **common,
            last_close=self._data.last_close(order.symbol),
            bid=bid,
            ask=ask,
            quoted=bool(around.quotes) or self._data.has_quotes,
            quote_age=age,
            average_volume=self._average_volume(order.symbol),
            opposite_units=self._opposite(order),
            working_exposure=exposure,
            buying_power=_least(around.buying_power, multiplier * equity - gross - exposure),
            multiplier=multiplier,
            excess=equity - (gross + exposure) / multiplier if multiplier > 0.0 else math.nan,
            settled_cash=_first(
                around.settled_cash, cash - execution.day.unsettled() / MICROS - exposure
            ),
            shortable=around.may_short and (around.shortable is None or name in around.shortable),
            short_restricted=name in around.short_restricted or self._fell(order, name),
            trading_halt=around.halts.get(name, ""),
            symbol_age=(now_ns - self._data.last_known_ns(order.symbol)) / 1e9,
            strategy_orders_last_minute=log.strategy_orders(now_ns, owner.strategy),
            same_intent_age=self._intent_age(order, name, now_ns),
            day_trades=_first(around.day_trades, execution.day.day_trades()),
            pdt_applies=around.pdt_applies,
        )

    def _intent_age(self, order: WorkingOrder, name: str, now_ns: int) -> float:
        """Seconds since the same intent left; a working order that is changed is not its own."""
        if order.id:
            return math.inf
        return self._execution.log.intent_age(now_ns, name, order.side, order.quantity)

    def _fell(self, order: WorkingOrder, name: str) -> bool:
        """Whether the bars show that short sales are restricted; asked of short sales alone."""
        if order.side > 0 or self._execution.position_with(order) >= order.remaining:
            return False
        if str(self._data.zone) != short_sale_rule.ZONE:
            return False
        return short_sale_rule.short_restricted(self._data.get_bars(name).columns)

    def _multiplier(self) -> float:
        around, leverage = self._execution.control.surroundings, self._execution.broker.leverage
        if around.multiplier is not None:
            return around.multiplier
        return math.inf if leverage is None else leverage

    def _quote(self, name: str, symbol: int, now_ns: int) -> tuple[float, float, float]:
        """Bid, ask and age in seconds of the newest quote."""
        around = self._execution.control.surroundings
        found = around.quotes.get(name) or self._data.last_quote(symbol)
        if found is None:
            return math.nan, math.nan, math.inf
        bid, ask, at_ns = found
        return bid, ask, (now_ns - at_ns) / 1e9

    def _average_volume(self, symbol: int) -> float:
        found = self._data.historical.get(AVERAGE_VOLUME)
        return math.nan if found is None else float(found[symbol])

    def _opposite(self, order: WorkingOrder) -> float:
        """Units of the account's orders on the other side; those it is tied to do not count."""
        return sum(
            other.remaining
            for other in self._orders(self._execution.broker.working_symbols().get(order.symbol))
            if other.side != order.side and other is not order.oco
        )

    def _working_exposure(self, asking: WorkingOrder) -> float:
        """Value of working orders that may open or enlarge a position."""
        total = 0.0
        for book in self._execution.broker.working_symbols().values():
            for order in self._orders(book):
                if order not in (asking, asking.oco) and self._execution.may_open(order):
                    total += order.remaining * self._execution.reference(order)
        return total

    @staticmethod
    def _orders(book: Iterable[WorkingOrder] | None) -> Iterable[WorkingOrder]:
        """Orders that work by now, held legs left out."""
        return (o for o in book or () if not o.is_done and o.status is not OrderStatus.HELD)


def _least(said: float | None, found: float) -> float:
    """The venue may know more than the books, and may have said it before the last orders."""
    return found if said is None else min(said, found)


def _first(said: float | None, found: float) -> float:
    return found if said is None else said
