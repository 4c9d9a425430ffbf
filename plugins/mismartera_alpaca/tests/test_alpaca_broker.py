"""The broker on the real alpaca-py, against a venue on this machine."""

import threading
from decimal import Decimal

import pytest
from alpaca_server import context, until
from mismartera_alpaca.broker import AlpacaBroker
from mismartera_alpaca.config import BrokerConfig

from mismartera_core import (
    BrokerError,
    Executed,
    OrderChanged,
    OrderExists,
    OrderNotSent,
    OrderRejected,
    OrderTerms,
    OrderType,
    OrderUnclear,
    Side,
    StreamChanged,
    StreamNoise,
    StreamState,
    TimeInForce,
    VenueStatus,
)
from mismartera_core.testing import (
    AlpacaVenue,
    Fault,
    FrameFault,
    Reply,
    sessions_of,
    walk_bars,
)
from mismartera_core.testing.venue.orders import Terms

BARS = walk_bars(sessions_of([60]), seed=3)
PRICE = Decimal(str(round(float(BARS.open[0]), 2)))
CHEAP = (PRICE / 2).quantize(Decimal("0.01"))
SECRETS = {"ALPACA_API_KEY": "PKTEST-LOOPBACK", "ALPACA_SECRET_KEY": "none-of-your-business"}


@pytest.fixture
def venue():
    key, secret = SECRETS.values()
    with AlpacaVenue({"AAPL": BARS, "MSFT": BARS}, key=key, secret=secret, multiplier=4) as venue:
        venue.limit.per_minute = 100_000
        yield venue


@pytest.fixture
def make(venue, tmp_path):
    """Make a broker: `make(paper=False)`; closed after the test."""
    made = []

    def broker(secrets=SECRETS, **changes):
        config = {
            "trading_url": venue.url,
            "trading_stream_url": venue.trading_url,
            "connect_seconds": 1,
            "read_seconds": 0.5,
            "deadline_seconds": 1.5,
            "requests_per_minute": 10_000,
            **changes,
        }
        made.append(AlpacaBroker(BrokerConfig(**config), context(tmp_path, secrets)))
        return made[-1]

    yield broker
    for it in made:
        it.close()


@pytest.fixture
def broker(make):
    broker = make()
    broker.account()
    return broker


@pytest.fixture
def heard(broker):
    events = []
    broker.listen(events.append)
    return events


def terms(client_id="mm-1", **changes):
    usual = {"symbol": "AAPL", "side": Side.BUY, "type": OrderType.MARKET, "quantity": Decimal(10)}
    return OrderTerms(client_id=client_id, **{**usual, **changes})


def resting(client_id="mm-1", **changes):
    return terms(client_id, type=OrderType.LIMIT, limit_price=CHEAP, **changes)


def posts(venue):
    return [request for request in venue.requests if request.method == "POST"]


def executed(events):
    return [it for it in events if isinstance(it, Executed)]


def states(events):
    return [it.state for it in events if isinstance(it, StreamChanged)]


# ---- orders go out


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


# ---- changes


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


# ---- what there is


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


# ---- what is told


def test_listening_is_confirmed_before_anything_is_missed(broker, venue, heard):
    assert states(heard) == [StreamState.LIVE]
    broker.submit(terms())
    venue.advance(venue.next_ns)
    until(lambda: executed(heard), "the execution")


def test_partial_fills_are_told_one_by_one(broker, venue, heard):
    made = broker.submit(resting())
    for units in (3, 7):
        venue.execute(made.venue_id, Decimal(units), CHEAP)
    until(lambda: len(executed(heard)) == 2, "two executions")
    assert [(it.execution.quantity, it.execution.cumulative) for it in executed(heard)] == [
        (3, 3),
        (7, 10),
    ]
    assert [it.order.status for it in executed(heard)] == [
        VenueStatus.PARTIALLY_FILLED,
        VenueStatus.FILLED,
    ]


def changed(**values):
    """A frame of the order stream with other values in its order."""

    def change(message):
        data = message["data"]
        return {**message, "data": {**data, "order": {**data["order"], **values}}}

    return FrameFault.changed(change)


