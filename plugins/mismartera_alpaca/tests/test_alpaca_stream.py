"""The data stream on the real alpaca-py: what the SDK hides is seen, what never works ends."""

import asyncio
import threading

import msgpack
import pytest
from alpaca_rows import OPEN, SECONDS, SECRETS, streamed, until
from alpaca_server import AlpacaServer, context
from mismartera_alpaca.config import DataConfig
from mismartera_alpaca.data_line import DataLine
from mismartera_alpaca.provider import AlpacaProvider

from mismartera_core import (
    BrokerError,
    DataError,
    StreamChanged,
    StreamedBars,
    StreamedQuotes,
    StreamedStatus,
    StreamedTicks,
    StreamNoise,
    StreamRequest,
    StreamState,
)
from mismartera_core.model.intervals import MINUTE
from mismartera_core.testing import Reply, StreamRefusal

BARS = StreamRequest(symbols=("AAPL", "MSFT"), interval="1m")


@pytest.fixture
def server():
    with AlpacaServer() as server:
        yield server


class Running:
    """A stream in a thread."""

    def __init__(self, provider, wanted=BARS):
        self.events, self.stop, self.error = [], threading.Event(), None
        self._ask = lambda: provider.stream(wanted, self.events.append, self.stop)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        try:
            self._ask()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            self.error = error

    def end(self):
        self.stop.set()
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()

    def of(self, kind):
        return [it for it in self.events if isinstance(it, kind)]

    @property
    def states(self):
        return [it.state for it in self.of(StreamChanged)]


@pytest.fixture
def run(server, tmp_path):
    """Run a stream: `run(wanted, secrets=..., mute_seconds=...)`; stopped after the test."""
    made = []

    def running(wanted=BARS, secrets=None, **config):
        provider = AlpacaProvider(
            DataConfig(**server.data_config(**config)), context(tmp_path, secrets)
        )
        made.append((Running(provider, wanted), provider))
        return made[-1][0]

    yield running
    for stream, provider in made:
        stream.end()
        provider.close()


@pytest.fixture
def live(run):
    stream = run()
    until(lambda: stream.states == [StreamState.LIVE], "LIVE")
    return stream


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (400, "invalid syntax"),
        (402, "auth failed"),
        (405, "symbol limit exceeded"),
        (409, "insufficient subscription"),
        (410, "invalid subscribe action"),
    ],
)
@pytest.mark.parametrize("at", ["login", "subscription"])
def test_what_never_works_ends_with_the_reason(server, run, monkeypatch, code, said, at):
    answers = server.data.answer

    def answer(connection, message):
        if (message["action"] == "auth") == (at == "login"):
            server.data.say(connection, {"T": "error", "code": code, "msg": said})
        else:
            answers(connection, message)

    monkeypatch.setattr(server.data, "answer", answer)
    stream = run()
    stream.thread.join(SECONDS)
    assert isinstance(stream.error, BrokerError)
    assert f"{said} ({code})" in str(stream.error)
    assert stream.error.hint
    assert stream.states == []


@pytest.mark.parametrize("code", [404, 406, 407, 500])
def test_what_may_pass_is_said_and_tried_again(server, run, monkeypatch, code):
    answers, errors = server.data.answer, iter([code, code])

    def answer(connection, message):
        error = next(errors, None) if message["action"] == "auth" else None
        if error:
            server.data.say(connection, {"T": "error", "code": error, "msg": "not now"})
        else:
            answers(connection, message)

    monkeypatch.setattr(server.data, "answer", answer)
    stream = run()
    until(lambda: StreamState.LIVE in stream.states, "LIVE")
    assert stream.events[0] == StreamChanged(StreamState.LOST, f"Alpaca says: not now ({code})")
    assert stream.states == [StreamState.LOST, StreamState.LIVE]


@pytest.mark.parametrize("status", [401, 403])
def test_a_handshake_that_is_refused_for_good_ends(server, run, status):
    server.data.status = status
    stream = run()
    stream.thread.join(SECONDS)
    assert f"HTTP {status}" in str(stream.error)


@pytest.mark.parametrize("status", [429, 503])
def test_a_handshake_that_is_refused_for_now_is_tried_again(server, run, status):
    server.data.status = status
    stream = run()
    until(lambda: stream.states == [StreamState.LOST], "LOST")
    assert f"HTTP {status}" in stream.events[0].reason
    server.data.status = None
    until(lambda: stream.states[-1] is StreamState.LIVE, "LIVE")


