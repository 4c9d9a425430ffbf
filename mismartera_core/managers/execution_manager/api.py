"""ExecutionManager: every order of a run passes here, on its way out and on its way back."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from mismartera_core.contracts.broker import Broker, Costs, WorkingOrder
from mismartera_core.contracts.clock import Clock
from mismartera_core.contracts.risk import RiskCheck, RiskMonitor
from mismartera_core.managers.execution_manager.changing import OrderChanges
from mismartera_core.managers.execution_manager.day_book import DayBook
from mismartera_core.managers.execution_manager.decisions import Decisions
from mismartera_core.managers.execution_manager.ledger import Ledger
from mismartera_core.managers.execution_manager.order_log import OrderLog
from mismartera_core.managers.execution_manager.order_numbers import enlarging_units, wrong_price
from mismartera_core.managers.execution_manager.positions import Holding
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.managers.execution_manager.under_risk import AccountLook, UnderRisk
from mismartera_core.model.orders import OrderStatus, OrderType
from mismartera_core.model.quantities import in_lots
from mismartera_core.services.cost_formulas import MICROS

if TYPE_CHECKING:
    from mismartera_core.model.market import Bar

REJECTED = OrderStatus.REJECTED


class ExecutionManager(UnderRisk):
    """Checks orders, hands them to the broker, and books what comes back.

    Args:
        broker: Works the orders.
        costs: Cost functions of the run.
        risk: Checks every order must pass; their first refusal counts.
        clock: Anything with `now_ns`.
        last_close: Last known close by symbol row; NaN where none.
        zone: The exchange's zone.
        control: The state of risk of the account; one of its own where left out.
        folder: Where settled rows of the books lie; the system's place where None.

    Attributes:
        look: The account as a risk check sees it for an order; set before the first session.
        control: The state of risk of the account.
        decisions: What risk kept back.
        log: What left lately; filled where a check wants facts.
        day: What fills say of the day; read where a check wants facts.
        wants_facts: Whether a check wants more than the account's plain numbers.
        monitors: Checks that also watch the account, by name.
        changes: Changes of working orders.
        marked_ns: The last step after which monitors looked.
    """

    def __init__(
        self,
        broker: Broker,
        costs: Costs,
        risk: list[tuple[str, RiskCheck]],
        clock: Clock,
        last_close: Callable[[int], float],
        zone: tzinfo,
        control: RiskControl | None = None,
        folder: Path | None = None,
    ) -> None:
        self.broker = broker
        self.ledger = Ledger(round(broker.cash * 1_000_000), folder)
        self.control = RiskControl() if control is None else control
        self.decisions = Decisions(folder)
        self.log = OrderLog()
        self.day = DayBook(self.ledger)
        self._regular: tuple[int, int] | None = None
        self.wants_facts = any(getattr(check, "wants_facts", False) for _, check in risk)
        self.monitors: list[tuple[str, RiskMonitor]] = [
            (name, check)  # type: ignore[misc]
            for name, check in risk
            if hasattr(check, "watch")
        ]
        self.holdings: dict[int, list[Holding]] = {}
        self.orders_today = 0
        self.look: AccountLook | None = None
        self._risk = risk
        self._clock = clock
        self._last_close = last_close
        self._zone = zone
        self._leverage = broker.leverage
        self._lot = broker.lot
        self._swept: set[int] = set()
        self.marked_ns = 0
        self._costed = self._margined = self._reserved = 0
        broker.start(costs, self._on_fill, self._on_done)
        self.changes = OrderChanges(self, clock)

    @property
    def checks_risk(self) -> bool:
        """Whether orders must pass a risk check."""
        return bool(self._risk)

    def holding(self, strategy: str, index: int, symbol: int, symbol_name: str) -> Holding:
        """Open the books of one strategy in one symbol."""
        holding = Holding(strategy, index, symbol, symbol_name, self._zone)
        self.holdings.setdefault(symbol, []).append(holding)
        return holding

    def begin_session(self, open_ns: int = 0) -> None:
        """A session opens: no order of it has been accepted yet, but by an earlier process."""
        self.orders_today = 0
        if self.wants_facts:
            self.day.begin_session()
        else:  # nobody asks what fills say of the day
            self.ledger.settle()
        self.log.begin_session()
        self.recount(open_ns)

    def submit(self, order: WorkingOrder, legs: tuple[WorkingOrder, ...] = ()) -> WorkingOrder:
        """Send an order, or refuse it with a reason.

        Args:
            order: The order; for a bracket the entry.
            legs: Its legs, held until it has filled.
        """
        reason = self._out_of_hours(order, legs) if self._regular is not None else ""
        reason = reason or self._refusal(order)
        if legs and not reason:
            reason = next(filter(None, map(wrong_price, legs)), "")
        if reason:
            return self.refuse(order, reason)
        self.ledger.add(order)
        self.orders_today += 1
        if self.wants_facts:
            now = self._clock.now_ns
            owner = order.owner
            self.log.left(now, owner.strategy, owner.symbol_name, order.side, order.quantity)
        if legs:
            self._hold(order, legs)
        self.broker.submit(order)
        return order

    def regular_hours(self, open_ns: int, close_ns: int) -> None:
        """A session begins that has a pre- or a post-market beside its regular hours."""
        self._regular = open_ns, close_ns
        self.broker.regular_hours(open_ns, close_ns)

    def _out_of_hours(self, order: WorkingOrder, legs: tuple[WorkingOrder, ...]) -> str:
        """Why an order may not be placed outside of regular hours; "" where it may.

        The rule of US brokers: a plain limit order for the day alone fills there. One that is
        placed in a session with such hours fills in all of them.
        """
        assert self._regular is not None  # noqa: S101 - told apart by the caller
        order.extended = order.type is OrderType.LIMIT and not order.gtc and not legs
        opens, closes = self._regular
        if order.extended or opens <= self._clock.now_ns <= closes:
            return ""
        if self.control.is_permitted(order):  # a human asked for it: it waits for the open
            return ""
        what = f"a {order.type.value.replace('_', '-')} order"
        what += " that is good till cancelled" if order.gtc else ""
        what += " with legs" if legs else ""
        return f"outside of regular hours only limit orders for the day, without legs, was {what}"

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
            reason = wrong_price(order)
            if reason:
                return reason
        if self._risk:
            reason = self.risk_refusal(order)
            if reason:
                return reason
        return "" if self._leverage is None else self.buying_power(order)

    def buying_power(self, order: WorkingOrder) -> str:
        """Why an order is beyond what the account may spend; "" where it is not, and reserved."""
        held = order.owner.position.quantity
        enlarging = enlarging_units(held, order.side * order.remaining)
        if enlarging <= 0.0:
            return ""
        assert self._leverage is not None  # noqa: S101 - told apart by the caller
        reference = self.reference(order)
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

    def reference(self, order: WorkingOrder) -> float:
        """What a unit of an order is valued at: its limit or stop, else the last close."""
        if not math.isnan(order.limit):
            return order.limit
        if not math.isnan(order.stop):
            return order.stop
        return self._last_close(order.symbol)

    def _on_fill(
        self,
        order: WorkingOrder,
        quantity: float,
        price: float,
        commission: float,
        bar: Bar,
        exact: float | None = None,
        /,
    ) -> None:
        side = order.side
        notional = round(quantity * price * MICROS)
        fee = round(commission * MICROS) if commission else 0
        slippage = 0
        if exact is not None and exact != price:
            slippage = side * (notional - round(quantity * exact * MICROS))
        ledger = self.ledger
        ledger.cash -= side * notional + fee
        owner: Holding = order.owner
        owner.exits_refused = 0
        position = owner.position
        if self._leverage is None:
            position.apply(side * quantity, notional)
        else:
            self._apply(owner, side * quantity, notional)
            if order.reserved:
                self.reserve(order)
        now = self._clock.now_ns
        ledger.fills.append(
            (order.id, owner.index, order.symbol, side, quantity, price, fee, bar.ts, now, slippage)
        )
        if owner.on_fill is not None:
            owner.on_fill(order, quantity, price, fee, bar)

    def _on_done(self, order: WorkingOrder) -> None:
        if order.status is REJECTED:
            self.log.rejected(self._clock.now_ns, order.owner.symbol_name)
            if order.closing:
                self._stays(order)
        if order.reserved:
            self._reserved -= order.reserved
            order.reserved = 0

    def reserve(self, order: WorkingOrder) -> None:
        """Reserve no more than what is left of an order can enlarge a position by."""
        units = min(order.enlarges, order.remaining)
        left = round(units * order.reference * MICROS) if units else 0
        self._reserved += left - order.reserved
        order.reserved = left
