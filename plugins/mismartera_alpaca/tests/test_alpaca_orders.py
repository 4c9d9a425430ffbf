"""What leaves for Alpaca, and what becomes of it, on the real alpaca-py."""

from decimal import Decimal

import pytest
from alpaca_orders import executed, posts, resting, terms
from alpaca_rows import until

from mismartera_core import (
    OrderChanged,
    OrderExists,
    OrderNotSent,
    OrderRejected,
    OrderType,
    OrderUnclear,
    Side,
    TimeInForce,
    VenueStatus,
)
from mismartera_core.testing import (
    Fault,
    Reply,
)

AMOUNT = Decimal("10.25")
STOP = Decimal("250.10")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, {"type": "market", "qty": "10"}),
        ({"quantity": Decimal("0.5")}, {"type": "market", "qty": "0.5"}),
        (
            {"quantity": None, "notional": Decimal("100.50")},
            {"type": "market", "notional": "100.50"},
        ),
        (
            {"type": OrderType.LIMIT, "limit_price": Decimal("1E+2"), "extended_hours": True},
            {"type": "limit", "qty": "10", "limit_price": "100", "extended_hours": True},
        ),
        (
            {"type": OrderType.STOP, "stop_price": STOP, "side": Side.SELL},
            {"type": "stop", "qty": "10", "stop_price": "250.10", "side": "sell"},
        ),
        (
            {"type": OrderType.STOP_LIMIT, "stop_price": STOP, "limit_price": Decimal("251.00")},
            {"type": "stop_limit", "qty": "10", "stop_price": "250.10", "limit_price": "251.00"},
        ),
        (
            {
                "type": OrderType.TRAILING_STOP,
                "trail_amount": AMOUNT,
                "time_in_force": TimeInForce.GTC,
            },
            {"type": "trailing_stop", "qty": "10", "trail_price": "10.25", "time_in_force": "gtc"},
        ),
        (
            {"take_profit": Decimal("900.00"), "stop_loss": Decimal("1.10")},
            {
                "type": "market",
                "qty": "10",
                "order_class": "bracket",
                "take_profit": {"limit_price": "900.00"},
                "stop_loss": {"stop_price": "1.10"},
            },
        ),
        (
            {"stop_loss": Decimal("1.10")},
            {
                "type": "market",
                "qty": "10",
                "order_class": "oto",
                "stop_loss": {"stop_price": "1.10"},
            },
        ),
    ],
    ids=[
        "market",
        "fraction",
        "notional",
        "limit",
        "stop",
        "stop_limit",
        "trailing",
        "bracket",
        "oto",
    ],
)
def test_an_order_leaves_as_it_is_meant_and_amounts_are_texts(broker, venue, given, sent):
    made = broker.submit(terms(**given))
    usual = {"symbol": "AAPL", "side": "buy", "time_in_force": "day", "client_order_id": "mm-1"}
    assert posts(venue)[-1].json() == usual | sent
    assert (made.client_id, made.symbol, made.status.is_final) == ("mm-1", "AAPL", False)
    assert made.quantity == given.get("quantity", Decimal(10))


def test_a_filled_order_is_told_of_and_found_again(broker, venue, heard):
    made = broker.submit(terms())
    venue.advance(venue.next_ns)
    until(lambda: executed(heard), "the execution")
    (fill,) = executed(heard)
    assert fill.order.status is VenueStatus.FILLED
    assert (fill.order.filled_quantity, fill.order.average_price) == (10, fill.execution.price)
    assert (fill.execution.client_id, fill.execution.venue_id) == ("mm-1", made.venue_id)
    (again,) = broker.executions(0)
    for name in ("execution_id", "venue_id", "symbol", "side", "quantity", "price", "cumulative"):
        assert getattr(again, name) == getattr(fill.execution, name), name
    assert broker.find("mm-1") == broker.order(made.venue_id)
    assert broker.find("mm-1").status is VenueStatus.FILLED
    (held,) = broker.positions()
    assert (held.symbol, held.quantity, held.average_price) == ("AAPL", 10, fill.execution.price)
    assert broker.open_orders() == []


GARBLED = Fault.garbled().after_acting()
OUTCOMES = {
    "504 after it was taken": (Fault.status(504).after_acting(), OrderUnclear, 1),
    "504": (Fault.status(504), OrderUnclear, 0),
    "429": (Fault.too_many(1), OrderUnclear, 0),
    "500": (Fault.status(500), OrderUnclear, 0),
    "silence": (Fault.silence(), OrderUnclear, 0),
    "silence after it was taken": (Fault.silence().after_acting(), OrderUnclear, 1),
    "dropped": (Fault.dropped(), OrderUnclear, 0),
    "dropped after it was taken": (Fault.dropped().after_acting(), OrderUnclear, 1),
    "cut short": (Fault.truncated(), OrderUnclear, 1),
    "no JSON": (GARBLED, OrderUnclear, 1),
    "no order": (Fault(reply=Reply.json(["?"])).after_acting(), OrderUnclear, 1),
    "half an order": (Fault(reply=Reply.json({"id": "x"})).after_acting(), OrderUnclear, 1),
    "moved": (Fault(reply=Reply(status=307, headers={"Location": "/"})), OrderUnclear, 0),
    "a proxy's 403": (Fault(reply=Reply(status=403, body=b"<html>no</html>")), OrderUnclear, 0),
    "wash trade": (
        Fault(reply=Reply.json({"code": 40310000, "message": "potential wash trade"}, 403)),
        OrderRejected,
        0,
    ),
    "sub-penny": (
        Fault(reply=Reply.json({"code": 42210000, "message": "sub-penny increment"}, 422)),
        OrderRejected,
        0,
    ),
    "wrong key": (Fault(reply=Reply.json({"message": "forbidden."}, 403)), OrderRejected, 0),
}


