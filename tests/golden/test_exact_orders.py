"""Small cases of every rule, and all that random scripts have found: the engine is the reference.

Rows are minutes of six-minute sessions (None: no bar); Q is a quiet bar. A script says what is done
at which bar (tests/reference/scripts.py).
"""

from __future__ import annotations

import math

import pytest
from engine_runs import check_world

BUY, SELL = 1, -1
Q = (100, 100, 100, 100, 1000)
UP = (100, 106, 100, 105, 1000)
DOWN = (100, 100, 94, 95, 1000)
WIDE = (100, 106, 94, 100, 1000)
THIN = (100, 106, 94, 100, 30)
SILENT = (100, 100, 100, 100, 0)
UNKNOWN = (100, 101, 99, 100, math.nan)
TENTH = {"participation": 0.1}


def bracket(**words):
    return ("order", BUY, 10, {"take_profit": 105, "stop_loss": 95, **words})


def stop_pair():
    return [("order", SELL, 10, {"limit": 105}), ("order", SELL, 10, {"stop": 95, "oco": -1})]


CASES = {
    "market": ([Q] * 6, {0: [("order", BUY, 10, {})]}, {}),
    "limit": ([Q, DOWN, Q, Q, Q, Q], {0: [("order", BUY, 10, {"limit": 96})]}, {}),
    "stop": ([Q, UP, Q, Q, Q, Q], {0: [("order", BUY, 10, {"stop": 104})]}, {}),
    "stop limit waits": (
        [Q, UP, UP, DOWN, Q, Q],
        {0: [("order", BUY, 10, {"stop": 104, "limit": 98})]},
        {},
    ),
    "trailing": (
        [Q, UP, (105, 108, 104, 108, 9), (107, 107, 99, 99, 9), Q, Q],
        {0: [("order", SELL, 10, {"trail": 3})]},
        {},
    ),
    "bracket, worse first": ([Q, WIDE, Q, Q, Q, Q], {0: [bracket()]}, {}),
    "bracket inside": ([Q, WIDE, UP, Q, Q, Q], {0: [bracket(limit=99)]}, {}),
    "bracket of a short": (
        [Q, WIDE, Q, Q, Q, Q],
        {0: [("order", SELL, 10, {"take_profit": 95, "stop_loss": 105})]},
        {},
    ),
    "one cancels other": ([Q, UP, WIDE, Q, Q, Q], {0: stop_pair()}, {}),
    "a buy and a sell as a pair: the earlier goes first": (
        [Q, WIDE, Q, Q, Q, Q],
        {0: [("order", SELL, 10, {"stop": 95}), ("order", BUY, 10, {"stop": 105, "oco": -1})]},
        {},
    ),
    "a sibling placed in this bar does not see it": (
        [Q, WIDE, WIDE, Q, Q, Q],
        {
            0: [("order", BUY, 1, {}), ("order", SELL, 10, {"limit": 105})],
            "fill": [("order", SELL, 10, {"stop": 95, "oco": 1})],
        },
        {},
    ),
    "a sibling that has ended": (
        [Q] * 6,
        {0: [("order", BUY, 1, {})], 2: [("order", SELL, 1, {"limit": 120, "oco": 0})]},
        {},
    ),
    "day and gtc": (
        [Q] * 7 + [DOWN] + [Q] * 4,
        {0: [("order", BUY, 1, {"limit": 96}), ("order", BUY, 2, {"limit": 96, "tif": "gtc"})]},
        {},
    ),
    "placed at the close": ([Q] * 12, {5: [("order", BUY, 1, {}), bracket(limit=90)]}, {}),
    "no volume, unknown volume": ([Q, SILENT, UNKNOWN, Q, Q, Q], {0: [bracket()]}, TENTH),
    "participation shared by id": (
        [Q, THIN, THIN, Q, Q, Q],
        {0: [("order", BUY, 2, {}), ("order", BUY, 8, {"limit": 95}), ("order", BUY, 3, {})]},
        TENTH,
    ),
    "the rest of a stop is a market order": (
        [Q, (100, 106, 100, 101, 30), Q, Q, Q, Q],
        {0: [("order", BUY, 10, {"stop": 105})]},
        TENTH,
    ),
    "the rest of a trailing stop is a market order": (
        [Q, (100, 100, 97, 100, 30), (101, 101, 101, 101, 90), Q, Q, Q],
        {0: [("order", SELL, 10, {"trail": 3})]},
        TENTH,
    ),
    "the rest of a stop limit is a limit order": (
        [Q, (100, 106, 100, 101, 30), (104, 104, 104, 104, 99), Q, Q, Q],
        {0: [("order", BUY, 10, {"stop": 105, "limit": 105})]},
        TENTH,
    ),
    "a stop is triggered in a bar that has no units left": (
        [Q, (100, 100, 94, 100, 9), Q, Q, Q, Q],
        {0: [("order", SELL, 10, {"stop": 95})]},
        TENTH,
    ),
    "a trailing stop follows a bar that has no units left": (
        [Q, (100, 110, 99, 109, 9), (109, 109, 106, 106, 1000), Q, Q, Q],
        {0: [("order", SELL, 10, {"trail": 3})]},
        TENTH,
    ),
    "a limit is moved": (
        [Q, Q, DOWN, Q, Q, Q],
        {0: [("order", BUY, 10, {"limit": 90})], 1: [("replace", 0, {"limit": 96})]},
        {},
    ),
    "a limit that is moved away does not fill": (
        [Q, Q, DOWN, Q, Q, Q],
        {0: [("order", BUY, 10, {"limit": 96})], 1: [("replace", 0, {"limit": 90})]},
        {},
    ),
    "a stop is moved up behind the price": (
        [Q, UP, (105, 105, 100, 101, 9), Q, Q, Q],
        {
            0: [("order", BUY, 10, {}), ("order", SELL, 10, {"stop": 95})],
            1: [("replace", 1, {"stop": 102})],
        },
        {},
    ),
    "both prices of a stop limit": (
        [Q, Q, UP, DOWN, Q, Q],
        {
            0: [("order", BUY, 10, {"stop": 120, "limit": 121})],
            1: [("replace", 0, {"stop": 104, "limit": 98})],
        },
        {},
    ),
    "a trail begins anew": (
        [Q, UP, (105, 108, 104, 108, 9), (107, 107, 99, 99, 9), Q, Q],
        {0: [("order", SELL, 10, {"trail": 3})], 1: [("replace", 0, {"trail": 4})]},
        {},
    ),
    "less is filled": (
        [Q, Q, DOWN, Q, Q, Q],
        {0: [("order", BUY, 10, {"limit": 96})], 1: [("replace", 0, {"quantity": 4})]},
        {},
    ),
    "more is filled": (
        [Q, Q, DOWN, Q, Q, Q],
        {0: [("order", BUY, 10, {"limit": 96})], 1: [("replace", 0, {"quantity": 14})]},
        {},
    ),
    "what has filled is part of the quantity": (
        [Q, THIN, THIN, THIN, THIN, Q],
        {0: [("order", BUY, 10, {"limit": 96})], 1: [("replace", 0, {"quantity": 5})]},
        TENTH,
    ),
    "not below what has filled": (
        [Q, THIN, THIN, THIN, THIN, Q],
        {0: [("order", BUY, 10, {"limit": 96})], 1: [("replace", 0, {"quantity": 3})]},
        TENTH,
    ),
    "a fill was faster": (
        [Q, DOWN, Q, Q, Q, Q],
        {0: [("order", BUY, 10, {"limit": 96})], 1: [("replace", 0, {"limit": 90})]},
        {},
    ),
    "the rest of a triggered stop keeps its stop": (
        [Q, (100, 106, 100, 101, 30), Q, Q, Q, Q],
        {
            0: [("order", BUY, 10, {"stop": 105})],
            1: [("replace", 0, {"stop": 120}), ("replace", 0, {"quantity": 6})],
        },
        TENTH,
    ),
    "a market order has no price": (
        [Q] * 6,
        {0: [("order", BUY, 10, {}), ("replace", 0, {"limit": 90})]},
        {},
    ),
    "legs are for as much as their entry": (
        [Q, Q, DOWN, UP, Q, Q],
        {0: [bracket(limit=96)], 1: [("replace", 0, {"quantity": 4})]},
        {},
    ),
    "a pair stays a pair": (
        [Q, Q, WIDE, Q, Q, Q],
        {0: stop_pair(), 1: [("replace", 0, {"limit": 104}), ("replace", 1, {"stop": 96})]},
        {},
    ),
    "a day order stays one of its day": (
        [Q] * 7 + [DOWN] + [Q] * 4,
        {0: [("order", BUY, 1, {"limit": 90})], 5: [("replace", 0, {"limit": 96})]},
        {},
    ),
    "changed within the bar that fills another": (
        [Q, WIDE, WIDE, Q, Q, Q],
        {
            0: [("order", BUY, 1, {}), ("order", BUY, 10, {"limit": 95})],
            "fill": [("replace", 1, {"limit": 94})],
        },
        {},
    ),
    "what has ended keeps its reason": (
        [Q, UP, Q, Q, Q, Q],
        {0: stop_pair(), 1: [("replace", 1, {"stop": 94}), ("replace", 0, {"limit": 1})]},
        {},
    ),
    "to what it is already": (
        [Q] * 6,
        {0: [("order", BUY, 10, {"limit": 96}), ("replace", 0, {"limit": 96, "quantity": 10})]},
        {},
    ),
    "no more than can be bought": (
        [Q] * 6,
        {
            0: [("order", BUY, 50, {"limit": 96}), ("order", BUY, 40, {"limit": 96})],
            1: [("replace", 0, {"quantity": 70}), ("replace", 1, {"quantity": 50})],
            2: [("replace", 0, {"limit": 105}), ("replace", 1, {"limit": 99})],
        },
        {"cash": 10_000, "leverage": 1.0},
    ),
    "not after flat by close": (
        [Q] * 6,
        {
            0: [("order", BUY, 10, {"limit": 90})],
            4: [("replace", 0, {"limit": 91})],
        },
        {"flat_by_close": {"one": 2}},
    ),
    "legs keep their place by id": (
        [Q, (100, 100, 99, 100, 1000), (104, 106, 104, 104, 100), Q, Q, Q],
        {0: [bracket(limit=99), ("order", SELL, 10, {"limit": 105})]},
        TENTH,
    ),
    "partly filled entry, cancelled": (
        [Q, THIN, WIDE, Q, Q, Q],
        {0: [bracket(limit=99)], 1: [("cancel", 0)]},
        TENTH,
    ),
    "partly filled entry, all cancelled: no leg survives": (
        [Q, THIN, WIDE, WIDE, Q, Q],
        {0: [bracket(limit=99)], 1: [("cancel_all",)]},
        TENTH,
    ),
    "partly filled entry, closed: no leg survives": (
        [Q, THIN, WIDE, WIDE, Q, Q],
        {0: [bracket(limit=99)], 1: [("close",)]},
        TENTH,
    ),
    "partly filled entry, flat by close: no leg survives": (
        [Q, Q, Q, THIN, Q, Q, WIDE, WIDE, Q, Q, Q, Q],
        {2: [bracket(limit=99)]},
        {**TENTH, "flat_by_close": {"one": 2}},
    ),
    "legs are cancelled in on_fill of their entry": (
        [Q, WIDE, WIDE, Q, Q, Q],
        {0: [bracket()], "fill": [("cancel_all",)]},
        {},
    ),
    "closed in on_fill of the entry": (
        [Q, WIDE, WIDE, Q, Q, Q],
        {0: [bracket()], "fill": [("close",)]},
        {},
    ),
    "placed in on_fill": (
        [Q, WIDE, WIDE, Q, Q, Q],
        {0: [("order", BUY, 1, {})], "fill": [("order", SELL, 1, {"limit": 105})]},
        {},
    ),
    "close twice": ([Q] * 6, {0: [("order", BUY, 9, {})], 1: [("close",), ("close",)]}, {}),
    "buying power to the cent": (
        [Q] * 6,
        {0: [("order", BUY, 10, {}), ("order", BUY, 1, {})]},
        {"cash": 1000, "leverage": 1.0},
    ),
    "buying power of what is left of an order through zero": (
        [Q, Q, THIN, Q, Q, Q],
        {0: [("order", BUY, 10, {})], 1: [("order", SELL, 20, {})], 2: [("order", SELL, 11, {})]},
        {**TENTH, "cash": 2000, "leverage": 1.0},
    ),
    "flat by close": (
        [Q] * 12,
        {0: [("order", BUY, 9, {}), ("order", SELL, 1, {"limit": 120, "tif": "gtc"})]},
        {"flat_by_close": {"one": 2}},
    ),
    "flat by close lets nothing through zero": (
        [Q, Q, Q, Q, SILENT, Q, Q, Q, Q, Q, Q, Q],
        {0: [("order", BUY, 9, {})], 4: [("order", SELL, 20, {})]},
        {"flat_by_close": {"one": 2}},
    ),
    "flat by close: nothing beside the closing order": (
        [Q, Q, Q, Q, SILENT, Q, Q, Q, Q, Q, Q, Q],
        {
            0: [("order", BUY, 9, {})],
            3: [("order", SELL, 9, {})],
            4: [("close",), ("cancel_all",), ("order", SELL, 4, {"limit": 90})],
        },
        {"flat_by_close": {"one": 2}},
    ),
    "flat by close without a bar left": (
        [Q, Q, Q, None, None, None, Q, Q, Q, Q, Q, Q],
        {0: [("order", BUY, 9, {})]},
        {"flat_by_close": {"one": 2}},
    ),
    "flat by close at the close": (
        [Q] * 12,
        {0: [("order", BUY, 9, {})]},
        {"flat_by_close": {"one": 0}},
    ),
    "a closing order after flat by close is good till cancelled": (
        [Q, Q, Q, Q, None, None, Q, Q, Q, Q, Q, Q],
        {0: [("order", BUY, 9, {})], 3: [("cancel_all",), ("close",)]},
        {"flat_by_close": {"one": 2}},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_strategy(case):
    rows, script, account = CASES[case]
    check_world({"A": rows}, {"one": {"A": script}}, account)


def test_two_strategies_hold_one_symbol_without_knowing_of_each_other():
    scripts = {
        "one": {"A": {0: [("order", BUY, 10, {})], 3: [("close",)]}},
        "two": {"A": {1: [("order", SELL, 4, {})], 4: [("close",)]}},
    }
    market = check_world({"A": [Q] * 6}, scripts, TENTH)
    assert [f["strategy"] for f in market.fills] == ["one", "two", "one", "two"]


def test_flat_by_close_closes_symbols_in_their_order():
    buy = {0: [("order", BUY, 10, {})]}
    rows = {"A": [Q] * 6, "B": [Q] * 6}
    market = check_world(rows, {"one": {"A": buy, "B": buy}}, {"flat_by_close": {"one": 2}})
    assert [f["symbol"] for f in market.fills] == ["A", "B", "A", "B"]
