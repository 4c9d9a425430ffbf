"""A start is a recovery: nothing is lost, nothing doubled, what is not ours is left alone."""

from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from dying import killed_at, kinds

from mismartera_core.errors import BrokerError, JournalError
from mismartera_core.model.orders import OrderStatus, Side
from mismartera_core.model.venue import VenueStatus
from mismartera_core.repositories.database import open_database
from mismartera_core.testing import Answer


def working(rig):
    return [o for book in rig.desk.working_symbols().values() for o in book]


def test_fourteen_working_orders_are_fourteen_after_a_restart(rig, venue):
    for number in range(14):
        rig.order(number + 1, limit=90.0 - number)
    rig.begin()
    assert sorted(o.limit for o in working(rig)) == [90.0 - n for n in range(13, -1, -1)]
    assert len(venue.sent) == len(venue.orders) == 14
    for order in working(rig):
        rig.engine.cancel(order, "out")
    rig.poll()
    assert working(rig) == []


def test_restarts_double_nothing(rig, venue):
    rig.order(10)
    venue.fill("AAPL", 4)
    rig.poll()
    for _ in range(3):
        rig.begin()
        rig.poll()
        assert (rig.held(), rig.cash) == (4.0, venue.account().cash)
        assert [(o.remaining, o.status) for o in working(rig)] == [
            (6.0, OrderStatus.PARTIALLY_FILLED)
        ]
    assert len(rig.journal.executions()) == 1
    assert len(rig.fills) == 1


def test_what_happened_while_no_process_ran_is_booked_and_then_told(rig, venue):
    rig.order(10)
    rig.desk.close()
    venue.fill("AAPL", 7, price="101")
    rig.begin()
    assert (rig.held(), rig.cash, rig.fills) == (7.0, venue.account().cash, [])
    rig.poll()
    assert rig.fills == [("one", "AAPL", 7.0)]
    rig.poll()
    assert len(rig.fills) == 1
    assert rig.engine.ledger.fill_count == 1


def test_nobody_need_listen_to_what_is_told_late(rig, venue):
    rig.order(10)
    venue.fill("AAPL")
    rig.begin()
    rig.holdings["one", "AAPL"].on_fill = None
    rig.poll()
    assert (rig.held(), rig.fills) == (10.0, [])


def test_positions_belong_to_the_strategies_that_made_them(make_rig):
    rig = make_rig(strategies=("one", "two"))
    rig.order(10, strategy="one")
    rig.order(-4, strategy="two")
    for order in list(rig.venue.orders):
        rig.venue.fill(order)
    rig.begin()
    assert (rig.held(strategy="one"), rig.held(strategy="two")) == (10.0, -4.0)


@pytest.mark.parametrize("answer", [Answer.DO_THEN_FAIL, Answer.FAIL])
def test_an_order_of_unclear_fate_is_looked_up(rig, venue, answer):
    venue.script(answer)
    venue.lose(1)
    rig.order(10)
    rig.begin()
    assert ("AAPL" in rig.desk.frozen) is (answer is Answer.FAIL)
    rig.wait(30)
    assert len(venue.sent) == 1
    assert len(working(rig)) == len(venue.orders)
    assert rig.desk.frozen == {}


def test_the_pair_and_the_legs_of_orders_are_joined_again(rig, venue):
    entry = rig.order(10, limit=99.0, take_profit=110.0, stop_loss=90.0)
    high = rig.order(5, "MSFT", stop=105.0)
    rig.order(5, "MSFT", limit=95.0, oco=high)
    del entry, high
    rig.begin()
    entry = next(o for o in working(rig) if o.legs)
    assert [leg.status for leg in entry.legs] == [OrderStatus.HELD] * 2
    assert entry.legs[0].oco is entry.legs[1]
    venue.fill(list(venue.orders)[2])
    venue.fill(list(venue.orders)[3])
    rig.poll()
    assert entry.status is OrderStatus.FILLED
    assert [leg.status for leg in entry.legs] == [OrderStatus.WORKING] * 2
    assert [o.reason for o in rig.engine.ledger.orders if o.oco and o.entry is None][-1] == (
        "one cancels other"
    )
    rig.begin()
    legs = working(rig)
    assert len(legs) == 2
    assert legs[0].oco is legs[1]
    venue.fill("AAPL", price="110")
    rig.poll()
    assert (rig.held(), working(rig)) == (0.0, [])


