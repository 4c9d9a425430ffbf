"""Callbacks that raise or take their time: others still run, three in a row are the end of it."""

from datetime import date
from threading import Event
from types import ModuleType, SimpleNamespace

import pytest

from mismartera_core import RiskStop, Strategy, WorkingOrder, hookimpl
from mismartera_core.managers.execution_manager.risk_control import RiskControl
from mismartera_core.registry import Registry
from mismartera_core.repositories.database import open_database
from mismartera_core.system import observers
from mismartera_core.system.hook_budget import StrategyBudget
from mismartera_core.system.observers import LiveObservers
from mismartera_core.testing import DeskRig, ScriptedVenue


def plugin(name, told):
    made = ModuleType(name)

    @hookimpl
    def mismartera_session_started(session):
        told(session)

    made.mismartera_session_started = mismartera_session_started
    return made


class Watch:
    """Observers, a timer by hand, and what was quarantined."""

    def __init__(self, **plugins):
        modules = {name: plugin(name, told) for name, told in plugins.items()}
        self.now, self.out = 0.0, []
        self.observers = LiveObservers(
            Registry.from_modules(modules), lambda *words: self.out.append(words), lambda: self.now
        )

    def tell(self, times):
        for day in range(1, times + 1):
            self.observers.observe("session_started", session=date(2026, 1, day))

    def wait(self, seen, count):
        heard = Event()
        for _ in range(1000):
            if len(seen) >= count:
                return
            heard.wait(0.005)
        raise AssertionError(f"{len(seen)} of {count}")


def test_an_observer_that_raises_is_told_three_times_and_others_always():
    seen, tried = [], []

    def raises(session):
        tried.append(session)
        raise ValueError("no")

    watch = Watch(good=seen.append, bad=raises)
    watch.tell(10)
    watch.observers.close()
    assert (len(tried), len(seen)) == (3, 10)
    ((who, why),) = watch.out
    assert (who, "3 strikes" in why) == ("plugin 'bad'", True)


def test_an_observer_that_hangs_is_skipped_and_others_are_told():
    seen, go, began = [], Event(), []

    def hangs(session):
        began.append(session)
        go.wait()

    watch = Watch(good=seen.append, slow=hangs)
    watch.tell(1)
    watch.wait(began, 1)
    watch.now = 60.0
    watch.tell(5)
    watch.wait(seen, 6)
    go.set()
    watch.observers.close()
    assert (len(began), len(seen), watch.out) == (1, 6, [])


def test_an_observer_that_hangs_at_the_end_is_named_and_left_behind(monkeypatch):
    go, began = Event(), []

    def hangs(session):
        began.append(session)
        go.wait()

    monkeypatch.setattr(observers, "DRAIN", 0.05)
    watch = Watch(slow=hangs)
    watch.tell(1)
    watch.wait(began, 1)
    watch.observers.close()
    go.set()
    why = "it has not come back from session_started by the end of the run, and is left behind"
    assert watch.out == [("plugin 'slow'", why)]


def test_a_call_that_is_fine_begins_the_count_anew():
    seen = []

    def sometimes(session):
        seen.append(session)
        if session.day % 3:
            raise ValueError("no")

    watch = Watch(moody=sometimes)
    watch.tell(9)
    watch.observers.close()
    assert (len(seen), watch.out) == (9, [])


def test_an_observer_that_takes_too_long_three_times_is_told_nothing_more():
    seen = []

    def slow(session):
        seen.append(session)
        watch.now += 0.3

    watch = Watch(slow=slow)
    for day in range(1, 6):
        watch.observers.observe("session_started", session=date(2026, 1, day))
        watch.wait(seen, min(day, 3))
    watch.observers.close()
    assert (len(seen), len(watch.out)) == (3, 1)


# strategies


class Scripted(Strategy):
    """Raises, or takes so long, as the next of its words says."""

    def __init__(self, words, timer):
        self.heard, self.words, self.timer = [], list(words), timer

    def on_bar(self, bar):
        self.heard.append(bar)
        word = self.words.pop(0)
        if isinstance(word, Exception):
            raise word
        self.timer[0] += word


def struck(words):
    """Who is quarantined after a strategy was called so, and what may then leave."""
    now, out = [0.0], []
    strategy = Scripted(words, now)
    control = RiskControl()
    execution = SimpleNamespace(
        control=control, broker=SimpleNamespace(working_symbols=dict), may_open=None, cancel=None
    )
    budget = StrategyBudget(
        execution, lambda _kind, read: read, lambda *said: out.append(said), lambda: now[0]
    )
    budget.guard("one", "strategy 'one' on AAPL", strategy)
    for number in range(len(words)):
        strategy.on_bar(number)
        budget.settle()
    assert strategy.heard == list(range(len(words)))
    order = WorkingOrder(SimpleNamespace(strategy="one"), 0, 1, 1.0, 0)
    return len(out), [bool(control.gate(order, reduces=reduces)) for reduces in (False, True)]


WRONG = ValueError("a strategy's mistake")


@pytest.mark.parametrize(
    ("words", "out"),
    [
        ([0.25] * 9, 0),
        ([0.26] * 2, 0),
        ([0.26] * 3, 1),
        ([60.0, WRONG, 0.3, 0.3, WRONG], 1),
        ([WRONG] * 2 + [0.0] + [WRONG] * 2, 0),
        ([WRONG] * 9, 1),
    ],
)
def test_three_strikes_in_a_row_and_only_exits_leave(words, out):
    assert struck(words) == (out, [bool(out), False])


def test_what_ends_a_session_is_no_strike_of_a_strategy():
    with pytest.raises(RiskStop):
        struck([RiskStop("halted")])


def test_entries_that_a_process_had_no_time_to_cancel_are_cancelled_at_the_next_start(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'journal.db'}")
    rig = DeskRig(database, ScriptedVenue(), strategies=("one", "two")).begin()
    for name in ("one", "two"):
        rig.order(10, strategy=name, limit=99.0)
    rig.begin()
    rig.engine.control.bench("one", "3 strikes")
    said = []
    StrategyBudget(rig.engine, lambda _kind, read: read, lambda *told: said.append(told)).resume()
    rig.poll()
    assert len(rig.venue.working()) == 1
    assert [order.owner.strategy for order in rig.desk.working_symbols()[0]] == ["two"]
    ((who, why),) = said
    assert who == "strategy 'one'"
    assert why.endswith("3 strikes; a human takes it back: mismartera resume --strategy one")
    rig.desk.close()
    database.close()
