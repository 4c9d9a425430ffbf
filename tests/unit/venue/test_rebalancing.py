"""A portfolio goes from some positions to others; the process may die between any two writes."""

from collections import Counter
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from mismartera_core.contracts.crashpoints import on_crashpoint
from mismartera_core.model.orders import Side
from mismartera_core.repositories.journal_states import StateStore
from mismartera_core.system.kept_targets import PLAN, KeptTargets
from mismartera_core.testing import Answer
from mismartera_core.threads.replay.portfolio_execution import OrderByOrder
from mismartera_core.threads.replay.targets import TargetUnit

TODAY = date(2026, 1, 5)
SYMBOLS = ("AAPL", "MSFT")
HALF = np.array([4.0, 6.0])
"""From 10 AAPL and no MSFT: 6 are sold, 6 are bought."""


class Killed(BaseException):
    """The process died."""


class Portfolio:
    """What a process has of a portfolio that trades at a rig's venue."""

    def __init__(self, rig, day=TODAY):
        desk = SimpleNamespace(
            execution=rig.engine, clock=rig.clock, working=rig.desk.working_symbols()
        )
        units = [TargetUnit(desk, rig.holdings["one", s], "1m", None) for s in SYMBOLS]
        self.execution = execution = OrderByOrder(desk, units)
        self.kept = KeptTargets(
            StateStore(rig.database), rig._account, "one", SYMBOLS, lambda: execution.quantities,
            rig.engine.control, lambda: rig.clock.now_ns,
        )  # fmt: skip
        execution.remember = self.kept.aimed
        self.unfinished = self.kept.load(day)
        execution.begin_session()

    def aim(self, targets):
        self.execution.aim(targets, 0)


def holding_ten(rig):
    """A rig that holds ten shares, by an order of its own."""
    rig.order(10)
    rig.venue.fill("AAPL")
    rig.wait(60)
    return rig


@pytest.fixture
def ten(rig):
    return holding_ten(rig)


def fill_all(rig, venue):
    for order in list(venue.working()):
        venue.fill(order.venue_id)
    rig.wait(1)


def restart(rig):
    """Another process begins, a minute later, and goes on with what is unfinished."""
    on_crashpoint(None)
    rig.clock.now_ns += 60_000_000_000
    portfolio = Portfolio(rig.begin())
    if portfolio.unfinished is not None:
        portfolio.aim(portfolio.unfinished)
    return portfolio


def killed_at(number, rig):
    """Rebalance, and die at a crash point; gives the names that were passed."""
    names = []

    def die(name):
        names.append(name)
        if len(names) == number:
            raise Killed

    portfolio = Portfolio(rig)
    on_crashpoint(die)
    try:
        portfolio.aim(HALF)
    except Killed:
        pass
    finally:
        on_crashpoint(None)
    return names


def test_a_process_that_dies_between_sells_and_buys_goes_on_and_sells_once(make_rig):
    names = killed_at(0, holding_ten(make_rig(account="PA0")))
    assert names.count("order.after_send") == 2
    for number in range(2, len(names) + 1):  # at the first nothing is written, so nothing decided
        rig = holding_ten(make_rig(account=f"PA{number}", run=f"run {number}"))
        killed_at(number, rig)
        portfolio = restart(rig)
        for _ in range(2):
            rig.wait(30)
            portfolio.aim(portfolio.unfinished)
        fill_all(rig, rig.venue)
        assert rig.engine.units() == {"AAPL": 4, "MSFT": 6}, names[number - 1]
        sold = [e.quantity for e in rig.venue.booked if e.side is Side.SELL]
        assert sold == [6], names[number - 1]


@pytest.mark.parametrize("answer", [Answer.TAKE, Answer.DO_THEN_FAIL])
def test_an_order_of_before_is_gone_on_with_and_not_sent_again(ten, venue, answer):
    venue.script(answer)
    Portfolio(ten).aim(HALF)
    portfolio = restart(ten)
    ten.wait(10)
    portfolio.aim(HALF)
    assert Counter((t.symbol, t.side) for t in venue.sent[1:]) == {
        ("AAPL", Side.SELL): 1,
        ("MSFT", Side.BUY): 1,
    }
    fill_all(ten, venue)
    portfolio.kept.settle()
    assert Portfolio(ten).unfinished is None


def test_a_plan_of_another_session_is_not_gone_on_with(ten, venue):
    Portfolio(ten).aim(HALF)
    assert Portfolio(ten, TODAY + timedelta(days=1)).unfinished is None


def test_a_plan_that_risk_has_stopped_is_forgotten(ten):
    portfolio = Portfolio(ten)
    portfolio.aim(HALF)
    ten.engine.control.halt("flatten", "a human", 1)
    portfolio.kept.settle()
    ten.engine.control.resume("a human", 2)
    assert Portfolio(ten).unfinished is None


def test_a_plan_that_is_found_halted_is_forgotten(ten):
    Portfolio(ten).aim(HALF)
    ten.begin()
    ten.engine.control.halt("daily_loss", "3 %", 1)
    assert Portfolio(ten).unfinished is None
    assert StateStore(ten.database).load_strategy_state("PA1", "one", PLAN) == {}


def test_targets_that_are_reached_and_targets_of_nothing_are_not_written(ten, monkeypatch):
    written = []
    save = StateStore.save_strategy_state
    monkeypatch.setattr(
        StateStore, "save_strategy_state", lambda *a: written.append(a[4]) or save(*a)
    )
    portfolio = Portfolio(ten)
    for targets in ([10.0, 0.0], [np.nan, np.nan], [4.0, np.nan], [4.0, np.nan]):
        portfolio.aim(np.array(targets))
    assert written == [{"session": "2026-01-05", "units": {"AAPL": 4.0}}]


def test_a_journal_that_cannot_keep_targets_sends_no_order(ten, venue, caplog):
    with ten.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    Portfolio(ten).aim(HALF)
    assert len(venue.sent) == 1
    assert "are not kept" in caplog.text


def test_a_portfolio_leaves_again_only_what_was_refused(ten, venue):
    ten.order(5, "MSFT")
    venue.fill("MSFT")
    ten.wait(60)
    portfolio = Portfolio(ten).execution
    assert not portfolio.stays
    before = len(venue.sent)
    venue.script(Answer.REFUSE, Answer.TAKE)
    portfolio.flatten()
    assert portfolio.stays
    ten.wait(60)
    portfolio.flatten()
    assert [t.symbol for t in venue.sent[before:]] == ["AAPL", "MSFT", "AAPL"]
    fill_all(ten, venue)
    assert (portfolio.stays, ten.engine.units()) == (False, {})
