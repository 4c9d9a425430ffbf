"""Every fault that can be scripted, as alpaca-py meets it."""

from __future__ import annotations

import json
import threading

import pytest
import requests
import venue_streams
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest
from pydantic import ValidationError
from venue_streams import DAYS

from mismartera_core.testing import AlpacaVenue, Fault, FrameFault, Terms

MINUTE_NS = 60_000_000_000
OPEN_NS = int(DAYS.open_ns[0])
SHORT = (1.0, 0.2)
"""Time limits of a client that has some: to connect, to read."""


def market(**words):
    return MarketOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="day", **words)


def limit(price=1.0):
    return LimitOrderRequest(
        symbol="AAPL", qty=1, side="buy", time_in_force="day", limit_price=price
    )


class TestCalls:
    @pytest.mark.parametrize("status", [403, 422, 500])
    def test_a_status(self, venue, trading, status):
        venue.faults.on("GET /account", Fault.status(status, "no"))
        with pytest.raises(APIError) as error:
            trading.get_account()
        assert (error.value.status_code, json.loads(str(error.value))) == (
            status,
            {"message": "no"},
        )
        assert trading.get_account().status == "ACTIVE"

    @pytest.mark.parametrize("fault", [Fault.status(429), Fault.too_many(1), Fault.status(504)])
    def test_what_the_client_tries_again(self, venue, trading, fault):
        venue.faults.on("POST /orders", fault, times=2)
        trading.submit_order(market())
        assert (venue.faults.seen("POST /orders"), venue.faults.met("POST /orders")) == (3, 2)
        assert len(venue.book.orders) == 1  # none of the two was taken

    @pytest.mark.parametrize("taken", [False, True], ids=["not taken", "taken"])
    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            (Fault.dropped(), requests.ConnectionError),
            (Fault.silence(), requests.Timeout),
            (Fault.garbled(), requests.exceptions.JSONDecodeError),
            (Fault.garbled(status=502), APIError),
        ],
        ids=["dropped", "mute", "garbled", "garbled error"],
    )
    def test_the_answer_is_lost(self, venue, trading, fault, error, taken):
        trading._session.request = with_time_limit(trading._session.request)
        venue.faults.on("POST /orders", fault.after_acting() if taken else fault)
        with pytest.raises(error):
            trading.submit_order(market(client_order_id="mm-1"))
        assert (venue.find("mm-1") is not None) is taken

    def test_an_answer_cut_off_within_its_body(self, venue, trading):
        venue.faults.on("GET /account", Fault.truncated())
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            trading.get_account()

    def test_an_answer_that_comes_late(self, venue, trading):
        venue.faults.on("POST /orders", Fault.slow(0.4))
        trading._session.request = with_time_limit(trading._session.request)
        with pytest.raises(requests.Timeout):
            trading.submit_order(market(client_order_id="mm-1"))
        assert trading.get_order_by_client_id("mm-1").status.value == "new"

    @pytest.mark.parametrize(
        "fault",
        [
            Fault.with_values(status="brand_new"),
            Fault.with_values(filled_qty={"amount": 1}),
            Fault.without("id", "created_at"),
        ],
        ids=["unknown word", "wrong type", "missing fields"],
    )
    def test_an_answer_that_is_not_as_it_was(self, venue, trading, fault):
        trading.submit_order(limit())
        venue.faults.on("GET /orders", fault)
        with pytest.raises(ValidationError):
            trading.get_orders()
        assert len(trading.get_orders()) == 1

    def test_faults_are_counted_one_by_one(self, venue, trading):
        venue.faults.on("GET /account", Fault.status(500), times=1, after=1)
        trading.get_account()
        with pytest.raises(APIError):
            trading.get_account()
        trading.get_account()
        venue.faults.on("GET *", Fault.status(500), times=None)
        for _ in range(3):
            with pytest.raises(APIError):
                trading.get_clock()
        venue.faults.off("GET *")
        assert trading.get_clock().is_open
        assert (venue.faults.met(), venue.faults.met("GET *")) == (4, 3)


def with_time_limit(request):
    return lambda *arguments, **words: request(*arguments, timeout=SHORT, **words)


