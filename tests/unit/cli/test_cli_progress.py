import io
from datetime import date

import pytest
from rich.console import Console

from mismartera_core.cli import run as run_command
from mismartera_core.cli.output import set_manner


@pytest.fixture
def screen(monkeypatch):
    found = Console(file=io.StringIO(), force_terminal=True, width=120)
    monkeypatch.setattr(run_command, "console", lambda **_: found)
    yield found
    set_manner([])


def test_on_a_terminal_sessions_and_speed_are_shown(screen):
    set_manner([])
    with run_command.progress_bar("mine") as progress:
        progress(date(2024, 1, 2), 1, 4, 780, 0.001)
    shown = screen.file.getvalue()
    assert "mine 2024-01-02" in shown
    assert "1/4" in shown
    assert "780,000 bars/s" in shown


@pytest.mark.parametrize("option", ["--json", "--quiet"])
def test_whoever_wants_json_or_quiet_sees_no_bar(screen, option):
    set_manner([option])
    with run_command.progress_bar("mine") as progress:
        assert progress is None
    assert screen.file.getvalue() == ""


def test_in_a_pipe_there_is_no_bar(monkeypatch):
    set_manner([])
    monkeypatch.setattr(run_command, "console", lambda **_: Console(file=io.StringIO()))
    with run_command.progress_bar("mine") as progress:
        assert progress is None
