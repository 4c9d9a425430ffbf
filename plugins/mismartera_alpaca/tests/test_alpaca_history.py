"""History by REST on the real alpaca-py: what is asked, and what is made of the answers."""

import json
from datetime import date

import numpy as np
import pytest
from alpaca_rows import NOW, OPEN, SECRETS, bar, text
from alpaca_server import AlpacaServer, bars_pages, context
from mismartera_alpaca import rows
from mismartera_alpaca.config import DataConfig
from mismartera_alpaca.gap_filler import AlpacaFiller
from mismartera_alpaca.provider import AlpacaProvider
from mismartera_alpaca.times import to_ns, to_text
from shared_data import shared

from mismartera_core import BrokerError, ConfigError, DataError
from mismartera_core.model.intervals import DAY, MINUTE
from mismartera_core.testing import Fault, Reply, session_table

ZONE = "America/New_York"


def held(*symbols, count=10, start=OPEN, step=MINUTE):
    """Bars of symbols by name and interval."""
    stamps = [start + row * step for row in range(count)]
    return {(name, step): [(ns, bar(ns)) for ns in stamps] for name in symbols}


@pytest.fixture
def serve(tmp_path):
    """Make a provider of what a server holds: `serve(bars, page=3, feed="sip")`."""
    made = []

    def provider(bars, page=3, routes=None, secrets=None, now=NOW, **config):
        server = AlpacaServer({"/v2/stocks/bars": bars_pages(bars, page), **(routes or {})})
        server.__enter__()
        found = AlpacaProvider(
            DataConfig(**server.data_config(**config)), context(tmp_path, secrets, now)
        )
        made.append((server, found))
        return found, server

    yield provider
    for server, found in made:
        found.close()
        server.__exit__()


def asked(server):
    return [it.query for it in server.requests if it.path == "/v2/stocks/bars"]


def test_many_symbols_are_one_request_and_a_page_may_end_within_one(serve):
    provider, server = serve(held("AAPL", "MSFT", count=4))
    found = provider.load_bars(["AAPL", "MSFT"], "1m", OPEN, OPEN + 4 * MINUTE)
    assert [len(found[name]) for name in ("AAPL", "MSFT")] == [4, 4]
    assert found["MSFT"].ts.tolist() == [OPEN + n * MINUTE for n in range(4)]
    assert [query.get("page_token") for query in asked(server)] == [None, "3", "6"]


def test_what_is_asked_names_feed_and_adjustment_and_leaves_out_the_end(serve):
    provider, server = serve(held("AAPL"), feed="sip", adjustment="split", page_size=500)
    provider.get_bars("AAPL", "1m", OPEN, OPEN + MINUTE)
    assert asked(server)[0] == {
        "symbols": "AAPL",
        "timeframe": "1Min",
        "start": "2024-11-20T14:30:00.000000000Z",
        "end": "2024-11-20T14:30:59.999999999Z",
        "feed": "sip",
        "adjustment": "split",
        "limit": "500",
    }