@pytest.mark.parametrize("what", OUTCOMES)
def test_what_became_of_an_order_is_told_apart_and_it_is_sent_once(broker, venue, what):
    fault, error, taken = OUTCOMES[what]
    venue.faults.on("POST /orders", fault, times=None)
    with pytest.raises(error) as caught:
        broker.submit(resting())
    assert type(caught.value) is error
    assert "mm-1" in str(caught.value)
    if error is OrderRejected:
        assert fault.reply.body.decode().rpartition('message": "')[2].strip('"}') in str(
            caught.value
        )
    assert len(posts(venue)) == 1
    found = broker.find("mm-1")
    assert (found is not None) == bool(taken)


def test_a_second_order_with_one_id_is_said_to_exist(broker, venue):
    broker.submit(resting())
    with pytest.raises(OrderExists, match="must be unique"):
        broker.submit(resting())
    assert len(broker.open_orders()) == 1


def test_an_order_that_meets_no_server_was_not_sent(broker, venue):
    venue.go_down()
    with pytest.raises(OrderNotSent, match="no connection could be made"):
        broker.submit(terms())


def test_an_order_to_an_unknown_host_was_not_sent(broker, make):
    broker = make(trading_url="http://no-such-host.invalid")
    broker._is_ours = True
    with pytest.raises(OrderNotSent):
        broker.submit(terms())


def test_a_closed_broker_sends_nothing(broker, venue):
    broker.close()
    with pytest.raises(OrderNotSent, match="closed"):
        broker.submit(terms())
    assert posts(venue) == []


def test_cancelling_is_told_and_cannot_be_done_twice(broker, venue, heard):
    made = broker.submit(resting())
    broker.cancel(made.venue_id)
    until(
        lambda: any(
            isinstance(it, OrderChanged) and it.order.status is VenueStatus.CANCELLED
            for it in heard
        )
    )
    assert broker.order(made.venue_id).status is VenueStatus.CANCELLED
    for venue_id in (made.venue_id, "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(OrderRejected):
            broker.cancel(venue_id)


@pytest.mark.parametrize("fault", [Fault.status(504), Fault.silence(), Fault.dropped()])
def test_a_cancel_without_an_answer_is_unclear_and_sent_once(broker, venue, fault):
    made = broker.submit(resting())
    venue.faults.on("DELETE /orders/*", fault, times=None)
    with pytest.raises(OrderUnclear):
        broker.cancel(made.venue_id)
    assert venue.faults.seen("DELETE /orders/*") == 1


def test_a_changed_order_has_new_ids_and_names_the_old_one(broker, venue):
    made = broker.submit(resting())
    new = broker.replace(made.venue_id, resting("mm-2", quantity=Decimal(7)))
    assert (new.client_id, new.replaces, new.quantity) == ("mm-2", made.venue_id, 7)
    assert new.venue_id != made.venue_id
    old = broker.find("mm-1")
    assert (old.status, old.replaced_by) == (VenueStatus.REPLACED, new.venue_id)
    assert [it.client_id for it in broker.open_orders()] == ["mm-2"]


def test_a_change_to_a_fraction_is_refused_before_it_is_sent(broker, venue):
    made = broker.submit(resting())
    with pytest.raises(OrderRejected, match=r"whole units, wanted were 7\.5"):
        broker.replace(made.venue_id, resting("mm-2", quantity=Decimal("7.5")))
    assert venue.faults.seen("PATCH *") == 0


def test_a_change_that_lost_to_a_fill_is_refused(broker, venue):
    made = broker.submit(terms())
    venue.advance(venue.next_ns)
    with pytest.raises(OrderRejected):
        broker.replace(made.venue_id, resting("mm-2"))


def test_a_change_without_an_answer_is_unclear_and_sent_once(broker, venue):
    made = broker.submit(resting())
    venue.faults.on("PATCH *", Fault.status(504).after_acting(), times=None)
    with pytest.raises(OrderUnclear):
        broker.replace(made.venue_id, resting("mm-2"))
    assert venue.faults.seen("PATCH *") == 1
    assert broker.find("mm-2").replaces == made.venue_id
