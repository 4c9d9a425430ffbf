"""A desk on a journal in memory and a venue that does what it is told."""

from collections import Counter

import pytest
import sqlalchemy as sa

from mismartera_core.contracts.crashpoints import on_crashpoint
from mismartera_core.repositories.database import open_database
from mismartera_core.testing import DeskRig, ScriptedVenue


def pytest_configure(config):
    words = "wrong_for_good: the venue has two orders under one id, or tells what cannot be"
    config.addinivalue_line("markers", words)


@pytest.fixture
def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'journal.db'}")
    yield opened
    opened.close()


@pytest.fixture
def make_rig(database, request):
    """A desk that has recovered; `capabilities` and whatever else a DeskRig takes.

    Whatever a test has done to it: once all is well again and another process has begun, the venue
    has at most one order for each decision, and the books are the venue's. A test whose venue is
    wrong for good says so with the mark `wrong_for_good`.
    """
    made = []

    def make(begin=True, capabilities=None, **how) -> DeskRig:
        given = {} if capabilities is None else {"capabilities": capabilities}
        venue = ScriptedVenue(lambda: rig.clock.now_ns, **given)
        rig = DeskRig(database, venue, **how)
        made.append(rig)
        return rig.begin() if begin else rig

    yield make
    on_crashpoint(None)
    for rig in made:
        assert rig.wrong() == []
    if request.node.get_closest_marker("wrong_for_good") is None:
        for rig in made:
            agree(rig)


def agree(rig):
    """All is well again, and another process begins: nothing is lost and nothing doubled."""
    venue = rig.venue
    with rig.database.engine.connect() as connection:
        connection.execute(sa.text("PRAGMA query_only = OFF"))
    rig.desk.close()
    venue.down = venue.unheard = False
    venue.lose(0)
    venue.release()
    venue.arrive()
    rig.fetcher = None
    rig.begin()
    rig.wait(40, 5.0)
    ids = Counter(o.client_id for o in venue.orders.values() if o.client_id.startswith("mm-"))
    assert [i for i, times in ids.items() if times > 1] == []
    told_or_listed = [b.execution.execution_id for b in rig.journal.executions()]
    booked = [each.removeprefix("listed ") for each in told_or_listed]
    assert sorted(booked) == sorted(e.execution_id for e in venue.booked)
    ours = Counter(rig.engine.units())
    ours.update(rig.desk.external_positions)
    assert {s: q for s, q in ours.items() if q} == {s: q for s, q in venue.held.items() if q}
    unsent = {t.client_id for t in venue.sent} - {
        o.intent.client_id for o in rig.journal.orders_since(0) if o.was_sent
    }
    assert unsent == set()


@pytest.fixture
def rig(make_rig):
    return make_rig()


@pytest.fixture
def venue(rig):
    return rig.venue
