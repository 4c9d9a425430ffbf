"""Every control of `standard` through the engine: at its limit, below it and above it."""

import math

import numpy as np
import pytest
from standard_runs import (
    MINUTE,
    WIDE,
    acting,
    at,
    both,
    buy,
    close,
    controlled,
    limits,
    run,
    sell,
    shares,
    states,
)

from mismartera_core import OrderStatus, QuoteColumns, RiskState, RiskStop
from mismartera_core.builtin.simulated_broker import SimulatedBroker
from mismartera_core.builtin.standard.check import GIB
from mismartera_core.managers.execution_manager.risk_control import MemoryStore, RiskControl
from mismartera_core.managers.execution_manager.surroundings import Surroundings

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
        (48.0, 6, []),
        (5.0, 1, ["price_collar"]),
    ],
)
def test_the_price_keeps_near_a_fresh_quote(ask, age, found):
    ts = np.array([at(5) - age * 1_000_000_000])
    one = np.ones(1)
    quotes = {"AAPL": QuoteColumns(ts, one * ask - 0.01, one * ask, one, one)}
    assert refused({5: buy(10)}, quotes=quotes) == found


def test_without_a_quote_yet_the_last_close_counts():
    ts = np.array([at(30)])
    quotes = {"AAPL": QuoteColumns(ts, ts / 1.0, ts / 1.0, ts / 1.0, ts / 1.0)}
    assert refused({5: buy(10)}, quotes=quotes) == []


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


# data, clocks, disk


def test_no_entries_on_bars_that_are_too_old():
    symbols = FIVE[:2]
    wants = {"mine": shares((10, (0.0, 5.0)))}
    for gone, found in ((8, []), (7, ["stale_bar"])):
        missing = {"IBM": {(0, m) for m in range(gone, 60)}}
        assert refused({}, symbols=symbols, gone=missing, strategies=wants) == found


def test_a_symbol_without_any_bar_is_too_old():
    missing = {"IBM": {(0, m) for m in range(60)}}
    wants = {"mine": shares((10, (0.0, 5.0)))}
    found = refused({}, symbols=FIVE[:2], gone=missing, strategies=wants)
    assert found in (["stale_bar"], ["price"])


@pytest.mark.parametrize(("seconds", "reached"), [(59, []), (60, [(REDUCING, "feed")])])
def test_a_feed_that_is_silent_for_a_minute(seconds, reached):
    heard = at(60) - seconds * 1_000_000_000
    control, plan = controlled({1: lambda c: setattr(c.surroundings, "feed_ns", heard)})
    done, error = run(plan, control=control)
    assert (states(done), error) == (reached, None)


@pytest.mark.parametrize(
    ("skew", "found"), [(1.99, []), (2.0, ["clock_skew"]), (-2.0, ["clock_skew"])]
)
def test_clocks_that_are_too_far_apart(skew, found):
    control = RiskControl(surroundings=Surroundings(clock_skew=skew))
    assert refused({5: buy(10)}, control=control) == found


@pytest.mark.parametrize(("free", "halts"), [(GIB, False), (GIB - 1, True)])
def test_a_disk_that_is_full(free, halts):
    control = RiskControl(surroundings=Surroundings(disk_free=free))
    done, error = run({5: buy(10)}, control=control)
    assert states(done) == ([(HALTED, "disk")] if halts else [])
    assert isinstance(error, RiskStop) is halts


class Broken(MemoryStore):
    """A journal whose commits fail."""

    def save_risk_state(self, record):
        raise OSError(28, "No space left on device")


def test_a_commit_that_fails_halts():
    done, error = run({5: buy(10)}, control=RiskControl(Broken()))
    assert isinstance(error, RiskStop)
    assert "could not be saved" in str(error)
    assert len(done.fills) == 0


def test_a_symbol_that_does_not_trade():
    control = RiskControl(surroundings=Surroundings(halts={"AAPL": "LULD pause"}))
    assert refused({5: buy(10)}, control=control, symbols=FIVE[:2]) == ["trading_halt"]


