"""alpaca-py's market data clients, on the fake venue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
import venue_streams
from alpaca.common.exceptions import APIError
from alpaca.data.enums import Adjustment, DataFeed
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.requests import (
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockQuotesRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from venue_streams import BARS, DAYS

from mismartera_core.model.columns import QuoteColumns
from mismartera_core.testing import Fault, FrameFault, ticks_of
from mismartera_core.testing.venue.amounts import exact

OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
MINUTE, MINUTE_NS = timedelta(minutes=1), 60_000_000_000
OPEN_NS = int(DAYS.open_ns[0])
EASTERN = timezone(timedelta(hours=-5))


def bars_request(symbols="AAPL", **words):
    words = {"timeframe": TimeFrame.Minute, "start": OPEN, **words}
    return StockBarsRequest(symbol_or_symbols=symbols, **words)


class TestHistory:
    @pytest.mark.parametrize("options", [{"page_size": 3}], ids=["pages of three"])
    def test_pages_go_on_within_a_symbol_and_from_one_to_the_next(self, venue, history):
        venue.advance(OPEN_NS + 5 * MINUTE_NS)
        request = bars_request(
            ["MSFT", "AAPL"],
            start=datetime(2026, 11, 20, 9, 30, tzinfo=EASTERN),
            end=OPEN + 10 * MINUTE,
            feed=DataFeed.IEX,
            adjustment=Adjustment.SPLIT,
        )
        found = history.get_stock_bars(request)
        assert {symbol: len(found[symbol]) for symbol in BARS} == {"AAPL": 5, "MSFT": 5}
        assert [bar.timestamp for bar in found["AAPL"]] == [OPEN + n * MINUTE for n in range(5)]
        assert [bar.close for bar in found["MSFT"]] == BARS["MSFT"].close[:5].tolist()
        assert venue.faults.seen("GET /stocks/bars") == 4

    @pytest.mark.parametrize("options", [{"page_size": 3}], ids=["pages of three"])
    def test_the_limit_counts_all_pages(self, venue, history):
        venue.advance(OPEN_NS + 5 * MINUTE_NS)
        assert len(history.get_stock_bars(bars_request(limit=4))["AAPL"]) == 4
        assert [request.query["limit"] for request in venue.requests] == ["4", "1"]

    def test_a_bar_is_there_once_it_has_closed(self, venue, history):
        for minutes, count in ((0, 0), (1, 1), (2, 2)):
            venue.advance(OPEN_NS + minutes * MINUTE_NS)
            found = history.get_stock_bars(bars_request()).data
            assert len(found.get("AAPL", ())) == count

    def test_an_unknown_symbol_is_absent(self, venue, history):
        venue.advance(OPEN_NS + MINUTE_NS)
        found = history.get_stock_bars(bars_request(["AAPL", "ZZZZ"]))
        assert list(found.data) == ["AAPL"]
        with pytest.raises(KeyError):
            found["ZZZZ"]

    def test_longer_bars_are_made_of_the_minutes(self, venue, history):
        venue.advance(int(DAYS.close_ns[1]))
        five = history.get_stock_bars(bars_request(timeframe=TimeFrame(5, TimeFrameUnit.Minute)))
        days = history.get_stock_bars(
            bars_request(timeframe=TimeFrame.Day, start=OPEN - 20 * MINUTE * 60)
        )
        assert len(five["AAPL"]) == 2 * 78
        assert five["AAPL"][0].high == BARS["AAPL"].high[:5].max()
        first = days["AAPL"][0]
        assert (first.timestamp.astimezone(EASTERN).hour, len(days["AAPL"])) == (0, 2)
        assert (first.open, first.close) == (BARS["AAPL"].open[0], BARS["AAPL"].close[389])
        assert first.volume == BARS["AAPL"].volume[:390].sum()

    def test_the_latest_bar_is_the_last_that_has_closed(self, venue, history):
        venue.advance(OPEN_NS + 3 * MINUTE_NS)
        found = history.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols="AAPL"))
        assert found["AAPL"].timestamp == OPEN + 2 * MINUTE

    def test_429_is_tried_again_by_the_client(self, venue, history):
        venue.faults.on("GET /stocks/bars", Fault.status(429))
        history.get_stock_bars(bars_request())
        assert venue.faults.seen("GET /stocks/bars") == 2

    @pytest.mark.parametrize("options", [{"recent_sip": False}], ids=["free plan"])
    def test_the_free_plan_reads_all_exchanges_after_fifteen_minutes(self, venue, history):
        venue.advance(OPEN_NS + 20 * MINUTE_NS)
        with pytest.raises(APIError, match="recent SIP data"):
            history.get_stock_bars(bars_request(feed=DataFeed.SIP))
        old = history.get_stock_bars(bars_request(feed=DataFeed.SIP, end=OPEN + 4 * MINUTE))
        assert len(old["AAPL"]) == 5

    def test_a_wrong_key_is_forbidden(self, venue):
        wrong = StockHistoricalDataClient("who", "knows", url_override=venue.url)
        with pytest.raises(APIError) as error:
            wrong.get_stock_bars(bars_request())
        assert error.value.status_code == 403
        wrong._session.close()


QUOTES = QuoteColumns(
    ts=OPEN_NS + np.array([1, 2, 2, 3]) * 1_000_000_001,
    bid=np.array([100.0, 100.01, 100.02, 100.03]),
    ask=np.array([100.1, 100.11, 100.12, 100.13]),
    bid_size=np.array([1.0, 2.0, 3.0, 4.0]),
    ask_size=np.array([4.0, 3.0, 2.0, 1.0]),
)


@pytest.mark.parametrize(
    "options",
    [{"quotes": {"AAPL": QUOTES}, "ticks": {"AAPL": ticks_of(BARS["AAPL"])}, "page_size": 3}],
    ids=["quotes and trades"],
)
class TestQuotesAndTrades:
    def test_they_are_read_by_page(self, venue, history):
        venue.advance(OPEN_NS + MINUTE_NS)
        quotes = history.get_stock_quotes(StockQuotesRequest(symbol_or_symbols="AAPL", start=OPEN))
        trades = history.get_stock_trades(StockTradesRequest(symbol_or_symbols="AAPL", start=OPEN))
        assert [quote.bid_price for quote in quotes["AAPL"]] == QUOTES.bid.tolist()
        assert sum(trade.size for trade in trades["AAPL"][:8]) == BARS["AAPL"].volume[0]
        latest = history.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols="AAPL"))
        assert latest["AAPL"].ask_price == 100.13

    def test_they_are_streamed_as_the_clock_passes_them(self, venue):
        heard = venue_streams.data_stream(venue, raw_data=True)
        heard.stream.subscribe_quotes(heard.handler("quote"), "AAPL")
        heard.start()
        heard.subscribed("quotes")
        heard.stream.subscribe_trades(heard.handler("trade"), "AAPL")  # while it runs
        venue_streams.until(lambda: venue.data.subscribed("trades"))
        venue.advance(OPEN_NS + MINUTE_NS - 1)
        found = [heard.get() for _ in range(4 + 7)]  # the first trade was at the very open
        quotes = [message["t"].to_unix_nano() for kind, message in found if kind == "quote"]
        assert quotes == QUOTES.ts.tolist()  # to the nanosecond
        assert {message["p"] for kind, message in found if kind == "trade"} >= {
            BARS["AAPL"].high[0],
            BARS["AAPL"].low[0],
        }
        heard.stop()


class TestStream:
    def test_bars_and_their_corrections_come(self, venue, data):
        venue.advance(OPEN_NS + MINUTE_NS)
        venue.revise("AAPL", OPEN_NS, close=BARS["AAPL"].low[0])
        (kind, bar), (then, revised) = data.get(), data.get()
        assert (kind, bar.symbol, bar.timestamp) == ("bar", "AAPL", OPEN)
        assert bar.close == BARS["AAPL"].close[0]
        assert (then, revised.timestamp, revised.close) == ("updated", OPEN, BARS["AAPL"].low[0])

    def test_a_corrected_bar_is_corrected_over_rest_and_fills_nothing_anew(self, venue, history):
        venue.advance(OPEN_NS + MINUTE_NS)
        venue.revise("AAPL", OPEN_NS, close=1.0)
        assert history.get_stock_bars(bars_request())["AAPL"][0].close == 1.0
        assert venue.last_price("AAPL") == exact(float(BARS["AAPL"].close[0]))

    def test_the_day_so_far_comes_with_each_bar(self, venue):
        heard = venue_streams.data_stream(venue)
        heard.stream.subscribe_daily_bars(heard.handler("daily"), "*")
        heard.start()
        venue_streams.until(lambda: venue.data.subscribed("dailyBars"))
        venue.advance(OPEN_NS + 2 * MINUTE_NS)
        last = heard.take(4)[2]
        assert (last.symbol, last.volume) == ("AAPL", BARS["AAPL"].volume[:2].sum())
        heard.stop()

    def test_what_is_lost_late_or_delayed_is_so_on_the_stream_only(self, venue, data, history):
        venue.tape.lose("AAPL", OPEN_NS)
        venue.tape.late("AAPL", OPEN_NS + MINUTE_NS, 75.0)
        venue.advance(OPEN_NS + 3 * MINUTE_NS)
        assert data.get()[1].timestamp == OPEN + 2 * MINUTE
        venue.advance(OPEN_NS + 2 * MINUTE_NS + 75_000_000_000)
        assert data.get()[1].timestamp == OPEN + MINUTE
        assert len(history.get_stock_bars(bars_request())["AAPL"]) == 3

    def test_bars_of_a_gap_never_come(self, venue, data):
        venue.faults.on("data handshake", FrameFault.refused(503), times=3)
        venue.drop("data")
        venue_streams.until(lambda: not venue.data.lines, "the drop")
        venue.advance(OPEN_NS + MINUTE_NS)
        venue_streams.until(lambda: venue.data.subscribed("bars"), "the subscription")
        venue.advance(OPEN_NS + 2 * MINUTE_NS)
        assert data.get()[1].timestamp == OPEN + MINUTE
        assert venue.faults.seen("data subscribe") == 2

    def test_a_handler_that_raises_loses_its_message_only(self, venue, data):
        async def bad(_):
            raise RuntimeError

        handlers = data.stream._handlers["bars"]
        good, handlers["AAPL"] = handlers["AAPL"], bad
        venue.advance(OPEN_NS + MINUTE_NS)
        venue.advance(OPEN_NS + 2 * MINUTE_NS)
        venue_streams.until(lambda: venue.faults.seen("data b AAPL") == 2)
        handlers["AAPL"] = good
        venue.advance(OPEN_NS + 3 * MINUTE_NS)
        while data.get()[1].timestamp < OPEN + 2 * MINUTE:
            pass
        assert venue.faults.seen("data auth") == 1

    def test_a_second_connection_is_refused(self, venue, data):
        second = venue_streams.data_stream(venue)
        second.stream.subscribe_bars(second.handler("bar"), "MSFT")
        second.start()
        venue_streams.until(lambda: venue.faults.seen("data error") >= 2, "406, twice")
        assert not second.stream._running
        second.stop()

    def test_a_wrong_secret_is_refused_again_and_again(self, venue):
        heard = venue_streams.data_stream(venue, secret="wrong")  # noqa: S106
        heard.stream.subscribe_bars(heard.handler("bar"), "AAPL")
        heard.start()
        venue_streams.until(lambda: venue.faults.seen("data auth") >= 2)
        assert not venue.data.lines
        heard.stop()

    def test_a_mute_socket_is_left_after_the_clients_time_limit(self, venue):
        heard = venue_streams.data_stream(venue, data_timeout=0.2)
        heard.stream.subscribe_bars(heard.handler("bar"), "AAPL")
        heard.start()
        venue_streams.until(lambda: venue.faults.seen("data auth") >= 2)
        heard.stop()
        assert venue.faults.seen("data auth") >= 2

    def test_stop_before_run_raises(self, venue):
        with pytest.raises(AttributeError):
            venue_streams.data_stream(venue).stream.stop()

    def test_what_one_is_subscribed_to_is_acknowledged_in_full(self, venue, data):
        answers = []
        venue.faults.on(
            "data subscription", FrameFault.changed(lambda m: answers.append(m) or m), times=None
        )
        data.stream.subscribe_quotes(data.handler("quote"), "MSFT")
        venue_streams.until(lambda: answers)
        data.stream.unsubscribe_quotes("MSFT")
        venue_streams.until(lambda: len(answers) == 2)
        assert [(a["bars"], a["updatedBars"], a["quotes"]) for a in answers] == [
            (["AAPL"], ["AAPL"], ["MSFT"]),
            (["AAPL"], ["AAPL"], []),
        ]

    @pytest.mark.parametrize("options", [{"most_symbols": 1}], ids=["one symbol"])
    def test_too_many_symbols_change_nothing(self, venue, data):
        data.stream.subscribe_bars(data.handler("bar"), "MSFT")
        venue_streams.until(lambda: venue.faults.seen("data error") == 1)
        assert venue.data.subscribed("bars") == {"AAPL"}
