"""The reference itself, against cases worked out by hand from docs/order-semantics.md."""

from __future__ import annotations

import math

import pytest
from reference.ledger import Ledger
from reference.scripts import Scripted
from reference.simulator import MINUTE, Market
from reference.trades import round_trips

BUY, SELL = 1, -1
QUIET = (100, 100, 100, 100, 1000)


def market(rows, script, *, sessions=None, cash=1_000_000, symbols=("A",), **kw):
    """A market of one-minute bars from time 0; one session over all of them unless given."""
    bars = {
        symbol: [
            (i * MINUTE, *map(float, row), (i + 1) * MINUTE)
            for i, row in enumerate(rows)
            if row is not None
        ]
        for symbol in symbols
    }
    end = len(rows) * MINUTE
    strategies = {"s": Scripted({"A": script})}
    return Market(bars, sessions or [(0, end, end)], strategies, cash=cash, **kw).run()


def fills(run):
    return [(f["bar_ts"] // MINUTE, f["side"] * f["quantity"], f["price"]) for f in run.fills]


def ends(run):
    return [(o["status"], o["reason"]) for o in run.orders]


# One row of the table each: (side, prices, bar (o, h, l, c), price or None).
TABLE = [
    (BUY, {}, (101, 103, 99, 102), 101),
    (SELL, {}, (101, 103, 99, 102), 101),
    (BUY, {"limit": 101}, (101, 103, 99, 102), 101),
    (BUY, {"limit": 102}, (101, 103, 99, 102), 101),
    (BUY, {"limit": 100}, (101, 103, 99, 102), 100),
    (BUY, {"limit": 99}, (101, 103, 99, 102), 99),
    (BUY, {"limit": 98}, (101, 103, 99, 102), None),
    (SELL, {"limit": 101}, (101, 103, 99, 102), 101),
    (SELL, {"limit": 100}, (101, 103, 99, 102), 101),
    (SELL, {"limit": 102}, (101, 103, 99, 102), 102),
    (SELL, {"limit": 103}, (101, 103, 99, 102), 103),
    (SELL, {"limit": 104}, (101, 103, 99, 102), None),
    (BUY, {"stop": 101}, (101, 103, 99, 102), 101),
    (BUY, {"stop": 100}, (101, 103, 99, 102), 101),
    (BUY, {"stop": 103}, (101, 103, 99, 102), 103),
    (BUY, {"stop": 104}, (101, 103, 99, 102), None),
    (SELL, {"stop": 101}, (101, 103, 99, 102), 101),
    (SELL, {"stop": 102}, (101, 103, 99, 102), 101),
    (SELL, {"stop": 99}, (101, 103, 99, 102), 99),
    (SELL, {"stop": 98}, (101, 103, 99, 102), None),
    (BUY, {"stop": 101, "limit": 101}, (101, 103, 99, 102), 101),
    (BUY, {"stop": 100, "limit": 100}, (101, 103, 99, 102), 100),
    (BUY, {"stop": 100, "limit": 98}, (101, 103, 99, 102), None),
    (BUY, {"stop": 102, "limit": 102}, (101, 103, 99, 102), 102),
    (BUY, {"stop": 102, "limit": 101}, (101, 103, 99, 102), None),
    (BUY, {"stop": 104, "limit": 105}, (101, 103, 99, 102), None),
    (SELL, {"stop": 101, "limit": 101}, (101, 103, 99, 102), 101),
    (SELL, {"stop": 102, "limit": 102}, (101, 103, 99, 102), 102),
    (SELL, {"stop": 102, "limit": 104}, (101, 103, 99, 102), None),
    (SELL, {"stop": 100, "limit": 100}, (101, 103, 99, 102), 100),
    (SELL, {"stop": 100, "limit": 101}, (101, 103, 99, 102), None),
    # Placed at a close of 100: the first stop of a trailing sell of 2 is 98, of a buy 102.
    (SELL, {"trail": 2}, (97, 103, 96, 102), 97),
    (SELL, {"trail": 2}, (101, 103, 98, 102), 98),
    (SELL, {"trail": 2}, (101, 103, 99, 102), None),
    (BUY, {"trail": 2}, (103, 104, 99, 102), 103),
    (BUY, {"trail": 2}, (101, 103, 99, 102), 102),
    (BUY, {"trail": 4}, (101, 103, 99, 102), None),
]


@pytest.mark.parametrize(("side", "prices", "bar", "price"), TABLE)
def test_table(side, prices, bar, price):
    run = market([QUIET, (*bar, 1000)], {0: [("order", side, 10, prices)]})
    assert fills(run) == ([] if price is None else [(1, side * 10, price)])


def test_triggered_stop_limit_is_a_limit_order_from_the_next_bar_on():
    rows = [QUIET, (101, 103, 101, 102, 9), (104, 105, 102, 104, 9), (103, 103, 99, 100, 9)]
    run = market(rows, {0: [("order", BUY, 10, {"stop": 103, "limit": 100})]})
    assert fills(run) == [(3, 10, 100)]


def test_trailing_sell_rises_with_the_high_and_never_falls():
    rows = [QUIET, (100, 105, 99, 104, 9), (104, 104.5, 103.5, 104, 9), (104, 104, 102, 102, 9)]
    run = market(rows, {0: [("order", SELL, 10, {"trail": 2})]})
    assert fills(run) == [(3, -10, 103)]  # 105 - 2; the lower high of bar 2 did not lower it


@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        ((100, 106, 94, 100), (95, "stop")),  # both inside: the worse
        ((106, 107, 94, 100), (106, "limit")),  # the limit at the open
        ((94, 107, 93, 100), (94, "stop")),  # the stop at the open
        ((100, 106, 96, 100), (105, "limit")),
        ((100, 104, 94, 100), (95, "stop")),
    ],
)
def test_oco_at_the_open_first_else_the_worse(bar, expected):
    script = {0: [("order", SELL, 10, {"limit": 105}), ("order", SELL, 10, {"stop": 95, "oco": 0})]}
    run = market([QUIET, (*bar, 9)], script)
    assert fills(run) == [(1, -10, expected[0])]
    kinds = {o["kind"]: (o["status"], o["reason"]) for o in run.orders}
    assert kinds.pop(expected[1]) == ("filled", "")
    assert set(kinds.values()) == {("cancelled", "one cancels other")}