def test_being_logged_in_already_is_harmless(server, live):
    server.data.push({"T": "error", "code": 403, "msg": "already authenticated"}, streamed())
    until(lambda: live.of(StreamedBars), "the bar")
    assert live.states == [StreamState.LIVE]


def test_an_error_while_it_streams_is_told(server, live):
    server.data.push({"T": "error", "code": 407, "msg": "slow client"})
    until(lambda: live.states == [StreamState.LIVE, StreamState.LOST, StreamState.LIVE], "LIVE")
    assert live.events[1].reason == "Alpaca says: slow client (407)"


def test_a_subscription_that_lacks_a_symbol_is_not_live(server, run, monkeypatch):
    answers = server.data.answer

    def answer(connection, message):
        if message["action"] == "subscribe":
            message = {**message, "updatedBars": ["AAPL"]}
        answers(connection, message)

    monkeypatch.setattr(server.data, "answer", answer)
    stream = run()
    until(lambda: stream.states, "a state")
    assert stream.events[0] == StreamChanged(StreamState.LOST, "no answer in time")


def test_a_restored_connection_is_subscribed_to_everything_again(server, live):
    server.data.drop()
    until(lambda: len(live.states) == 3, "LIVE again")
    said = [frame for frame in server.data.frames if frame["action"] == "subscribe"]
    assert said[0] == said[1]
    assert {name: sorted(said[1][name]) for name in ("bars", "updatedBars")} == {
        "bars": ["AAPL", "MSFT"],
        "updatedBars": ["AAPL", "MSFT"],
    }


def test_quiet_is_not_lost(server, run):
    """A market in which nothing happens answers when it is asked."""
    stream = run(mute_seconds=0.2)
    until(lambda: len(server.data.frames) >= 5, "three questions")
    assert stream.states == [StreamState.LIVE]


def test_rows_of_a_frame_come_together_by_symbol_and_revisions_apart(server, live):
    server.data.push(
        streamed(OPEN),
        streamed(OPEN, symbol="MSFT"),
        streamed(OPEN + MINUTE, close=101.5),
        streamed(OPEN, kind="u", close=101.25),
    )
    until(lambda: len(live.of(StreamedBars)) == 3, "three events")
    found = [
        (it.symbol, it.revised, it.bars.ts.tolist(), it.bars.close.tolist())
        for it in live.of(StreamedBars)
    ]
    assert found == [
        ("AAPL", False, [OPEN, OPEN + MINUTE], [101.0, 101.5]),
        ("MSFT", False, [OPEN], [101.0]),
        ("AAPL", True, [OPEN], [101.25]),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        streamed(OPEN + MINUTE, c="dear"),
        streamed(OPEN + MINUTE, c=float("nan")),
        streamed(OPEN + MINUTE, h=1.0),
        streamed(OPEN + MINUTE, t="noon"),
        streamed(OPEN + MINUTE, t=None),
        {"T": "b", "S": "AAPL"},
    ],
)
def test_one_bad_message_takes_no_other_along(server, live, bad):
    server.data.push(streamed(OPEN), bad, streamed(OPEN + 2 * MINUTE))
    until(lambda: len(live.of(StreamedBars)) == 2, "the good ones")
    assert [it.bars.ts.tolist() for it in live.of(StreamedBars)] == [[OPEN], [OPEN + 2 * MINUTE]]
    assert len(live.of(StreamNoise)) == 1
    assert live.states == [StreamState.LIVE]


def test_what_was_not_asked_for_is_noise(server, live):
    trade = {"T": "t", "S": "AAPL", "t": msgpack.Timestamp(1), "p": 1.0, "s": 1}
    server.data.push(streamed(symbol="TSLA"), trade, {"T": "brand new"}, streamed())
    until(lambda: live.of(StreamedBars), "the bar")
    assert len(live.of(StreamNoise)) == 3
    assert len(live.of(StreamedBars)) == 1


