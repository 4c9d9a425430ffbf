"""Every control of `standard` through the engine: at its limit, below it and above it."""

import math

import numpy as np
import pytest
from standard_runs import (
    WIDE,
    at,
    both,
    buy,
    close,
    limits,
    run,
    sell,
    states,
)

from mismartera_core import OrderStatus, QuoteColumns, RiskStop
from mismartera_core.builtin.simulated_broker import SimulatedBroker

HALTED, REDUCING = "halted", "reducing"
FIVE = ("AAPL", "IBM", "GOOG", "MSFT", "TSLA")


def refused(plan, config=None, **words):
    """Limits that kept orders back in a run that nothing stopped."""
    done, error = run(plan, config, **words)
    assert error is None, error
    return limits(done)


# sizes


@pytest.mark.parametrize(
    ("units", "config", "found"),
    [
        (99, {}, []),
        (100, {}, []),
        (101, {}, ["order_notional"]),
        (200, {"order_notional": None, "order_volume_percent": None}, []),
        (201, {"order_notional": None, "order_volume_percent": None}, ["order_notional"]),
        (100, {**WIDE, "order_volume_percent": 1}, []),
        (101, {**WIDE, "order_volume_percent": 1}, ["order_volume"]),
        (400, {**WIDE, "position_percent": 20}, []),
        (401, {**WIDE, "position_percent": 20}, ["position"]),
        (2000, {**WIDE, "gross_percent": 100}, []),
        (2001, {**WIDE, "gross_percent": 100}, ["gross"]),
        (10_000, WIDE, []),
    ],
)
def test_sizes(units, config, found):
    assert refused({5: buy(units)}, config) == found


def test_a_position_is_not_made_of_many_small_orders():
    plan = {minute: buy(100) for minute in range(5, 10)}
    done, _ = run(plan)
    assert limits(done) == ["position"]
    assert done.fills["quantity"].sum() == 400


def test_working_entries_count_towards_the_gross_exposure():
    plan = {5: both(buy(20, limit=49.5), buy(30, limit=49.0)), 6: buy(50, limit=49.0)}
    config = {**WIDE, "gross_percent": 4}
    done, _ = run(plan, config)
    assert limits(done) == ["gross"]
    (row,) = done.decisions.to_dict("records")
    assert row["found"] == 20 * 49.5 + 30 * 49.0 + 50 * 49.0
    assert row["allowed"] == 4_000.0


def test_unknown_volume_refuses():
    assert refused({5: buy(1)}, volume=math.nan) == ["order_volume"]


@pytest.mark.parametrize(("most", "found"), [(3, []), (2, ["positions"])])
def test_positions_are_counted(most, found):
    plan = {5: buy(10)}
    assert refused(plan, {"positions": most}, symbols=FIVE[:3]) == found


# prices


@pytest.mark.parametrize(
    ("limit", "found"),
    [(51.5, []), (51.51, ["price_collar"]), (48.5, []), (48.49, ["price_collar"])],
)
def test_the_price_keeps_near_the_last_close(limit, found):
    assert refused({5: buy(10, limit=limit)}) == found


@pytest.mark.parametrize(
    ("ask", "age", "found"),
    [
        (50 / 1.03 + 1e-9, 5, []),
        (48.0, 5, ["price_collar"]),
        (50.0, 6, ["price_collar"]),
        (5.0, 1, ["price_collar"]),
    ],
)
def test_the_price_keeps_near_a_fresh_quote(ask, age, found):
    ts = np.array([at(5) - age * 1_000_000_000])
    one = np.ones(1)
    quotes = {"AAPL": QuoteColumns(ts, one * ask - 0.01, one * ask, one, one)}
    assert refused({5: buy(10)}, quotes=quotes) == found


