import io
import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console
from still_venue import account

from mismartera_core.cli import live_line
from mismartera_core.cli.live_line import JsonLines, MinuteLines, banner, drawn, watched
from mismartera_core.cli.output import set_manner
from mismartera_core.system.live_status import LiveStatus, StatusBoard

ZONE = ZoneInfo("America/New_York")


def status(**changes):
    values = {
        "phase": "2024-07-03 streaming",
        "clock": datetime(2024, 7, 3, 10, 30, 5, tzinfo=ZONE),
        "feed": "connected",
        "feed_age": 3.2,
        "positions": {"SPY": 10.0},
        "equity": 100_012.5,
        "pnl": 12.5,
        "orders_today": 3,
        "working": 1,
        "risk": "active",
        "decision": "mine: buy 10 SPY filled",
    }
    return LiveStatus(**{**values, **changes})


@pytest.fixture(autouse=True)
def _manner():
    yield
    set_manner([])


def seconds(count, **changes):
    return status(clock=status().clock + timedelta(seconds=count), **changes)


def test_the_table_says_all_a_trader_looks_for():
    screen = Console(file=io.StringIO(), width=120)
    screen.print(drawn(status(risk="halted: 3 % lost")))
    shown = screen.file.getvalue()
    for words in (
        "Wed 10:30:05 EDT",
        "2024-07-03 streaming",
        "connected, 3 s old",
        "SPY +10",
        "+12.50",
        "3 today, 1 working",
        "halted: 3 % lost",
        "mine: buy 10 SPY filled",
    ):
        assert words in shown


def test_where_nobody_watches_a_line_comes_a_minute_and_when_risk_changes(capsys):
    lines = MinuteLines()
    for at in (0, 10, 54, 55, 56):
        lines.show(seconds(at))
    lines.show(seconds(57, risk="halted: 3 % lost"))
    lines.show(seconds(58, risk="halted: 3 % lost"))
    told = capsys.readouterr().err.splitlines()
    assert [line[:8] for line in told] == ["10:30:05", "10:31:00", "10:31:02"]
    assert "P&L +12.50" in told[0]
    assert "risk halted: 3 % lost" in told[2]


def test_json_has_a_line_a_change_and_none_for_time_alone(capsys):
    lines = JsonLines()
    for at, changes in ((0, {}), (1, {"feed_age": 4.0}), (2, {"working": 0}), (3, {"working": 0})):
        lines.show(seconds(at, **changes))
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["kind"], each["working"]) for each in told] == [
        ("live_status", 1),
        ("live_status", 0),
    ]
    assert told[0]["clock"] == "2024-07-03T10:30:05-04:00"
    assert told[0]["positions"] == {"SPY": 10.0}


@pytest.mark.parametrize(("paper", "words"), [(True, "PAPER"), (False, "LIVE")])
def test_the_banner_says_which_account_and_whether_money_is_real(paper, words):
    text = banner(account(paper=paper))
    assert words in text
    assert "PA123" in text
    assert ("real money" in text) == (not paper)


class Board(StatusBoard):
    def __init__(self):
        super().__init__()
        self.account = account()

    def status(self):
        return status()


def test_quiet_says_nothing(capsys):
    set_manner(["--quiet"])
    with watched(Board(), 0.01):
        pass
    assert capsys.readouterr() == ("", "")


def test_the_last_status_is_always_shown(capsys):
    set_manner(["--json"])
    with watched(Board(), 60.0):
        pass
    told = [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()]
    assert told == ["live_account", "live_status"]


def test_before_a_session_begins_there_is_nothing_to_show(capsys):
    set_manner(["--json"])
    with watched(StatusBoard(), 0.01):
        pass
    assert capsys.readouterr().out == ""


def test_on_a_terminal_a_table_moves(monkeypatch):
    set_manner([])
    screen = Console(file=io.StringIO(), force_terminal=True, width=120)
    monkeypatch.setattr(live_line, "console", lambda **_: screen)
    with watched(Board(), 0.01):
        pass
    shown = screen.file.getvalue()
    assert "PAPER" in shown
    assert "mine: buy 10 SPY filled" in shown