def test_an_unknown_status_is_an_order_that_goes_on(broker, venue, heard):
    venue.faults.on("trades *", changed(status="brand_new_status"))
    broker.submit(resting())
    until(lambda: any(isinstance(it, OrderChanged) for it in heard), "the order")
    (told,) = [it for it in heard if isinstance(it, OrderChanged)][:1]
    assert told.order.status is VenueStatus.WORKING


@pytest.mark.parametrize(
    "fault",
    [
        FrameFault.garbled(),
        changed(id=None),
        changed(side="sideways"),
        changed(filled_qty="many"),
        changed(filled_qty="NaN"),
        FrameFault.changed(lambda message: {"stream": "trade_updates"}),
        FrameFault.changed(lambda message: {"stream": "brand_new", "data": {}}),
        FrameFault.changed(lambda message: [message]),
    ],
)
def test_an_update_nobody_understands_is_noise_and_the_next_one_comes(broker, venue, heard, fault):
    venue.faults.on("trades new *", fault)
    broker.submit(terms())
    venue.advance(venue.next_ns)
    until(lambda: executed(heard), "the execution")
    assert any(isinstance(it, StreamNoise) for it in heard)
    assert states(heard) == [StreamState.LIVE]


def test_an_unknown_event_is_a_change_of_its_order(broker, venue, heard):
    def renamed(message):
        return {**message, "data": {**message["data"], "event": "order_cancel_rejected"}}

    venue.faults.on("trades new *", FrameFault.changed(renamed))
    broker.submit(resting())
    until(lambda: any(isinstance(it, OrderChanged) for it in heard), "the order")


def test_an_execution_that_is_taken_back_is_noticed(broker, venue, heard):
    def busted(message):
        return {**message, "data": {**message["data"], "event": "trade_bust"}}

    venue.faults.on("trades fill *", FrameFault.changed(busted))
    broker.submit(terms())
    venue.advance(venue.next_ns)
    until(lambda: any(isinstance(it, StreamNoise) for it in heard), "the noise")
    assert executed(heard) == []


def test_a_lost_stream_comes_back_and_what_was_missed_can_be_asked_for(broker, venue, heard):
    broker.submit(terms())
    venue.go_down()
    until(lambda: states(heard)[-1] is StreamState.LOST, "LOST")
    venue.advance(venue.next_ns)
    venue.come_up()
    until(lambda: states(heard)[-1] is StreamState.LIVE, "LIVE")
    assert executed(heard) == []
    (missed,) = broker.executions(0)
    assert missed.quantity == 10


def test_a_refused_stream_is_an_error_at_once(make, venue):
    wrong = {**SECRETS, "ALPACA_SECRET_KEY": "another-secret"}
    before = set(threading.enumerate())
    with pytest.raises(BrokerError, match="the keys are refused"):
        make(secrets=wrong).listen(lambda event: None)
    assert not [it for it in set(threading.enumerate()) - before if "alpaca" in it.name]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_handshake_is_an_error_at_once(broker, venue, status):
    venue.faults.on("trades handshake", FrameFault.refused(status), times=None)
    with pytest.raises(BrokerError, match=f"HTTP {status}"):
        broker.listen(lambda event: None)


def test_a_stream_that_is_never_confirmed_is_an_error_in_time(broker, venue):
    venue.faults.on("trades listen*", FrameFault.silence(), times=None)
    with pytest.raises(BrokerError, match="not live"):
        broker.listen(lambda event: None)


def test_only_one_listens(broker, heard):
    with pytest.raises(BrokerError, match="already"):
        broker.listen(lambda event: None)


def test_closing_ends_the_stream_and_its_thread(broker, venue, heard):
    broker.close()
    broker.close()
    assert not [it for it in threading.enumerate() if "alpaca" in it.name]


def test_it_shows_no_key(broker, heard):
    assert repr(broker) == "AlpacaBroker(paper=True)"
    assert "business" not in repr(vars(broker))
