"""An answer in JSON is one object on stdout, whatever plugins print."""

from __future__ import annotations

import json

import pytest

CHATTY = """
class Chatty(Strategy):
    def setup(self):
        print("hello from setup")

@hookimpl
def mismartera_strategies():
    return [StrategyReg(name="chatty", factory=Chatty)]
"""


@pytest.fixture
def config(cli, install, tmp_path):
    """The first session, with a strategy that prints."""
    install("chatty_plugin", CHATTY)
    cli("init")
    path = tmp_path / "session.json"
    session = json.loads(path.read_text())
    session["strategies"] = [{"name": "chatty"}]
    path.write_text(json.dumps(session))
    return path


def test_what_a_strategy_prints_is_no_part_of_a_run_in_json(cli, config):
    code, out, err = cli("run", config, "--json")
    assert (code, json.loads(out)["kind"]) == (0, "run")
    assert "hello from setup" in err


def test_what_a_strategy_prints_is_no_part_of_why_in_json(cli, config):
    cli("run", config, "--quiet")
    code, out, err = cli("why", "--symbol", "AAPL", "--at", "10:00", "--json")
    assert (code, json.loads(out)["kind"]) == (0, "why"), err
    assert "hello from setup" in err


def test_without_json_it_is_printed_where_it_belongs(cli, config):
    _, out, err = cli("run", config)
    assert "hello from setup" in out
    assert "hello" not in err
