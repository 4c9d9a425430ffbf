"""A desk on a journal in memory and a venue that does what it is told."""

import pytest

from mismartera_core.contracts.crashpoints import on_crashpoint
from mismartera_core.repositories.database import open_database
from mismartera_core.testing import DeskRig, ScriptedVenue


@pytest.fixture
def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'journal.db'}")
    yield opened
    opened.close()


@pytest.fixture
def make_rig(database):
    """A desk that has recovered; `capabilities` and whatever else a DeskRig takes."""

    def make(begin=True, capabilities=None, **how) -> DeskRig:
        given = {} if capabilities is None else {"capabilities": capabilities}
        venue = ScriptedVenue(lambda: rig.clock.now_ns, **given)
        rig = DeskRig(database, venue, **how)
        return rig.begin() if begin else rig

    yield make
    on_crashpoint(None)


@pytest.fixture
def rig(make_rig):
    return make_rig()


@pytest.fixture
def venue(rig):
    return rig.venue
