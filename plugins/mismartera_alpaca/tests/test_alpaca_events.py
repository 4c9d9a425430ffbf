"""What the order stream tells, on the real alpaca-py."""

import threading
from decimal import Decimal

import pytest
from alpaca_orders import CHEAP, SECRETS, executed, resting, states, terms
from alpaca_rows import until

from mismartera_core import (
    BrokerError,
    OrderChanged,
    StreamNoise,
    StreamState,
    VenueStatus,
)
from mismartera_core.testing import (
    FrameFault,
)


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
    sent = broker.submit(resting())
    until(lambda: any(isinstance(it, OrderChanged) for it in heard), "the order")
    changed = next(it for it in heard if isinstance(it, OrderChanged))
    assert changed.order.venue_id == sent.venue_id


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
