"""ExecutionManager: every order of a run passes here, on its way out and on its way back."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING

from mismartera_core.contracts.broker import Broker, Costs, WorkingOrder, decimal
from mismartera_core.contracts.clock import Clock
from mismartera_core.contracts.risk import AccountView, OrderRequest, RiskCheck
from mismartera_core.managers.execution_manager.ledger import Ledger
from mismartera_core.managers.execution_manager.positions import Holding
from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.quantities import in_lots, on_grid
from mismartera_core.services.cost_formulas import MICROS
from mismartera_core.services.matching import LIMIT, MARKET, STOP, STOP_LIMIT, TRAILING

if TYPE_CHECKING:
    from mismartera_core.model.market import Bar

_PRICES = {
    MARKET: (),
    LIMIT: ("limit",),
    STOP: ("stop",),
    STOP_LIMIT: ("limit", "stop"),
    TRAILING: ("trail", "stop"),
}
"""Prices that an order of each kind must have."""

AccountLook = Callable[[WorkingOrder], AccountView]


class ExecutionManager:
    """Checks orders, hands them to the broker, and books what comes back.

    Args:
        broker: Works the orders.
        costs: Cost functions of the run.
        risk: Checks every order must pass; their first refusal counts.
        clock: Anything with `now_ns`.
        last_close: Last known close by symbol row; NaN where none.
        zone: The exchange's zone.

    Attributes:
        look: The account as a risk check sees it for an order; set before the first session.
    """

    def __init__(
        self,
        broker: Broker,
        costs: Costs,
        risk: list[tuple[str, RiskCheck]],
        clock: Clock,
        last_close: Callable[[int], float],
        zone: tzinfo,
    ) -> None:
        self.broker = broker
        self.ledger = Ledger(round(broker.cash * 1_000_000))
        self.holdings: dict[int, list[Holding]] = {}
        self.orders_today = 0
        self.look: AccountLook | None = None
        self._risk = risk
        self._clock = clock
        self._last_close = last_close
        self._zone = zone
        self._leverage = broker.leverage
        self._lot = broker.lot
        self._costed = 0
        self._margined = 0
        self._reserved = 0
        broker.start(costs, self._on_fill, self._on_done)

    def holding(self, strategy: str, index: int, symbol: int, symbol_name: str) -> Holding:
        """Open the books of one strategy in one symbol."""
        holding = Holding(strategy, index, symbol, symbol_name, self._zone)
        self.holdings.setdefault(symbol, []).append(holding)
        return holding

    def adopt(self, order: WorkingOrder) -> None:
        """Book an order that an earlier process placed, and that a venue still works."""
        self.ledger.add(order)

    def restore(self, holding: Holding, units: float, price: float) -> None:
        """Put back what an execution of an earlier process made of a position; no cash moves.

        Args:
            holding: Whose position.
            units: Units, negative when sold.
            price: Price of a unit.
        """
        self._apply(holding, units, round(abs(units) * price * MICROS))

    def set_cash(self, cash: Decimal) -> None:
        """The account's cash, as its venue says."""
        self.ledger.cash = round(cash * 1_000_000)

    def units(self) -> dict[str, Decimal]:
        """Units of all strategies together, by ticker; those that are flat are left out."""
        held: dict[str, Decimal] = {}
        for holdings in self.holdings.values():
            for holding in holdings:
                units = decimal(holding.position.quantity)
                held[holding.symbol_name] = held.get(holding.symbol_name, Decimal(0)) + units
        return {symbol: units for symbol, units in held.items() if units}

    def _apply(self, holding: Holding, signed: float, notional: int) -> None:
        position = holding.position
        before = position.cost
        position.apply(signed, notional)
        self._costed += position.cost - before
        self._margined += abs(position.cost) - abs(before)

    def begin_session(self) -> None:
        """A session opens: no order of it has been accepted yet."""
        self.orders_today = 0
        self.ledger.settle()

    def submit(self, order: WorkingOrder, legs: tuple[WorkingOrder, ...] = ()) -> WorkingOrder:
        """Send an order, or refuse it with a reason.

        Args:
            order: The order; for a bracket the entry.
            legs: Its legs, held until it has filled.
        """
        reason = self._refusal(order)
        if legs and not reason:
            reason = next(filter(None, map(_wrong_price, legs)), "")
        if reason:
            return self.refuse(order, reason)
        self.ledger.add(order)
        self.orders_today += 1
        if legs:
            self._hold(order, legs)
        self.broker.submit(order)
        return order

    def _hold(self, entry: WorkingOrder, legs: tuple[WorkingOrder, ...]) -> None:
        """Keep the legs of a bracket until its entry has filled."""
        entry.legs = legs
        for leg in legs:
            leg.entry = entry
            leg.status = OrderStatus.HELD
            self.ledger.add(leg)
        if len(legs) == 2:
            legs[0].oco, legs[1].oco = legs[1], legs[0]

    def refuse(self, order: WorkingOrder, reason: str) -> WorkingOrder:
        """Book a signal that becomes no order."""
        order.status = OrderStatus.REJECTED
        order.is_done = True
        order.reason = reason
        self.ledger.refused.append(order)
        return order

    def cancel(self, order: WorkingOrder, reason: str) -> None:
        """End an order that still works or is held."""
        if not order.is_done:
            self.broker.cancel(order, reason, self._clock.now_ns)

    def _refusal(self, order: WorkingOrder) -> str:
        quantity = order.quantity
        if not 0.0 < quantity < math.inf:
            return f"quantity must be above zero, was {quantity}"
        if quantity / self._lot % 1.0 and not in_lots(quantity, self._lot):
            return f"quantity must be whole lots of {self._lot:g}, was {quantity}"
        if order.kind:
            reason = _wrong_price(order)
            if reason:
                return reason
        if self._risk:
            reason = self._risk_refusal(order)
            if reason:
                return reason
        return "" if self._leverage is None else self._buying_power(order)

    def _buying_power(self, order: WorkingOrder) -> str:
        held = order.owner.position.quantity
        enlarging = _enlarging(held, order.side * order.quantity)
        if enlarging <= 0.0:
            return ""
        assert self._leverage is not None  # noqa: S101 - told apart by the caller
        reference = self._reference(order)
        if math.isnan(reference):
            return "buying power: no price is known yet to value the order at"
        order.enlarges, order.reference = enlarging, reference
        required = round(enlarging * reference * MICROS)
        equity = self.ledger.cash + self._costed
        available = self._leverage * equity - self._margined - self._reserved
        if required + self._margined + self._reserved > self._leverage * equity:
            return (
                f"buying power: needs {required / MICROS:.2f}, has {max(available, 0) / MICROS:.2f}"
            )
        order.reserved = required
        self._reserved += required
        return ""

    def _reference(self, order: WorkingOrder) -> float:
        if not math.isnan(order.limit):
            return order.limit
        if not math.isnan(order.stop):
            return order.stop
        return self._last_close(order.symbol)

    def position_with(self, order: WorkingOrder) -> float:
        """Net units of a symbol once every other working order of an order's side has filled.

        Of two OCO orders one counts, and of the order's own sibling none: they cannot both fill.
        """
        held = sum(h.position.quantity for h in self.holdings[order.symbol])
        working = self.broker.working_symbols().get(order.symbol, ())
        coming = sum(
            other.remaining
            for other in working
            if other.side == order.side
            and other is not order.oco
            and (other.oco is None or other.oco.side != other.side or other.id < other.oco.id)
        )
        return on_grid(held + order.side * coming)

    def _risk_refusal(self, order: WorkingOrder) -> str:
        assert self.look is not None  # noqa: S101 - set before the first session
        held = self.position_with(order)
        request = OrderRequest(
            strategy=order.owner.strategy,
            symbol=order.owner.symbol_name,
            side=order.side,
            quantity=order.quantity,
            reference_price=self._reference(order),
            opens=_enlarging(held, order.side * order.quantity) > 0.0,
        )
        account = self.look(order)
        for name, check in self._risk:
            reason = check.check(request, account)
            if reason is not None:
                return f"risk {name}: {reason}"
        return ""

    def _on_fill(
        self, order: WorkingOrder, quantity: float, price: float, commission: float, bar: Bar
    ) -> None:
        side = order.side
        notional = round(quantity * price * MICROS)
        fee = round(commission * MICROS) if commission else 0
        ledger = self.ledger
        ledger.cash -= side * notional + fee
        owner: Holding = order.owner
        position = owner.position
        if self._leverage is None:
            position.apply(side * quantity, notional)
        else:
            self._apply(owner, side * quantity, notional)
            if order.reserved:
                self._release(order)
        ledger.fills.append(
            (
                order.id,
                owner.index,
                order.symbol,
                side,
                quantity,
                price,
                fee,
                bar.ts,
                self._clock.now_ns,
            )
        )
        if owner.on_fill is not None:
            owner.on_fill(order, quantity, price, fee, bar)

    def _on_done(self, order: WorkingOrder) -> None:
        if order.reserved:
            self._reserved -= order.reserved
            order.reserved = 0

    def _release(self, order: WorkingOrder) -> None:
        """Reserve no more than what is left of an order can enlarge a position by."""
        units = min(order.enlarges, order.remaining)
        left = round(units * order.reference * MICROS)
        self._reserved += left - order.reserved
        order.reserved = left


def _wrong_price(order: WorkingOrder) -> str:
    for name in _PRICES[order.kind]:
        price = getattr(order, name)
        if not 0.0 < price < math.inf:
            return f"{name} must be a price above zero, was {price}"
    return ""


def _enlarging(held: float, signed: float) -> float:
    """Units of a signed order that enlarge a position rather than reduce it."""
    if held * signed >= 0.0:
        return abs(signed)
    return max(0.0, abs(signed) - abs(held))