def test_trades_and_quotes_keep_their_nanoseconds(server, run):
    stream = run(StreamRequest(symbols=("AAPL",), ticks=True, quotes=True))
    until(lambda: stream.states == [StreamState.LIVE], "LIVE")
    at = msgpack.Timestamp.from_unix_nano(OPEN + 123_456_789)
    server.data.push(
        {"T": "t", "S": "AAPL", "t": at, "p": 101.1, "s": 7, "c": ["@"], "z": "C"},
        {"T": "q", "S": "AAPL", "t": at, "bp": 101.0, "bs": 2, "ap": 101.2, "as": 3},
        {"T": "q", "S": "AAPL", "t": at, "bp": 0, "bs": 0, "ap": 0, "as": 0},
        {"T": "c", "S": "AAPL"},
    )
    until(lambda: stream.of(StreamedQuotes), "the quotes")
    (traded,) = stream.of(StreamedTicks)
    assert (traded.ticks.ts.tolist(), traded.ticks.price.tolist()) == (
        [OPEN + 123_456_789],
        [101.1],
    )
    (quoted,) = stream.of(StreamedQuotes)
    assert quoted.quotes.bid.tolist()[0] == 101.0
    assert stream.of(StreamNoise) == []


def test_a_halt_and_its_end_are_told(server, run):
    stream = run(StreamRequest(symbols=("AAPL",), interval="1m", statuses=True))
    until(lambda: stream.states == [StreamState.LIVE], "LIVE")
    at = msgpack.Timestamp.from_unix_nano(OPEN)
    common = {"T": "s", "S": "AAPL", "rc": "T1", "rm": "", "t": at, "z": "C"}
    server.data.push({**common, "sc": "H", "sm": "Trading Halt"})
    until(lambda: stream.of(StreamedStatus), "the halt")
    server.data.push({**common, "sc": "T", "sm": "Trading Resumption"})
    until(lambda: len(stream.of(StreamedStatus)) == 2, "both")
    assert [said.halted for said in stream.of(StreamedStatus)] == ["Trading Halt (T1)", ""]
    assert stream.of(StreamNoise) == []


def test_bars_of_another_length_are_refused(server, tmp_path):
    provider = AlpacaProvider(DataConfig(**server.data_config()), context(tmp_path))
    wanted = StreamRequest(symbols=("AAPL",), interval="5m")
    with pytest.raises(DataError, match="streams 1m bars"):
        provider.stream(wanted, lambda event: None, threading.Event())


def test_a_stream_of_nothing_waits_for_its_stop(run):
    """alpaca-py's own would take a whole processor."""
    stream = run(StreamRequest(symbols=("AAPL",)))
    stream.end()
    assert stream.events == []
    assert stream.error is None


def test_a_symbol_nobody_can_check_is_streamed_all_the_same(server, run):
    server.http.script([], then=None)
    server.routes.clear()
    server.http._routes["/v2/assets"] = lambda request: Reply.json({"message": "down"}, 503)
    stream = run(deadline_seconds=0.3)
    until(lambda: stream.states == [StreamState.LIVE], "LIVE")


def test_it_works_where_a_loop_runs_already(server, run):
    async def main():
        stream = run()
        while stream.states != [StreamState.LIVE]:
            await asyncio.sleep(0.01)
        server.data.push(streamed())
        while not stream.of(StreamedBars):
            await asyncio.sleep(0.01)
        stream.stop.set()
        while stream.thread.is_alive():
            await asyncio.sleep(0.01)
        return stream

    assert asyncio.run(asyncio.wait_for(main(), SECONDS)).error is None


def test_stopping_leaves_no_thread_and_no_connection(server, run):
    stream = run()
    until(lambda: stream.states == [StreamState.LIVE], "LIVE")
    before = set(threading.enumerate())
    stream.end()
    until(lambda: not server.data.connections, "the end of the connection")
    assert not set(threading.enumerate()) - before


def test_a_stop_is_heard_while_it_connects_and_while_it_waits(server, run):
    server.data.refuse(StreamRefusal.NO_ANSWER)
    connecting = run()
    until(lambda: server.data.connections, "a connection")
    connecting.end()
    server.data.refuse(StreamRefusal.CONNECTION_LIMIT)
    waiting = run()
    until(lambda: waiting.states, "LOST")
    waiting.end()
    assert (connecting.error, waiting.error) == (None, None)


def test_the_feed_is_part_of_the_address(tmp_path):
    from mismartera_alpaca.keys import find_keys

    keys = find_keys(context(tmp_path, SECRETS).secret, "ALPACA")
    for feed in ("iex", "sip", "delayed_sip"):
        line = DataLine(DataConfig(feed=feed), keys, BARS, lambda event: None)
        assert line._url == f"wss://stream.data.alpaca.markets/v2/{feed}"
