"""A desk with everything around it: engine books, a journal, a venue in memory, clocks by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from mismartera_core.contracts.broker import Costs, WorkingOrder
from mismartera_core.contracts.venue import VenueBroker
from mismartera_core.managers.execution_manager import ExecutionManager
from mismartera_core.managers.execution_manager.positions import Holding
from mismartera_core.managers.execution_manager.venue import (
    DeskNotice,
    InlineFetcher,
    Timing,
    VenueDesk,
)
from mismartera_core.managers.execution_manager.venue.fetching import Fetcher
from mismartera_core.managers.execution_manager.venue.terms import KINDS
from mismartera_core.model.orders import OrderType
from mismartera_core.model.risk import RiskVerdict
from mismartera_core.repositories.database import Database
from mismartera_core.repositories.journal import OrderJournal
from mismartera_core.testing.strategy_runs import HandClock
from mismartera_core.testing.venue_door import Call, VenueDoor, against, wrong

START_NS = 1_767_623_400_000_000_000
"""2026-01-05 14:30 UTC."""
SECOND = 1_000_000_000
NEW_YORK = ZoneInfo("America/New_York")


class DeskRig:
    """One account, its venue, and the process that trades it; which may end and begin again.

    Args:
        database: Where the journal is.
        venue: The venue.
        symbols: Tickers.
        strategies: Names.
        timing: How long the desk waits.
        account: Name of the account.
        run: What decisions belong to.

    Attributes:
        desk: The desk of the process that runs.
        engine: Its execution manager.
        clock: The engine's clock, and the wall clock.
        notices: What the desk has told.
        verdicts: Why it wanted to halt.
        fills: What strategies were told: name, symbol, signed units.
        gate: What the risk control says of every order; "" lets it pass.
        doors: What went to the venue and came from it, one for each process.
    """

    def __init__(
        self,
        database: Database,
        venue: VenueBroker,
        *,
        symbols: tuple[str, ...] = ("AAPL", "MSFT"),
        strategies: tuple[str, ...] = ("one",),
        timing: Timing | None = None,
        account: str = "PA1",
        run: str = "run",
        clock: HandClock | None = None,
        fetcher: Fetcher | None = None,
    ) -> None:
        self.database = database
        self.venue = venue
        self.clock = clock or HandClock(START_NS)
        self.notices: list[DeskNotice] = []
        self.verdicts: list[RiskVerdict] = []
        self.fills: list[tuple[str, str, float]] = []
        self.gate = ""
        self.doors: list[VenueDoor] = []
        self.fetcher = fetcher
        self._symbols = symbols
        self._strategies = strategies
        self._timing = timing or Timing()
        self._account = account
        self._run = run

    def begin(self, *, recover: bool = True) -> DeskRig:
        """Begin a process: a new desk, and new books of the engine."""
        self.journal = OrderJournal(self.database, self._account, self._run)
        door = VenueDoor(self.venue, self._against)
        self.doors.append(door)
        self.desk = VenueDesk(
            door,
            self.venue.account(),
            self.journal,
            lambda: self.clock.now_ns,
            run=self._run,
            gate=lambda _order: self.gate,
            on_notice=self.notices.append,
            on_verdict=self.verdicts.append,
            timing=self._timing,
            timer=lambda: (self.clock.now_ns - START_NS) / SECOND,
            fetcher=self.fetcher or InlineFetcher(),
        )
        prices = [100.0] * len(self._symbols)
        self.engine = ExecutionManager(
            self.desk, Costs(), [], self.clock, prices.__getitem__, NEW_YORK
        )
        self.holdings: dict[tuple[str, str], Holding] = {}
        for row, symbol in enumerate(self._symbols):
            for index, name in enumerate(self._strategies):
                holding = self.engine.holding(name, index, row, symbol)
                holding.on_fill = self._filled
                self.holdings[name, symbol] = holding
        if recover:
            self.desk.recover(self.engine)
        return self

    def order(
        self,
        units: float,
        symbol: str = "AAPL",
        *,
        strategy: str = "one",
        limit: float = math.nan,
        stop: float = math.nan,
        take_profit: float = math.nan,
        stop_loss: float = math.nan,
        closing: bool = False,
        gtc: bool = False,
        oco: WorkingOrder | None = None,
        type: OrderType | None = None,  # noqa: A002 - the field's word
    ) -> WorkingOrder:
        """Place an order as a strategy does; negative units sell."""
        holding = self.holdings[strategy, symbol]
        kind = type or _type(limit, stop)
        side = 1 if units > 0 else -1
        order = WorkingOrder(
            holding,
            holding.symbol,
            side,
            abs(units),
            self.clock.now_ns,
            type=kind,
            kind=KINDS[kind],
            limit=limit,
            stop=stop,
            gtc=gtc,
        )
        order.closing = closing
        legs = []
        for price, of in ((take_profit, OrderType.LIMIT), (stop_loss, OrderType.STOP)):
            if not math.isnan(price):
                leg = WorkingOrder(
                    holding,
                    holding.symbol,
                    -side,
                    abs(units),
                    self.clock.now_ns,
                    type=of,
                    kind=KINDS[of],
                    gtc=True,
                )
                setattr(leg, "limit" if of is OrderType.LIMIT else "stop", price)
                legs.append(leg)
        order.oco = oco
        self.engine.submit(order, tuple(legs))
        if oco is not None and not order.is_done:
            oco.oco = order
        return order

    def change(
        self,
        order: WorkingOrder,
        *,
        quantity: float | None = None,
        limit: float | None = None,
        stop: float | None = None,
    ) -> None:
        """Change an order as a strategy does."""
        wanted = {"quantity": quantity, "limit": limit, "stop": stop}
        given = {name: value for name, value in wanted.items() if value is not None}
        self.engine.changes.ask(order, replace(order.terms, **given))

    def wait(self, seconds: float = 0.0, step: float = 0.5) -> None:
        """Let time pass, polling as the analysis thread does."""
        self.poll()
        while seconds > 0.0:
            self.clock.now_ns += int(min(step, seconds) * SECOND)
            seconds -= step
            self.poll()

    def poll(self) -> None:
        """Poll once."""
        self.desk.poll(self.clock.now_ns)
        self.doors[-1].settle()

    def held(self, symbol: str = "AAPL", strategy: str = "one") -> float:
        """Units that a strategy holds."""
        units: float = self.holdings[strategy, symbol].position.quantity
        return units

    def heard(self, kind: str) -> int:
        """How many notices of a kind there were."""
        return sum(notice.kind == kind for notice in self.notices)

    def wrong(self) -> list[str]:
        """What must never be, of all that went to the venue and came from it; see `venue_door`."""
        journaled = self.journal.orders_since(0)
        told = {notice.kind for notice in self.notices}
        return [what for door in self.doors for what in wrong(door, journaled, told)]

    @property
    def cash(self) -> Decimal:
        """Cash of the engine's ledger."""
        return Decimal(self.engine.ledger.cash).scaleb(-6)

    def _against(self, call: Call, client_id: str) -> str:
        return against(self.desk, self.journal, call, client_id)

    def _filled(self, order: WorkingOrder, units: float, price: float, fee: int, bar: Any) -> None:
        del price, fee, bar
        owner = order.owner
        self.fills.append((owner.strategy, owner.symbol_name, order.side * units))


def _type(limit: float, stop: float) -> OrderType:
    if math.isnan(limit):
        return OrderType.MARKET if math.isnan(stop) else OrderType.STOP
    return OrderType.LIMIT if math.isnan(stop) else OrderType.STOP_LIMIT
