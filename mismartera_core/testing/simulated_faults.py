"""What a simulation does to a desk: orders, fills, and everything that goes wrong, one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random

import sqlalchemy as sa

from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.contracts.crashpoints import on_crashpoint
from mismartera_core.contracts.venue import VenueEvent
from mismartera_core.errors import BrokerError, JournalError
from mismartera_core.managers.execution_manager.venue import Timing
from mismartera_core.model.orders import OrderStatus, Side
from mismartera_core.model.venue import VenueStatus
from mismartera_core.repositories.database import Database
from mismartera_core.testing.desk_rig import START_NS, DeskRig
from mismartera_core.testing.scripted_venue import Answer, ScriptedVenue
from mismartera_core.testing.strategy_runs import HandClock

ANSWERS = (
    *(Answer.TAKE,) * 6,
    Answer.REFUSE,
    Answer.DO_THEN_FAIL,
    Answer.FAIL,
    Answer.LATE,
    Answer.NOT_SENT,
    Answer.GARBLED,
    Answer.WRONG,
    Answer.FILL_FIRST,
)
CHANGED = tuple(a for a in ANSWERS if a is not Answer.LATE)
ENDS = (VenueStatus.CANCELLED, VenueStatus.EXPIRED, VenueStatus.REJECTED)
TIMING = Timing(orders_every=30.0, positions_every=60.0)


class Killed(BaseException):
    """The process died."""


class FaultyWorld:
    """A desk, its venue, and the hand of fate.

    Args:
        database: Where the journal is; worlds share it, each with an account of its own.
        name: Name of the account and of the run.

    Attributes:
        rig: The desk and what is around it.
        venue: The venue.
        outcomes: What has happened, in words; the same for the same choices.
        deaths: How often the process was killed.
        foreign: Whether somebody else traded the account.
    """

    def __init__(self, database: Database, name: str) -> None:
        clock = HandClock(START_NS)
        self.venue = ScriptedVenue(lambda: clock.now_ns)
        self.rig = DeskRig(
            database,
            self.venue,
            strategies=("one", "two"),
            timing=TIMING,
            account=name,
            run=name,
            clock=clock,
        )
        self.outcomes: list[str] = []
        self.deaths = 0
        self.foreign = False
        self._seen: dict[WorkingOrder, tuple[OrderStatus, float]] = {}
        self.rig.begin()

    def known_ids(self) -> set[str]:
        """Every id that the journal knows: of orders, and of their changes."""
        return {i for order in self.rig.journal.orders_since(0) for i in order.client_ids}

    # what a strategy does

    def place(self, dice: Random) -> None:
        """An order of some kind, and what it comes to."""
        self.venue.script(dice.choice(ANSWERS))
        units = dice.randint(1, 20) * dice.choice((1, 1, -1))
        strategy, symbol = dice.choice(("one", "two")), dice.choice(("AAPL", "MSFT"))
        order = partial(self.rig.order, units, strategy=strategy)
        shape = dice.randrange(5)
        if shape == 0:
            self.lives(lambda: order(symbol, limit=99.0))
        elif shape == 1:
            self.lives(lambda: order(symbol, take_profit=110.0, stop_loss=90.0))
        elif shape == 2:
            self.lives(lambda: self.leave(strategy, symbol))
        elif shape == 3 and self.alive():
            other = dice.choice(self.alive())
            if other.oco is None and other.owner.strategy == strategy:
                at = other.owner.symbol_name
                self.lives(lambda: order(at, limit=98.0, oco=other))
        else:
            self.lives(lambda: order(symbol))

    def leave(self, strategy: str, symbol: str) -> None:
        """Cancel what works and close the position, as `close()` does."""
        held = self.rig.held(symbol, strategy)
        for order in self.alive():
            if order.owner.strategy == strategy and order.owner.symbol_name == symbol:
                self.rig.engine.cancel(order, "closing the position")
        if held:
            self.rig.order(-held, symbol, strategy=strategy, closing=True)

    def withdraw(self, dice: Random) -> None:
        """Cancel an order."""
        if self.alive():
            order = dice.choice(self.alive())
            self.lives(lambda: self.rig.engine.cancel(order, "cancelled by the strategy"))

    def amend(self, dice: Random) -> None:
        """Change an order."""
        self.venue.script_changes(dice.choice(CHANGED))
        if self.alive():
            order = dice.choice(self.alive())
            what = "limit" if order.limit == order.limit else "quantity"
            wanted = float(dice.randint(80, 98) if what == "limit" else dice.randint(1, 25))
            self.lives(lambda: self.rig.change(order, **{what: wanted}))

    def alive(self) -> list[WorkingOrder]:
        """Orders that the engine holds for working."""
        return [o for book in self.rig.desk.working_symbols().values() for o in book]

    # what the venue does

    def execute(self, dice: Random) -> None:
        """An execution, whole or in part."""
        working = self.venue.working()
        if working:
            order = dice.choice(working)
            assert order.quantity is not None  # noqa: S101 - this venue has no notional orders
            left = int(order.quantity - order.filled_quantity)
            units = dice.choice((left, dice.randint(1, left)))
            self.venue.fill(order.venue_id, units, str(dice.randint(90, 110)))

    def finish(self, dice: Random) -> None:
        """The venue ends an order."""
        working = self.venue.working()
        if working:
            self.venue.end(dice.choice(working).venue_id, dice.choice(ENDS), "by the venue")

    def others(self, dice: Random) -> None:
        """Somebody else trades the account."""
        self.foreign = True
        order = self.venue.foreign("AAPL", dice.choice((Side.BUY, Side.SELL)), dice.randint(1, 9))
        if dice.random() < 0.7:
            self.venue.fill(order.venue_id)

    # what goes wrong

    def trouble(self, dice: Random) -> None:
        """One thing goes wrong, or is well again."""
        venue = self.venue
        chosen = dice.randrange(9)
        if chosen == 0:
            venue.lose(dice.randint(1, 3))
        elif chosen == 1:
            venue.hold()
        elif chosen == 2:
            venue.release(lambda events: _mixed(events, dice))
        elif chosen == 3:
            venue.lose_stream()
        elif chosen == 4:
            venue.restore_stream()
        elif chosen == 5:
            venue.down = not venue.down
        elif chosen == 6:
            venue.unheard = not venue.unheard
        elif chosen == 7:
            venue.at_once = not venue.at_once
        else:
            venue.arrive()

    def disk(self, dice: Random) -> None:
        """The journal cannot be written for a while, or can again."""
        self.read_only(dice.random() < 0.5)

    def halt(self, dice: Random) -> None:
        """The account is halted, or goes on."""
        self.rig.gate = dice.choice(("", "halted"))

    def read_only(self, on: bool) -> None:
        """Switch the database to read only, or back."""
        with self.rig.database.engine.connect() as connection:
            connection.execute(sa.text(f"PRAGMA query_only = {'ON' if on else 'OFF'}"))

    def die(self, dice: Random) -> None:
        """The process is killed, now or at some crash point from here on."""
        if dice.random() < 0.3:
            self.again()
            return
        left = dice.randint(1, 12)

        def countdown(name: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self.outcomes.append(f"killed at {name}")
                raise Killed

        on_crashpoint(countdown)

    def again(self) -> None:
        """Another process begins, as often as it takes."""
        self.deaths += 1
        on_crashpoint(None)
        self._seen.clear()
        for _ in range(3):
            try:
                self.rig.begin()
            except (BrokerError, JournalError) as error:
                self.outcomes.append(f"no start: {error}")
                self.venue.down = False
                self.read_only(False)
            else:
                return

    # and what must be so

    def lives(self, act: Callable[[], object]) -> None:
        """Do something that the process may die of."""
        try:
            act()
        except Killed:
            self.again()

    def pass_time(self, seconds: float, step: float = 0.5) -> None:
        """Let time pass."""
        self.lives(lambda: self.rig.wait(seconds, step))
        self.look()

    def look(self) -> None:
        """Orders only go forward and never beyond what was ordered; none leaves that may not.

        Not while the account is halted or the desk is shut, not unwritten, and not twice.

        Raises:
            AssertionError: One did not.
        """
        for order in self.rig.engine.ledger.orders:
            before = self._seen.get(order)
            filled = order.filled_quantity
            _must(0.0 <= filled <= order.quantity, f"filled {filled} of {order.quantity}")
            if before is not None:
                _must(filled >= before[1], f"filled {filled} after {before[1]}")
                ended = before[0] in _FINAL
                _must(not ended or order.status is before[0], f"{order.status} after {before[0]}")
            self._seen[order] = order.status, filled
        for passage in self.rig.doors[-1].passed:
            _must(not passage.against, f"{passage.call} left although {passage.against}")
        left = Counter(terms.client_id for terms in self.venue.sent)
        _must(all(times <= 2 for times in left.values()), "an order left a third time")
        there = Counter(o.client_id for o in self.venue.orders.values())
        twice = [i for i, times in there.items() if i.startswith("mm-") and times > 1]
        _must(not twice, f"more than one order at the venue for {twice}")

    def heal(self) -> None:
        """All is well again, and enough time passes for everything to be found out."""
        on_crashpoint(None)
        venue = self.venue
        self.read_only(False)
        self.rig.gate = ""
        venue.down = venue.unheard = False
        venue.at_once = True
        venue.lose(0)
        venue.release()
        venue.arrive()
        venue.restore_stream()
        self.pass_time(15.0, 1.0)
        venue.confirm_cancels()
        self.pass_time(130.0, 5.0)


_FINAL = (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REJECTED)


def _mixed(events: list[VenueEvent], dice: Random) -> list[VenueEvent]:
    """Events out of order, some twice and some never."""
    told = [e for e in events for _ in range(dice.choice((0, 1, 1, 1, 2)))]
    dice.shuffle(told)
    return told


def _must(so: bool, words: str) -> None:
    if not so:
        raise AssertionError(words)