def test_a_cancel_that_was_asked_for_is_asked_for_again(rig, venue):
    order = rig.order(10, limit=90.0)
    venue.unheard = True
    rig.engine.cancel(order, "no")
    rig.begin()
    venue.unheard = False
    rig.wait(1)
    assert [o.status for o in rig.engine.ledger.orders] == [OrderStatus.CANCELLED]


def test_what_the_account_held_before_is_not_ours_and_stays(make_rig):
    rig = make_rig(begin=False)
    venue = rig.venue
    for symbol, units in (("AAPL", 50), ("TSLA", 3)):
        venue.fill(venue.foreign(symbol, Side.BUY, units).venue_id)
    waiting = venue.foreign("TSLA", Side.SELL, 3)
    rig.begin()
    held = {"AAPL": Decimal(50), "TSLA": Decimal(3)}
    assert (rig.held(), rig.desk.external_positions) == (0.0, held)
    rig.order(10)
    venue.fill("AAPL", 10)
    rig.poll()
    rig.begin().wait(200)
    assert (rig.held(), rig.desk.external_positions) == (10.0, held)
    assert [o.venue_id for o in rig.desk.external_orders] == [waiting.venue_id]
    assert (rig.verdicts, venue.cancels) == ([], [])


def copied(database, folder):
    """The database as it is now, as a file of its own."""
    path = folder / "image.db"
    with database.engine.connect() as connection:
        connection.exec_driver_sql(f"VACUUM INTO '{path}'")
    return path


def test_a_disk_of_yesterday_takes_over_what_the_venue_knows(rig, venue, tmp_path):
    rig.order(3)
    venue.fill("AAPL")
    rig.poll()
    image = copied(rig.database, tmp_path)
    rig.clock.now_ns += 86_400_000_000_000
    rig.order(10, take_profit=110.0, stop_loss=90.0)
    venue.fill(list(venue.orders)[-1], 10)
    rig.order(5, limit=80.0)
    rig.poll()
    posts = len(venue.sent)
    rig.database = open_database(f"sqlite:///{image}")
    rig.begin()
    assert (rig.held(), rig.cash) == (13.0, venue.account().cash)
    assert rig.desk.external_positions == {}
    assert sorted(o.type.value for o in working(rig)) == ["limit", "limit", "stop"]
    venue.fill(next(o.venue_id for o in venue.working() if o.limit_price == 110), price="110")
    rig.wait(100)
    assert (rig.held(), len(venue.sent), rig.verdicts) == (3.0, posts, [])
    rig.begin()
    assert rig.held() == 3.0
    rig.database.close()


def test_an_order_of_ours_of_no_strategy_here_is_left_to_a_human(make_rig):
    rig = make_rig(strategies=("one", "gone"))
    rig.order(10, limit=90.0, strategy="gone")
    rig.order(4, strategy="gone")
    rig.venue.fill(list(rig.venue.orders)[1])
    rig.poll()
    rig._strategies = ("one",)
    rig.begin()
    assert rig.heard("human") >= 1
    assert rig.desk.external_positions == {"AAPL": Decimal(4)}
    assert len(rig.desk.external_orders) == 1
    rig.wait(100)
    assert (rig.venue.cancels, rig.verdicts) == ([], [])


@pytest.mark.parametrize(("ours", "theirs"), [({"AAPL": 10}, {"META": 10}), ({}, {"AAPL": 20})])
@pytest.mark.wrong_for_good
def test_a_renamed_or_split_symbol_is_frozen_and_a_human_is_called(rig, venue, ours, theirs):
    rig.order(10)
    venue.fill("AAPL")
    rig.poll()
    venue.held = {symbol: Decimal(units) for symbol, units in theirs.items()}
    rig.begin()
    assert "AAPL" in rig.desk.frozen
    rig.wait(130)
    assert "reconcile" in [v.limit for v in rig.verdicts]
    assert (len(venue.sent), rig.held()) == (1, 10.0)