@pytest.mark.parametrize(("words", "found"), [({}, ["price_collar"]), ({"limit": 49.9}, [])])
def test_without_a_quote_no_market_order_leaves(words, found):
    ts = np.array([at(30)])
    quotes = {"AAPL": QuoteColumns(ts, ts / 1.0, ts / 1.0, ts / 1.0, ts / 1.0)}
    assert refused({5: buy(10, **words)}, quotes=quotes) == found
    assert refused({5: buy(10)}) == []


# how often


def many(count):
    return both(*(buy(1 + i) for i in range(count)))


def test_a_strategy_may_send_ten_orders_a_minute():
    assert refused({5: many(10)}) == []
    done, error = run({5: many(11), 6: buy(50)})
    assert limits(done) == ["strategy_orders_per_minute"]
    assert (error, states(done)) == (None, [])
    assert len(done.orders) == 11


@pytest.mark.parametrize(
    ("config", "count", "limit"),
    [
        (
            {"strategy_orders_per_minute": None, "position_percent": None},
            30,
            "orders_per_minute",
        ),
        ({"strategy_orders_per_minute": None, "orders_per_day": 12}, 12, "orders_per_day"),
    ],
)
def test_one_order_too_many_halts(config, count, limit):
    assert refused({5: many(count)}, config) == []
    done, error = run({5: many(count + 1), 40: buy(50)}, config)
    assert limits(done) == [limit, ""]
    assert states(done) == [(HALTED, limit)]
    assert isinstance(error, RiskStop)
    assert f"at most {count}" in str(error)
    assert done.orders["status"].isin(["filled", "cancelled"]).all()


def test_exits_count_and_halt_once_they_have_left():
    config = {"orders_per_day": 2}
    plan = {5: buy(10), 10: sell(4), 15: sell(3), 20: sell(3)}
    done, error = run(plan, config)
    assert isinstance(error, RiskStop)
    assert states(done) == [(HALTED, "orders_per_day")]
    assert done.fills["quantity"].tolist() == [10, 4]


def test_the_same_order_again_is_refused_for_five_seconds():
    assert refused({5: both(buy(10), buy(10))}) == ["duplicate"]
    assert refused({5: both(buy(10), buy(11)), 6: buy(10)}) == []
    assert refused({5: both(buy(10), buy(10))}, {"duplicate_seconds": None}) == []


# losses


def held(*, loss, config=None, at_minute=10, until=None, days=1, **words):
    """A run that holds 1,000 units at 50, which then lose a part of an account of 100,000."""
    price = 50.0 - loss * 100_000 / 1_000 / 100
    prices = {"AAPL": {at_minute: price, **({until: 50.0} if until else {})}}
    plan = {5: both(buy(1_000)), 8: buy(1, limit=49.0), 30: buy(7), 40: close, **words}
    swing = {**WIDE, "style": "swing", **(config or {})}
    return run(plan, swing, prices=prices, days=days)


@pytest.mark.parametrize(
    ("loss", "reached"),
    [
        (1.99, []),
        (2.0, [(REDUCING, "daily_loss")]),
        (2.99, [(REDUCING, "daily_loss")]),
        (3.0, [(HALTED, "daily_loss_halt")]),
    ],
)
def test_the_loss_of_a_day(loss, reached):
    done, error = held(loss=loss)
    assert states(done) == reached
    assert isinstance(error, RiskStop) is (reached[:1] == [(HALTED, "daily_loss_halt")])
    first = done.orders.iloc[0]
    assert first["status"] == "filled"
    resting = done.orders.iloc[1]
    if reached:
        assert resting["status"] == "cancelled" or resting["filled_quantity"] == 1
        assert limits(done)[0] == ""


def test_a_loss_must_be_there_at_three_steps_in_a_row():
    assert states(held(loss=5.0, until=12)[0]) == []
    assert states(held(loss=5.0, until=13)[0]) == [(HALTED, "daily_loss_halt")]
    assert states(held(loss=5.0, until=12, config={"loss_reads": 2})[0]) != []


