"""What this plugin needs of alpaca-py's private parts; fails when a release has changed them."""

import inspect
import subprocess
import sys
import threading
import time
from email.utils import formatdate

import pytest
from alpaca_rows import KEY, OPEN, SECRET, until
from mismartera_alpaca.config import BrokerConfig, Reach
from mismartera_alpaca.limiter import BURST, Limiter
from mismartera_alpaca.rest import Closed, Refused, Rest, Unheard
from mismartera_alpaca.sdk import (
    StockDataStream,
    StockHistoricalDataClient,
    TimeLimits,
    TradingClient,
    TradingStream,
    tame,
)
from pydantic import ValidationError

from mismartera_core.testing import Fault, LoopbackServer, Reply

QUICK = Reach(connect_seconds=0.5, read_seconds=0.3, deadline_seconds=1, requests_per_minute=10_000)


@pytest.fixture
def server():
    with LoopbackServer({"/v2": lambda request: Reply.json({"ok": True})}) as server:
        yield server


@pytest.fixture(params=[TradingClient, StockHistoricalDataClient])
def client(request, server):
    return request.param(KEY, SECRET, raw_data=True, url_override=server.url)


def test_alpaca_py_itself_sends_an_order_again_and_ours_does_not(server):
    """The trap that taming is for: if alpaca-py has lost it, taming may go."""
    client = TradingClient(KEY, SECRET, raw_data=True, url_override=server.url)
    client._retry_wait = 0.01
    server.script([Fault.status(504)])
    client.post("/orders", {})
    assert len(server.requests) == 2
    tame(client, 1, 1)
    server.script([], then=Fault.status(504))
    with pytest.raises(Exception, match="something went wrong"):
        client.post("/orders", {})
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_tamed_client_sends_everything_once(client, server, status):
    rest = Rest(client, QUICK, Limiter(10_000), threading.Event())
    server.script([], then=Fault.status(status))
    for count, method in enumerate(("post", "patch", "delete"), 1):
        with pytest.raises(Refused) as caught:
            rest.send(method, "/orders", {})
        assert (caught.value.status, caught.value.message) == (status, "something went wrong")
        assert len(server.requests) == count


@pytest.mark.parametrize("method", ["send", "read"])
def test_a_tamed_client_does_not_wait_for_ever(client, server, method):
    rest = Rest(client, QUICK, Limiter(10_000), threading.Event())
    server.script([], then=Fault.silence())
    ask = {"send": lambda: rest.send("post", "/x"), "read": lambda: rest.read("/x")}[method]
    with pytest.raises(Unheard, match="no answer in time") as caught:
        ask()
    assert caught.value.sent


def test_both_schemes_have_the_time_limits(client):
    limits = tame(client, 1, 1)
    assert isinstance(limits, TimeLimits)
    for url in ("https://api.alpaca.markets", "http://127.0.0.1"):
        assert client._session.get_adapter(url) is limits


def test_the_private_parts_that_are_used_are_there():
    client = TradingClient(KEY, SECRET)
    assert isinstance(client._retry, int)
    assert client._retry > 0
    for stream in (StockDataStream(KEY, SECRET), TradingStream(KEY, SECRET)):
        assert stream._ws is None
        assert inspect.iscoroutinefunction(stream._connect)
        assert inspect.iscoroutinefunction(stream.close)
    assert inspect.iscoroutinefunction(StockDataStream._send_subscribe_msg)


def test_paper_is_the_default_of_ours_and_of_theirs():
    assert BrokerConfig().paper
    assert "paper-api" in TradingClient(KEY, SECRET)._base_url
    assert "paper-api" in TradingStream(KEY, SECRET, url_override="")._endpoint
    assert "paper-api" not in TradingStream(KEY, SECRET, paper=False, url_override="")._endpoint


def test_importing_it_warns_of_nothing():
    code = "import mismartera_alpaca.broker, mismartera_alpaca.data_line"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)  # noqa: S603


def test_a_config_holds_no_key():
    for field in ("api_key", "secret_key", "secret"):
        with pytest.raises(ValidationError):
            BrokerConfig(**{field: SECRET})


@pytest.mark.parametrize(
    ("headers", "least"),
    [
        ({"Retry_After": "0.4"}, 0.35),
        ({"X_RateLimit_Reset": "1732113002", "Date": formatdate(OPEN // 10**9, usegmt=True)}, 2.0),
        ({"X_RateLimit_Reset": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_too_many_requests_ask_to_wait(headers, least):
    """The reset is compared with the venue's own clock."""
    from mismartera_alpaca.rest import _wait

    found = _wait({name.replace("_", "-"): text for name, text in headers.items()})
    assert (found is None) if least is None else found >= least


def test_reads_wait_their_turn_and_orders_do_not(client, server):
    rest = Rest(client, QUICK, Limiter(BURST + 60), threading.Event())  # a second each
    for _ in range(BURST + 3):
        rest.send("post", "/orders", {})
    assert len(server.requests) == BURST + 3
    stop = threading.Event()
    late = Rest(client, QUICK, rest._limiter, stop)
    found = []

    def read():
        try:
            late.read("/account")
        except Closed as error:
            found.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    stop.set()
    thread.join()
    assert found
    assert len(server.requests) == BURST + 3


def test_closing_ends_a_wait_between_two_tries(client, server):
    closed = threading.Event()
    rest = Rest(client, Reach(deadline_seconds=600), Limiter(10_000), closed)
    server.script([], then=Fault.too_many(300))
    ended = []

    def read():
        try:
            rest.read("/account")
        except Closed:
            ended.append(time.monotonic())

    thread = threading.Thread(target=read)
    thread.start()
    until(lambda: server.requests)
    closed.set()
    thread.join(10)
    assert ended
    assert len(server.requests) == 1
