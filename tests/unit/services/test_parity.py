"""What parts an order of a live session from that of a backtest."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from mismartera_core.model.parity import Cause, Circumstances, Trouble
from mismartera_core.model.results import FillColumns, OrderColumns, RunRecord
from mismartera_core.services.parity import compare
from mismartera_core.services.run_record import empty_record

MINUTE = 60_000_000_000
OPEN = 1_720_000_200 * 1_000_000_000 // MINUTE * MINUTE
NAN = float("nan")


def order(minute=10, *, seconds=0.0, fill=None, status="filled", reason="", number=1, **changes):
    """An order that was decided so many minutes after the open, and its execution."""
    values = {"strategy": 0, "symbol": 0, "side": 1, "quantity": 10.0, "limit": NAN}
    at = OPEN + minute * MINUTE + int(seconds * 1e9)
    filled = {"price": 100.0, "quantity": 10.0, "fee": 1_000_000, "bar": minute}
    fills = None if status != "filled" else {**filled, **(fill or {})}
    return {
        **values,
        "at": at,
        "status": status,
        "reason": reason,
        "id": number,
        "fills": fills,
    } | changes


def record(*orders) -> RunRecord:
    count = len(orders)
    none = np.full(count, NAN)

    def whole(name):
        return np.array([o[name] for o in orders], dtype=np.int64)

    filled = [o for o in orders if o["fills"]]
    return replace(
        empty_record("x"),
        strategies=("mine", "other"),
        symbols=("SPY", "QQQ"),
        sessions=(date(2024, 7, 3),),
        orders=OrderColumns(
            whole("id"),
            np.zeros(count, dtype=np.int64),
            whole("strategy"),
            whole("symbol"),
            whole("side"),
            ["market"] * count,
            ["day"] * count,
            np.array([o["quantity"] for o in orders]),
            np.array([o["fills"]["quantity"] if o["fills"] else 0.0 for o in orders]),
            np.array([o["limit"] for o in orders]),
            none,
            none,
            [o["status"] for o in orders],
            [o["reason"] for o in orders],
            [""] * count,
            whole("at"),
            whole("at"),
        ),
        fills=FillColumns(
            np.array([o["id"] for o in filled], dtype=np.int64),
            np.array([o["strategy"] for o in filled], dtype=np.int64),
            np.array([o["symbol"] for o in filled], dtype=np.int64),
            np.array([o["side"] for o in filled], dtype=np.int64),
            np.array([o["fills"]["quantity"] for o in filled], dtype=np.float64),
            np.array([o["fills"]["price"] for o in filled], dtype=np.float64),
            np.array([o["fills"]["fee"] for o in filled], dtype=np.int64),
            np.array([OPEN + o["fills"]["bar"] * MINUTE for o in filled], dtype=np.int64),
            np.array([o["at"] for o in filled], dtype=np.int64),
            np.zeros(len(filled), dtype=np.int64),
        ),
    )


def around(*troubles, lost=(), every=()):
    return Circumstances(
        interval_ns=MINUTE,
        began_ns=OPEN,
        ended_ns=OPEN + 390 * MINUTE,
        troubles=troubles,
        lost=lost,
        looks_at_all=frozenset(every),
    )


def trouble(cause, minute, known, symbol=0):
    """Something about the bar that ends so many minutes after the open."""
    due = OPEN + minute * MINUTE
    return Trouble(cause, symbol, due - MINUTE, due, OPEN + int(known * MINUTE))


def causes(live, test, circumstances=None):
    found = compare(record(*live), record(*test), circumstances or around())
    return [each.cause for each in found.differences]


def test_the_same_orders_are_no_difference():
    both = [
        order(),
        order(11, number=2, side=-1),
        order(12, number=0, status="rejected", reason="x"),
    ]
    found = compare(record(*both), record(*both), around())
    assert (found.orders, found.backtest_orders, found.paired, found.differences) == (3, 3, 3, ())


@pytest.mark.parametrize(
    ("live", "cause"),
    [
        (order(fill={"price": 100.01}), Cause.FILL_PRICE),
        (order(fill={"quantity": 4.0}), Cause.FILL_QUANTITY),
        (order(fill={"bar": 11}), Cause.FILL_TIME),
        (order(fill={"fee": 2_000_000}), Cause.FEE),
        (order(status="rejected", reason="not tradable"), Cause.VENUE_REJECT),
        (order(number=0, status="rejected", reason="risk x: too large"), Cause.RISK),
        (
            order(number=0, status="rejected", reason="the venue's stream of orders is down: gone"),
            Cause.FEED_DOWN,
        ),
        (order(status="expired", reason="the session ended"), Cause.FILL_QUANTITY),
        (order(seconds=3, fill={"bar": 11}), Cause.CLOCK),
        (order(quantity=5.0, fill={"quantity": 5.0}), Cause.UNEXPLAINED),
        (order(limit=99.0), Cause.UNEXPLAINED),
    ],
)
def test_the_cause_is_named(live, cause):
    assert causes([live], [order()]) == [cause]


@pytest.mark.parametrize(
    "live",
    [
        order(fill={"price": 100.0 + 1e-8}),
        order(fill={"fee": 1_000_001}),
        order(seconds=3),
    ],
    ids=["rounded price", "rounded fee", "decided a moment later"],
)
def test_what_comes_to_the_same_is_no_difference(live):
    assert causes([live], [order()]) == []


def test_an_order_before_the_session_began_or_after_it_ended_is_named():
    early = compare(record(), record(order(-5), order(391, number=2)), around())
    assert [each.cause for each in early.differences] == [Cause.NOT_RUNNING] * 2


@pytest.mark.parametrize("cause", [Cause.BAR_LATE, Cause.BAR_REVISED, Cause.BAR_FILLED])
def test_trouble_with_the_bar_of_the_decision_is_the_cause(cause):
    assert causes([], [order()], around(trouble(cause, 10, 10.5))) == [cause]
    assert causes([], [order()], around(trouble(cause, 10, 10.5, symbol=1))) == [Cause.UNEXPLAINED]


def test_trouble_of_any_symbol_is_that_of_a_portfolio():
    elsewhere = trouble(Cause.BAR_REVISED, 10, 10.5, symbol=1)
    assert causes([], [order()], around(elsewhere, every=(0,))) == [Cause.BAR_REVISED]


def test_a_stream_that_was_down_is_the_cause():
    lost = ((OPEN + 9 * MINUTE, OPEN + 12 * MINUTE),)
    assert causes([], [order()], around(lost=lost)) == [Cause.FEED_DOWN]


def test_what_comes_after_a_difference_follows_from_it_in_the_same_books_only():
    live = [order(fill={"price": 101.0})]
    test = [order(), order(20, number=2, side=-1), order(21, number=3, strategy=1)]
    assert causes(live, test) == [Cause.FILL_PRICE, Cause.FOLLOWS, Cause.UNEXPLAINED]


def test_the_bar_that_fills_an_order_may_be_what_was_revised():
    revised = trouble(Cause.BAR_REVISED, 11, 30.0)
    assert causes([order(fill={"price": 101.0})], [order()], around(revised)) == [Cause.BAR_REVISED]


def test_several_orders_of_one_bar_are_paired_in_their_order():
    live = [order(), order(number=2, fill={"price": 102.0})]
    test = [order(), order(number=2)]
    assert causes(live, test) == [Cause.FILL_PRICE]


def test_a_difference_tells_both_sides_in_words():
    live, test = [order(status="rejected", reason="not tradable")], [order()]
    (found,) = compare(record(*live), record(*test), around()).differences
    assert (found.live, found.backtest) == ("10 rejected: not tradable", "10 of 10 at 100")
    assert (found.strategy, found.symbol, found.side) == ("mine", "SPY", "buy")
    assert found.bar_ns == OPEN + 10 * MINUTE
