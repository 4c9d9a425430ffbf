"""alpaca-py's trading client and stream, on the fake venue."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import venue_streams
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderClass, OrderSide, OrderStatus, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetCalendarRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)
from venue_streams import BARS, DAYS

from mismartera_core.testing import Fault, FrameFault

MINUTE_NS = 60_000_000_000
OPEN_NS, CLOSE_NS = int(DAYS.open_ns[0]), int(DAYS.close_ns[0])
FIRST = BARS["AAPL"].slice(0, 1)


def market(qty=1, side=OrderSide.BUY, **words):
    words = {"symbol": "AAPL", "time_in_force": TimeInForce.DAY, **words}
    if "notional" not in words:
        words["qty"] = qty
    return MarketOrderRequest(side=side, **words)


def limit(price, qty=1, side=OrderSide.BUY, **words):
    words = {"symbol": "AAPL", "time_in_force": TimeInForce.DAY, **words}
    return LimitOrderRequest(side=side, qty=qty, limit_price=price, **words)


def bracket(qty=5, entry=None, **words):
    words = {
        "order_class": OrderClass.BRACKET,
        "take_profit": TakeProfitRequest(limit_price=105),
        "stop_loss": StopLossRequest(stop_price=97, limit_price=96.5),
        **words,
    }
    return market(qty, **words) if entry is None else limit(entry, qty, **words)


def refused(call, *arguments):
    """Status, code and words of a refusal."""
    with pytest.raises(APIError) as error:
        call(*arguments)
    return error.value.status_code, error.value.code, error.value.message


class TestOrders:
    def test_a_market_order_fills_at_the_open_of_the_next_bar(self, venue, trading, updates):
        order = trading.submit_order(market(10, client_order_id="mm-1"))
        venue.advance(OPEN_NS + MINUTE_NS)
        new, fill = updates.take(2)
        assert (order.status, order.filled_qty) == (OrderStatus.PENDING_NEW, "0")
        assert (new.event, fill.event) == ("new", "fill")
        assert fill.order.client_order_id == "mm-1"
        assert (fill.qty, fill.price, fill.position_qty) == (10.0, FIRST.open[0], 10.0)
        assert fill.timestamp < datetime.fromtimestamp(OPEN_NS / 1e9 + 60, fill.timestamp.tzinfo)
        found = trading.get_order_by_client_id("mm-1")
        assert (found.status, found.filled_avg_price) == (OrderStatus.FILLED, str(FIRST.open[0]))

    @pytest.mark.parametrize(
        "options", [{"participation": "0.001", "lot": "0.000001"}], ids=["a thousandth"]
    )
    def test_an_order_by_notional_fills_in_parts(self, venue, trading, updates):
        trading.submit_order(market(notional=25.0, client_order_id="mm-2"))
        venue.advance(CLOSE_NS)
        events = updates.take(2)
        while events[-1].event != "fill":
            events.append(updates.get()[1])
        parts = [event for event in events if event.event == "partial_fill"]
        last = events[-1].order
        assert parts
        assert (last.qty, last.notional) == (None, "25")
        filled = [Decimal(event.order.filled_qty) for event in events]
        assert filled == sorted(filled)
        executed = sum(Decimal(str(event.qty)) for event in events[1:])
        assert executed == filled[-1] == Decimal(str(events[-1].position_qty))

    def test_a_client_id_is_taken_once(self, trading):
        trading.submit_order(market(client_order_id="mm-1"))
        found = refused(trading.submit_order, market(client_order_id="mm-1"))
        assert found == (422, 40010001, "client_order_id must be unique")

    def test_504_after_the_order_was_taken_makes_two_orders_of_one(self, venue, trading):
        venue.faults.on("POST /orders", Fault.status(504).after_acting())
        trading.submit_order(market())
        assert len(venue.book.orders) == 2

    def test_with_a_client_id_the_second_is_refused_and_the_first_is_found(self, venue, trading):
        venue.faults.on("POST /orders", Fault.status(504).after_acting())
        assert refused(trading.submit_order, market(client_order_id="mm-3"))[0] == 422
        assert trading.get_order_by_client_id("mm-3").client_order_id == "mm-3"
        assert len(venue.book.orders) == 1

    def test_a_bracket_has_held_legs_that_work_once_it_has_filled(self, venue, trading, updates):
        made = trading.submit_order(bracket())
        assert [(leg.type.value, leg.status.value) for leg in made.legs] == [
            ("limit", "held"),
            ("stop_limit", "held"),
        ]
        venue.advance(OPEN_NS + MINUTE_NS)
        assert [event.event for event in updates.take(4)] == ["new", "fill", "new", "new"]
        open_orders = trading.get_orders(GetOrdersRequest(nested=False))
        assert [order.status.value for order in open_orders] == ["new", "new"]
        found = refused(trading.submit_order, market(5, OrderSide.SELL))
        assert found[:2] == (403, 40310000)
        assert found[2] == "insufficient qty available for order (requested: 5, available: 0)"

    def test_cancelling_one_leg_cancels_the_other(self, venue, trading, updates):
        made = trading.submit_order(bracket())
        venue.advance(OPEN_NS + MINUTE_NS)
        trading.cancel_order_by_id(made.legs[0].id)
        assert [event.event for event in updates.take(6)][4:] == ["canceled", "canceled"]

    def test_an_oco_pair_exits_once(self, venue, trading):
        trading.submit_order(market(5))
        venue.advance(OPEN_NS + MINUTE_NS)
        price = float(BARS["AAPL"].close[0])
        made = trading.submit_order(
            LimitOrderRequest(
                symbol="AAPL",
                qty=5,
                side=OrderSide.SELL,
                time_in_force=TimeInForce.GTC,
                order_class=OrderClass.OCO,
                take_profit=TakeProfitRequest(limit_price=round(price + 0.05, 2)),
                stop_loss=StopLossRequest(stop_price=round(price - 0.05, 2)),
            )
        )
        venue.advance(CLOSE_NS)
        ends = {trading.get_order_by_id(id_).status.value for id_ in (made.id, made.legs[0].id)}
        assert ends == {"filled", "canceled"}
        assert trading.get_all_positions() == []

    def test_replacing_makes_a_new_order(self, venue, trading, updates):
        old = trading.submit_order(limit(90.0))
        new = trading.replace_order_by_id(old.id, ReplaceOrderRequest(limit_price=91.5, qty=3))
        assert (new.replaces, new.limit_price, new.qty) == (old.id, "91.5", "3")
        assert new.client_order_id != old.client_order_id
        assert [event.event for event in updates.take(3)] == ["new", "replaced", "new"]
        assert trading.get_order_by_id(old.id).replaced_by == new.id

    @pytest.mark.parametrize("options", [{"participation": "0.01"}], ids=["a hundredth"])
    def test_replacing_counts_what_has_filled(self, venue, trading):
        old = trading.submit_order(limit(200.0, 50, time_in_force=TimeInForce.GTC))
        while not venue.book.fills:
            venue.advance(venue.next_ns)
        filled = int(venue.book.fills[-1].cumulative)
        request = ReplaceOrderRequest(qty=filled + 7)
        assert trading.replace_order_by_id(old.id, request).qty == "7"

    def test_a_cancelled_order_cannot_be_cancelled_or_replaced(self, trading):
        order = trading.submit_order(limit(90.0))
        trading.cancel_order_by_id(order.id)
        found = refused(trading.cancel_order_by_id, order.id)
        assert found == (422, 42210000, 'order is already in "canceled" state')
        request = ReplaceOrderRequest(limit_price=91.0)
        assert refused(trading.replace_order_by_id, order.id, request)[0] == 422

    def test_an_unknown_order_is_not_found(self, trading):
        nobody = "61e69015-8549-4bfd-b9c3-01e75843f47d"
        assert refused(trading.get_order_by_id, nobody)[:2] == (404, 40410000)
        assert refused(trading.get_order_by_client_id, "nobody")[:2] == (404, 40410000)

    def test_cancelling_all_leaves_none(self, trading):
        for price in (90.0, 91.0):
            trading.submit_order(limit(price))
        assert [one.status for one in trading.cancel_orders()] == [200, 200]
        assert trading.get_orders() == []

    def test_orders_are_listed_as_they_are_asked_for(self, venue, trading):
        ids = []
        for number in range(3):
            venue.advance(OPEN_NS + number * MINUTE_NS)
            ids.append(trading.submit_order(limit(90.0 + number)).id)
        trading.cancel_order_by_id(ids[0])

        def listed(**words):
            return [order.id for order in trading.get_orders(GetOrdersRequest(**words))]

        assert listed() == ids[:0:-1]
        assert listed(status=QueryOrderStatus.CLOSED) == ids[:1]
        assert listed(status=QueryOrderStatus.ALL, direction="asc", limit=2) == ids[:2]
        after = datetime.fromisoformat("2026-11-20T14:30:00+00:00")
        assert listed(status=QueryOrderStatus.ALL, after=after) == ids[:0:-1]
        assert listed(status=QueryOrderStatus.ALL, until=after + timedelta(minutes=1)) == ids[:1]
        assert listed(symbols=["MSFT"]) == []

    def test_a_trailing_stop_follows(self, venue, trading):
        trading.submit_order(market(5))
        venue.advance(OPEN_NS + MINUTE_NS)
        order = trading.submit_order(
            TrailingStopOrderRequest(
                symbol="AAPL",
                qty=5,
                side=OrderSide.SELL,
                time_in_force=TimeInForce.GTC,
                trail_percent=1.0,
            )
        )
        assert order.trail_percent == "1"
        assert float(order.stop_price) == pytest.approx(BARS["AAPL"].close[0] * 0.99, abs=1e-6)
        venue.advance(OPEN_NS + 30 * MINUTE_NS)
        assert float(trading.get_order_by_id(order.id).stop_price) >= float(order.stop_price)

    def test_day_orders_expire_at_the_close_and_gtc_orders_live_on(self, venue, trading, updates):
        day, gtc = (trading.submit_order(limit(1.0, time_in_force=t)) for t in ("day", "gtc"))
        venue.advance(CLOSE_NS)
        assert updates.take(3)[-1].event == "expired"
        assert trading.get_order_by_id(day.id).expired_at is not None
        assert trading.get_order_by_id(gtc.id).status is OrderStatus.NEW

    def test_what_is_placed_after_the_close_works_from_the_next_open(self, venue, trading):
        venue.advance(CLOSE_NS)
        order = trading.submit_order(market())
        assert order.status is OrderStatus.ACCEPTED
        venue.advance(int(DAYS.open_ns[1]) + MINUTE_NS)
        found = trading.get_order_by_id(order.id)
        assert found.filled_avg_price == str(float(BARS["AAPL"].open[390]))


class TestRefusals:
    @pytest.mark.parametrize(
        ("request_", "status", "code", "words"),
        [
            (market(100_000), 403, 40310000, "insufficient buying power"),
            (limit(99.123), 422, 42210000, "invalid limit_price 99.123. sub-penny increment"),
            (limit(0.12345), 422, 42210000, "sub-penny"),
            (market(extended_hours=True), 422, 42210000, "extended hours order must be"),
            (market(symbol="ZZZZ"), 422, 42210000, "could not find asset"),
            (limit(90.0, time_in_force=TimeInForce.FOK), 422, 40010001, "time_in_force"),
        ],
        ids=["buying power", "cents", "hundredths", "extended hours", "symbol", "in force"],
    )
    def test_an_order_is_refused(self, venue, trading, request_, status, code, words):
        venue.advance(OPEN_NS + MINUTE_NS)
        found = refused(trading.submit_order, request_)
        assert found[:2] == (status, code)
        assert words in found[2]
        assert venue.book.orders == {}

    def test_orders_that_could_trade_with_each_other_are_refused(self, trading):
        resting = trading.submit_order(limit(90.0))
        stop = StopOrderRequest(
            symbol="AAPL", qty=1, side=OrderSide.SELL, time_in_force="day", stop_price=80.0
        )
        for crossing in (market(1, OrderSide.SELL), limit(90.0, 1, OrderSide.SELL), stop):
            found = refused(trading.submit_order, crossing)
            words = "potential wash trade detected. use complex orders"
            assert found == (403, 40310000, words)
        trading.submit_order(limit(90.01, 1, OrderSide.SELL))
        assert trading.get_order_by_id(resting.id).status is OrderStatus.NEW

    @pytest.mark.parametrize("options", [{"shorting": False}], ids=["no shorting"])
    def test_an_account_may_not_be_allowed_to_short(self, trading):
        found = refused(trading.submit_order, market(1, OrderSide.SELL))
        assert found == (403, 40310000, "account is not allowed to short")

    def test_a_halted_symbol_takes_no_order_and_fills_none(self, venue, trading, data):
        resting = trading.submit_order(market())
        venue.halt("AAPL")
        venue.advance(OPEN_NS + MINUTE_NS)
        assert refused(trading.submit_order, market())[0] == 422
        assert trading.get_order_by_id(resting.id).status is OrderStatus.NEW
        venue.resume("AAPL")
        venue.advance(OPEN_NS + 2 * MINUTE_NS)
        found = trading.get_order_by_id(resting.id)
        assert found.filled_avg_price == str(float(BARS["AAPL"].open[1]))
        assert data.get()[1].timestamp.minute == 31

    def test_a_blocked_account_trades_nothing(self, venue, trading):
        venue.rules.blocked = "account is restricted"
        assert trading.get_account().trading_blocked
        assert refused(trading.submit_order, market())[0] == 403

    def test_an_exchange_may_reject_what_was_taken(self, venue, trading, updates):
        order = trading.submit_order(market())
        venue.reject(str(order.id), "no such thing")
        assert [event.event for event in updates.take(2)] == ["new", "rejected"]
        assert trading.get_order_by_id(order.id).status is OrderStatus.REJECTED


class TestStream:
    def test_a_fill_in_a_gap_is_never_told(self, venue, trading, updates):
        order = trading.submit_order(market())
        assert updates.take(1)[0].event == "new"
        venue.faults.on("trades handshake", FrameFault.refused(503), times=2)
        venue.drop("trades")
        venue_streams.until(lambda: not venue.trades.lines)
        venue.advance(OPEN_NS + MINUTE_NS)
        venue_streams.until(lambda: venue.trades.listeners)
        venue.cancel(trading.submit_order(limit(1.0)).id.__str__())
        assert [event.event for event in updates.take(2)] == ["new", "canceled"]
        assert trading.get_order_by_id(order.id).status is OrderStatus.FILLED
        activities = trading.get("/account/activities/FILL")
        assert [one["order_id"] for one in activities] == [str(order.id)]

    def test_an_unknown_event_passes_and_an_unknown_status_is_lost(self, venue, trading, updates):
        trading.submit_order(limit(1.0))
        order = venue.trades.push
        made = trading.get("/orders")[0]
        stamp = made["created_at"]
        order("order_cancel_rejected", made, timestamp=stamp)
        order("fill", {**made, "status": "brand_new"}, timestamp=stamp)
        order("restated", made, timestamp=stamp)
        found = [event.event for event in updates.take(3)]
        assert found == ["new", "order_cancel_rejected", "restated"]

    def test_the_raw_stream_brings_what_nobody_knows(self, venue):
        heard = venue_streams.trading_stream(venue, raw_data=True).start()
        venue_streams.until(lambda: venue.trades.listeners)
        venue.trades.push("fill", {"id": "1", "status": "brand_new"})
        assert heard.get()[1]["data"]["order"]["status"] == "brand_new"
        heard.stop()

    def test_a_wrong_secret_is_refused_again_and_again(self, venue):
        heard = venue_streams.trading_stream(venue, secret="wrong").start()  # noqa: S106
        venue_streams.until(lambda: venue.faults.seen("trades authenticate") >= 2)
        assert not venue.trades.listeners
        heard.stop()

    @pytest.mark.parametrize("options", [{"prompt": True}], ids=["prompt"])
    def test_a_prompt_venue_fills_before_it_answers(self, venue, trading, updates):
        venue.faults.on("POST /orders", Fault.slow(0.3))
        order = trading.submit_order(market())
        new, fill = updates.take(2)
        assert (order.status, fill.event) == (OrderStatus.PENDING_NEW, "fill")
        assert fill.price == FIRST.open[0]
        assert new.order.id == order.id


class TestAccount:
    def test_calendar_and_clock_are_the_venues(self, venue, trading):
        days = trading.get_calendar(GetCalendarRequest())
        assert [day.date.isoformat()[5:] for day in days] == [
            *("11-20", "11-23", "11-24", "11-25", "11-27"),
        ]
        assert (days[-1].open, days[-1].close) == (  # naive, Eastern
            datetime(2026, 11, 27, 9, 30),  # noqa: DTZ001
            datetime(2026, 11, 27, 13, 0),  # noqa: DTZ001
        )
        clock = trading.get_clock()
        assert clock.timestamp.timestamp() * 1e9 == OPEN_NS
        assert clock.is_open
        venue.advance(CLOSE_NS)
        closed = trading.get_clock()
        assert not closed.is_open
        assert closed.next_open.timestamp() * 1e9 == DAYS.open_ns[1]

    def test_positions_and_account_are_exact(self, venue, trading):
        trading.submit_order(market(3))
        trading.submit_order(market(2, symbol="MSFT"))
        venue.advance(OPEN_NS + MINUTE_NS)
        opens = {s: Decimal(repr(float(b.open[0]))) for s, b in BARS.items()}
        closes = {s: Decimal(repr(float(b.close[0]))) for s, b in BARS.items()}
        account = trading.get_account()
        cash = 100_000 - 3 * opens["AAPL"] - 2 * opens["MSFT"]
        assert Decimal(account.cash) == cash
        assert Decimal(account.equity) == cash + 3 * closes["AAPL"] + 2 * closes["MSFT"]
        assert Decimal(account.buying_power) == cash
        found = {p.symbol: (p.qty, Decimal(p.avg_entry_price)) for p in trading.get_all_positions()}
        assert found == {"AAPL": ("3", opens["AAPL"]), "MSFT": ("2", opens["MSFT"])}
        assert trading.get_open_position("AAPL").current_price == str(closes["AAPL"].normalize())

    def test_positions_are_closed(self, venue, trading):
        trading.submit_order(market(4))
        trading.submit_order(market(2, symbol="MSFT"))
        venue.advance(OPEN_NS + MINUTE_NS)
        trading.close_position("AAPL", ClosePositionRequest(percentage="50"))
        venue.advance(OPEN_NS + 2 * MINUTE_NS)
        assert trading.get_open_position("AAPL").qty == "2"
        assert [one.status for one in trading.close_all_positions(cancel_orders=True)] == [200, 200]
        venue.advance(OPEN_NS + 3 * MINUTE_NS)
        assert trading.get_all_positions() == []
        assert refused(trading.get_open_position, "AAPL")[0] == 404

    def test_executions_are_read_by_page(self, venue, trading):
        for number in range(5):
            venue.advance(OPEN_NS + number * MINUTE_NS)
            trading.submit_order(market())
        venue.advance(OPEN_NS + 5 * MINUTE_NS)

        def page(**words):
            query = {"page_size": 2, "direction": "asc", **words}
            return trading.get("/account/activities/FILL", query)

        found = page()
        while part := page(page_token=found[-1]["id"]):
            found += part
        ids = [fill.id for fill in venue.book.fills]
        assert [one["id"].partition("::")[2] for one in found] == ids
        later = page(after=found[2]["transaction_time"], page_size=100)
        assert [one["id"] for one in later] == [one["id"] for one in found[3:]]

    def test_a_position_of_somebody_else_is_shown(self, venue, trading):
        venue.foreign_position("MSFT", -7, "51.25")
        (found,) = trading.get_all_positions()
        assert (found.symbol, found.qty, found.side.value) == ("MSFT", "-7", "short")

    def test_an_asset_is_found_by_its_name_only_if_it_trades(self, trading):
        assert trading.get_asset("AAPL").tradable
        assert refused(trading.get_asset, "ZZZZ")[0] == 404

    def test_a_wrong_key_is_forbidden(self, venue):
        wrong = TradingClient("who", "knows", url_override=venue.url)
        with pytest.raises(APIError) as error:
            wrong.get_account()
        assert error.value.status_code == 403
        wrong._session.close()

    def test_the_rate_limit_is_told_and_kept(self, venue, trading):
        venue.limit.per_minute, venue.limit.enforced = 2, True
        url, keys = venue.url + "/v2/account", trading._get_auth_headers()
        left = []
        for _ in range(3):
            reply = trading._session.get(url, headers=keys)
            left.append((reply.status_code, reply.headers["X-RateLimit-Remaining"]))
        assert left == [(200, "1"), (200, "0"), (429, "0")]
        venue.advance(OPEN_NS + MINUTE_NS)
        assert trading._session.get(url, headers=keys).status_code == 200
