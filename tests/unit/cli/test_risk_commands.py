"""`mismartera halt`, `resume`, `flatten`: without a session, and what they ask."""

import json
import os

import file_venue
import pytest

from mismartera_core import RiskState
from mismartera_core.cli.app import run_command
from mismartera_core.model.risk import RiskRecord
from mismartera_core.repositories.live_files import Heartbeat, LiveFiles, LiveSession
from mismartera_core.system import emergency, risk_actions


@pytest.fixture
def venue(tmp_path):
    return file_venue.FileVenue(file_venue.FileVenueConfig(folder=str(tmp_path / "venue")))


@pytest.fixture
def files(tmp_path, monkeypatch, venue):
    """An account that a session has traded, with the venue that it was traded at."""
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(emergency, "adapter_of", lambda files, settings: venue)
    found = LiveFiles(tmp_path, "A1")
    begin(found)
    return found


def begin(files):
    market = {"exchange_group": "US_EQUITY", "asset_class": "EQUITY"}
    files.begin(LiveSession(account=files.account, pid=1, broker="files", config={}, **market))


def answer(capsys, *words):
    code = run_command([*words, "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out or said.err)


def test_halt_without_a_session_cancels_entries_and_keeps_the_state(files, venue, capsys):
    venue.put("entry")
    code, said = answer(capsys, "halt", "--reason", "odd prices")
    assert code == 0
    (told,) = said["accounts"]
    assert (told["account"], told["state"], told["running"]) == ("A1", "halted", False)
    assert "entries cancelled: 1" in told["text"]
    assert venue.at_work() == []
    assert files.killed().reason == "halted by command: odd prices"
    assert files.load_risk_state().reason == "halted by command: odd prices"
    assert run_command(["halt", "--account", "A1"]) == 0
    assert "A1 halted" in capsys.readouterr().out


def test_halt_says_where_the_venue_could_not_be_asked(files, venue, capsys):
    (venue.folder / "down").touch()
    _, said = answer(capsys, "halt")
    assert "could not be looked at" in said["accounts"][0]["text"]
    assert files.load_risk_state().state is RiskState.HALTED


def test_halt_of_an_account_that_nobody_has_traded(files, capsys):
    _, said = answer(capsys, "halt", "--account", "B2")
    assert said["accounts"][0]["text"] == "no session has ever run; the next one begins halted"


def test_halt_where_nothing_has_ever_run_halts_what_begins(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))
    code, said = answer(capsys, "halt")
    assert (code, said["accounts"]) == (0, [])
    assert LiveFiles(tmp_path, "any").killed().reason.startswith("halted by command")


def test_resume_asks_for_the_account(files, capsys, monkeypatch):
    answer(capsys, "halt")
    code, said = answer(capsys, "resume")
    assert (code, said["error"]["kind"]) == (2, "UsageError")
    code, said = answer(capsys, "resume", "--confirm", "A2")
    assert said["error"]["message"] == "expected the account id 'A1', was 'A2'"
    assert files.load_risk_state().state is RiskState.HALTED
    monkeypatch.setattr("typer.prompt", lambda text: "A1")
    assert run_command(["resume"]) == 0
    assert files.load_risk_state().state is RiskState.ACTIVE
    assert files.load_risk_state().reason == "resumed by command"
    assert files.killed() is None


def test_resume_does_not_go_past_the_file_of_all_accounts(files, capsys):
    files.kill_all.touch()
    code, said = answer(capsys, "resume", "--confirm", "A1")
    assert code == 6
    assert str(files.kill_all) in said["error"]["message"]


def test_flatten_asks_and_leaves_every_position(files, venue, capsys, monkeypatch):
    monkeypatch.setattr(emergency, "FIRST_PAUSE", 0.001)
    venue.hold(AAPL="10")
    venue.put("exit", side="sell")
    code, said = answer(capsys, "flatten")
    assert (code, said["error"]["hint"]) == (2, "add --yes")
    monkeypatch.setattr("typer.confirm", lambda text, abort: None)
    assert run_command(["flatten"]) == 0
    assert "being left: AAPL" in capsys.readouterr().out
    assert venue.at_work() == []
    assert [order["symbol"] for order in venue.submitted()] == ["AAPL"]
    assert files.load_risk_state().state is RiskState.HALTED
    venue.hold()
    _, said = answer(capsys, "flatten", "--yes")
    assert said["text"].endswith("nothing was held")


def test_one_of_many_accounts_must_be_named(files, capsys):
    begin(LiveFiles(files.runtime, "B2"))
    code, said = answer(capsys, "resume", "--confirm", "A1")
    assert (code, said["error"]["message"]) == (2, "expected one account, was 2: A1, B2")
    _, said = answer(capsys, "halt")
    assert [told["account"] for told in said["accounts"]] == ["A1", "B2"]


@pytest.mark.parametrize("command", ["resume", "flatten", "watchdog"])
def test_without_any_account_there_is_nothing_to_do(tmp_path, monkeypatch, capsys, command):
    monkeypatch.setenv("MISMARTERA_RUNTIME_DIR", str(tmp_path))
    code, said = answer(capsys, command)
    assert code == 2
    assert "no live session has ever run" in said["error"]["message"]


def running(files, state):
    """A session that runs, and has kept a state."""
    files.beat(Heartbeat(os.getpid(), 1, 0))
    files.save_risk_state(RiskRecord(state=state))


def test_a_running_session_is_left_to_do_it_itself(files, venue, capsys):
    venue.hold(AAPL="10")
    venue.put("entry")
    running(files, RiskState.HALTED)
    _, said = answer(capsys, "halt")
    assert said["accounts"][0]["running"]
    assert said["accounts"][0]["text"].startswith("the running session has halted")
    _, said = answer(capsys, "flatten", "--yes")
    assert said["text"].startswith("the running session has halted")
    assert venue.at_work() == ["entry"]
    assert venue.submitted() == []
    running(files, RiskState.ACTIVE)
    _, said = answer(capsys, "resume", "--confirm", "A1")
    assert said["text"] == "the running session goes on"


def test_a_session_that_does_not_answer_is_not_waited_for(files, venue, capsys, monkeypatch):
    monkeypatch.setattr(risk_actions, "HEARD_WITHIN", 0.02)
    monkeypatch.setattr(risk_actions, "LOOK", 0.01)
    venue.put("entry")
    running(files, RiskState.ACTIVE)
    answer(capsys, "halt")
    assert venue.at_work() == []
    assert files.load_risk_state().state is RiskState.HALTED
    _, said = answer(capsys, "resume", "--confirm", "A1")
    assert said["text"].startswith("the running session does not answer")
    assert files.load_risk_state().state is RiskState.HALTED
    assert files.resumed() == ""


def quarantined(files, *names):
    files.save_risk_state(RiskRecord(quarantined=dict.fromkeys(names, "3 strikes")))


def test_a_strategy_is_taken_back_and_no_other(files, capsys):
    quarantined(files, "one", "two")
    assert answer(capsys, "resume", "--strategy", "one", "--confirm", "A2")[0] == 2
    code, said = answer(capsys, "resume", "--strategy", "one", "--confirm", "A1")
    assert (code, said["quarantined"]) == (0, {"two": "3 strikes"})
    code, said = answer(capsys, "resume", "--strategy", "one", "--confirm", "A1")
    assert code == 2
    assert said["error"]["message"] == "strategy 'one' is not quarantined: 'two' is"


def test_a_halted_account_that_goes_on_keeps_its_quarantines(files, capsys):
    quarantined(files, "one")
    answer(capsys, "halt")
    answer(capsys, "resume", "--confirm", "A1")
    kept = files.load_risk_state()
    assert (kept.state, set(kept.quarantined)) == (RiskState.ACTIVE, {"one"})


def test_a_strategy_is_taken_back_between_sessions(files, capsys):
    quarantined(files, "one")
    files.beat(Heartbeat(os.getpid(), 1, 0))
    code, said = answer(capsys, "resume", "--strategy", "one", "--confirm", "A1")
    assert (code, "a session trades account A1 now" in said["error"]["message"]) == (2, True)
    assert set(files.load_risk_state().quarantined) == {"one"}


def test_the_watchdog_ends_after_goodbye(files, capsys):
    files.beat(Heartbeat(os.getpid(), 1, 0, goodbye=True))
    assert run_command(["watchdog", "--account", "A1"]) == 0
