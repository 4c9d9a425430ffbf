"""The files by which session, watchdog and commands speak: whole, and safe when damaged."""

import pytest

from mismartera_core import DataError, RiskState
from mismartera_core.model.risk import RiskRecord
from mismartera_core.repositories import live_files as module
from mismartera_core.repositories.live_files import (
    DRILL,
    FLATTEN,
    HALT,
    Heartbeat,
    KillOrder,
    LiveFiles,
    LiveSession,
    accounts,
    read_whole,
    safe_name,
    write_whole,
)

SESSION = LiveSession(
    account="A1",
    pid=7,
    broker="files",
    config={"folder": "x"},
    exchange_group="US_EQUITY",
    asset_class="EQUITY",
)


@pytest.fixture
def files(tmp_path):
    return LiveFiles(tmp_path, "A1")


def test_without_a_file_nothing_is_asked_for(files):
    assert files.killed() is None
    assert files.resumed() == ""
    assert files.session() is None
    assert files.heartbeat() is None
    assert files.load_risk_state() is None
    assert accounts(files.runtime) == []


@pytest.mark.parametrize("action", [HALT, FLATTEN, DRILL])
def test_a_kill_file_says_what_and_why(files, action):
    files.kill(KillOrder(action, "a human", 5))
    assert files.killed() == KillOrder(action, "a human", 5)
    assert files.release() is False
    assert files.killed() is None


@pytest.mark.parametrize(
    "text", ["", "stop", "[]", "{}", '{"action": "dance"}', '{"action": "halt", "asked_ns": "x"}']
)
@pytest.mark.parametrize("name", ["KILL", "KILL.A1"])
def test_whatever_a_kill_file_holds_it_halts(files, name, text):
    (files.runtime / name).write_text(text)
    assert files.killed().action == HALT
    assert name in files.killed().reason


def test_a_kill_file_that_cannot_be_read_halts(files):
    (files.runtime / "KILL").mkdir()
    assert "unreadable" in files.killed().reason
    (files.runtime / "KILL").rmdir()
    (files.runtime / "KILL").write_bytes(b"\xff\xfe")
    assert files.killed().action == HALT


def test_the_file_of_another_account_halts_nothing_here(files):
    LiveFiles(files.runtime, "A2").kill(KillOrder(HALT, "another", 1))
    assert files.killed() is None


def test_the_file_of_all_accounts_goes_before_and_is_not_removed(files):
    files.kill(KillOrder(HALT, "mine", 1))
    write_whole(files.kill_all, {"action": "halt", "reason": "all"})
    assert files.killed().reason == "all"
    assert files.release() is True
    assert files.killed().reason == "all"


def test_a_word_to_resume_is_heard_once(files):
    files.ask_resume("the desk")
    assert files.resumed() == "the desk"
    assert files.resumed() == ""


def test_who_trades_is_read_back(files):
    files.begin(SESSION)
    assert files.session() == SESSION
    assert accounts(files.runtime) == ["A1"]
    write_whole(files.folder / "session.json", {"account": "A1", "nothing": 1})
    with pytest.raises(DataError, match="damaged"):
        files.session()
    write_whole(files.folder / "session.json", {})
    assert accounts(files.runtime) == []


def test_a_heartbeat_is_read_back_and_a_damaged_one_is_none(files):
    heart = Heartbeat(7, 3, 99, goodbye=True)
    files.beat(heart)
    assert files.heartbeat() == heart
    write_whole(files.folder / "heartbeat.json", {"pid": 7})
    assert files.heartbeat() is None


def test_the_state_of_risk_is_read_back(files):
    record = RiskRecord(
        state=RiskState.REDUCING, limit="feed", reason="61 s", at_ns=5, peak_equity=1.5
    )
    files.save_risk_state(record)
    assert files.load_risk_state() == record


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"state": "fine"}', '{"state": "active", "x": 1}']
)
def test_a_state_that_cannot_be_read_is_halted(files, text):
    files.save_risk_state(RiskRecord())
    (files.folder / "risk.json").write_text(text)
    assert files.load_risk_state().state is RiskState.HALTED


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "deep" / "x.json"
    for durable in (True, False):
        write_whole(path, {"durable": durable}, durable=durable)
        assert read_whole(path) == {"durable": durable}
    assert [p.name for p in path.parent.iterdir()] == ["x.json"]


@pytest.mark.parametrize(
    ("account", "name"),
    [("PA-3_x", "PA-3_x"), ("../../etc", "______etc"), ("a b/c", "a_b_c"), ("", "_")],
)
def test_an_account_is_no_path(account, name):
    assert safe_name(account) == name


def test_on_windows_no_folder_is_synced(files, monkeypatch):
    def refused(*words):
        raise PermissionError("a folder cannot be opened there")

    with monkeypatch.context() as windows:
        windows.setattr(module.os, "open", refused)
        windows.setattr(module.os, "name", "nt")
        module._sync_folder(files.folder)
    monkeypatch.setattr(module.os, "open", refused)
    with pytest.raises(PermissionError):
        module._sync_folder(files.folder)