def test_bracket_filled_at_the_open_shows_both_legs_the_whole_bar():
    script = {0: [("order", BUY, 10, {"take_profit": 105, "stop_loss": 95})]}
    run = market([QUIET, (100, 106, 94, 100, 9)], script)
    assert fills(run) == [(1, 10, 100), (1, -10, 95)]
    run = market([QUIET, (100, 106, 96, 100, 9)], script)
    assert fills(run) == [(1, 10, 100), (1, -10, 105)]


def test_bracket_filled_inside_tests_the_stop_only_on_that_bar():
    script = {0: [("order", BUY, 10, {"limit": 98, "take_profit": 105, "stop_loss": 95})]}
    run = market([QUIET, (100, 106, 97, 104, 9), (104, 105, 104, 105, 9)], script)
    assert fills(run) == [(1, 10, 98), (2, -10, 105)]
    run = market([QUIET, (100, 106, 94, 104, 9), QUIET], script)
    assert fills(run) == [(1, 10, 98), (1, -10, 95)]


def test_bracket_whose_entry_never_fills_cancels_its_legs():
    script = {0: [("order", BUY, 10, {"limit": 90, "take_profit": 105, "stop_loss": 80})]}
    run = market([QUIET, QUIET], script)
    assert [o["status"] for o in run.orders] == ["expired", "cancelled", "cancelled"]


def test_bracket_partly_filled_works_its_legs_for_what_was_filled():
    script = {
        0: [("order", BUY, 10, {"limit": 99, "take_profit": 105, "stop_loss": 90})],
        1: [("cancel", 0)],
    }
    rows = [QUIET, (100, 100, 99, 99, 60), (99, 106, 99, 100, 1000)]
    run = market(rows, script, participation=0.1)
    assert fills(run) == [(1, 6, 99), (2, -6, 105)]
    assert [o["status"] for o in run.orders] == ["cancelled", "filled", "cancelled"]