def test_a_venue_that_leaves_fields_out_is_taken_as_it_is(rig, venue):
    rig.order(10, limit=99.0, take_profit=110.0, stop_loss=90.0)
    venue.fill(list(venue.orders)[-1], 4)
    venue.booked[0] = replace(venue.booked[0], client_id="", cumulative=None)
    venue.orders = {
        i: replace(o, limit_price=None, stop_price=None, submitted_ns=0, average_price=None)
        for i, o in venue.orders.items()
    }
    rig.begin()
    assert (rig.held(), len(working(rig))) == (4.0, 3)
    assert [o.limit for o in working(rig) if o.legs] == [99.0]


def test_an_execution_without_an_instant_has_that_of_its_booking(rig, venue):
    told = []
    rig.holdings["one", "AAPL"].on_fill = lambda *fill: told.append(fill)
    rig.order(10)
    execution = venue.fill("AAPL")
    del execution
    rig.poll()
    rig.order(5)
    venue.hold()
    execution = replace(venue.fill("AAPL"), at_ns=0)
    rig.desk._booking.take(execution, None)
    assert told[-1][-1].ts == rig.clock.now_ns // 60_000_000_000 * 60_000_000_000


def test_without_the_venue_nothing_begins(make_rig):
    rig = make_rig(begin=False)
    rig.begin(recover=False)
    rig.venue.down = True
    with pytest.raises(BrokerError):
        rig.desk.recover(rig.engine)
    assert "not been reconciled" in rig.desk.blocked


def test_without_the_journal_nothing_begins(rig, venue):
    rig.order(10)
    venue.lose(1)
    venue.fill("AAPL")
    with rig.database.engine.connect() as connection:
        connection.execute(sa.text("PRAGMA query_only = ON"))
    with pytest.raises(JournalError, match="journal"):
        rig.begin()
    assert rig.desk.blocked


def test_positions_are_asked_for_until_nothing_moves(rig, venue):
    rig.order(10)
    account, left = venue.account, [3]

    def moving():
        if left[0]:
            left[0] -= 1
            venue.fill("AAPL", 1)
        return account()

    rig.begin(recover=False)
    venue.account = moving
    rig.desk.recover(rig.engine)
    rig.poll()
    assert (rig.held(), rig.cash) == (3.0, account().cash)


def test_an_order_that_ended_while_no_process_ran_has_ended(rig, venue):
    rig.order(10, limit=90.0)
    venue.end(next(iter(venue.orders)), VenueStatus.EXPIRED, "day is over")
    rig.begin()
    assert [(o.status, o.reason) for o in rig.engine.ledger.orders] == [
        (OrderStatus.EXPIRED, "day is over")
    ]


def test_old_news_of_an_order_that_had_ended_changes_nothing(rig, venue):
    rig.order(10)
    venue.hold()
    venue.fill("AAPL")
    events = list(venue._waiting)
    venue.release()
    rig.poll()
    rig.begin()
    for event in events * 2:
        venue.tell(event)
    rig.wait(1)
    assert (rig.held(), working(rig), len(rig.engine.ledger.orders)) == (10.0, [], 0)


def test_a_thousand_orders_are_recovered(make_rig):
    rig = make_rig()
    for number in range(1000):
        rig.order(1, limit=round(90.0 - number / 100, 2))
    rig.begin()
    assert len(working(rig)) == 1000
    assert rig.desk.blocked == ""


def test_an_order_whose_last_fill_was_booked_before_a_kill_is_filled_afterwards(rig, venue):
    rig.order(10)
    venue.fill("AAPL")
    assert not killed_at("fill.committed", rig.poll)
    rig.begin()
    rig.wait(31)
    (order,) = rig.engine.ledger.orders
    assert (order.status, order.filled_quantity, order.reason) == (OrderStatus.FILLED, 10.0, "")
    assert (kinds(rig, venue.sent[0].client_id)[-1], rig.held()) == ("filled", 10.0)


def test_what_was_decided_before_a_restart_is_not_sent_again(rig, venue):
    rig.order(1)
    rig.desk.close()
    rig.begin()
    again = rig.order(1)
    assert (again.status, len(venue.sent)) == (OrderStatus.REJECTED, 1)
    assert "decided on before" in again.reason
