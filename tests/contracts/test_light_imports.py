"""Help and listings load nothing heavy: that is what makes them quick."""

import subprocess
import sys

import pytest

HEAVY = {
    "alembic",
    "alpaca",
    "empyrical",
    "exchange_calendars",
    "numba",
    "keyring",
    "msgpack",
    "numpy",
    "pandas",
    "psycopg",
    "pyarrow",
    "requests",
    "scipy",
    "sqlalchemy",
    "talib",
    "websockets",
}
COMMAND = "from mismartera_core.cli import main; main({words!r})"
REPORT = "; import sys; print('LOADED', *sys.modules, file=sys.stderr)"


def loaded(code: str, tmp_path) -> set[str]:
    """Packages that some code loads in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(it for it in done.stderr.splitlines() if it.startswith("LOADED "))
    return {name.partition(".")[0] for name in line.split()[1:]}


@pytest.mark.parametrize(
    ("code", "banned"),
    [
        ("import mismartera_core", HEAVY | {"pydantic", "pydantic_settings", "rich", "typer"}),
        (COMMAND.format(words=["--version"]), HEAVY | {"pydantic", "rich", "typer"}),
        (COMMAND.format(words=["--help"]), HEAVY | {"pydantic", "rich"}),
        (COMMAND.format(words=["run", "--help"]), HEAVY),
        (COMMAND.format(words=["plugins", "list"]), HEAVY),
        (COMMAND.format(words=["plugins", "list", "--json"]), HEAVY),
    ],
    ids=["import", "--version", "--help", "run --help", "plugins list", "plugins list --json"],
)
def test_light(code, banned, tmp_path):
    assert loaded(code, tmp_path) & banned == set()


def test_a_plugin_module_loads_no_library(tmp_path):
    found = loaded(
        "from importlib.metadata import entry_points\n"
        "for point in entry_points(group='mismartera'): point.load()\n"
        "pass",
        tmp_path,
    )
    assert found & HEAVY == set()
