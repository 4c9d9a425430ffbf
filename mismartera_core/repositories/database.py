"""The database: a SQLite file by default, PostgreSQL by URL; always at the newest revision."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    ProgrammingError,
)
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from mismartera_core.contracts.crashpoints import crashpoint
from mismartera_core.errors import ConfigError, DataError, MisMarteraError

HEAD_REVISION = "0003"
"""The newest revision in `migrations/versions`; a database that has it opens without Alembic."""

BUSY_TIMEOUT_SECONDS = 15
CONNECT_TIMEOUT_SECONDS = 5
MIGRATION_LOCK = 0x4D49534D
"""Key of the PostgreSQL advisory lock that lets one process migrate at a time."""

URL_HINT = (
    "write sqlite:///path/to/file.db, or postgresql+psycopg://user:password@host:5432/database"
)


class Database:
    """A migrated database; safe to share between threads.

    Args:
        engine: An engine whose database is at the newest revision.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.url = engine.url.render_as_string(hide_password=True)
        # Connections end with the database, also where nobody closes it.
        weakref.finalize(self, engine.dispose)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that commits at the end of the block and rolls back when it raises.

        Yields:
            A SQLAlchemy session.

        Raises:
            DataError: The database could not be read or written.
        """
        try:
            with Session(self.engine) as session, session.begin():
                yield session
        except (IntegrityError, ProgrammingError):
            raise
        except DBAPIError as error:
            raise _explain(self.url, error) from error

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open a database and bring it to the newest revision; a new SQLite file is made.

    Args:
        url: `sqlite:///file.db` or `postgresql+psycopg://user:password@host/database`.

    Returns:
        The database.

    Raises:
        ConfigError: The URL is wrong, its driver is not installed or its folder cannot be used.
        DataError: The server does not answer, or the file is damaged or of a newer version.
    """
    engine = _engine(url)
    shown = engine.url.render_as_string(hide_password=True)
    try:
        revision = stored_revision(engine)
        if revision != HEAD_REVISION:
            _refuse_newer(shown, revision)
            migrate(engine)
    except DBAPIError as error:
        engine.dispose()
        raise _explain(shown, error) from error
    except MisMarteraError:
        engine.dispose()
        raise
    return Database(engine)


def stored_revision(engine: sa.Engine) -> str | None:
    """The revision a database is at; None for a new one.

    Args:
        engine: The database.
    """
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def migrate(engine: sa.Engine, revision: str = "head") -> None:
    """Bring a database to a revision, up or down; one process at a time, all or nothing.

    Args:
        engine: The database.
        revision: "head", "base" or the name of a revision.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "mismartera_core.repositories:migrations")
    down = revision == "base" or (revision != "head" and revision < (stored_revision(engine) or ""))
    with _locked(engine) as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


@contextmanager
def _locked(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection in a transaction that no second migration can enter."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            yield connection
        return
    # The sqlite3 driver would commit before each DDL statement, so the transaction is begun here.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        crashpoint("migration.written")
        connection.exec_driver_sql("COMMIT")
        crashpoint("migration.committed")


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        return _postgresql(parsed)
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigError(
            f"expected the URL of a SQLite or PostgreSQL database, found {_scheme(url)}",
            hint=URL_HINT,
        ) from error


def _postgresql(url: sa.URL) -> sa.Engine:
    if url.drivername not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise NoSuchModuleError(url.drivername)
    try:
        return sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS},
        )
    except ImportError as error:
        raise ConfigError(
            f"a PostgreSQL database needs the package psycopg: {error}",
            hint="pip install 'mismartera-core[postgres]'",
        ) from error


def _sqlite(url: sa.URL) -> sa.Engine:
    if url.database in (None, "", ":memory:"):
        engine = sa.create_engine(
            url, poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    else:
        _make_folder(Path(str(url.database)).parent)
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})
    sa.event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the folder of the database, {folder}, cannot be made: {error.strerror}",
            hint="choose another database_url, or make the folder writable",
        ) from error


def _scheme(url: str) -> str:
    """The part of a URL that can be shown: never the password."""
    scheme, found, _rest = url.partition("://")
    return repr(f"{scheme}://...") if found else repr(url)


def _refuse_newer(shown: str, revision: str | None) -> None:
    if revision is not None and revision > HEAD_REVISION:
        raise DataError(
            f"the database {shown} is of revision {revision}; this version of MisMartera knows "
            f"revisions up to {HEAD_REVISION}",
            hint="upgrade MisMartera, or name another database in database_url",
        )


_CAUSES = (
    ("file is not a database", "is not a SQLite database or is damaged"),
    ("malformed", "is damaged"),
    ("unable to open database file", "cannot be opened"),
    ("readonly database", "cannot be written"),
    ("database is locked", "is in use by another program that does not let go of it"),
    ("disk is full", "cannot be written: the disk is full"),
    ("disk I/O error", "cannot be written or read"),
    ("password authentication failed", "refused the user or the password"),
    ("does not exist", "does not exist"),
    ("connection", "does not answer"),
)
_HINTS = {
    "is not a SQLite database or is damaged": "restore the file, or move it away: a new one "
    "is made, and calendars are seeded again",
    "is damaged": "restore the file, or move it away: a new one is made",
    "cannot be opened": "check that the folder exists and is writable",
    "cannot be written": "make the file and its folder writable",
    "cannot be written: the disk is full": "make room there",
    "cannot be written or read": "see whether the disk is full or failing",
    "does not answer": "check that the server runs, and the host and port in database_url",
    "does not exist": "make it with CREATE DATABASE, or correct database_url",
}


def _explain(shown: str, error: DBAPIError) -> DataError:
    """An error a user can act on, for what a driver said."""
    said = str(error.orig)
    cause = next((what for part, what in _CAUSES if part in said), "failed")
    return DataError(
        f"the database {shown} {cause}: {said.splitlines()[0]}", hint=_HINTS.get(cause, "")
    )