class TestTradingSocket:
    def test_a_fill_that_is_never_told(self, venue, trading, updates):
        venue.faults.on("trades fill *", FrameFault.silence())
        for _ in range(2):
            trading.submit_order(market())
        venue.advance(OPEN_NS + MINUTE_NS)
        assert [event.event for event in updates.take(3)] == ["new", "new", "fill"]
        assert trading.get_open_position("AAPL").qty == "2"

    def test_a_fill_that_is_told_twice(self, venue, trading, updates):
        venue.faults.on("trades fill *", FrameFault.twice())
        trading.submit_order(market())
        venue.advance(OPEN_NS + MINUTE_NS)
        _, one, other = updates.take(3)
        assert one.execution_id == other.execution_id
        assert trading.get_open_position("AAPL").qty == "1"

    def test_fills_out_of_order(self, venue, trading, updates):
        venue.faults.on("trades fill *", FrameFault.swapped())
        for number in (1, 2):
            trading.submit_order(market(client_order_id=f"mm-{number}"))
        venue.advance(OPEN_NS + MINUTE_NS)
        fills = [event.order.client_order_id for event in updates.take(4)[2:]]
        assert fills == ["mm-2", "mm-1"]

    def test_the_last_update_once_more(self, venue, trading, updates):
        order = trading.submit_order(limit())
        venue.expire(str(order.id))
        venue.trades.repeat()
        assert [event.event for event in updates.take(3)] == ["new", "expired", "expired"]

    def test_a_drop_instead_of_a_fill(self, venue, trading, updates):
        venue.faults.on("trades fill *", FrameFault.dropped())
        trading.submit_order(market())
        updates.take(1)
        venue.advance(OPEN_NS + MINUTE_NS)
        venue_streams.until(lambda: venue.faults.seen("trades listen") == 2)
        assert updates.messages.empty()

    @pytest.mark.parametrize(
        "change",
        [
            lambda m: {**m, "data": {**m["data"], "event": "brand_new"}},
            lambda m: {"stream": "brand_new", "data": {}},
            lambda m: {"stream": "trade_updates", "data": {"event": "fill"}},
            lambda _: b"\xff\x00 no such thing",
        ],
        ids=["unknown event", "unknown stream", "missing fields", "garbled"],
    )
    def test_frames_that_nobody_knows(self, venue, trading, updates, change):
        venue.faults.on("trades new *", FrameFault.changed(change))
        for _ in range(2):
            trading.submit_order(limit())
        while updates.get()[1].event != "new":
            pass
        assert venue.faults.met("trades new *") == 1

    def test_a_listener_that_is_never_confirmed(self, venue):
        venue.faults.on("trades listen", FrameFault.silence())
        heard = venue_streams.trading_stream(venue).start()
        venue_streams.until(lambda: venue.faults.met("trades listen"))
        assert venue.trades.lines
        assert not venue.trades.listeners
        heard.stop()

    def test_hung_up_on_as_the_protocol_says(self, venue, trading, updates):
        venue.hang_up("trades")
        venue_streams.until(lambda: venue.faults.seen("trades listen") == 2)
        trading.submit_order(limit())
        assert updates.get()[1].event == "new"

    def test_a_socket_that_is_mute_until_it_is_left(self, venue, trading, updates):
        venue.mute("trades")
        trading.submit_order(limit())
        venue.drop("trades")
        venue_streams.until(lambda: venue.faults.seen("trades listen") == 2)
        venue_streams.until(lambda: venue.trades.listeners)
        trading.submit_order(limit(2.0))
        assert updates.get()[1].order.limit_price == "2"

    def test_mute_while_it_is_connected(self, venue, trading, updates):
        venue.faults.on("trades *", FrameFault.silence(), times=None)
        trading.submit_order(limit())
        venue.faults.off("trades *")
        trading.submit_order(limit(2.0))
        assert updates.get()[1].order.limit_price == "2"
        assert venue.faults.seen("trades authenticate") == 1


