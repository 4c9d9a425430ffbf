"""Promises of a data provider whose stream comes from a service on the network."""

from __future__ import annotations

import logging
import threading
from typing import Any

import numpy as np
import pytest

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.stream import StreamRequest, StreamState
from mismartera_core.errors import BrokerError
from mismartera_core.model.columns import BarColumns, QuoteColumns
from mismartera_core.registrations import DataProviderReg
from mismartera_core.testing import listening, rows
from mismartera_core.testing.builders import ticks_of
from mismartera_core.testing.listening import Listening, columns
from mismartera_core.testing.open_files import no_growth, open_files
from mismartera_core.testing.remote_stream_trial import (
    RemoteStreamTrial,
    ended_by_stop,
    is_broker_error,
    joined,
    length,
    reasons,
    repriced,
    said,
)
from mismartera_core.testing.shown import secrets_or_skip, shows_none
from mismartera_core.testing.stream_faults import StreamFaults, StreamRefusal
from mismartera_core.testing.streams import as_asked, ended, in_time, told
from mismartera_core.testing.suite import expect, not_applicable

_HOURS = 8 * 60
"""Minutes of the long run."""

_FINAL = (StreamRefusal.WRONG_KEY, StreamRefusal.SYMBOL_LIMIT, StreamRefusal.NOT_ENTITLED)