# hours


@pytest.mark.parametrize(
    ("minute", "config", "found"),
    [
        (1, {}, []),
        (1, {"minutes_after_open": 2}, ["session_window"]),
        (2, {"minutes_after_open": 2}, []),
        (49, {}, []),
        (50, {}, ["session_window"]),
        (50, {"minutes_before_close": None}, []),
    ],
)
def test_entries_keep_away_from_open_and_close(minute, config, found):
    assert refused({minute: buy(10)}, config) == found


# shorts, margin, cash, day trades


@pytest.mark.parametrize(
    ("around", "config", "found"),
    [
        ({}, {}, ["shorts"]),
        ({}, {"shorts": True}, []),
        ({"may_short": False}, {"shorts": True}, ["shorts"]),
        ({"shortable": {"IBM"}}, {"shorts": True}, ["shorts"]),
        ({"shortable": {"AAPL"}}, {"shorts": True}, []),
        ({"short_restricted": {"AAPL"}}, {"shorts": True}, ["shorts"]),
    ],
)
def test_shorts(around, config, found):
    control = RiskControl(surroundings=Surroundings(**around))
    assert refused({5: sell(10)}, config, control=control) == found


def test_under_a_short_sale_restriction_a_limit_above_the_bid_may_leave():
    around = Surroundings(short_restricted={"AAPL"}, quotes={"AAPL": (49.99, 50.0, at(5))})
    control = RiskControl(surroundings=around)
    plan = {5: both(sell(1, limit=50.0), sell(2, limit=49.99), sell(3))}
    assert refused(plan, {"shorts": True, "self_cross": False}, control=control) == ["shorts"] * 2


@pytest.mark.parametrize(("units", "found"), [(3_600, []), (3_601, ["excess_margin"])])
def test_a_tenth_of_the_equity_of_a_margin_account_backs_nothing(units, found):
    assert refused({5: buy(units)}, WIDE, leverage=2.0) == found


@pytest.mark.parametrize(("power", "found"), [(500.0, []), (499.0, ["buying_power"])])
def test_the_venues_buying_power_counts(power, found):
    around = Surroundings(buying_power=power, multiplier=2.0)
    control = RiskControl(surroundings=around)
    assert refused({5: buy(10)}, control=control, leverage=2.0) == found


def test_a_cash_account_buys_with_settled_money():
    plan = {5: buy(1_500), 10: close, 20: buy(1_000), 25: buy(500), (1, 5): buy(1_000)}
    config = {**WIDE, "style": "swing"}
    done, error = run(plan, config, leverage=1.0, days=2)
    assert error is None
    assert limits(done) == ["settled_funds"]
    (row,) = done.decisions.to_dict("records")
    assert (row["found"], row["allowed"]) == (50_000.0, 25_000.0)
    assert done.fills["quantity"].tolist() == [1_500, 1_500, 500, 1_000]


def test_what_the_venue_says_of_cash_and_day_trades_goes_before_the_books():
    around = Surroundings(settled_cash=100.0)
    control = RiskControl(surroundings=around)
    assert refused({5: buy(10)}, leverage=1.0, control=control) == ["settled_funds"]
    around = Surroundings(day_trades=3, pdt_applies=True)
    control = RiskControl(surroundings=around)
    assert refused({5: buy(10)}, leverage=2.0, cash=20_000, control=control) == ["pdt"]


@pytest.mark.parametrize(
    ("regime", "days", "found"),
    [("legacy", 3, []), ("legacy", 4, ["pdt"]), ("auto", 4, ["pdt"]), ("off", 4, [])],
)
def test_a_small_margin_account_has_three_day_trades_in_five_days(regime, days, found):
    plan = {}
    for day in range(days):
        plan |= {(day, 5): buy(10), (day, 10): close}
    config = {"pdt_regime": regime}
    assert refused(plan, config, leverage=2.0, cash=20_000, days=days) == found


