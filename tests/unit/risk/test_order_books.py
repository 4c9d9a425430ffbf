"""What left lately, what the day's fills say, which working orders a state forbids."""

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mismartera_core import OrderStatus, RiskState, WorkingOrder
from mismartera_core.contracts.risk import Refusal
from mismartera_core.managers.execution_manager import decisions as module
from mismartera_core.managers.execution_manager.day_book import DayBook
from mismartera_core.managers.execution_manager.decisions import Decisions
from mismartera_core.managers.execution_manager.ledger import Ledger
from mismartera_core.managers.execution_manager.order_log import OrderLog
from mismartera_core.managers.execution_manager.sweeping import forbidden
from mismartera_core.model.risk import RiskRecord
from mismartera_core.services.matching import LIMIT, MARKET, STOP, STOP_LIMIT, TRAILING

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
R, H = RiskState.REDUCING, RiskState.HALTED


def test_an_order_counts_for_sixty_seconds():
    log = OrderLog()
    log.left(0, "a", "AAPL", 1, 10.0)
    log.left(SECOND, "b", "AAPL", 1, 10.0)
    assert (log.orders(MINUTE - 1), log.strategy_orders(MINUTE - 1, "a")) == (2, 1)
    assert (log.orders(MINUTE), log.strategy_orders(MINUTE, "a")) == (1, 0)
    assert log.strategy_orders(MINUTE, "b") == 1


def test_rejections_count_by_symbol_and_in_all():
    log = OrderLog()
    assert (log.rejects(0), log.symbol_rejects(0)) == (0, 0)
    for at, symbol in enumerate(["AAPL", "IBM", "AAPL"]):
        log.rejected(at * SECOND, symbol)
    assert (log.rejects(2 * SECOND), log.symbol_rejects(2 * SECOND)) == (3, 2)
    assert (log.rejects(MINUTE), log.symbol_rejects(MINUTE)) == (2, 1)


def test_an_intent_is_the_same_by_symbol_side_and_units():
    log = OrderLog()
    log.left(0, "a", "AAPL", 1, 10.0)
    assert log.intent_age(4 * SECOND, "AAPL", 1, 10.0) == 4.0
    for other in (("IBM", 1, 10.0), ("AAPL", -1, 10.0), ("AAPL", 1, 11.0)):
        assert log.intent_age(4 * SECOND, *other) == math.inf
    log.begin_session()
    assert log.intent_age(4 * SECOND, "AAPL", 1, 10.0) == math.inf


@given(st.lists(st.tuples(st.integers(0, 90), st.sampled_from("ab")), max_size=40))
def test_counts_are_those_of_a_plain_count(steps):
    log, now, left = OrderLog(), 0, []
    for seconds, name in steps:
        now += seconds * SECOND
        log.left(now, name, "AAPL", 1, 1.0)
        left.append((now, name))
        recent = [n for at, n in left if at > now - MINUTE]
        assert log.orders(now) == len(recent)
        assert log.strategy_orders(now, "a") == recent.count("a")


def book_of(*fills):
    """A day book that has read fills: (symbol, side, units, price), a new session at None."""
    ledger = Ledger(0)
    book = DayBook(ledger)
    for fill in fills:
        if fill is None:
            book.begin_session()
        else:
            symbol, side, units, price = fill
            ledger.fills.append((1, 0, symbol, side, units, price, 0, 0, 0, 0))
    return book


BUY, SELL = (0, 1, 10.0, 5.0), (0, -1, 10.0, 5.0)


@pytest.mark.parametrize(
    ("fills", "trades", "unsettled"),
    [
        ([], 0, 0),
        ([BUY], 0, 0),
        ([BUY, SELL], 1, 50),
        ([BUY, SELL, BUY, SELL], 2, 100),
        ([BUY, (0, -1, 4.0, 5.0), (0, -1, 6.0, 5.0)], 1, 50),
        ([BUY, None, SELL], 0, 50),
        ([BUY, SELL, None], 1, 0),
        ([BUY, SELL, None, None, None, None], 1, 0),
        ([BUY, SELL, None, None, None, None, None], 0, 0),
        ([BUY, (0, -1, 20.0, 5.0), (0, 1, 10.0, 5.0)], 2, 100),
        ([SELL, BUY], 1, 50),
        ([BUY, (1, -1, 3.0, 5.0)], 0, 15),
    ],
)
def test_day_trades_and_unsettled_sales(fills, trades, unsettled):
    book = book_of(*fills)
    assert book.day_trades() == trades
    assert book.unsettled() == unsettled * 1_000_000