def test_reducing_cancels_entries_and_lets_exits_pass():
    prices = {"AAPL": {10: 47.5}}
    plan = {5: buy(1_000), 8: buy(1, limit=40.0), 9: sell(5, limit=60.0), 30: buy(7), 40: close}
    config = {**WIDE, "price_collar_percent": 30, "self_cross": False}
    done, error = run(plan, config, prices=prices)
    assert error is None
    assert states(done) == [(REDUCING, "daily_loss")]
    entry, resting, target, leaving = done.orders.to_dict("records")
    assert entry["status"] == "filled"
    assert resting["status"] == "cancelled"
    assert resting["reason"].startswith("reducing: standard: daily_loss: loss of the session")
    assert target["reason"] == "closing the position"  # the strategy's own word, at 40
    assert leaving["status"] == "filled"
    assert any("risk: reducing: " in note for note in done.summary["notes"])


def test_a_halt_keeps_the_stop_that_protects_and_nothing_else():
    prices = {"AAPL": {10: 46.5, 20: 44.0}}
    plan = {
        5: buy(1_000, stop_loss=45.0, take_profit=60.0),
        7: buy(100, limit=46.0),
        30: close,
    }
    config = {**WIDE, "self_cross": False, "price_collar_percent": 30}
    done, error = run(plan, config, prices=prices)
    assert isinstance(error, RiskStop)
    assert states(done) == [(HALTED, "daily_loss_halt")]
    orders = done.orders.to_dict("records")
    assert {o["type"]: o["status"] for o in orders if o["parent_id"]} == {
        "stop": "filled",
        "limit": "cancelled",
    }
    assert orders[3]["reason"].startswith("halted: ")
    assert done.fills["side"].tolist() == ["buy", "sell"]
    assert done.summary["error"].startswith("halted by risk: standard: daily_loss_halt")


def test_a_halted_account_is_not_left_by_the_strategy_nor_by_the_close():
    done, error = held(loss=3.0, config={"style": "day"})
    assert isinstance(error, RiskStop)
    assert len(done.fills) == 1 or done.fills["side"].tolist() == ["buy", "buy"]
    assert "" in limits(done)


def test_a_new_day_begins_without_loss_and_the_peak_stays():
    prices = {"AAPL": {(0, 10): 48.5, (1, 10): 47.0, (2, 10): 45.5, (3, 10): 44.0, (4, 10): 42.5}}
    config = {**WIDE, "style": "swing", "daily_loss_percent": None}
    words = {"prices": prices, "days": 6}
    done, error = run({5: buy(1_300)}, {**config, "drawdown_percent": 9.75}, **words)
    assert states(done) == [(HALTED, "drawdown")]
    assert isinstance(error, RiskStop)
    assert len(done.record.sessions) == 5
    done, error = run({5: buy(1_300)}, {**config, "drawdown_percent": 9.76}, **words)
    assert (states(done), error) == ([], None)


# rejections


class Rejecting(SimulatedBroker):
    """Rejects whatever is sent, as a venue may."""

    def submit(self, order):
        super().submit(order)
        self._end(order, OrderStatus.REJECTED, "no", order.submitted_ns)


@pytest.mark.parametrize(
    ("symbols", "plan", "config", "limit"),
    [
        (FIVE[:1], {5: many(2)}, {}, None),
        (FIVE[:1], {5: many(3)}, {}, "symbol_rejects_per_minute"),
        (FIVE[:1], {5: many(2), 6: buy(50)}, {}, None),
        (FIVE[:4], {5: buy(10)}, {}, None),
        (FIVE, {5: buy(10)}, {}, "rejects_per_minute"),
        (FIVE, {5: buy(10)}, {"rejects_per_minute": None}, None),
    ],
)
def test_rejections_halt(symbols, plan, config, limit):
    done, error = run(plan, config, symbols=symbols, broker=Rejecting)
    assert states(done) == ([] if limit is None else [(HALTED, limit)])
    assert isinstance(error, RiskStop) is (limit is not None)
