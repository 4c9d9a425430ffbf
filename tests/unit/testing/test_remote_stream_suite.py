"""A stream over a socket keeps the promises of remote streams; broken ones are caught."""

from __future__ import annotations

import contextlib
import inspect
import queue
import socket
import threading
from dataclasses import replace

import pytest
from line_streams import KEY, Connected, LineConfig, LineServer, LineStream, registered

from mismartera_core import BrokerError, StreamRequest
from mismartera_core.testing import (
    RemoteStreamConformance,
    StreamRefusal,
    sessions_of,
    walk_bars,
)
from mismartera_core.testing.listening import Listening


class TestLineStream(RemoteStreamConformance):
    connect_seconds = 2.0
    reconnect_seconds = 2.0
    mute_seconds = 2.0
    drops = 8

    @pytest.fixture
    def registration(self):
        return registered(LineStream)

    @pytest.fixture
    def faults(self):
        with LineServer() as server:
            yield server

    @pytest.fixture
    def plugin_config(self, faults):
        return {"port": faults.port, "key": KEY}


class LiveTooSoon(LineStream):
    """Says LIVE when it has asked, not when it was confirmed."""

    class Made(Connected):
        def read(self, connection):
            self.live()
            super().read(connection)

        def take(self, line):
            if b"subscribed" not in line:
                super().take(line)


class AsksForOne(LineStream):
    """Subscribes to the first symbol only."""

    def stream(self, wanted, emit, stop):
        super().stream(replace(wanted, symbols=wanted.symbols[:1]), emit, stop)


class TriesForEver(LineStream):
    """Takes every refusal for a fault that passes."""

    class Made(Connected):
        def refused(self, why):
            raise ConnectionError(why)


class GivesUp(LineStream):
    """Ends with the first connection that is lost."""

    class Made(Connected):
        def lost(self, why):
            raise BrokerError(why)


class Quiet(LineStream):
    """Comes back without a word."""

    class Made(Connected):
        def lost(self, why):
            pass


class NoReason(LineStream):
    class Made(Connected):
        def lost(self, why):
            super().lost("")


class Patient(LineStream):
    """Waits for ever for a sign of life."""

    silence = 1e9


class GivesUpOnLimits(LineStream):
    class Made(Connected):
        def refused(self, why):
            raise BrokerError(why)


class RevisesAsNew(LineStream):
    class Made(Connected):
        def data(self, kind, message):
            super().data(kind.replace("revised", "bar"), message)


class DropsLateBars(LineStream):
    class Made(Connected):
        newest = 0

        def data(self, kind, message):
            ts = message["values"][0]
            if ts > self.newest:
                self.newest = ts
                super().data(kind, message)


class SaysAllAgain(LineStream):
    """After a lost connection it emits once more what it had."""

    class Made(Connected):
        def live(self):
            super().live()
            for message in self.kept:
                super().data("bar", message)

        def data(self, kind, message):
            super().data(kind, message)
            self.kept.append(message)


class DiesOfNoise(LineStream):
    class Made(Connected):
        def noise(self, message):
            raise ConnectionError("what?")


class SwallowsNoise(LineStream):
    class Made(Connected):
        def noise(self, message):
            pass


class RoundsStamps(LineStream):
    class Made(Connected):
        def data(self, kind, message):
            if kind in ("tick", "quote"):
                message["values"][0] //= 10**9
                message["values"][0] *= 10**9
            super().data(kind, message)


class LosesWhenSlow(LineStream):
    """Keeps ten events for a slow consumer, and says nothing of the others."""

    class Made(Connected):
        def __init__(self, owner, wanted, emit, stop):
            self.queue = queue.Queue(10)
            self.real = emit
            super().__init__(owner, wanted, self.offer, stop)

        def offer(self, event):
            with contextlib.suppress(queue.Full):
                self.queue.put_nowait(event)

        def run(self):
            reader = threading.Thread(target=super().run, name="reader")
            reader.start()
            while not self.stop.is_set():
                with contextlib.suppress(queue.Empty):
                    self.real(self.queue.get(timeout=0.01))
            reader.join()


class LeaksThreads(LineStream):
    class Made(Connected):
        def live(self):
            super().live()
            threading.Thread(target=self.owner.over.wait, args=[30], name="heartbeat").start()


class LeaksSockets(LineStream):
    class Made(Connected):
        def live(self):
            super().live()
            self.owner.kept.append(socket.socket())


