"""Refusals, positions, executions and the account of the fake venue, as alpaca-py sees them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, OrderStatus, TimeInForce
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetCalendarRequest,
    StopOrderRequest,
)
from venue_orders import limit, market, refused
from venue_streams import BARS, DAYS

MINUTE_NS = 60_000_000_000
OPEN_NS, CLOSE_NS = int(DAYS.open_ns[0]), int(DAYS.close_ns[0])
FIRST = BARS["AAPL"].slice(0, 1)


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

    def test_executions_may_have_other_ids_when_they_are_listed(self, venue, trading):
        trading.submit_order(market())
        venue.advance(OPEN_NS + MINUTE_NS)
        same = trading.get("/account/activities/FILL")[0]["id"]
        venue.activity_ids = False
        other = trading.get("/account/activities/FILL")[0]["id"]
        assert same.endswith(venue.book.fills[0].id)
        assert other != same

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
