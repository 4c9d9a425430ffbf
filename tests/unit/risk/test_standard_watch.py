"""When `standard` asks for a severer state: below each limit, at it, above it, off, not known."""

import logging
import math

import pytest
from standard_risk import build, looks, question

from mismartera_core import RiskState
from mismartera_core.builtin.standard.check import GIB

H, R = RiskState.HALTED, RiskState.REDUCING
PEAK = {"drawdown_percent": None}

# name, config, numbers that are fine, numbers that are not, the state that follows, its switch
STATES = [
    ("daily_loss", PEAK, {"equity": 98_000.1}, {"equity": 98_000.0}, R, "daily_loss_percent"),
    (
        "daily_loss_halt",
        {**PEAK, "daily_loss_percent": None},
        {"equity": 97_000.1},
        {"equity": 97_000.0},
        H,
        "daily_loss_halt_percent",
    ),
    (
        "drawdown",
        {},
        {"peak_equity": 111_111.0},
        {"peak_equity": 111_111.2},
        H,
        "drawdown_percent",
    ),
    ("orders_per_day", {}, {"orders_today": 500}, {"orders_today": 501}, H, "orders_per_day"),
    (
        "orders_per_minute",
        {},
        {"orders_last_minute": 30},
        {"orders_last_minute": 31},
        H,
        "orders_per_minute",
    ),
    (
        "symbol_rejects_per_minute",
        {},
        {"symbol_rejects_last_minute": 2},
        {"symbol_rejects_last_minute": 3},
        H,
        "symbol_rejects_per_minute",
    ),
    (
        "rejects_per_minute",
        {},
        {"rejects_last_minute": 4},
        {"rejects_last_minute": 5},
        H,
        "rejects_per_minute",
    ),
    ("disk", {}, {"disk_free": GIB}, {"disk_free": GIB - 1}, H, "disk_free_gib"),
    ("feed", {}, {"feed_age": 59.9}, {"feed_age": 60.0}, R, "feed_seconds"),
]


@pytest.mark.parametrize(("name", "config", "fine", "bad", "state", "switch"), STATES)
def test_a_limit_is_reached_or_not(name, config, fine, bad, state, switch):
    assert looks(build(**config), fine, fine, fine) == [None] * 3
    verdict = looks(build(**config), bad, bad, bad)[-1]
    assert (verdict.state, verdict.limit) == (state, name)
    assert verdict.reason.startswith(f"{name}: ")
    assert any(letter.isdigit() for letter in verdict.reason)
    assert looks(build(**{**config, switch: None}), bad, bad, bad)[-1] is None


@pytest.mark.parametrize("name", ["disk_free", "feed_age", "day_start_equity", "peak_equity"])
def test_what_is_not_known_is_not_fine(name):
    assert looks(build(), *[{name: math.nan}] * 3)[-1] is not None
    assert looks(build(), *[{"equity": math.nan}] * 3)[-1].state is H


def test_a_loss_counts_when_three_looks_in_a_row_have_found_it():
    bad, fine = {"equity": 96_000.0}, {"equity": 99_000.0}
    states = [v and v.state for v in looks(build(), bad, bad, fine, bad, bad, bad)]
    assert states == [None] * 5 + [H]
    assert looks(build(loss_reads=1), bad)[0].state is H


def test_looks_after_one_step_are_one_look():
    check = build()
    account = question(equity=96_000.0, marked_ns=7)[1]
    assert [check.watch(account, now) for now in range(9)] == [None] * 9


def test_the_severest_state_is_asked_for():
    verdict = looks(build(), {"feed_age": 99.0, "disk_free": 0.0})[0]
    assert (verdict.state, verdict.limit) == (H, "disk")


def test_clocks_that_go_apart_are_logged_once_until_they_have_met_again(caplog):
    check = build()
    with caplog.at_level(logging.WARNING):
        apart = {"clock_skew": -0.5}
        looks(check, {"clock_skew": 0.49}, apart, apart, {"clock_skew": 0.0}, apart)
    assert len(caplog.records) == 2
    assert "0.5 s away" in caplog.text
    caplog.clear()
    looks(build(clock_skew_warn=None), {"clock_skew": 1.9})
    assert not caplog.records