class StaysConnected(LineStream):
    class Made(Connected):
        def read(self, connection):
            self.owner.kept.append(connection.dup())
            super().read(connection)


class TellsItsKey(LineStream):
    class Made(Connected):
        def refused(self, why):
            raise BrokerError(f"{why}: {self.owner.config.key.get_secret_value()}")


COMES_BACK = "lost_connection_comes_back"
BROKEN = [
    (LiveTooSoon, "acknowledgement_is_awaited_no_longer_than_the_limit", {}, "it said live"),
    (AsksForOne, "stream_is_live_once_all_is_subscribed", {}, "the service knows nothing of BBB"),
    *[
        (TriesForEver, "refusal_is_an_error", {"reason": reason}, reason.value)
        for reason in StreamRefusal
        if reason.value not in ("no answer", "connection limit")
    ],
    (NoReason, "connection_limit_is_told", {}, "LOST with the reason"),
    (GivesUp, COMES_BACK, {"how": "drop"}, "is LOST with a reason"),
    (Quiet, COMES_BACK, {"how": "hang_up"}, "is LOST with a reason"),
    (NoReason, COMES_BACK, {"how": "restart"}, "is LOST with a reason"),
    (SaysAllAgain, COMES_BACK, {"how": "drop"}, "ascending and unique"),
    (Patient, "silent_connection_is_lost", {}, "silence"),
    (GivesUpOnLimits, "connection_limit_passes", {}, "a stream is live within"),
    (TriesForEver, "key_that_is_refused_later_is_an_error", {}, "wrong key"),
    (RevisesAsNew, "revised_bar_replaces", {}, "0 came"),
    (DropsLateBars, "frames_out_of_order_or_twice_lose_nothing", {}, "did not come"),
    (DiesOfNoise, "unknown_messages_are_counted", {}, "StreamNoise"),
    (SwallowsNoise, "unknown_messages_are_counted", {}, "3 were sent, 0 are told of"),
    (RoundsStamps, "trades_and_quotes_come_as_they_were_sent", {"what": "ticks"}, "nanoseconds"),
    (LosesWhenSlow, "slow_consumer_loses_no_bar", {}, "did not come"),
    (LeaksThreads, "hours_leave_nothing_behind", {}, "threads"),
    (LeaksSockets, "hours_leave_nothing_behind", {}, "open files"),
    (StaysConnected, "nothing_stays_connected", {}, "1 still open"),
    (TellsItsKey, "refused_key_is_in_no_log_or_error", {}, "an error has one"),
]


class Hasty(RemoteStreamConformance):
    connect_seconds = reconnect_seconds = mute_seconds = 1.0


@pytest.mark.parametrize(
    ("cls", "promise", "given", "words"),
    BROKEN,
    ids=[f"{cls.__name__}-{promise}" for cls, promise, *_ in BROKEN],
)
def test_a_broken_stream_is_caught(cls, promise, given, words, caplog):
    suite, test = Hasty(), getattr(Hasty, f"test_{promise}")
    wanted = StreamRequest(symbols=suite.symbols, interval="1m")
    with LineServer() as faults, contextlib.ExitStack() as stack:
        made = cls(LineConfig(port=faults.port, key=KEY), None)
        stack.callback(made.let_go)
        asked = inspect.signature(test).parameters
        fixtures = {
            "faults": faults,
            "streaming": made,
            "wanted": wanted,
            "registration": registered(cls),
            "bars": walk_bars(sessions_of([2000]), seed=11),
            "secrets": [KEY],
            "caplog": caplog,
            **given,
        }
        if "heard" in asked:
            heard = stack.enter_context(Listening(made, wanted))
            assert heard.until(lambda: heard.is_live, 2.0)
            fixtures["heard"] = heard
        with pytest.raises(pytest.fail.Exception) as caught:
            test(suite, **{name: fixtures[name] for name in asked if name != "self"})
    text = str(caught.value)
    assert words in text, text
    assert KEY not in text
    assert all(part in text for part in ("Contract: ", "\nFound: ", "\nCure: "))


def test_an_author_is_told_what_is_missing():
    suite = RemoteStreamConformance
    for name, given in (("faults", {}), ("plugin_config", {"registration": None, "faults": None})):
        with pytest.raises(pytest.fail.Exception, match=f"fixture `{name}`"):
            getattr(suite, name).__wrapped__(suite(), **given)