def test_day_orders_expire_at_the_close_and_gtc_orders_live_on():
    sessions = [(0, 2 * MINUTE, 2 * MINUTE), (2 * MINUTE, 4 * MINUTE, 4 * MINUTE)]
    rows = [QUIET, QUIET, (95, 95, 95, 95, 9), QUIET]
    script = {0: [("order", BUY, 1, {"limit": 96}), ("order", BUY, 2, {"limit": 96, "tif": "gtc"})]}
    run = market(rows, script, sessions=sessions)
    assert fills(run) == [(2, 2, 95)]
    assert ends(run)[0] == ("expired", "end of session")
    assert run.orders[0]["updated"] == 2 * MINUTE


def test_order_placed_at_the_close_is_for_the_next_session():
    sessions = [(0, 2 * MINUTE, 2 * MINUTE), (2 * MINUTE, 4 * MINUTE, 4 * MINUTE)]
    rows = [QUIET, QUIET, (95, 95, 95, 95, 9), QUIET]
    run = market(
        rows, {1: [("order", BUY, 1, {}), ("order", BUY, 1, {"limit": 1})]}, sessions=sessions
    )
    assert fills(run) == [(2, 1, 95)]
    assert (run.orders[1]["status"], run.orders[1]["updated"]) == ("expired", 4 * MINUTE)


def test_participation_is_shared_and_the_rest_goes_on_at_the_next_open():
    rows = [QUIET, (100, 101, 99, 100, 59), (102, 103, 101, 102, 100), (104, 104, 104, 104, 100)]
    script = {0: [("order", BUY, 4, {}), ("order", BUY, 12, {"stop": 101})]}
    run = market(rows, script, participation=0.1)
    assert fills(run) == [(1, 4, 100), (1, 1, 101), (2, 10, 102), (3, 1, 104)]


def test_bar_without_volume_fills_nothing_and_unknown_volume_fills():
    rows = [QUIET, (101, 101, 101, 101, 0), (102, 102, 102, 102, math.nan)]
    run = market(rows, {0: [("order", BUY, 5, {})]}, participation=0.1)
    assert fills(run) == [(2, 5, 102)]


def test_costs_by_hand():
    run = market(
        [QUIET, (100, 100.5, 99, 100, 1000)],
        {0: [("order", BUY, 100, {}), ("order", BUY, 1, {"limit": 99.5})]},
        slippage=(0.01, 0.001, 0.1),
        commission=(1.0, 0.5, 0.01, 0.0001, 0.0),
    )
    # 100 + 0.01 + 0.1 + 0.1 * 100 * 0.1 ** 2 = 100.21; 0.5 + 1 + 0.0001 * 10021 = 2.5021
    assert [(f["price"], f["commission"]) for f in run.fills] == [
        (100.21, 2_502_100),
        (99.5, 1_000_000),
    ]
    assert (
        run.ledger.cash == 1_000_000_000_000 - 10_021_000_000 - 2_502_100 - 99_500_000 - 1_000_000
    )


def test_slippage_never_leaves_the_bar():
    run = market(
        [QUIET, (100, 100.25, 99, 100, 1000)], {0: [("order", BUY, 1, {})]}, slippage=(5, 0, 0)
    )
    assert fills(run) == [(1, 1, 100.25)]


@pytest.mark.parametrize(("units", "accepted"), [(100, True), (101, False)])
def test_buying_power_to_the_unit(units, accepted):
    run = market([QUIET, QUIET], {0: [("order", BUY, units, {})]}, cash=10_000, leverage=1)
    assert [len(run.orders), len(run.refused)] == ([1, 0] if accepted else [0, 1])


