"""ExecutionManager: every order of a run passes here, on its way out and on its way back."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from mismartera_core.contracts.broker import Broker, Costs, WorkingOrder
from mismartera_core.contracts.clock import Clock
from mismartera_core.contracts.risk import (
    AccountView,
    OrderRequest,
    Refusal,
    RiskCheck,
    RiskMonitor,
)
from mismartera_core.managers.execution_manager.day_book import DayBook
from mismartera_core.managers.execution_manager.decisions import Decisions
from mismartera_core.managers.execution_manager.ledger import Ledger
from mismartera_core.managers.execution_manager.order_log import OrderLog
from mismartera_core.managers.execution_manager.order_numbers import enlarging_units, wrong_price
from mismartera_core.managers.execution_manager.positions import Holding
from mismartera_core.managers.execution_manager.recovered_books import RecoveredBooks
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.managers.execution_manager.sweeping import forbidden
from mismartera_core.model.orders import OrderStatus
from mismartera_core.model.quantities import in_lots, on_grid
from mismartera_core.model.risk import RiskState, RiskVerdict
from mismartera_core.services.cost_formulas import MICROS
from mismartera_core.services.matching import MARKET

if TYPE_CHECKING:
    from mismartera_core.model.market import Bar

REJECTED = OrderStatus.REJECTED

AccountLook = Callable[[WorkingOrder | None, int], AccountView]
"""Makes the account as it stands at an instant; for an order that asks to leave, or for none."""

_CONTROL = "control"
"""What decisions of the state of the account are booked under."""


class ExecutionManager(RecoveredBooks):
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
        self._costed = 0
        self._margined = 0
        self._reserved = 0
        broker.start(costs, self._on_fill, self._on_done)

    @property
    def checks_risk(self) -> bool:
        """Whether orders must pass a risk check."""
        return bool(self._risk)

    def holding(self, strategy: str, index: int, symbol: int, symbol_name: str) -> Holding:
        """Open the books of one strategy in one symbol."""
        holding = Holding(strategy, index, symbol, symbol_name, self._zone)
        self.holdings.setdefault(symbol, []).append(holding)
        return holding

    def begin_session(self) -> None:
        """A session opens: no order of it has been accepted yet."""
        self.orders_today = 0
        self.day.begin_session()
        self.log.begin_session()

    def submit(self, order: WorkingOrder, legs: tuple[WorkingOrder, ...] = ()) -> WorkingOrder:
        """Send an order, or refuse it with a reason.

        Args:
            order: The order; for a bracket the entry.
            legs: Its legs, held until it has filled.
        """
        reason = self._refusal(order)
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
            reason = self._risk_refusal(order)
            if reason:
                return reason
        return "" if self._leverage is None else self._buying_power(order)

    def _buying_power(self, order: WorkingOrder) -> str:
        held = order.owner.position.quantity
        enlarging = enlarging_units(held, order.side * order.quantity)
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

    def position_with(self, order: WorkingOrder) -> float:
        """Net units of a symbol once every other working order of an order's side has filled.

        Of two OCO orders one counts, and of the order's own sibling none: they cannot both fill.
        Nor do those that a closing order takes the place of: their cancels are on the way, and it
        waits for them and leaves with no more than is held by then.
        """
        held = sum(h.position.quantity for h in self.holdings[order.symbol])
        working = self.broker.working_symbols().get(order.symbol, ())
        coming = sum(
            other.remaining
            for other in working
            if other.side == order.side
            and other is not order  # a venue's desk asks of one that is in the books already
            and other is not order.oco
            and not (order.closing and other.owner is order.owner)
            and (other.oco is None or other.oco.side != other.side or other.id < other.oco.id)
        )
        return on_grid(held + order.side * coming)

    def gate(self, order: WorkingOrder) -> str:
        """Why an order may not leave now, by the state of the account; "" where it may.

        Asked before risk, and by a venue's desk once more before it sends.
        """
        return self.control.gate(order, reduces=not self._opens(order, self.position_with(order)))

    @staticmethod
    def _opens(order: WorkingOrder, held: float) -> bool:
        """Whether an order would enlarge a position; so one whose numbers are not known."""
        return not enlarging_units(held, order.side * order.quantity) <= 0.0

    def may_open(self, order: WorkingOrder) -> bool:
        """Whether a working order may open or enlarge what the account holds of its symbol."""
        return not enlarging_units(self._net(order.symbol), order.side * order.remaining) <= 0.0

    def _risk_refusal(self, order: WorkingOrder) -> str:
        assert self.look is not None  # noqa: S101 - set before the first session
        price = self.reference(order)
        held = self.position_with(order)
        opens = self._opens(order, held)
        shut = self.control.gate(order, reduces=not opens)
        if shut:
            self.decisions.refused(order, price, _CONTROL, shut, self._clock.now_ns)
            return f"risk {shut}"
        if self.control.is_permitted(order):
            return ""
        request = OrderRequest(
            strategy=order.owner.strategy,
            symbol=order.owner.symbol_name,
            side=order.side,
            quantity=order.quantity,
            reference_price=price,
            opens=opens,
            is_market=order.kind == MARKET,
        )
        account = self.look(order, self._clock.now_ns)
        for name, check in self._risk:
            reason = check.check(request, account)
            if reason is not None:
                now = self._clock.now_ns
                self.decisions.refused(order, price, name, reason, now)
                if isinstance(reason, Refusal) and reason.state is not RiskState.ACTIVE:
                    # The gate is shut at once; what works is seen to after the step.
                    self._escalate(name, reason.state, reason.limit, reason)
                return f"risk {name}: {reason}"
        return ""

    def attend(self, now_ns: int) -> None:
        """Let the monitors look at the account, and cancel what its state forbids.

        After every step of a run with monitors; in a live session also between steps.

        Args:
            now_ns: The clock.
        """
        if self.monitors:
            assert self.look is not None  # noqa: S101 - set before the first session
            account = self.look(None, now_ns)
            for name, monitor in self.monitors:
                verdict = monitor.watch(account, now_ns)
                if verdict is not None:
                    self._escalate(name, verdict.state, verdict.limit, verdict.reason)
        self.note_changes()
        asked = self.control.flatten_asked()
        if asked:
            self.flatten(asked)
        if self.control.state is not RiskState.ACTIVE:
            self.sweep()

    def _escalate(self, name: str, state: RiskState, limit: str, reason: str) -> None:
        verdict = RiskVerdict(state=state, limit=limit, reason=f"{name}: {reason}")
        self.control.escalate(verdict, self._clock.now_ns)
        self.note_changes()

    def note_changes(self) -> None:
        """Book changes of the state among the decisions, whoever caused them."""
        for record in self.control.changes():
            self.decisions.changed(record)

    def sweep(self) -> None:
        """Cancel the working orders that the state of the account forbids."""
        if self.control.sweep_due:
            self.control.sweep_due = False
            self._swept.clear()
        record = self.control.record
        why = f"{record.state.value}: {record.reason}"
        for _ in range(2):  # the end of an entry that has filled in part sets its legs to work
            for order in forbidden(self.broker.working_symbols(), self._net, record.state):
                if order.id not in self._swept and not self.control.is_permitted(order):
                    self._swept.add(order.id)
                    self.cancel(order, why)

    def flatten(self, why: str) -> None:
        """Cancel every order and leave every position at market: a human asked for it."""
        for book in list(self.broker.working_symbols().values()):
            for order in tuple(book):
                order.legs = ()
                self.cancel(order, why)
        for symbol, holdings in self.holdings.items():
            for holding in holdings:
                units = holding.position.quantity
                if units == 0.0:
                    continue
                side = -1 if units > 0.0 else 1
                order = WorkingOrder(
                    holding, symbol, side, abs(units), self._clock.now_ns, gtc=True, tag=why
                )
                order.closing = True
                self.control.permit(order)
                self.submit(order)

    def _net(self, symbol: int) -> float:
        """Net units the account holds of a symbol."""
        return on_grid(sum(h.position.quantity for h in self.holdings.get(symbol, ())))

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
        position = owner.position
        if self._leverage is None:
            position.apply(side * quantity, notional)
        else:
            self._apply(owner, side * quantity, notional)
            if order.reserved:
                self._release(order)
        now = self._clock.now_ns
        ledger.fills.append(
            (order.id, owner.index, order.symbol, side, quantity, price, fee, bar.ts, now, slippage)
        )
        if owner.on_fill is not None:
            owner.on_fill(order, quantity, price, fee, bar)

    def _on_done(self, order: WorkingOrder) -> None:
        if order.status is REJECTED:
            self.log.rejected(self._clock.now_ns, order.owner.symbol_name)
        if order.reserved:
            self._reserved -= order.reserved
            order.reserved = 0

    def _release(self, order: WorkingOrder) -> None:
        """Reserve no more than what is left of an order can enlarge a position by."""
        units = min(order.enlarges, order.remaining)
        left = round(units * order.reference * MICROS)
        self._reserved += left - order.reserved
        order.reserved = left