def test_hundreds_of_symbols_are_a_few_requests(serve):
    names = [f"A{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(250)]
    provider, server = serve(held(*names, count=1), page=1000)
    assert len(provider.load_bars(names, "1m", OPEN, OPEN + MINUTE)) == 250
    assert [len(query["symbols"].split(",")) for query in asked(server)] == [200, 50]


def test_the_bar_that_forms_is_never_returned(serve):
    provider, _ = serve(held("AAPL"), page=100, now=OPEN + 3 * MINUTE + 59_000_000_000)
    assert len(provider.get_bars("AAPL", "1m", OPEN, OPEN + DAY)) == 3


def test_daily_bars_are_stamped_at_the_open_and_known_at_the_close(serve):
    midnight = to_ns("2024-11-27T00:00:00-05:00")
    bars = held("AAPL", count=4, start=midnight, step=DAY)  # 28th: a holiday, 29th: a half day
    provider, _ = serve(bars, page=100, now=midnight + 10 * DAY)
    found = provider.get_bars("AAPL", "1d", midnight, midnight + 10 * DAY)
    table = session_table(date(2024, 11, 27), date(2024, 11, 29))
    assert found.ts.tolist() == table.open_ns.tolist()
    assert found.available_at.tolist() == table.close_ns.tolist()
    first = int(table.open_ns[0])
    assert len(provider.get_bars("AAPL", "1d", first, first + 1)) == 1
    assert len(provider.get_bars("AAPL", "1d", first + 1, first + 2)) == 0


def test_the_daily_bar_of_a_running_session_is_not_returned(serve):
    midnight = to_ns("2024-11-27T00:00:00-05:00")
    bars = held("AAPL", count=1, start=midnight, step=DAY)
    provider, _ = serve(bars, now=to_ns("2024-11-27T15:59:59-05:00"))
    assert len(provider.get_bars("AAPL", "1d", midnight, midnight + 2 * DAY)) == 0


def test_a_symbol_without_rows_is_empty_where_it_exists_and_is_asked_for_once(serve):
    provider, server = serve(held("AAPL"))
    for _ in range(2):
        assert len(provider.get_bars("MSFT", "1m", OPEN, OPEN + DAY)) == 0
    assert [it.path for it in server.requests].count("/v2/assets/MSFT") == 1


def test_an_unknown_symbol_is_an_error_among_others(serve):
    provider, _ = serve(held("AAPL"))
    with pytest.raises(DataError, match="NO1: there is no such symbol"):
        provider.load_bars(["AAPL", "NO1"], "1m", OPEN, OPEN + DAY)


def test_a_404_that_is_not_alpacas_does_not_make_a_symbol_unknown(serve):
    page = {"/v2/assets": lambda request: Reply(status=404, body=b"<html>")}
    provider, _ = serve(held("AAPL"), routes=page)
    with pytest.raises(DataError, match="not Alpaca's"):
        provider.get_bars("MSFT", "1m", OPEN, OPEN + DAY)


@pytest.mark.parametrize("bars", [None, {}])
def test_no_bars_at_all_is_empty(serve, bars):
    answer = Reply.json({"bars": bars, "next_page_token": None})
    provider, _ = serve({}, routes={"/v2/stocks/bars": lambda request: answer})
    assert len(provider.get_bars("AAPL", "1m", OPEN, OPEN + DAY)) == 0


@pytest.mark.parametrize(
    "body",
    [
        {"bars": {"AAPL": [{"t": text(OPEN)}]}, "next_page_token": None},
        {"bars": {"AAPL": [bar(OPEN, t="noon")]}, "next_page_token": None},
        {"bars": {"AAPL": [bar(OPEN, c="dear")]}, "next_page_token": None},
        {"bars": {"AAPL": "none"}, "next_page_token": None},
        {"bars": {"AAPL": [bar(OPEN)]}},
        {"bars": {"AAPL": [bar(OPEN)]}, "next_page_token": "same"},
        ["bars"],
    ],
)
def test_an_answer_that_is_no_answer_is_an_error(serve, body):
    provider, _ = serve({}, routes={"/v2/stocks/bars": lambda request: Reply.json(body)})
    with pytest.raises(DataError, match="alpaca: 1m bars of AAPL"):
        provider.get_bars("AAPL", "1m", OPEN, OPEN + DAY)


def test_rows_that_no_market_can_have_made_are_left_out():
    raw = [
        bar(OPEN + 2 * MINUTE),
        bar(OPEN, h=99.0),
        bar(OPEN + MINUTE, o=0.0),
        bar(OPEN + 3 * MINUTE, v=-1),
        bar(OPEN + 4 * MINUTE, c=float("nan")),
        bar(OPEN + 5 * MINUTE),
        bar(OPEN + 2 * MINUTE, c=101.5),
    ]
    found = rows.minute_bars(raw, "1m")
    assert found.ts.tolist() == [OPEN + 2 * MINUTE, OPEN + 5 * MINUTE]


def test_trades_and_quotes_keep_nanoseconds_and_their_order():
    raw = [
        {"t": text(OPEN + 7), "p": 100.5, "s": 3},
        {"t": text(OPEN + 7), "p": 100.6, "s": 4},
        {"t": text(OPEN + 1), "p": 100.4, "s": 5},
        {"t": text(OPEN + 2), "p": 0, "s": 5},
    ]
    found = rows.ticks(raw)
    assert found.ts.tolist() == [OPEN + 1, OPEN + 7, OPEN + 7]
    assert found.price.tolist() == [100.4, 100.5, 100.6]
    assert found.size.tolist() == [5, 3, 4]
    quoted = rows.quotes([{"t": text(OPEN + 3), "bp": 100.4, "bs": 2, "ap": 0, "as": 0}])
    assert (quoted.ts.tolist(), quoted.bid.tolist()) == ([OPEN + 3], [100.4])
    assert np.isnan(quoted.ask[0])


def test_ranges_of_trades_and_quotes_are_half_open(serve):
    def answer(kind, row):
        stamps = [OPEN - 1, OPEN, OPEN + 9, OPEN + 10]
        return lambda request: Reply.json(
            {kind: {"AAPL": [{"t": text(ns), **row} for ns in stamps]}, "next_page_token": None}
        )

    provider, server = serve(
        {},
        routes={
            "/v2/stocks/trades": answer("trades", {"p": 1.5, "s": 1}),
            "/v2/stocks/quotes": answer("quotes", {"bp": 1.5, "bs": 1, "ap": 1.6, "as": 1}),
        },
    )
    for ask in (provider.get_ticks, provider.get_quotes):
        assert ask("AAPL", OPEN, OPEN + 10).ts.tolist() == [OPEN, OPEN + 9]
    assert server.requests[0].query["end"].endswith("00.000000009Z")


@pytest.mark.parametrize("interval", ["1h", "2m", "1w"])
def test_other_intervals_are_an_error(serve, interval):
    provider, server = serve(held("AAPL"))
    with pytest.raises((DataError, ConfigError), match="interval"):
        provider.get_bars("AAPL", interval, OPEN, OPEN + DAY)
    assert server.requests == ()


def test_recent_data_of_all_exchanges_say_what_the_plan_lacks(serve):
    said = {"message": "subscription does not permit querying recent SIP data"}
    refuse = {"/v2/stocks/bars": lambda request: Reply.json(said, 403)}
    provider, _ = serve({}, routes=refuse, feed="sip")
    with pytest.raises(DataError, match="does not permit") as caught:
        provider.get_bars("AAPL", "1m", OPEN, OPEN + DAY)
    assert '"feed": "iex"' in caught.value.hint


def test_wrong_keys_are_an_error_of_credentials(serve, tmp_path):
    wrong = {**SECRETS, "ALPACA_SECRET_KEY": "of-somebody-else"}
    provider, server = serve(held("AAPL"), secrets=wrong)
    with pytest.raises(BrokerError, match="forbidden") as caught:
        provider.get_bars("AAPL", "1m", OPEN, OPEN + DAY)
    assert "paper, live" in caught.value.hint
    filler = AlpacaFiller(DataConfig(**server.data_config()), context(tmp_path, wrong))
    with pytest.raises(DataError, match="forbidden"):
        filler.fill("AAPL", "1m", OPEN, OPEN + DAY)


@pytest.mark.parametrize(
    ("secrets", "found"),
    [
        ({"ALPACA_API_KEY": "a", "ALPACA_SECRET_KEY": "b"}, ("a", "b")),
        ({"APCA_API_KEY_ID": "c", "APCA_API_SECRET_KEY": "d"}, ("c", "d")),
        ({"ALPACA_API_KEY": "a", "APCA_API_KEY_ID": "c", "APCA_API_SECRET_KEY": "d"}, ("c", "d")),
    ],
)
def test_keys_are_found_under_both_names_and_never_mixed(tmp_path, secrets, found):
    from mismartera_alpaca.keys import find_keys

    keys = find_keys(context(tmp_path, secrets).secret, "ALPACA")
    assert keys.pair() == found
    assert "SecretStr('**********')" in repr(keys)


@pytest.mark.parametrize("prefix", ["ALPACA", "MY_LIVE"])
def test_missing_keys_say_their_names(tmp_path, prefix):
    from mismartera_alpaca.keys import find_keys

    half = {"APCA_API_KEY_ID": "c", "MY_LIVE_SECRET_KEY": "x"}
    with pytest.raises(ConfigError, match=f"{prefix}_API_KEY") as caught:
        find_keys(context(tmp_path, half).secret, prefix)
    assert f"{prefix}_API_KEY and {prefix}_SECRET_KEY" in caught.value.hint


@pytest.mark.parametrize(
    ("stamp", "ns"),
    [
        ("2024-11-20T14:30:00Z", OPEN),
        ("2024-11-20T14:30:00.000000001Z", OPEN + 1),
        ("2024-11-20T14:30:00.1234Z", OPEN + 123_400_000),
        ("2024-11-20T09:30:00.5-05:00", OPEN + 500_000_000),
        ("2024-11-20T09:30:00.123456789123-05:00", OPEN + 123_456_789),
        (OPEN, OPEN),
    ],
)
def test_stamps_keep_their_nanoseconds(stamp, ns):
    assert to_ns(stamp) == ns
    assert to_ns(to_text(ns)) == ns


@pytest.mark.parametrize("stamp", ["2024-11-20T14:30:00", "noon", "", "2024-11-20"])
def test_what_is_no_stamp_is_an_error(stamp):
    with pytest.raises(ValueError, match="expected a stamp"):
        to_ns(stamp)


def test_a_page_that_fails_half_way_is_no_shorter_history(serve):
    provider, server = serve(held("AAPL", count=9))
    server.http.script([None, None], then=Fault.status(500))
    with pytest.raises(DataError, match="HTTP 500"):
        provider.get_bars("AAPL", "1m", OPEN, OPEN + DAY)


@pytest.mark.parametrize("name", ["alpaca_py_historical_stock_data", "alpaca_go_sdk_payloads"])
def test_payloads_of_alpacas_own_tests_are_read(name):
    """Whatever their bars, trades and quotes look like, rows come of them."""
    file = shared(f"conformance/brokers/alpaca/{name}.json")
    read = {"bars": 0, "trades": 0, "quotes": 0}
    for payload in (it.get("response", it.get("json")) for it in json.loads(file.read_text())):
        for kind in read.keys() & (payload if isinstance(payload, dict) else {}).keys():
            found = payload[kind]
            for some in found.values() if isinstance(found, dict) else [found]:
                raw = [some] if isinstance(some, dict) else some
                make = {
                    "bars": lambda raw: rows.minute_bars(raw, "1m"),
                    "trades": rows.ticks,
                    "quotes": rows.quotes,
                }[kind]
                made = make(raw)
                assert set(made.ts.tolist()) == {to_ns(row["t"]) for row in raw}
                read[kind] += len(made)
    assert all(read.values()), read


def test_days_without_a_session_are_left_out():
    saturday = to_ns("2024-11-23T00:00:00-05:00")
    assert len(rows.day_bars([bar(saturday)], session_table, ZONE)) == 0
