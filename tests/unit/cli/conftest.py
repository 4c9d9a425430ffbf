import pytest
from installed_plugin import install as install

from mismartera_core.cli import main


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder: `code, out, err = cli("runs", "ls")`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run
