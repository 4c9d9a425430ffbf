"""One writer to the journal at a time, and its failures in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from weakref import WeakKeyDictionary

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from mismartera_core.contracts.crashpoints import crashpoint
from mismartera_core.errors import DataError, JournalError
from mismartera_core.repositories.database import Database

_locks: WeakKeyDictionary[Database, RLock] = WeakKeyDictionary()
_making = RLock()


@contextmanager
def writing(database: Database, what: str) -> Iterator[Session]:
    """A transaction that no other thread writes beside; committed when the block ends.

    Args:
        database: Where.
        what: Name of the crash points: `what.written` before the commit, `what.committed` after.

    Yields:
        A SQLAlchemy session.

    Raises:
        JournalError: It could not be committed.
    """
    with _lock(database):
        with reading(database) as session:
            yield session
            session.flush()
            crashpoint(f"{what}.written")
        crashpoint(f"{what}.committed")


@contextmanager
def reading(database: Database) -> Iterator[Session]:
    """A transaction whose failures are errors of the journal.

    Raises:
        JournalError: The database does not answer, is full, locked or damaged.
    """
    try:
        with database.session() as session:
            yield session
    except (DataError, SQLAlchemyError) as error:
        raise JournalError(
            f"the order journal failed: {error}",
            hint="no order leaves until it works again; make room on the disk, or end the "
            "program that holds the database",
        ) from error


def _lock(database: Database) -> RLock:
    with _making:
        return _locks.setdefault(database, RLock())
