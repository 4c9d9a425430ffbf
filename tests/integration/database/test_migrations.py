"""The database comes up by itself, and an older one keeps its rows."""

import subprocess
import sys

import pytest
import sqlalchemy as sa

from mismartera_core.errors import DataError
from mismartera_core.repositories.database import (
    HEAD_REVISION,
    migrate,
    open_database,
    stored_revision,
)
from mismartera_core.repositories.tables import Base, MarketRow


def revisions() -> list[str]:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "mismartera_core.repositories:migrations")
    script = ScriptDirectory.from_config(config)
    return [revision.revision for revision in script.walk_revisions()][::-1]


def test_revisions_are_numbered_and_end_at_the_constant():
    assert revisions() == sorted(revisions())
    assert revisions()[-1] == HEAD_REVISION


def test_a_new_database_is_at_the_newest_revision(database):
    assert stored_revision(database.engine) == HEAD_REVISION
    assert set(Base.metadata.tables) <= set(sa.inspect(database.engine).get_table_names())


def test_tables_and_migrations_agree(database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_down_to_nothing_and_up_again(database):
    migrate(database.engine, "base")
    assert sa.inspect(database.engine).get_table_names() == ["alembic_version"]
    migrate(database.engine)
    assert stored_revision(database.engine) == HEAD_REVISION


def test_an_older_database_is_upgraded_and_keeps_its_rows(database):
    migrate(database.engine, revisions()[0])
    with database.session() as db:
        db.add(MarketRow(exchange_group="MINE", asset_class="EQUITY", rules="", source=""))
    reopened = open_database(database.engine.url.render_as_string(hide_password=False))
    with reopened.session() as db:
        assert db.scalars(sa.select(MarketRow.exchange_group)).all() == ["MINE"]
    assert stored_revision(reopened.engine) == HEAD_REVISION
    reopened.close()


def test_a_newer_database_is_refused(database):
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DataError, match="revision 9999") as refusal:
        open_database(database.engine.url.render_as_string(hide_password=False))
    assert "upgrade MisMartera" in refusal.value.hint


def test_processes_may_open_a_new_database_at_once(url):
    code = (
        "import sys; from mismartera_core.repositories.database import *;"
        "print(stored_revision(open_database(sys.argv[1]).engine))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, url], stdout=-1, stderr=-1, text=True)
        for _ in range(3)
    ]
    ends = [(process.communicate(timeout=60), process.returncode) for process in processes]
    assert [(out.strip(), code) for (out, _err), code in ends] == [(HEAD_REVISION, 0)] * 3, ends


def test_a_failed_migration_leaves_nothing_behind(database, monkeypatch):
    from alembic import command

    migrate(database.engine, "base")
    upgrade = command.upgrade

    def fails_at_the_end(config, revision):
        upgrade(config, revision)
        raise RuntimeError("power cut")

    monkeypatch.setattr(command, "upgrade", fails_at_the_end)
    with pytest.raises(RuntimeError, match="power cut"):
        migrate(database.engine)
    assert sa.inspect(database.engine).get_table_names() == ["alembic_version"]
    assert stored_revision(database.engine) is None


def test_an_up_to_date_database_opens_without_alembic(url):
    code = (
        "import sys; from mismartera_core.repositories.database import open_database;"
        "open_database(sys.argv[1]); print('alembic' in sys.modules)"
    )

    def opened() -> str:
        return subprocess.run(
            [sys.executable, "-c", code, url], capture_output=True, text=True, check=True
        ).stdout.strip()

    assert [opened(), opened()] == ["True", "False"]
