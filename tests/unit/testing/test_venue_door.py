"""The oracle of faults finds a desk that does what no desk may."""

import pytest

from mismartera_core.managers.execution_manager.venue.core import DeskCore
from mismartera_core.managers.execution_manager.venue.sending import Sending
from mismartera_core.repositories.database import open_database
from mismartera_core.repositories.journal import OrderJournal
from mismartera_core.testing import Answer, DeskRig, ScriptedVenue


@pytest.fixture
def rig(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'journal.db'}")
    rig = DeskRig(database, ScriptedVenue()).begin()
    yield rig
    rig.desk.close()
    database.close()


def test_nothing_is_wrong_with_an_order_whose_answer_was_lost(rig):
    rig.venue.script(Answer.FAIL)
    rig.order(10)
    rig.wait(30)
    assert len(rig.venue.sent) == 2  # again under the same id, and said so
    assert rig.wrong() == []


def test_an_order_that_leaves_while_the_account_is_halted_is_found(rig, monkeypatch):
    monkeypatch.setattr(DeskCore, "kept_back", lambda *_: "")
    rig.gate = "halted: too much was lost"
    rig.order(10)
    (found,) = rig.wrong()
    assert found.endswith("left although halted: too much was lost")


def test_an_order_that_leaves_before_it_is_written_is_found(rig, monkeypatch):
    monkeypatch.setattr(DeskCore, "note", lambda *_: True)
    rig.order(10)
    assert "left although it is not written" in rig.wrong()[0]


def test_an_order_that_leaves_twice_is_found(rig, monkeypatch):
    send = Sending._post
    monkeypatch.setattr(Sending, "_post", lambda *given: (send(*given), send(*given)))
    rig.order(10)
    assert any("left 2 times" in found for found in rig.wrong())


@pytest.mark.parametrize(
    ("answer", "silent", "words"),
    [
        (Answer.DO_THEN_FAIL, "notice", "was unclear, and nothing says unknown"),
        (Answer.REFUSE, "note", "was refused, and nothing says rejected"),
        (Answer.NOT_SENT, "note", "was not sent, and nothing says not_sent"),
    ],
)
def test_a_fault_that_leaves_nothing_is_found(rig, monkeypatch, answer, silent, words):
    note = OrderJournal.note
    written = {"intent", "sent"}

    def forgets(self, client_id, kind, *rest):
        if kind.value in written:
            note(self, client_id, kind, *rest)

    if silent == "note":
        monkeypatch.setattr(OrderJournal, "note", forgets)
    else:
        monkeypatch.setattr(DeskCore, "notice", lambda *_given, **_named: None)
    rig.venue.script(answer)
    rig.order(10)
    rig.wait(1.0)
    assert any(words in found for found in rig.wrong())


def test_a_stream_of_whose_loss_nobody_is_told_is_found(rig, monkeypatch):
    monkeypatch.setattr(DeskCore, "notice", lambda *_given, **_named: None)
    rig.venue.lose_stream()
    rig.wait(1.0)
    assert rig.wrong() == ["stream was lost, and nothing says stream_lost"]
