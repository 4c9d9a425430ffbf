"""Journal and risk state behind a tape."""

from decimal import Decimal

import pytest

from mismartera_core import OrderType, RiskStop, Side
from mismartera_core.contracts.broker import WorkingOrder
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.model.journal import Intent, OrderEventKind
from mismartera_core.model.risk import RiskState, RiskVerdict
from mismartera_core.repositories.database import open_database
from mismartera_core.repositories.journal import OrderJournal
from mismartera_core.repositories.recording import Recorder, read_recording
from mismartera_core.system.recorded.live_tape import LiveTape
from mismartera_core.system.recorded.replay_tape import ReplayTape

INTENT = Intent(
    client_id="c1",
    strategy="s",
    symbol="SPY",
    side=Side.BUY,
    type=OrderType.MARKET,
    quantity=Decimal(1),
)
HALTED = RiskVerdict(state=RiskState.HALTED, limit="daily_loss", reason="3 % lost")


@pytest.fixture
def both(tmp_path):
    """Do something with a tape that records, then with the one that gives back."""

    def do(action):
        recorder = Recorder({"began_ns": 1})
        recorder.open(tmp_path)
        found = action(LiveTape(recorder), True)
        recorder.close()
        tape = ReplayTape(read_recording(tmp_path))
        assert action(tape, False) == found
        assert tape.left() is None
        return found

    return do


def test_a_journal_answers_as_it_did_and_knows_its_run(both, tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'kept.db'}")

    def action(tape, live):
        make = lambda: OrderJournal(database, "PA1", "r1")  # noqa: E731
        journal = tape.calls("journal", make)
        first = journal.intend([INTENT], 5), journal.intend([INTENT], 6)
        journal.note("c1", OrderEventKind.SENT, 7, words="on its way")
        return journal.run, journal.account, first, journal.find("c1"), journal.open_orders()

    run, account, first, found, still_open = both(action)
    assert (run, account, first) == ("r1", "PA1", (True, False))
    assert [event.kind.value for event in found.events] == ["intent", "sent"]
    assert still_open == (found,)
    database.close()


def test_what_another_thread_does_to_the_risk_state_comes_at_the_same_look(both):
    order = WorkingOrder(None, 0, 1, 1.0, 0)
    order.id = 3

    def action(tape, live):
        real = RiskControl()
        control = tape.control(lambda: real)
        seen = []
        for look in range(6):
            if live and look == 3:  # a kill switch, between two looks of the engine
                real.halt("kill", "enough", 9)
                real.surroundings.disk_free = 5.0
            around = control.surroundings.disk_free
            seen.append(
                (control.state, control.sweep_due, around, control.gate(order, reduces=True))
            )
            if control.sweep_due:
                control.sweep_due = False
        return seen

    seen = both(action)
    assert [state.value for state, *_ in seen] == ["active"] * 3 + ["halted"] * 3
    assert [due for _, due, *_ in seen] == [False] * 3 + [True, False, False]
    assert (seen[2][2], seen[3][2]) == (float("inf"), 5.0)
    assert (seen[2][3], seen[3][3]) == ("", "halted: enough")


def test_what_the_engine_does_to_the_risk_state_comes_back_with_its_errors(both):
    def action(tape, live):
        control = tape.control(RiskControl)
        told = control.escalate(HALTED, 9), control.escalate(HALTED, 10)
        with pytest.raises(RiskStop, match="3 % lost"):
            control.check_end()
        return told, control.record, control.notes(), control.peak(5.0)

    told, record, notes, peak = both(action)
    assert (told, record.reason, peak) == ((True, False), "3 % lost", 5.0)
    assert notes == ("risk: halted: 3 % lost",)


def test_a_desks_answers_aside_come_at_the_turn_at_which_they_came(both):
    class Aside:
        def start(self, put):
            self.put = put

        def ask(self, call, then):
            self.put(then, call(), None)

        def close(self):
            """Nothing runs."""

    def action(tape, live):
        got = []
        fetcher = tape.fetcher(Aside)
        fetcher.start(lambda then, value, error: then(value, error))
        fetcher.ask(lambda: 7, lambda value, error: got.append((value, error)))
        assert got == []
        if live:
            tape.empty_mailbox()
        else:
            assert tape.turns().next() is None
        fetcher.close()
        return got

    assert both(action) == [(7, None)]
