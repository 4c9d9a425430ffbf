"""SQLite's part of the journal's promises: durable commits, and a lock that is somebody else's."""

import sqlite3

import pytest
import sqlalchemy as sa

from mismartera_core.errors import JournalError
from mismartera_core.repositories.database import open_database
from mismartera_core.repositories.journal_states import StateStore


@pytest.fixture
def store(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'journal.db'}")
    yield StateStore(database)
    database.close()


def test_every_commit_reaches_the_disk(store):
    with store._database.engine.connect() as connection:
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(sa.text("PRAGMA synchronous")) == 2


def test_a_database_that_another_program_holds_is_an_error(store, tmp_path):
    with store._database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    holder = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JournalError, match="in use by another program"):
        store.save_strategy_state("PA1", "one", "X", {"x": 1}, 1)
    holder.execute("ROLLBACK")
    holder.close()
    store.save_strategy_state("PA1", "one", "X", {"x": 1}, 1)


def test_a_full_disk_is_an_error(store):
    with store._database.engine.connect() as connection:
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalError, match="disk is full"):
        store.save_strategy_state("PA1", "one", "X", {"x": "y" * 100_000}, 1)
    assert store.load_strategy_state("PA1", "one", "X") is None
