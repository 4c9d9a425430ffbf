"""The part of the engine's books that stands between orders and the account's safety."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from mismartera_core.contracts.broker import Broker, WorkingOrder
from mismartera_core.contracts.clock import Clock
from mismartera_core.contracts.risk import (
    AccountView,
    OrderRequest,
    Refusal,
    RiskCheck,
    RiskMonitor,
)
from mismartera_core.managers.execution_manager.decisions import Decisions
from mismartera_core.managers.execution_manager.order_numbers import enlarging_units
from mismartera_core.managers.execution_manager.recovered_books import RecoveredBooks
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.managers.execution_manager.sweeping import EXITS, exits, forbidden
from mismartera_core.model.quantities import on_grid
from mismartera_core.model.risk import RiskState, RiskVerdict
from mismartera_core.services.matching import MARKET

AccountLook = Callable[[WorkingOrder | None, int], AccountView]
"""Makes the account as it stands at an instant; for an order that asks to leave, or for none."""

_CONTROL = "control"  # what decisions of the state of the account are booked under


class UnderRisk(RecoveredBooks):
    """Asks the risk checks and the state of the account, and does what the state demands.

    Attributes:
        broker: Works the orders.
        look: The account as a risk check sees it for an order; set before the first session.
        control: The state of risk of the account.
        decisions: What risk kept back.
        monitors: Checks that also watch the account, by name.
    """

    broker: Broker
    look: AccountLook | None
    control: RiskControl
    decisions: Decisions
    monitors: list[tuple[str, RiskMonitor]]
    _risk: list[tuple[str, RiskCheck]]
    _clock: Clock
    _swept: set[int]

    @abstractmethod
    def submit(self, order: WorkingOrder) -> WorkingOrder:
        """Send an order, or refuse it with a reason."""

    @abstractmethod
    def cancel(self, order: WorkingOrder, reason: str) -> None:
        """End an order that still works or is held."""

    @abstractmethod
    def reference(self, order: WorkingOrder) -> float:
        """What a unit of an order is valued at: its limit or stop, else the last close."""

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
        return not enlarging_units(held, order.side * order.remaining) <= 0.0

    def may_open(self, order: WorkingOrder) -> bool:
        """Whether a working order may open or enlarge what the account holds of its symbol."""
        return not enlarging_units(self._net(order.symbol), order.side * order.remaining) <= 0.0

    def risk_refusal(self, order: WorkingOrder) -> str:
        """Why a risk check, or the state of the account, keeps an order from leaving; or ""."""
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
            quantity=order.remaining,
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
        held = [holding for holdings in self.holdings.values() for holding in holdings]
        for order in exits(held, self._clock.now_ns, why):
            self.control.permit(order)
            self.submit(order)

    def _net(self, symbol: int) -> float:
        """Net units the account holds of a symbol."""
        return on_grid(sum(h.position.quantity for h in self.holdings.get(symbol, ())))

    def _stays(self, order: WorkingOrder) -> None:
        """A position could not be left; a human has to where that happens again and again."""
        owner = order.owner
        owner.exits_refused += 1
        if owner.exits_refused == EXITS:
            why = f"{owner.symbol_name} cannot be left, after {EXITS} orders: {order.reason}"
            self._escalate(_CONTROL, RiskState.HALTED, "liquidation", why)
