"""`mismartera time`, as a user calls it."""

import json

import pytest

from mismartera_core.cli.app import run_command


@pytest.fixture
def run(calendars, monkeypatch, capsys):
    """Call a command on the seeded database; its exit code and what it printed."""
    monkeypatch.setenv("MISMARTERA_DATABASE_URL", calendars.url)

    def call(*words: str) -> tuple[int, str]:
        code = run_command(["time", *words])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return call


@pytest.fixture
def told(run):
    """Call a command that must succeed; what it printed."""

    def call(*words: str) -> str:
        code, text = run(*words)
        assert code == 0, text
        return text

    return call


def test_now(told):
    found = json.loads(told("now", "--exchange-group", "CRYPTO", "--json"))
    assert (found["market_session"], found["is_market_open"]) == ("regular", True)
    assert found["time"] < found["next_open"]
    assert "America/New_York" in told("now")


def test_session_and_next(told):
    text = told("session", "2024-11-29")
    assert "Fri 2024-11-29 13:00:00 EST" in text
    assert "Black Friday" in text
    found = json.loads(told("next", "2025-01-08", "--json"))
    assert found["date"] == "2025-01-10"
    assert found["regular_open"] == "2025-01-10T09:30:00-05:00"


def test_holidays_show_early_closes_too(told):
    found = json.loads(told("holidays", "2024", "--json"))
    assert len(found["days"]) == 13
    assert found["days"][-2]["what"] == "closes 13:00"
    assert "Carter" in told("holidays", "2025")
    assert "no holiday" in told("holidays", "2025", "--exchange-group", "CRYPTO")


def test_override_and_remove(told):
    assert "Mine" in told("override", "2023-03-03", "--holiday", "Mine")
    assert json.loads(told("session", "2023-03-03", "--json"))["is_holiday"]
    closes = json.loads(told("override", "2023-03-03", "--early-close", "12:30", "--json"))
    assert closes["regular_close"] == "2023-03-03T12:30:00-05:00"
    assert not json.loads(told("override", "2023-03-03", "--remove", "--json"))["is_early_close"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["override", "2023-03-03"], 2, "expected one of"),
        (["override", "2023-03-03", "--remove"], 2, "no override"),
        (["session", "2023-13-03"], 2, "2023-13-03"),
        (["session", "2090-01-03"], 3, "outside the calendar"),
        (["now", "--exchange-group", "US_EQUTY"], 2, "did you mean 'US_EQUITY'"),
        (["now", "--asset-class", "STOCKS"], 2, "no asset class"),
    ],
)
def test_mistakes_are_said(run, words, code, said):
    found, text = run(*words)
    assert found == code
    assert said in text
