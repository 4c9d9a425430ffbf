"""Controls of `standard` through the engine: data, clocks, hours, accounts, and a human's word."""

import math

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

from mismartera_core import RiskState, RiskStop
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


@pytest.mark.parametrize(
    ("price", "day", "zone", "found"),
    [
        (45.01, 0, "America/New_York", []),
        (45.0, 0, "America/New_York", ["shorts"]),
        (45.0, 1, "America/New_York", ["shorts"]),
        (45.0, 2, "America/New_York", []),
        (45.0, 0, "Europe/Berlin", []),
    ],
)
def test_a_fall_of_ten_per_cent_restricts_short_sales(price, day, zone, found):
    falls = {"AAPL": {3: price, 30: 50.0}}
    words = {"prices": falls, "zone": zone, "trailing": 2, "days": 3}
    assert refused({(day, 40): sell(10)}, {"shorts": True}, **words) == found


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
