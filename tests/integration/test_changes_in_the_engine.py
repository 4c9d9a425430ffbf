"""A change of a working order under risk: held to what a new order is held to, in its place."""

import pytest
from standard_runs import WIDE, both, buy, limits, run, sell

RESTING = {5: buy(50, limit=49.5)}


def change(**words):
    return lambda strategy: strategy.replace(strategy.orders[0], **words)


def changes(done):
    """What became of each change, with the reason."""
    rows = done.signals[done.signals["order_id"] == 0]
    return list(zip(rows["outcome"], rows["reason"], rows["parent_id"], strict=True))


@pytest.mark.parametrize(
    ("minute", "wanted", "config", "found"),
    [
        (6, {"quantity": 100}, {}, []),
        (6, {"quantity": 101}, {}, ["order_volume"]),
        (6, {"limit": 48.0}, {}, ["price_collar"]),
        (6, {"limit": 49.0}, {**WIDE, "gross_percent": 2.475}, []),
        (6, {"limit": 49.6}, {**WIDE, "gross_percent": 2.475}, ["gross"]),
        (6, {"quantity": 51}, {**WIDE, "position_percent": 2.475}, ["position"]),
        (55, {"quantity": 60}, {}, ["session_window"]),
        (55, {"limit": 49.6}, {}, ["session_window"]),
        (55, {"quantity": 40}, {}, []),
    ],
)
def test_the_changed_order_is_held_to_the_limits_in_place_of_the_old(minute, wanted, config, found):
    done, error = run({**RESTING, minute: change(**wanted)}, config)
    assert (limits(done), error) == (found, None)
    ((outcome, reason, order),) = changes(done)
    assert (outcome, order) == ("rejected" if found else "changed", 1)
    assert all(word in reason for word in ("order 1", *found))
    resting = done.orders.iloc[0]
    names = {"quantity": 50.0, "limit": 49.5, **({} if found else wanted)}
    assert (resting["quantity"], resting["limit_price"]) == (names["quantity"], names["limit"])


def test_a_change_is_no_duplicate_of_its_order():
    done, _ = run({5: both(buy(50, limit=49.5), change(limit=49.0))})
    assert limits(done) == []


def test_changes_count_in_the_rate_of_a_minute():
    moves = [change(limit=49.0 + step / 100) for step in range(10)]
    done, _ = run({5: both(buy(50, limit=49.5), *moves)})
    assert limits(done) == ["strategy_orders_per_minute"]


def test_what_no_longer_works_is_not_changed():
    kept = []

    def place(strategy):
        kept.append(strategy.buy(10))

    done, _ = run({5: place, 7: lambda strategy: strategy.replace(kept[0], quantity=20)})
    assert changes(done) == [("rejected", "order 1 not changed: it is filled", 1)]
    assert done.orders["reason"].tolist() == [""]


def test_a_stop_that_protects_is_moved_while_only_reductions_leave():
    plan = {
        5: both(buy(1_000)),
        7: sell(1_000, stop=40.0),
        20: change(stop=45.0),
    }
    prices = {"AAPL": {10: 47.8}}
    done, _ = run(plan, {**WIDE, "style": "swing"}, prices=prices)
    assert [outcome for outcome, _, _ in changes(done)] == ["changed"]
    assert done.orders["stop_price"].tolist()[-1] == 45.0


def test_the_funnel_tells_changes_apart():
    done, _ = run({**RESTING, 6: change(limit=49.0)})
    assert done.funnel.set_index("stage")["count"]["changed"] == 1
    assert "refused" not in done.funnel["stage"].tolist()
