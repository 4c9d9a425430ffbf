"""What can be wrong with a database is said in one sentence."""

import sys

import pytest
import sqlalchemy as sa

from mismartera_core.errors import ConfigError, DataError
from mismartera_core.repositories.database import open_database
from mismartera_core.repositories.tables import MarketRow


def market(name: str) -> MarketRow:
    return MarketRow(exchange_group=name, asset_class="EQUITY")


def test_sqlite_survives_power_cuts_and_waits_for_others(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'a b%20' / 'mismartera.db'}")
    with database.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 15_000,
    }
    database.close()


def test_memory_is_one_database_for_all_threads():
    import threading

    database = open_database("sqlite://")
    found: list[int] = []

    def count() -> None:
        with database.session() as db:
            found.append(db.scalar(sa.text("SELECT count(*) FROM markets")))

    thread = threading.Thread(target=count)
    thread.start()
    thread.join()
    assert found == [0]
    database.close()


def test_a_session_commits_or_rolls_back(database):
    with database.session() as db:
        db.add(market("KEPT"))
    with pytest.raises(ZeroDivisionError), database.session() as db:  # noqa: PT012
        db.add(market("LOST"))
        db.flush()
        raise ZeroDivisionError
    with database.session() as db:
        assert db.scalars(sa.text("SELECT exchange_group FROM markets")).all() == ["KEPT"]


def test_a_full_disk_is_said(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'full.db'}")
    with pytest.raises(DataError, match="the disk is full"), database.session() as db:  # noqa: PT012
        db.execute(sa.text("PRAGMA max_page_count = 1"))
        db.add_all([market(f"MARKET {n}") for n in range(10_000)])
        db.flush()
    database.close()


def test_the_url_shows_no_password():
    with pytest.raises(DataError) as refusal:
        open_database("postgresql://me:secret@127.0.0.1:1/db")
    assert "me:***@127.0.0.1:1/db does not answer" in str(refusal.value)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("url", ["mysql://root@host/db", "nonsense", "postgresql+asyncpg://h/d"])
def test_other_urls_are_refused(url):
    with pytest.raises(ConfigError, match="SQLite or PostgreSQL") as refusal:
        open_database(url)
    assert "sqlite:///" in refusal.value.hint


def test_missing_driver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match="psycopg") as refusal:
        open_database("postgresql://localhost/db")
    assert "mismartera-core[postgres]" in refusal.value.hint


def test_missing_database_on_a_server(postgres):
    with pytest.raises(DataError, match="does not exist") as refusal:
        open_database(postgres.get_uri(database="nobody_made_it", driver="psycopg"))
    assert "CREATE DATABASE" in refusal.value.hint


def test_foreign_file(tmp_path):
    path = tmp_path / "broken.db"
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(DataError, match="is not a SQLite database or is damaged") as refusal:
        open_database(f"sqlite:///{path}")
    assert "move it away" in refusal.value.hint


def test_damaged_file(tmp_path):
    path = tmp_path / "damaged.db"
    database = open_database(f"sqlite:///{path}")
    database.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(DataError, match="is damaged"):  # noqa: PT012 - whichever reads the page
        damaged = open_database(f"sqlite:///{path}")
        with damaged.session() as db:
            db.add(market("ANY"))


def test_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be made"):
        open_database(f"sqlite:///{tmp_path / 'file' / 'sub' / 'x.db'}")


def test_path_that_cannot_be_opened(tmp_path):
    (tmp_path / "x.db").mkdir()
    with pytest.raises(DataError, match="cannot be opened") as refusal:
        open_database(f"sqlite:///{tmp_path / 'x.db'}")
    assert "writable" in refusal.value.hint
