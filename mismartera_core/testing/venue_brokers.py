"""Promises of a broker of a venue."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from mismartera_core.contracts.stream import StreamState
from mismartera_core.contracts.venue import VenueBroker
from mismartera_core.errors import BrokerError
from mismartera_core.model.venue import OrderTerms, VenueStatus
from mismartera_core.registry.attributes import one_line
from mismartera_core.testing.listening import STOP_SECONDS
from mismartera_core.testing.open_files import no_growth, open_files
from mismartera_core.testing.remote_calls import Call
from mismartera_core.testing.shown import all_said, secrets_or_skip, shows_none
from mismartera_core.testing.stream_faults import StreamRefusal
from mismartera_core.testing.suite import breach, expect, not_applicable
from mismartera_core.testing.venue_changes import ChangePromises
from mismartera_core.testing.venue_faults import CallFault, VenueCall, VenueFaults
from mismartera_core.testing.venue_lives import LifePromises
from mismartera_core.testing.venue_outcomes import OutcomePromises
from mismartera_core.testing.venue_trial import TEN, VenueNews

Order = Callable[..., OrderTerms]

_DROPS = 6


class VenueBrokerConformance(OutcomePromises, ChangePromises, LifePromises):
    """What a broker of a venue promises: the adapter's part of the order path.

    Override the fixtures `faults` and `plugin_config`: a fake of the venue on 127.0.0.1, and the
    config that points to it, with short time limits.
    """

    def test_it_is_a_venue_broker(self, broker: VenueBroker) -> None:
        """The factory returns a VenueBroker that says what its venue can do."""
        expect(
            broker.capabilities.types and broker.capabilities.times_in_force,
            "capabilities say which orders the venue takes",
            f"{broker.capabilities}",
            "set `capabilities` to VenueCapabilities(...)",
        )

    def test_listen_returns_when_it_is_confirmed(
        self, broker: VenueBroker, faults: VenueFaults, order: Order
    ) -> None:
        """Whatever happens after it has returned is told."""
        heard = VenueNews()
        self.ends(lambda: broker.listen(heard.emit), "listen")
        venue_id = self.placed(broker, order()).venue_id
        faults.execute(venue_id, TEN, self.price)
        self.told(heard, venue_id, VenueStatus.FILLED)

    @pytest.mark.parametrize("reason", StreamRefusal)
    def test_listen_that_is_refused_is_an_error(
        self, broker: VenueBroker, faults: VenueFaults, reason: StreamRefusal
    ) -> None:
        """A refused key, or no confirmation in time: a BrokerError, and no thread goes on."""
        self.may_refuse(reason)
        before = set(threading.enumerate())
        faults.refuse(reason)
        asked = self.tried(lambda: broker.listen(lambda _: None), f"listen ({reason.value})")
        expect(
            isinstance(asked.error, BrokerError),
            f"listen that is not confirmed ({reason.value}) is a BrokerError",
            "no error" if asked.error is None else one_line(asked.error),
            "look at the venue's answer, and wait for it with a time limit",
        )
        broker.close()
        _no_threads(before)

    @pytest.mark.parametrize("how", ["drop", "hang_up", "restart"])
    def test_lost_connection_comes_back(
        self, broker: VenueBroker, faults: VenueFaults, news: VenueNews, order: Order, how: str
    ) -> None:
        """LOST, then LIVE; what happened meanwhile can be asked for, what follows is told."""
        venue_id = self.placed(broker, order()).venue_id
        getattr(faults, how)()
        self._comes_back(news, how)
        faults.execute(venue_id, TEN, self.price)
        self.told(news, venue_id, VenueStatus.FILLED)

    def test_fills_of_a_lost_connection_can_be_asked_for(
        self, broker: VenueBroker, faults: VenueFaults, news: VenueNews, order: Order
    ) -> None:
        """Executed while nobody listened: executions() has it, with its id."""
        venue_id = self.placed(broker, order()).venue_id
        faults.go_away()
        news.until(lambda: StreamState.LOST in news.states, self.wait)
        missed = faults.execute(venue_id, TEN, self.price)
        faults.come_back()
        self._comes_back(news, "drop")
        ids = [it.execution_id for it in self.ends(lambda: broker.executions(0), "executions")]
        expect(ids == [missed], "executions() has what was missed", f"{ids}, not {missed!r}", "ask")

    def test_silent_connection_is_lost(
        self, broker: VenueBroker, faults: VenueFaults, news: VenueNews
    ) -> None:
        """An event connection that stays open and says nothing, not even that it lives."""
        del broker
        if self.mute_seconds is None:
            not_applicable("the class says that the venue has no sign of life (mute_seconds)")
        faults.mute()
        news.until(lambda: StreamState.LOST in news.states, self.mute_seconds)
        self._comes_back(news, "silence")

    def test_unknown_events_are_counted(
        self, broker: VenueBroker, faults: VenueFaults, news: VenueNews, order: Order
    ) -> None:
        """What cannot be understood is StreamNoise; the next event is told."""
        venue_id = self.placed(broker, order()).venue_id
        count = faults.noise()
        faults.execute(venue_id, TEN, self.price)
        self.told(news, venue_id, VenueStatus.FILLED)
        expect(
            len(news.noise) >= count,
            "an event that cannot be understood is StreamNoise",
            f"{count} were sent, {len(news.noise)} are told of: {news.noise}",
            "catch what reading one message raises, and emit StreamNoise",
        )

    def test_hours_leave_nothing_behind(
        self, broker: VenueBroker, faults: VenueFaults, news: VenueNews, order: Order
    ) -> None:
        """Orders and lost connections for hours: threads and open files do not grow."""
        before: tuple[int, int] | None = None
        for number in range(1, _DROPS + 1):
            venue_id = self.placed(broker, order()).venue_id
            faults.execute(venue_id, TEN, self.price)
            self.told(news, venue_id, VenueStatus.FILLED)
            before = before or (threading.active_count(), open_files())
            faults.drop()
            self._comes_back(news, "drop", number)
        assert before is not None  # noqa: S101 - there is at least one round
        no_growth(before, f"after {_DROPS} lost connections")

    def test_close_ends_everything_within_a_second(
        self, broker: VenueBroker, faults: VenueFaults, news: VenueNews, order: Order
    ) -> None:
        """No connection and no thread is left; a second close does nothing."""
        del news
        self.placed(broker, order())
        closing = Call(broker.close)
        expect(
            closing.ends_within(STOP_SECONDS),
            f"close() ends within {STOP_SECONDS:g} s",
            "it goes on",
            "wake what waits, and join it",
        )
        if closing.error is not None:
            breach("close() raises nothing", one_line(closing.error), "catch it")
        again = Call(broker.close)
        expect(
            again.ends_within(STOP_SECONDS) and again.error is None,
            "close() can be called twice",
            f"{again.error!r}",
            "remember what is closed",
        )
        pause = threading.Event()
        for _ in range(50):
            if not faults.connections:
                break
            pause.wait(STOP_SECONDS / 50)
        left = faults.connections
        expect(not left, "close() ends the event connection", f"{left} are open", "close it")

    def test_close_leaves_no_thread(
        self, broker: VenueBroker, faults: VenueFaults, order: Order
    ) -> None:
        """Also while the venue is away, and it waits to connect again."""
        before = set(threading.enumerate())
        heard = VenueNews()
        self.ends(lambda: broker.listen(heard.emit), "listen")
        self.placed(broker, order())
        faults.go_away()
        heard.until(lambda: StreamState.LOST in heard.states, self.wait)
        closing = Call(broker.close)
        expect(
            closing.ends_within(STOP_SECONDS),
            f"close() ends within {STOP_SECONDS:g} s, also between two tries to connect",
            "it goes on",
            "wait on an Event that close() sets",
        )
        _no_threads({*before, closing.thread})
        faults.come_back()

    def test_secret_is_in_no_log_or_error(
        self,
        secrets: list[str],
        broker: VenueBroker,
        faults: VenueFaults,
        order: Order,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Neither logs, repr, events nor errors show a key, also when requests fail."""
        secrets_or_skip(secrets)
        heard = VenueNews()
        said: dict[str, str] = {}
        with caplog.at_level(logging.DEBUG):
            self.tried(lambda: broker.listen(heard.emit), "listen")
            for fault in (CallFault.WRONG_KEY, CallFault.SERVER_ERROR, CallFault.RESET):
                faults.fail(VenueCall.SUBMIT, fault)
                faults.fail(VenueCall.READ, fault)
                for ask in (lambda: broker.submit(order()), broker.account):
                    asked = self.tried(ask, "a call")
                    said["an error"] = said.get("an error", "") + all_said(asked.error)
                faults.heal()
            broker.close()
        said["the log"] = caplog.text
        said["its repr"] = f"{broker!r} {broker!s} {broker.capabilities!r}"
        said["an event"] = "\n".join(map(repr, heard.events))
        shows_none(said, secrets)

    def _comes_back(self, news: VenueNews, how: str, times: int = 1) -> None:
        """Expect LOST, with a reason, and then LIVE."""

        def back() -> bool:
            return (
                news.states.count(StreamState.LOST) >= times and news.states[-1] is StreamState.LIVE
            )

        expect(
            news.until(back, self.wait + self.reconnect_seconds),
            f"an event connection that is gone ({how}) is LOST, and then LIVE again",
            f"it said {', '.join(news.states) or 'nothing'}",
            "say LOST as soon as reading fails, connect again without end, say LIVE when confirmed",
        )


def _no_threads(before: set[threading.Thread]) -> None:
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(STOP_SECONDS)
    names = ", ".join(thread.name for thread in left if thread.is_alive())
    expect(
        not names,
        "a broker that is closed leaves no thread behind",
        f"still running: {names}",
        "end and join in close() what you started; no daemon threads",
    )
