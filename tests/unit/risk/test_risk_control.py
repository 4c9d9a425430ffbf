"""The state of risk: the severest counts, a human leaves it, and it survives a restart."""

import logging
import threading
from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mismartera_core import RiskState, RiskStop, RiskVerdict, WorkingOrder
from mismartera_core.managers.execution_manager.risk_control import MemoryStore, RiskControl
from mismartera_core.model.risk import RiskRecord

A, R, H = RiskState
ORDER = WorkingOrder(None, 0, 1, 1.0, 0)


def verdict(state, limit="loss"):
    return RiskVerdict(state=state, limit=limit, reason=f"{limit}: 3 of 2")


class FullDisk(MemoryStore):
    """Saves nothing until there is room."""

    full = True

    def save_risk_state(self, record):
        if self.full:
            raise OSError(28, "No space left on device")
        super().save_risk_state(record)


@pytest.mark.parametrize(
    ("state", "reduces", "passes"),
    [
        (A, False, True),
        (A, True, True),
        (R, False, False),
        (R, True, True),
        (H, False, False),
        (H, True, False),
    ],
)
def test_what_may_leave_in_each_state(state, reduces, passes):
    control = RiskControl()
    control.escalate(verdict(state), 1)
    assert (control.gate(ORDER, reduces=reduces) == "") is passes


def test_the_gate_says_why():
    control = RiskControl()
    control.escalate(verdict(H), 1)
    assert control.gate(ORDER, reduces=True) == "halted: loss: 3 of 2"


def test_an_order_that_a_human_asked_for_leaves_in_any_state():
    control = RiskControl()
    control.halt("drill", "drill", 1)
    control.block("reconciling", "orders are compared")
    control.permit(ORDER)
    assert control.gate(ORDER, reduces=True) == ""
    assert control.gate(WorkingOrder(None, 0, 1, 1.0, 0), reduces=True) != ""


def test_nothing_leaves_while_something_is_blocked():
    control = RiskControl()
    control.block("stream", "the stream of orders is down")
    control.block("reconciling", "2 orders are compared")
    control.unblock("stream")
    assert control.gate(ORDER, reduces=True) == "reconciling: 2 orders are compared"
    control.unblock("reconciling")
    control.unblock("never there")
    assert control.gate(ORDER, reduces=False) == ""


def test_guards_are_asked_at_every_gate():
    control, said = RiskControl(), [""]
    control.guard(lambda: said[0])
    assert control.gate(ORDER, reduces=False) == ""
    said[0] = "kill switch: a file"
    assert control.gate(ORDER, reduces=True) == "kill switch: a file"


def test_the_severest_state_counts():
    control = RiskControl()
    assert control.escalate(verdict(H, "one"), 1)
    assert not control.escalate(verdict(R, "two"), 2)
    assert not control.escalate(verdict(H, "three"), 3)
    assert (control.state, control.record.limit, control.record.at_ns) == (H, "one", 1)


def test_halted_survives_a_restart_and_a_human_leaves_it():
    store = MemoryStore()
    RiskControl(store).halt("drawdown", "drawdown: 11 %", 5)
    again = RiskControl(store)
    assert again.state is H
    assert again.sweep_due
    again.resume("the desk", 6)
    again.resume("the desk", 7)
    after = RiskControl(store)
    assert (after.state, after.record.reason, after.record.at_ns) == (A, "resumed by the desk", 6)
    assert not after.sweep_due


def test_a_state_is_in_force_although_it_cannot_be_saved(caplog):
    store = FullDisk()
    control = RiskControl(store)
    control.escalate(verdict(R), 1)
    assert control.state is H
    assert control.record.limit == "journal"
    assert "No space left" in control.record.reason
    assert store.load_risk_state() is None
    store.full = False
    control.keep()
    assert store.load_risk_state().state is H
    store.full = True
    RiskControl(store).halt("again", "again", 2)
    assert "could not be saved" in caplog.text


def test_halted_stays_what_it_was_where_it_cannot_be_saved():
    control = RiskControl(FullDisk())
    control.halt("drawdown", "drawdown: 11 %", 1)
    assert control.record.limit == "drawdown"


def test_the_peak_is_kept_when_it_has_grown_and_at_the_end():
    store = MemoryStore()
    control = RiskControl(store)
    assert control.peak(100.0) == 100.0
    assert control.peak(100.05) == 100.05
    assert control.peak(99.0) == 100.05
    assert store.load_risk_state().peak_equity == 100.0
    control.check_end()
    assert store.load_risk_state().peak_equity == 100.05
    control.halt("drawdown", "drawdown", 1)
    assert control.record.peak_equity == 100.05
    control.resume("a human", 2)
    assert control.peak(50.0) == 50.0


def test_a_session_that_ends_halted_ends_the_run():
    control = RiskControl()
    control.escalate(verdict(R), 1)
    control.check_end()
    assert control.notes() == ("risk: reducing: loss: 3 of 2",)
    control.halt("loss", "loss: 4 of 2", 2)
    with pytest.raises(RiskStop, match="halted by risk: loss: 4 of 2") as stopped:
        control.check_end()
    assert stopped.value.exit_code == 6
    assert RiskControl().notes() == ()


def test_changes_are_told_once_and_to_who_listens():
    told = []
    control = RiskControl(told=told.append)
    control.escalate(verdict(R), 1)
    control.halt("loss", "loss", 2)
    assert [record.state for record in control.changes()] == [R, H]
    assert control.changes() == []
    assert [record.state for record in told] == [R, H]


def test_a_flattening_is_asked_for_once_and_halts():
    control = RiskControl()
    assert control.flatten_asked() == ""
    control.ask_flatten("a human", 3)
    assert control.state is H
    assert control.flatten_asked() == "a human"
    assert control.flatten_asked() == ""


def test_many_threads_halt_one_account_once(caplog):
    control = RiskControl()
    with caplog.at_level(logging.WARNING):
        threads = [
            threading.Thread(target=control.halt, args=(f"limit {i}", "many", i)) for i in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(control.changes()) == 1
    assert len(caplog.records) == 1


class States(RuleBasedStateMachine):
    """Whatever happens: never less severe but by a human, and what is kept is what is in force."""

    def __init__(self):
        super().__init__()
        self.store = MemoryStore()
        self.control = RiskControl(self.store)
        self.expected = A
        self.now = 0

    @rule(state=st.sampled_from(list(RiskState)))
    def escalates(self, state):
        self.now += 1
        self.control.escalate(verdict(state), self.now)
        self.expected = max(self.expected, state, key=lambda s: s.severity)

    @rule()
    def resumes(self):
        self.now += 1
        self.control.resume("a human", self.now)
        self.expected = A

    @rule(equity=st.floats(1, 1e6))
    def looks(self, equity):
        assert self.control.peak(equity) >= equity

    @rule()
    def restarts(self):
        self.control.keep()
        self.control = RiskControl(self.store)

    @invariant()
    def holds(self):
        assert self.control.state is self.expected
        kept = self.store.load_risk_state() or RiskRecord()
        assert replace(kept, peak_equity=0.0) == replace(self.control.record, peak_equity=0.0)
        if self.expected is H:
            assert self.control.gate(ORDER, reduces=True)


TestStates = States.TestCase