def order(id_, side, units, kind=MARKET, *, oco=None, entry=None):
    made = WorkingOrder(None, 0, side, units, 0, kind=kind)
    made.id = id_
    made.entry = entry
    if oco is not None:
        made.oco, oco.oco = oco, made
    return made


def swept(held, state, *book):
    return sorted(o.id for o in forbidden({0: list(book)}, lambda symbol: held, state))


@pytest.mark.parametrize(
    ("held", "kind", "side", "units", "reducing", "halted"),
    [
        (0.0, LIMIT, 1, 5.0, True, True),  # an entry
        (10.0, LIMIT, 1, 5.0, True, True),  # enlarges
        (10.0, LIMIT, -1, 10.0, False, True),  # a target
        (10.0, MARKET, -1, 5.0, False, True),
        (10.0, STOP, -1, 10.0, False, False),  # protects
        (10.0, STOP_LIMIT, -1, 10.0, False, False),
        (10.0, TRAILING, -1, 1.0, False, False),
        (10.0, STOP, -1, 10.5, True, True),  # would turn it
        (-10.0, STOP, 1, 10.0, False, False),
        (10.0, STOP, 1, 5.0, True, True),  # a stop that enters
    ],
)
def test_what_a_state_cancels(held, kind, side, units, reducing, halted):
    assert swept(held, R, order(1, side, units, kind)) == ([1] if reducing else [])
    assert swept(held, H, order(1, side, units, kind)) == ([1] if halted else [])


def test_orders_that_each_reduce_a_position_are_kept_as_far_as_it_goes():
    exits = [order(i, -1, 6.0, LIMIT) for i in (1, 2)]
    assert swept(10.0, R, *exits) == [2]
    assert swept(10.0, R, order(1, -1, 6.0, LIMIT), order(2, -1, 10.0, STOP)) == [1]


def test_of_two_oco_orders_the_stop_keeps_the_other():
    target = order(1, -1, 10.0, LIMIT)
    stop = order(2, -1, 10.0, STOP, oco=target)
    assert swept(10.0, R, target, stop) == []
    assert swept(10.0, H, target, stop) == []
    assert swept(0.0, H, target, stop) == [1, 2]


def test_legs_go_with_their_entry_and_what_is_done_is_left():
    entry = order(1, 1, 10.0, LIMIT)
    leg = order(2, -1, 10.0, STOP, entry=entry)
    done = order(3, 1, 1.0)
    done.is_done = True
    assert swept(0.0, H, entry, leg, done) == [1]
    entry.is_done = True
    assert swept(10.0, H, leg) == []


OWNER = SimpleNamespace(index=2)


def test_decisions_keep_the_numbers_that_decided():
    made = Decisions()
    asked = WorkingOrder(OWNER, 1, -1, 7.0, 0)
    assert asked.status is OrderStatus.WORKING
    numbers = Refusal("loss: 3 of 2", limit="loss", found=3.0, allowed=2.0, state=H)
    made.refused(asked, 5.0, "standard", numbers, 9)
    made.refused(asked, 5.0, "mine", "no", 10)
    made.refused(asked, 5.0, "other", Refusal("x", limit="x"), 11)
    made.changed(RiskRecord(state=H, limit="loss", reason="loss: 3 of 2", at_ns=12))
    table = made.columns()
    assert len(made) == len(table) == 4
    assert table.verdict == ["halted", "refused", "refused", "halted"]
    assert table.limit == ["loss", "", "x", "loss"]
    assert table.check == ["standard", "mine", "other", "control"]
    assert table.strategy.tolist() == [2, 2, 2, -1]
    assert table.symbol.tolist() == [1, 1, 1, -1]
    assert table.found.tolist()[0] == 3.0
    assert table.allowed.tolist()[0] == 2.0
    assert math.isnan(table.found[1])
    assert table.decided_ns.tolist() == [9, 10, 11, 12]


def test_many_decisions_become_columns_on_the_way(monkeypatch):
    monkeypatch.setattr(module, "SETTLE_AT", 3)
    made = Decisions()
    for at in range(7):
        made.refused(WorkingOrder(OWNER, 0, 1, 1.0, 0), 1.0, "mine", f"no {at}", at)
    assert len(made) == 7
    assert made.columns().reason == [f"no {at}" for at in range(7)]
    assert made.columns().decided_ns.tolist() == list(range(7))
