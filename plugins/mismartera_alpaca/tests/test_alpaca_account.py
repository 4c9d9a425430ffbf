"""What is asked of an account, on the real alpaca-py."""

from decimal import Decimal

import pytest
from alpaca_orders import CHEAP, PRICE, SECRETS, posts, resting, terms

from mismartera_core import (
    BrokerError,
    OrderNotSent,
    OrderType,
    Side,
    VenueStatus,
)
from mismartera_core.testing import (
    Fault,
    Reply,
)
from mismartera_core.testing.venue.orders import Terms


def test_there_is_no_order_only_on_alpacas_own_word(broker, venue):
    assert broker.find("nobody") is None
    assert broker.order("00000000-0000-0000-0000-000000000000") is None
    for reply in (
        Reply(status=404, body=b"<html>no page</html>"),
        Reply.json({"message": "no route"}, 404),
    ):
        venue.faults.on("GET /orders*", Fault(reply=reply), times=2)
        with pytest.raises(BrokerError):
            broker.find("mm-1")
        with pytest.raises(BrokerError):
            broker.order("00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize("fault", [Fault.too_many(1), Fault.status(503), Fault.dropped()])
def test_reads_are_tried_again(broker, venue, fault):
    broker.submit(resting())
    venue.faults.on("GET /orders:*", fault)
    assert broker.find("mm-1") is not None


@pytest.mark.parametrize("ask", ["account", "now_ns", "open_orders", "positions"])
def test_reads_end_in_an_error_when_nobody_answers(broker, venue, ask):
    venue.faults.on("GET *", Fault.silence(), times=None)
    with pytest.raises(BrokerError, match="no answer in time"):
        getattr(broker, ask)()


@pytest.mark.parametrize("body", [{"message": "ok"}, ["?"], 7, [{"id": "x"}]])
def test_reads_of_what_is_no_answer_are_an_error(broker, venue, body):
    venue.faults.on("GET *", Fault(reply=Reply.json(body)), times=None)
    for ask in (broker.account, broker.now_ns, broker.positions, broker.open_orders):
        with pytest.raises(BrokerError):
            ask()
    with pytest.raises(BrokerError):
        broker.executions(0)


def test_all_open_orders_are_listed_over_more_than_a_page(broker, venue):
    for number in range(503):
        venue.submit(
            Terms(
                symbol="AAPL",
                side=Side.BUY,
                quantity=Decimal(1),
                type=OrderType.LIMIT,
                limit=Decimal(1),
                client_id=f"mm-{number}",
            )
        )
        venue.advance(venue.clock.now_ns + 500_000)
    found = broker.open_orders()
    assert sorted(it.client_id for it in found) == sorted(f"mm-{n}" for n in range(503))
    assert venue.faults.seen("GET /orders") == 4


def test_legs_lie_in_their_entry_and_are_listed_when_it_has_filled(broker, venue):
    broker.submit(terms(take_profit=Decimal("900.00"), stop_loss=Decimal("1.00")))
    (entry,) = broker.open_orders()
    assert [(leg.type, leg.status) for leg in entry.legs] == [
        (OrderType.LIMIT, VenueStatus.PENDING),
        (OrderType.STOP, VenueStatus.PENDING),
    ]
    venue.advance(venue.next_ns)
    legs = broker.open_orders()
    assert sorted(leg.venue_id for leg in legs) == sorted(leg.venue_id for leg in entry.legs)


def test_executions_are_read_over_more_than_a_page_and_from_an_instant(broker, venue):
    made = broker.submit(resting(quantity=Decimal(230)))
    for _ in range(230):
        venue.execute(made.venue_id, Decimal(1), CHEAP)
        venue.advance(venue.clock.now_ns + 1_000_000)
    found = broker.executions(0)
    assert [it.cumulative for it in found] == list(range(1, 231))
    assert len({it.execution_id for it in found}) == 230
    since = found[150].at_ns
    assert [it.execution_id for it in broker.executions(since)] == [
        it.execution_id for it in found[150:]
    ]


def test_executions_of_one_instant_are_put_in_order(broker, venue):
    made = broker.submit(resting())
    for _ in range(4):
        venue.execute(made.venue_id, Decimal(2), CHEAP)
    venue.faults.on("GET /account/activities/*", Fault(change=lambda found: found[::-1]))
    assert [it.cumulative for it in broker.executions(0)] == [2, 4, 6, 8]


def test_a_short_position_is_negative(broker, venue):
    venue.foreign_position("MSFT", -5, PRICE)
    (held,) = broker.positions()
    assert (held.symbol, held.quantity, held.average_price) == ("MSFT", -5, PRICE)


def test_the_account_tells_what_it_is(broker, venue):
    found = broker.account()
    assert found.account_id == venue.account_id
    assert (found.paper, found.currency, found.blocked) == (True, "USD", "")
    assert (found.cash, found.equity, found.buying_power) == (100_000, 100_000, 400_000)
    assert (found.multiplier, found.shorting) == (4, True)
    assert broker.now_ns() == venue.clock.now_ns


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"trading_blocked": True}, "trading blocked"),
        ({"status": "ACCOUNT_UPDATED", "account_blocked": True}, "account blocked, its status is"),
    ],
)
def test_a_blocked_account_says_why(broker, venue, change, said):
    venue.faults.on("GET /account", Fault.with_values(**change))
    assert said in broker.account().blocked


@pytest.mark.parametrize(("paper", "number"), [(False, "PA123"), (True, "123456789")])
def test_an_account_of_the_other_kind_is_refused_and_gets_no_order(make, venue, paper, number):
    venue.faults.on("GET /account", Fault.with_values(account_number=number), times=None)
    broker = make(paper=paper)
    with pytest.raises(BrokerError, match=f"account {number} is a (paper|live) account"):
        broker.account()
    with pytest.raises(OrderNotSent, match=number):
        broker.submit(terms())
    assert posts(venue) == []


def test_a_live_account_is_reported_as_such(make, venue):
    venue.faults.on("GET /account", Fault.with_values(account_number="123456789"), times=None)
    found = make(paper=False).account()
    assert (found.account_id, found.paper) == ("123456789", False)


def test_the_first_order_looks_at_the_account_itself(make, venue):
    make().submit(resting())
    assert [request.path for request in venue.requests] == ["/v2/account", "/v2/orders"]


@pytest.mark.parametrize("ask", ["account", "now_ns"])
def test_wrong_keys_are_said_to_be_wrong(make, ask):
    wrong = {**SECRETS, "ALPACA_SECRET_KEY": "another-secret"}
    with pytest.raises(BrokerError) as caught:
        getattr(make(secrets=wrong), ask)()
    assert "keys" in caught.value.hint