def test_no_entry_against_an_order_of_ones_own():
    plan = {5: buy(10), 7: sell(10, limit=51.0), 8: buy(11)}
    assert refused(plan) == ["self_cross"]
    assert refused(plan, {"self_cross": False}) == []


# the kill switch, and what a human does


def test_a_halt_from_outside_cancels_entries_after_the_step():
    control, plan = controlled({10: lambda c: c.halt("kill_switch", "a human asks", at(10))})
    plan |= {5: buy(10, limit=49.0), 11: buy(3)}
    done, error = run(plan, control=control)
    assert isinstance(error, RiskStop)
    (entry,) = done.orders.to_dict("records")
    assert (entry["status"], entry["reason"]) == ("cancelled", "halted: a human asks")
    assert states(done) == [(HALTED, "kill_switch")]


def test_a_human_resumes():
    control, plan = controlled(
        {
            10: lambda c: c.halt("kill_switch", "a human asks", at(10)),
            20: lambda c: c.resume("a human", at(20)),
        }
    )
    done, error = run(plan | {15: buy(3), 25: buy(4)}, control=control)
    assert error is None
    assert limits(done) == [""]
    assert done.fills["quantity"].tolist()[0] == 4
    assert states(done) == [(HALTED, "kill_switch"), ("active", "")]


def test_a_human_flattens_a_halted_account():
    control, plan = controlled({20: lambda c: c.ask_flatten("flattened by command", at(20))})
    plan |= {5: buy(10), 10: buy(20, stop_loss=48.6), 12: sell(1, limit=51.0), 30: buy(3)}
    done, error = run(plan, control=control)
    assert isinstance(error, RiskStop)
    assert done.fills["side"].tolist() == ["buy", "buy", "sell"]
    assert done.fills["quantity"].sum() == 60
    assert done.orders["status"].tolist().count("cancelled") == 2


def test_a_halted_account_begins_halted():
    store = MemoryStore()
    RiskControl(store).halt("drawdown", "drawdown: 11 %", 1)
    done, error = run({5: buy(10)}, control=RiskControl(store))
    assert isinstance(error, RiskStop)
    assert limits(done) == [""]


def test_a_block_is_a_refusal_and_no_state():
    control, plan = controlled(
        {
            10: lambda c: c.block("reconciling", "2 orders are compared"),
            20: lambda c: c.unblock("reconciling"),
        }
    )
    done, error = run(plan | {15: buy(3), 25: buy(4)}, control=control)
    assert error is None
    (row,) = done.decisions.to_dict("records")
    assert row["reason"] == "reconciling: 2 orders are compared"
    assert (row["check"], row["verdict"]) == ("control", "refused")


def test_what_a_human_asks_for_passes_every_check():
    class No:
        def check(self, request, account):
            return "never, 0 allowed" if request.side < 0 else None

    control, plan = controlled({20: lambda c: c.ask_flatten("by hand", at(20))})
    done, _ = run(plan | {5: buy(10), 10: close}, control=control, others={"no": No()})
    assert done.fills["side"].tolist() == ["buy", "sell"]
    row = done.decisions.iloc[0]
    assert (row["check"], row["limit"], row["reason"]) == ("no", "", "never, 0 allowed")
    assert math.isnan(row["found"])


# attribution


def test_two_strategies_share_one_account():
    plan = {5: buy(100)}
    two = {"one": acting(plan), "two": acting({6: buy(100), 7: buy(100), 8: buy(101)})}
    done, _ = run({}, strategies=two)
    assert limits(done) == ["order_notional"]
    assert done.decisions["strategy"].tolist() == ["two"]
    assert done.decisions["decided_at"].tolist()[0].value == at(8)
    assert MINUTE == 60_000_000_000
    assert RiskState.HALTED.severity > RiskState.REDUCING.severity > RiskState.ACTIVE.severity
