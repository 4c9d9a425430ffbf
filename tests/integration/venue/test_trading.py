"""alpaca-py's trading client and stream, on the fake venue."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import venue_streams
from alpaca.trading.enums import OrderClass, OrderSide, OrderStatus, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import (
    GetOrdersRequest,
    LimitOrderRequest,
    ReplaceOrderRequest,
    StopLossRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)
from venue_orders import bracket, limit, market, refused
from venue_streams import BARS, DAYS

from mismartera_core.testing import Fault, FrameFault

MINUTE_NS = 60_000_000_000
OPEN_NS, CLOSE_NS = int(DAYS.open_ns[0]), int(DAYS.close_ns[0])
FIRST = BARS["AAPL"].slice(0, 1)


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
