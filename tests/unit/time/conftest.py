"""One seeded database for all tests of the clock and the calendar."""

from pathlib import Path

import pytest

from mismartera_core.managers.time_manager import TimeManager
from mismartera_core.repositories.database import open_database
from mismartera_core.repositories.markets import MARKETS


@pytest.fixture(scope="session")
def calendars(tmp_path_factory):
    """A database whose markets are seeded as tests ask for them."""
    path: Path = tmp_path_factory.mktemp("calendars") / "mismartera.db"
    database = open_database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture(scope="session")
def manager_of(calendars):
    """The time manager of an exchange group, one for all tests that leave its clock alone."""
    managers = {
        m.exchange_group: TimeManager(calendars, m.exchange_group, m.asset_class) for m in MARKETS
    }
    return managers.__getitem__


@pytest.fixture
def us(calendars):
    """A time manager of US equities of the test's own."""
    return TimeManager(calendars)
