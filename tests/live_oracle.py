"""What must be so of every live session of a test, whatever the test makes go wrong in it.

Nothing but cancels, and what a human asked for, leaves while the account is HALTED; an order leaves
once, written down before; every fault has left its event or its notice.
"""

from contextlib import closing
from math import inf
from threading import get_ident
from time import monotonic

import pytest

from mismartera_core.config.settings import load_settings
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.managers.execution_manager.venue import VenueDesk
from mismartera_core.model.risk import RiskState
from mismartera_core.repositories.database import open_database
from mismartera_core.repositories.journal import OrderJournal
from mismartera_core.system import live_account
from mismartera_core.testing.venue_door import Call, VenueDoor, wrong

ON_THE_WAY = 0.1
"""Seconds within which an order leaves that another thread's halt was too late for."""


class NotedControl(RiskControl):
    """Knows which thread has changed its state, and when."""

    by, since = 0, -inf

    def _take(self, record):
        super()._take(record)
        self.by, self.since = get_ident(), monotonic()

    def halted(self, order):
        """Why an order must not leave; "" where it may."""
        record, late = self.record, monotonic() - self.since > ON_THE_WAY
        if record.state is not RiskState.HALTED or self.is_permitted(order):
            return ""
        return f"halted: {record.reason}" if late or self.by == get_ident() else ""


class WatchedDesk(VenueDesk):
    """A desk whose venue is behind a door."""

    def __init__(self, venue, account, journal, now_ns, *, control, on_notice, **how):
        self.account, self.control, self.told = account.account_id, control, set()
        self.door = VenueDoor(venue, self._against)

        def tell(notice):
            self.told.add(notice.kind)
            on_notice(notice)

        super().__init__(self.door, account, journal, now_ns, on_notice=tell, **how)

    def poll(self, now_ns):
        super().poll(now_ns)
        self.door.settle()

    def _against(self, call, client_id):
        tracked = self._core.books.by_client(client_id)
        return self._core.shut() or (self.control and self.control.halted(tracked.order)) or ""

    def wrong(self):
        """What was wrong, by the journal as it is now."""
        with closing(open_database(load_settings().database_url)) as database:
            journaled = OrderJournal(database, self.account, "").orders_since(0)
        sent = {i for order in journaled if order.was_sent for i in order.client_ids}
        left = [p.client_id for p in self.door.passed if p.call in (Call.SUBMIT, Call.REPLACE)]
        return [f"{i} is not written" for i in left if i not in sent] + wrong(
            self.door, journaled, self.told
        )


@pytest.fixture
def desks(monkeypatch):
    """The desks of the live sessions of a test, which is held to the oracle at its end."""
    made, controls = [], []

    def control(*given, **named):
        controls.append(NotedControl(*given, **named))
        return controls[-1]

    def desk(*given, **named):
        # A replay has no control: it asks a recording, and leaves nothing.
        control = controls.pop() if controls else None
        made.append(WatchedDesk(*given, control=control, **named))
        return made[-1]

    monkeypatch.setattr(live_account, "RiskControl", control)
    monkeypatch.setattr(live_account, "VenueDesk", desk)
    yield made
    assert [what for each in made for what in each.wrong()] == []
