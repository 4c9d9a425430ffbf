"""`mismartera time`, as a user calls it."""

import json

import pytest
from typer.testing import CliRunner

from mismartera_core.cli.time_commands import app
from mismartera_core.errors import MisMarteraError


@pytest.fixture
def run(calendars, monkeypatch):
    """Call a command on the seeded database; the printed text, or the error."""
    monkeypatch.setenv("MISMARTERA_DATABASE_URL", calendars.url)

    def call(*words: str) -> str:
        result = CliRunner().invoke(app, words, env={"COLUMNS": "100"})
        if isinstance(result.exception, MisMarteraError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return call


def test_now(run):
    found = json.loads(run("now", "--exchange-group", "CRYPTO", "--json"))
    assert (found["market_session"], found["is_market_open"]) == ("regular", True)
    assert found["time"] < found["next_open"]
    assert "America/New_York" in run("now")


def test_session_and_next(run):
    text = run("session", "2024-11-29")
    assert "Fri 2024-11-29 13:00:00 EST" in text
    assert "Black Friday" in text
    found = json.loads(run("next", "2025-01-08", "--json"))
    assert found["date"] == "2025-01-10"
    assert found["regular_open"] == "2025-01-10T09:30:00-05:00"


def test_holidays_show_early_closes_too(run):
    found = json.loads(run("holidays", "2024", "--json"))
    assert len(found["days"]) == 13
    assert found["days"][-2]["what"] == "closes 13:00"
    assert "Carter" in run("holidays", "2025")


def test_override_and_remove(run):
    assert "Mine" in run("override", "2023-03-03", "--holiday", "Mine")
    assert json.loads(run("session", "2023-03-03", "--json"))["is_holiday"]
    closes = json.loads(run("override", "2023-03-03", "--early-close", "12:30", "--json"))
    assert closes["regular_close"] == "2023-03-03T12:30:00-05:00"
    assert not json.loads(run("override", "2023-03-03", "--remove", "--json"))["is_early_close"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["override", "2023-03-03"], "expected one of"),
        (["override", "2023-03-03", "--remove"], "no override"),
        (["session", "2090-01-03"], "outside the calendar"),
        (["now", "--exchange-group", "US_EQUTY"], "no exchange group"),
        (["now", "--asset-class", "STOCKS"], "no asset class"),
    ],
)
def test_mistakes_are_said(run, words, said):
    with pytest.raises(MisMarteraError, match=said):
        run(*words)