class TestDataSocket:
    @pytest.mark.parametrize(
        ("fault", "opens"),
        [
            (FrameFault.silence(), [1, 2]),
            (FrameFault.twice(), [0, 0, 1, 2]),
            (FrameFault.swapped(), [1, 0, 2]),
            (FrameFault.garbled(), [1, 2]),
            (FrameFault.changed(lambda m: {**m, "T": "brand_new"}), [1, 2]),
        ],
        ids=["lost", "twice", "out of order", "garbled", "unknown type"],
    )
    def test_a_bar_that_goes_astray(self, venue, data, fault, opens):
        venue.faults.on("data b AAPL", fault)
        for number in range(1, 4):
            venue.advance(OPEN_NS + number * MINUTE_NS)
        found = [
            (bar.timestamp.timestamp() * 1e9 - OPEN_NS) / MINUTE_NS for bar in data.take(len(opens))
        ]
        assert found == opens

    def test_a_drop_instead_of_a_bar(self, venue, data):
        venue.faults.on("data b AAPL", FrameFault.dropped())
        venue.advance(OPEN_NS + MINUTE_NS)
        venue_streams.until(lambda: venue.faults.seen("data subscribe") == 2)
        venue.advance(OPEN_NS + 2 * MINUTE_NS)
        assert data.get()[1].timestamp.minute == 31

    @pytest.mark.parametrize("code", [402, 406, 409])
    def test_signing_in_is_refused_with_a_code(self, venue, code):
        error = {"T": "error", "code": code, "msg": "no"}
        venue.faults.on("data auth", FrameFault.answered(error))
        heard = venue_streams.data_stream(venue)
        heard.stream.subscribe_bars(heard.handler("bar"), "AAPL")
        heard.start()
        venue_streams.until(lambda: venue.data.subscribed("bars"), "the second attempt")
        assert venue.faults.seen("data auth") == 2
        heard.stop()

    @pytest.mark.parametrize("what", ["data auth", "data subscribe"])
    def test_what_is_never_confirmed(self, venue, what):
        venue.faults.on(what, FrameFault.silence())
        heard = venue_streams.data_stream(venue)
        heard.stream.subscribe_bars(heard.handler("bar"), "AAPL")
        heard.start()
        venue_streams.until(lambda: venue.faults.met(what))
        assert not venue.data.subscribed("bars")
        venue.drop("data")
        venue_streams.until(lambda: venue.data.subscribed("bars"), "the second attempt")
        heard.stop()


class TestVenue:
    def test_a_restart_drops_all_sockets_and_keeps_everything(self, venue, trading, data, updates):
        order = trading.submit_order(market())
        assert updates.get()[1].event == "new"
        addresses = venue.url, venue.data_url, venue.trading_url
        venue.restart()
        assert (venue.url, venue.data_url, venue.trading_url) == addresses
        venue_streams.until(lambda: venue.trades.listeners and venue.data.subscribed("bars"))
        venue.advance(OPEN_NS + MINUTE_NS)
        assert updates.get()[1].event == "fill"
        assert data.get()[1].symbol == "AAPL"
        assert trading.get_order_by_id(order.id).status.value == "filled"

    def test_a_venue_that_is_down_refuses_connections(self, venue, trading):
        venue.go_down()
        with pytest.raises(requests.ConnectionError):
            trading.submit_order(market())
        venue.come_up()
        assert trading.get_orders() == []

    def test_what_happens_while_it_is_down_has_happened(self, venue, trading):
        order = trading.submit_order(market())
        venue.go_down()
        venue.advance(OPEN_NS + MINUTE_NS)
        venue.come_up()
        assert trading.get_order_by_id(order.id).status.value == "filled"

    def test_somebody_else_trades_in_the_account(self, venue, trading, updates):
        made = venue.submit(Terms(symbol="MSFT", side="sell", quantity=2))
        assert updates.get()[1].order.symbol == "MSFT"
        venue.execute(made.id, 1, "48.5")
        assert updates.get()[1].position_qty == -1.0
        assert trading.get_orders()[0].filled_avg_price == "48.5"

    def test_exits_work_once_somebody_has_filled_their_entry(self, venue, updates):
        legs = [
            Terms(symbol="AAPL", side="sell", quantity=1, type="limit", limit=900),
            Terms(symbol="AAPL", side="sell", quantity=1, type="stop", stop=1),
        ]
        entry = venue.submit(Terms(symbol="AAPL", side="buy", quantity=1, exits=tuple(legs)))
        venue.execute(entry.id, 1, "100.01")
        assert [event.event for event in updates.take(4)] == ["new", "fill", "new", "new"]
        venue.execute(entry.legs[1].id, 1, "1")
        assert [event.event for event in updates.take(2)] == ["fill", "canceled"]

    def test_a_clock_may_be_wrong(self, venue, trading):
        wrong = venue.clock.skewed(5.0)
        assert wrong.now_ns - trading.get_clock().timestamp.timestamp() * 1e9 == 5e9
        wrong.seconds = -5.0
        assert wrong.now_ns == venue.clock.now_ns - 5_000_000_000

    def test_leaving_it_ends_what_hangs(self):
        answers = []
        with AlpacaVenue({}) as venue:
            client = TradingClient(venue.key, venue.secret, url_override=venue.url)
            venue.faults.on("GET /account", Fault.silence())

            def call():
                try:
                    client.get_account()
                except requests.ConnectionError as error:
                    answers.append(error)

            caller = threading.Thread(target=call)
            caller.start()
            venue_streams.until(lambda: venue.faults.met("GET /account"))
        caller.join(venue_streams.PATIENCE)
        assert len(answers) == 1
        client._session.close()