class RemoteStreamConformance(RemoteStreamTrial):
    """What a stream promises that comes from a service on the network.

    Override the fixtures `faults` and `plugin_config`: a fake of the service on 127.0.0.1, and
    the config that points to it, with short waits. What the provider reads beside its stream is
    tested by `DataProviderConformance` and `RemoteProviderConformance`.
    """

    def test_stream_is_live_once_all_is_subscribed(
        self, heard: Listening, faults: StreamFaults
    ) -> None:
        """When it says LIVE the service has all symbols, and bars of each of them come."""
        missing = sorted(set(self.symbols) - faults.subscribed)
        expect(
            not missing,
            "LIVE means that everything that was asked for is subscribed",
            f"the service knows nothing of {', '.join(missing)}",
            "wait for the service's confirmation of all symbols",
        )
        ended_by_stop(heard)

    def test_acknowledgement_is_awaited_no_longer_than_the_limit(
        self, streaming: DataProvider, wanted: StreamRequest, faults: StreamFaults
    ) -> None:
        """A service that never confirms: no LIVE, but LOST or a BrokerError in time."""
        self.may_refuse(StreamRefusal.NO_ANSWER)
        faults.refuse(StreamRefusal.NO_ANSWER)
        with Listening(streaming, wanted) as heard:
            heard_so = heard.until(
                lambda: heard.is_over or StreamState.LOST in heard.states, self.connect_seconds
            )
        expect(
            heard_so and StreamState.LIVE not in heard.states,
            "a connection that the service does not confirm is LOST, or a BrokerError, within "
            f"{self.connect_seconds:g} s",
            said(heard),
            "wait for the confirmation with a time limit; until then it is not live",
        )
        in_time(heard)

    @pytest.mark.parametrize("reason", _FINAL)
    def test_refusal_is_an_error(
        self,
        streaming: DataProvider,
        wanted: StreamRequest,
        faults: StreamFaults,
        reason: StreamRefusal,
    ) -> None:
        """A wrong key, too many symbols, no entitlement: trying again would not help."""
        self.may_refuse(reason)
        faults.refuse(reason)
        with Listening(streaming, wanted) as heard:
            heard.until(lambda: heard.is_over, self.connect_seconds)
        is_broker_error(heard, reason, self.connect_seconds)

    def test_connection_limit_is_told(
        self, streaming: DataProvider, wanted: StreamRequest, faults: StreamFaults
    ) -> None:
        """Too many connections: LOST with the reason, or a BrokerError; never silence."""
        self.may_refuse(StreamRefusal.CONNECTION_LIMIT)
        faults.refuse(StreamRefusal.CONNECTION_LIMIT)
        with Listening(streaming, wanted) as heard:
            heard.until(
                lambda: heard.is_over or StreamState.LOST in heard.states, self.connect_seconds
            )
        expect(
            isinstance(heard.error, BrokerError) or reasons(heard),
            "a connection that is refused is LOST with the reason, or a BrokerError",
            said(heard),
            "look at what the service answers; an SDK may only log it",
        )
        in_time(heard)

    @pytest.mark.parametrize("how", ["drop", "hang_up", "restart"])
    def test_lost_connection_comes_back(
        self, heard: Listening, faults: StreamFaults, bars: BarColumns, how: str
    ) -> None:
        """Broken off, ended or restarted: LOST, then LIVE, all symbols again, no bar twice."""
        self.sends(heard, faults, bars, 0, 3)
        getattr(faults, how)()
        self.is_lost(heard, how.replace("_", " "), self.connect_seconds)
        self.goes_live(heard, self.reconnect_seconds)
        self.sends(heard, faults, bars, 3, 6)
        self.none_twice(heard)
        ended_by_stop(heard)

    def test_silent_connection_is_lost(
        self, heard: Listening, faults: StreamFaults, bars: BarColumns
    ) -> None:
        """A connection that stays open and says nothing, not even that it lives."""
        if self.mute_seconds is None:
            not_applicable("the class says that the service has no sign of life (mute_seconds)")
        faults.mute()
        self.is_lost(heard, "silence", self.mute_seconds)
        self.goes_live(heard, self.reconnect_seconds)
        self.sends(heard, faults, bars, 0, 3)
        ended_by_stop(heard)

    def test_connection_limit_passes(
        self, heard: Listening, faults: StreamFaults, bars: BarColumns
    ) -> None:
        """Once it was live, "too many connections" is its own old one: it goes on trying."""
        self.may_refuse(StreamRefusal.CONNECTION_LIMIT)
        faults.refuse(StreamRefusal.CONNECTION_LIMIT)
        faults.drop()
        self.is_lost(heard, "drop", self.connect_seconds)
        heard.until(lambda: heard.is_over, 0.5)
        faults.refuse(None)
        self.goes_live(heard, self.reconnect_seconds)
        self.sends(heard, faults, bars, 0, 3)
        ended_by_stop(heard)

    def test_key_that_is_refused_later_is_an_error(
        self, heard: Listening, faults: StreamFaults
    ) -> None:
        """A key that is revoked while it streams ends it with a BrokerError."""
        self.may_refuse(StreamRefusal.WRONG_KEY)
        faults.refuse(StreamRefusal.WRONG_KEY)
        faults.drop()
        heard.until(lambda: heard.is_over, self.connect_seconds + self.reconnect_seconds)
        heard.stop()
        limit = self.connect_seconds + self.reconnect_seconds
        is_broker_error(heard, StreamRefusal.WRONG_KEY, limit)

    def test_revised_bar_replaces(
        self, heard: Listening, faults: StreamFaults, bars: BarColumns
    ) -> None:
        """A correction comes as `revised`, once, with its values; it is no second bar."""
        self.sends(heard, faults, bars, 0, 3)
        other = repriced(bars.slice(1, 2))
        faults.revise(self.symbols[0], other)
        heard.until(lambda: heard.bars(revised=True), self.connect_seconds)
        self.sends(heard, faults, bars, 3, 4)
        found = heard.bars(revised=True)
        contract = "a correction comes once, as StreamedBars(..., revised=True)"
        cure = "emit what the service marks as a correction with revised=True"
        expect(len(found) == 1, contract, f"{len(found)} came; {said(heard)}", cure)
        rows.same_rows(found[0].kept, other, contract, self.symbols[0], cure)
        self.none_twice(heard)

    def test_frames_out_of_order_or_twice_lose_nothing(
        self, heard: Listening, faults: StreamFaults, bars: BarColumns
    ) -> None:
        """What the service sends late comes late; what it sends twice comes twice at most."""
        name = self.symbols[0]
        for row in (0, 2, 1, 2, 2, 3):
            faults.send_bars(name, bars.slice(row, row + 1))
        self.gets(heard, bars.slice(0, 4), "bars that come late or twice are bars")
        stamps, counts = np.unique(heard.stamps(name), return_counts=True)
        expect(
            (counts <= (1, 1, 3, 1)).all(),
            "a bar comes no more often than the service sent it",
            f"{dict(zip((rows.instant(it) for it in stamps), counts.tolist(), strict=True))}",
            "emit each frame once",
        )
        for came in heard.bars():
            row = int(np.searchsorted(bars.ts, came.kept.ts[0]))
            rows.same_rows(
                came.kept,
                bars.slice(row, row + len(came.kept)),
                "bars are what the service sent",
                name,
                "stamp at the open, and take values as they are",
            )

    def test_unknown_messages_are_counted(
        self, heard: Listening, faults: StreamFaults, bars: BarColumns
    ) -> None:
        """What cannot be understood is StreamNoise, and ends nothing."""
        self.sends(heard, faults, bars, 0, 1)
        count = faults.noise()
        heard.until(lambda: len(heard.noise) >= count, self.connect_seconds)
        self.sends(heard, faults, bars, 1, 3)
        expect(
            len(heard.noise) >= count and StreamState.LOST not in heard.states,
            "a message that cannot be understood is StreamNoise, and the stream goes on",
            f"{count} were sent, {len(heard.noise)} are told of: {heard.noise}; {said(heard)}",
            "catch what reading one message raises, and emit StreamNoise",
        )
        ended_by_stop(heard)

    @pytest.mark.parametrize("what", ["ticks", "quotes"])
    def test_trades_and_quotes_come_as_they_were_sent(
        self,
        registration: DataProviderReg,
        streaming: DataProvider,
        faults: StreamFaults,
        bars: BarColumns,
        what: str,
    ) -> None:
        """Trades or quotes come as they were sent, beside bars."""
        if not getattr(registration.capabilities, what):
            not_applicable(f"it offers no {what}")
        wanted = StreamRequest(
            symbols=self.symbols,
            interval=self.interval_asked,
            ticks=what == "ticks",
            quotes=what == "quotes",
        )
        sent: Any = ticks_of(bars.slice(0, 3))
        if what == "quotes":
            size = np.full(len(sent), 100.0)
            sent = QuoteColumns(sent.ts, sent.price - 0.01, sent.price + 0.01, size, size)
        with Listening(streaming, wanted) as heard:
            self.goes_live(heard, self.connect_seconds)
            for name in self.symbols:
                getattr(faults, f"send_{what}")(name, sent)
            self.sends(heard, faults, bars, 0, 1)
            heard.until(
                lambda: all(length(heard, name) >= len(sent) for name in self.symbols),
                self.connect_seconds,
            )
        for came in heard.came:
            if columns(came.event) is not None:
                as_asked(came, wanted)
        for name in self.symbols:
            rows.same_rows(
                joined(heard, name, type(sent)),
                sent,
                f"{what} come as the service sent them",
                f"streamed {what} of {name}",
                "emit every message, in its order, with the nanoseconds of its stamp",
            )

    def test_slow_consumer_loses_no_bar(
        self, heard: Listening, faults: StreamFaults, bars: BarColumns
    ) -> None:
        """While nobody takes what it emits, bars wait; or it says LOST, as a gap is filled then."""
        heard.gate.clear()
        sender = threading.Thread(
            target=faults.send_bars, args=[self.symbols[0], bars], name="sender", daemon=True
        )
        sender.start()
        sender.join(listening.STOP_SECONDS)
        heard.gate.set()
        sender.join(self.connect_seconds)
        if not heard.until(lambda: StreamState.LOST in heard.states, 0.0):
            self.gets(heard, bars, "a slow consumer loses no bar, unless LOST was said")
        self.none_twice(heard)
        heard.gate.clear()
        faults.send_bars(self.symbols[1], bars.slice(0, 50))
        ended_by_stop(heard)

    def test_hours_leave_nothing_behind(
        self, heard: Listening, faults: StreamFaults, bars: BarColumns
    ) -> None:
        """Eight hours of bars, with lost connections: threads and open files do not grow."""
        length = _HOURS // self.drops
        before: tuple[int, int] | None = None
        for number in range(self.drops):
            for row in range(number * length, (number + 1) * length):
                for name in self.symbols:
                    faults.send_bars(name, bars.slice(row, row + 1))
            part = bars.slice(number * length, (number + 1) * length)
            for name in self.symbols:
                self.gets(heard, part, "a stream goes on for hours", name)
            before = before or (threading.active_count(), open_files())
            faults.drop()
            lost = number + 1
            heard.until(
                lambda count=lost: heard.states.count(StreamState.LOST) >= count,  # type: ignore[misc]
                self.connect_seconds,
            )
            self.goes_live(heard, self.reconnect_seconds)
        assert before is not None  # noqa: S101 - there is at least one drop
        no_growth(before, f"after {_HOURS} minutes and {self.drops} lost connections")
        self.none_twice(heard)
        ended_by_stop(heard)

    def test_nothing_stays_connected(self, heard: Listening, faults: StreamFaults) -> None:
        """A stream that was stopped has closed its connection."""
        heard.stop()
        ended(heard)
        pause = threading.Event()
        for _ in range(50):
            if not faults.connections:
                break
            pause.wait(listening.STOP_SECONDS / 50)
        expect(
            not faults.connections,
            "a stream that is stopped closes its connection",
            f"{faults.connections} still open a second later",
            "close it before stream() returns",
        )

    def test_refused_key_is_in_no_log_or_error(
        self,
        secrets: list[str],
        streaming: DataProvider,
        wanted: StreamRequest,
        faults: StreamFaults,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Neither the log nor events nor errors show a key, also when it is refused."""
        secrets_or_skip(secrets)
        faults.refuse(StreamRefusal.WRONG_KEY)
        with caplog.at_level(logging.DEBUG), Listening(streaming, wanted) as heard:
            heard.until(lambda: heard.is_over, self.connect_seconds)
        shown = {"the log": caplog.text, "its repr": f"{streaming!r} {streaming!s}", **told(heard)}
        shows_none(shown, secrets)