def test_buying_power_counts_working_orders_and_positions_and_frees_what_ends():
    script = {
        0: [
            ("order", BUY, 60, {"limit": 90}),
            ("order", BUY, 50, {}),
        ],  # 5400 reserved, 5000 > 4600
        1: [("cancel", 0), ("order", BUY, 100, {})],
        3: [("order", SELL, 201, {})],  # 100 close, 101 enlarge: 10100 > 10000 - 10000 reserved
        4: [("order", SELL, 100, {})],
    }
    run = market([QUIET] * 6, script, cash=10_000, leverage=1)
    assert [o["status"] for o in run.orders] == ["cancelled", "filled", "filled"]
    assert [o["quantity"] for o in run.refused] == [50, 201]


def test_fill_through_zero_closes_and_opens_at_the_fill():
    ledger = Ledger(10_000)
    ledger.book("k", 1, 10, 100.0, 0)
    ledger.book("k", 1, 10, 110.0, 0)
    assert ledger.cost["k"] == 2_100_000_000  # average 105
    ledger.book("k", -1, 5, 120.0, 0)
    assert ledger.cost["k"] == 15 * 105_000_000
    ledger.book("k", -1, 20, 90.0, 0)
    assert (ledger.position("k"), ledger.cost["k"]) == (-5, -5 * 90_000_000)


def test_flat_by_close_cancels_closes_and_opens_nothing_until_the_next_session():
    sessions = [(0, 5 * MINUTE, 5 * MINUTE), (5 * MINUTE, 10 * MINUTE, 10 * MINUTE)]
    script = {
        0: [("order", BUY, 10, {}), ("order", SELL, 3, {"limit": 200, "tif": "gtc"})],
        3: [("order", BUY, 1, {})],
        5: [("order", BUY, 7, {})],
    }
    run = market([QUIET] * 10, script, sessions=sessions, flat_by_close={"s": 2})
    # close - 2 minutes is the step at which bar 2 is known; bar 3 closes the position.
    assert fills(run) == [(1, 10, 100), (3, -10, 100), (6, 7, 100), (8, -7, 100)]
    assert ends(run)[1] == ("cancelled", "flat by close")
    assert [o["reason"] for o in run.refused] == ["flat by close"]


def test_flat_by_close_without_a_trade_left_fills_at_the_next_bar_there_is():
    sessions = [(0, 3 * MINUTE, 3 * MINUTE), (9 * MINUTE, 12 * MINUTE, 12 * MINUTE)]
    rows = [QUIET, QUIET, QUIET, *[None] * 7, (90, 91, 89, 90, 9), QUIET]
    run = market(rows, {0: [("order", BUY, 1, {})]}, sessions=sessions, flat_by_close={"s": 0})
    assert fills(run) == [(1, 1, 100), (10, -1, 90)]


def test_close_cancels_what_works_and_is_not_sent_twice():
    script = {
        0: [("order", BUY, 10, {}), ("order", SELL, 5, {"limit": 150})],
        1: [("close",), ("close",)],
    }
    run = market([QUIET] * 4, script)
    assert fills(run) == [(1, 10, 100), (2, -10, 100)]
    assert ends(run)[1] == ("cancelled", "closing the position")


def test_order_placed_in_on_fill_waits_for_the_next_bar():
    script = {0: [("order", BUY, 10, {})], "fill": [("order", SELL, 1, {"limit": 100})]}
    run = market([QUIET, QUIET, QUIET], script)
    assert fills(run)[:2] == [(1, 10, 100), (2, -1, 100)]


def test_round_trips_first_in_first_out():
    flow = [(BUY, 10, 100.0), (BUY, 5, 110.0), (SELL, 12, 120.0), (SELL, 5, 90.0), (BUY, 2, 80.0)]
    rows = [
        {"strategy": "s", "symbol": "A", "side": a, "quantity": q, "price": p, "bar_ts": i}
        for i, (a, q, p) in enumerate(flow)
    ]
    assert [trade[2:6] for trade in round_trips(rows)] == [
        (1, 10, 100.0, 120.0), (1, 2, 110.0, 120.0), (1, 3, 110.0, 90.0), (-1, 2, 90.0, 80.0),
    ]  # fmt: skip
