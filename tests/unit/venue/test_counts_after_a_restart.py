"""A restart within the day is no new minute and no new day: what left before it counts."""

import math

import pytest

from mismartera_core.model.orders import OrderStatus, Side
from mismartera_core.testing import Answer
from mismartera_core.testing.desk_rig import SECOND, START_NS

OPEN = START_NS - 60 * SECOND


@pytest.fixture
def rig(make_rig):
    rig = make_rig(strategies=("one", "two"), begin=False).begin()
    rig.engine.wants_facts = True
    return rig


def restarted(rig, open_ns=OPEN):
    rig.begin()
    rig.engine.wants_facts = True
    rig.engine.begin_session(open_ns)
    return rig.engine


def counts(engine, now_ns):
    log = engine.log
    return (
        engine.orders_today,
        log.orders(now_ns),
        [log.strategy_orders(now_ns, name) for name in ("one", "two")],
        log.rejects(now_ns),
    )


def test_the_rates_of_the_minute_and_of_the_day_go_on(rig, venue):
    for second in range(3):
        rig.order(10 + second, strategy="one", take_profit=110.0, stop_loss=90.0)
        rig.clock.now_ns += SECOND
    resting = rig.order(1, "MSFT", strategy="two", limit=90.0)
    rig.change(resting, limit=91.0)
    venue.script(Answer.REFUSE)
    assert rig.order(2, strategy="two").status is OrderStatus.REJECTED
    now = rig.clock.now_ns
    before = counts(rig.engine, now)
    assert before == (5, 6, [3, 3], 1)
    for _ in range(2):
        assert counts(restarted(rig), now) == before
    assert rig.engine.log.intent_age(now, "AAPL", 1, 12.0) == 1.0
    assert counts(rig.engine, now + 61 * SECOND) == (5, 0, [0, 0], 0)


def test_what_never_left_does_not_count(rig):
    rig.gate = "halted"
    rig.order(10)
    assert counts(restarted(rig), rig.clock.now_ns) == (0, 0, [0, 0], 0)


def test_the_day_before_does_not_count(rig):
    rig.order(10)
    engine = restarted(rig, open_ns=rig.clock.now_ns + 3_600 * SECOND)
    assert counts(engine, rig.clock.now_ns) == (0, 0, [0, 0], 0)
    assert engine.log.intent_age(rig.clock.now_ns, "AAPL", 1, 10.0) == math.inf


def test_sales_that_have_not_settled_and_day_trades_are_known(rig, venue):
    for units in (10, -10, 4):
        rig.order(units)
        venue.fill("AAPL", price="100")
        rig.poll()
        rig.clock.now_ns += SECOND
    assert (rig.engine.day.unsettled(), rig.engine.day.day_trades()) == (1_000_000_000, 1)
    for _ in range(2):
        day = restarted(rig).day
        assert (day.unsettled(), day.day_trades()) == (1_000_000_000, 1)


def test_what_was_executed_while_no_process_ran_counts_once(rig, venue):
    rig.order(10)
    venue.fill("AAPL", price="100")
    rig.poll()
    rig.order(-6)
    rig.desk.close()
    venue.fill("AAPL", price="100")
    for _ in range(2):
        day = restarted(rig).day
        rig.poll()
        assert (day.unsettled(), day.day_trades()) == (600_000_000, 1)


def test_a_position_of_the_day_before_that_is_left_is_no_day_trade(rig, venue):
    rig.order(10)
    venue.fill("AAPL", price="100")
    rig.poll()
    rig.clock.now_ns += 3_600 * SECOND
    restarted(rig, open_ns=rig.clock.now_ns)
    rig.order(-10)
    venue.fill("AAPL", price="100")
    rig.poll()
    assert rig.engine.day.day_trades() == 0


def test_what_somebody_else_executed_in_the_account_is_no_trade_of_ours(rig, venue):
    other = venue.foreign("AAPL", Side.BUY, 10)
    venue.fill(other.venue_id)
    rig.poll()
    rig.order(-10)
    venue.fill("AAPL", price="100")
    rig.poll()
    day = restarted(rig).day
    assert (day.unsettled(), day.day_trades()) == (1_000_000_000, 0)
