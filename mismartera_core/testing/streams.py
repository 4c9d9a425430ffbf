"""Promises of a data provider that streams."""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.stream import (
    StreamedBars,
    StreamedQuotes,
    StreamedTicks,
    StreamNoise,
    StreamRequest,
    StreamState,
)
from mismartera_core.errors import DataError
from mismartera_core.registrations import DataProviderReg
from mismartera_core.registry import config_model
from mismartera_core.registry.attributes import one_line
from mismartera_core.testing import listening, rows
from mismartera_core.testing.listening import Came, Listening, columns
from mismartera_core.testing.shown import all_said, secrets_of, secrets_or_skip, shows_none
from mismartera_core.testing.suite import MadeConformance, breach, expect, not_applicable

_EVENTS = 200
_NO_SYMBOL = "NO_SUCH_SYMBOL"

_CARRIES = {"ticks": StreamedTicks, "quotes": StreamedQuotes}


class StreamPromises(MadeConformance):
    """What a provider with the capability `stream` promises.

    Attributes:
        stream_seconds: How long the suite waits for what a stream emits.
    """

    kind = "data_provider"
    stream_seconds = 5.0

    @pytest.fixture
    def streaming(self, registration: DataProviderReg, made: DataProvider) -> DataProvider:
        """The provider, where it streams."""
        if not registration.capabilities.stream:
            not_applicable("it does not stream")
        return made

    @pytest.fixture
    def wanted(self, symbol: str, interval: str) -> StreamRequest:
        """What is asked for: bars of one symbol."""
        return StreamRequest(symbols=(symbol,), interval=interval)

    @pytest.fixture
    def secrets(self, registration: DataProviderReg, settings: Any) -> list[str]:
        """What is shown nowhere: secrets of its config; override it for those of the context."""
        return secrets_of(config_model(registration), settings)

    @pytest.fixture
    def streamed(self, streaming: DataProvider, wanted: StreamRequest) -> Listening:
        """What the stream emitted until it was stopped."""
        with Listening(streaming, wanted, limit=_EVENTS) as heard:
            heard.until(lambda: heard.is_over, self.stream_seconds)
        return heard

    def test_stream_ends_within_a_second(self, streamed: Listening) -> None:
        """A stream that is stopped returns within a second, without an error; twice is once."""
        ended(streamed)
        streamed.stop()
        ended(streamed)

    def test_stream_says_when_it_is_live(self, streamed: Listening) -> None:
        """LIVE comes before all data, and LIVE and LOST take turns."""
        ended(streamed)
        states = streamed.states
        contract = "a stream says StreamChanged(LIVE) once everything asked for is subscribed"
        cure = "emit it when the source has confirmed the subscription, before any data"
        whole = [type(it.event).__name__ for it in streamed.came]
        expect(
            states, contract, f"it never did; it emitted {sorted(set(whole)) or 'nothing'}", cure
        )
        first = next(it for it in streamed.came if not isinstance(it.event, StreamNoise))
        expect(columns(first.event) is None, contract, f"{whole[0]} came before", cure)
        expect(
            states[0] is StreamState.LIVE
            and all(a is not b for a, b in itertools.pairwise(states)),
            "a stream says LIVE, then LOST and LIVE in turn, each once",
            f"{', '.join(states)}",
            "remember what was said last; a try to connect that fails changes nothing",
        )

    def test_stream_emits_what_is_known(self, streamed: Listening, wanted: StreamRequest) -> None:
        """Emitted are bars of the symbols asked for that are known by then, and nothing else."""
        for came in _emitted(streamed):
            as_asked(came, wanted)

    def test_stream_emits_each_bar_once_and_in_order(
        self, streamed: Listening, wanted: StreamRequest
    ) -> None:
        """First-hand bars of a symbol rise in time over all that is emitted: none twice."""
        _emitted(streamed)
        for name in wanted.symbols:
            whose = f"streamed {wanted.interval} bars of {name} (not those that are `revised`)"
            rows.stamps_ascend(streamed.stamps(name), whose)

    def test_stream_revises_only_what_has_ended(
        self, streamed: Listening, wanted: StreamRequest
    ) -> None:
        """A bar that is `revised` replaces an earlier one: it is never the newest by itself."""
        if not streamed.bars(revised=True):
            not_applicable("no bar was revised in the time the suite waits (stream_seconds)")
        newest: dict[str, int] = {}
        for came in streamed.came:
            if isinstance(came.event, StreamedBars):
                name, last = came.event.symbol, int(came.kept.ts[-1])
                expect(
                    not came.event.revised or last <= newest.get(name, last),
                    "a revised bar replaces one that came before",
                    f"{wanted.interval} bar of {name} at {rows.instant(last)} is `revised` and "
                    f"newer than {rows.instant(newest.get(name, last))}",
                    "say `revised` of corrections only",
                )
                newest[name] = max(last, newest.get(name, last))

    def test_stream_writes_into_nothing_it_emitted(self, streamed: Listening) -> None:
        """Columns that were emitted are not touched again."""
        for came in _emitted(streamed):
            rows.same_rows(
                columns(came.event),
                came.kept,
                "columns belong to whoever they were handed to: nobody writes into them",
                f"streamed {type(came.event).__name__}",
                "make new columns for every emit; do not reuse a buffer",
            )

    def test_stream_leaves_no_thread(self, streamed: Listening) -> None:
        """Threads that a stream starts end with it."""
        no_thread_left(streamed)

    def test_stream_that_is_stopped_before_it_starts_ends(
        self, streaming: DataProvider, wanted: StreamRequest
    ) -> None:
        """Stopped before the start it returns at once; after that it can be started again."""
        for _ in range(2):
            with Listening(streaming, wanted, stopped=True) as heard:
                heard.stop()
            ended(heard)
            data = [it for it in heard.came if columns(it.event) is not None]
            expect(
                not data,
                "a stream that is stopped emits nothing more",
                f"{len(data)} batches after the stop",
                "look at stop.is_set() before every emit",
            )

    def test_stream_can_be_started_again(
        self, streaming: DataProvider, wanted: StreamRequest
    ) -> None:
        """After it was stopped the same provider streams anew."""
        for which in ("first", "second"):
            with Listening(streaming, wanted, limit=_EVENTS) as heard:
                live = heard.until(partial(_is_live, heard), self.stream_seconds)
            ended(heard)
            expect(
                live,
                "a stream that was stopped can be started again, and says LIVE again",
                f"the {which} one did not within {self.stream_seconds:g} s",
                "keep what belongs to one stream in that call, not in the provider",
            )

    @pytest.mark.parametrize("what", ["ticks", "quotes"])
    def test_stream_brings_trades_and_quotes(
        self, registration: DataProviderReg, streaming: DataProvider, symbol: str, what: str
    ) -> None:
        """Trades or quotes come where they are asked for, without bars; or it is a DataError."""
        wanted = StreamRequest(symbols=(symbol,), ticks=what == "ticks", quotes=what == "quotes")
        with Listening(streaming, wanted, limit=_EVENTS) as heard:
            heard.until(lambda: heard.is_over, self.stream_seconds)
        if isinstance(heard.error, DataError):
            not_applicable(f"it streams no {what}: {heard.error}")
        expect(
            getattr(registration.capabilities, what),
            "asking a stream for what the provider does not have is a DataError",
            f"it has no {what}, and streams them without an error",
            f"raise DataError where wanted.{what} is set",
        )
        ended(heard)
        for came in _emitted(heard):
            as_asked(came, wanted)

    def test_stream_refuses_an_unknown_symbol(
        self, streaming: DataProvider, wanted: StreamRequest
    ) -> None:
        """An unknown symbol is a DataError, not a stream that stays silent."""
        if not streaming.symbols():
            not_applicable("symbols() is empty: it cannot tell which symbols there are")
        with Listening(streaming, replace(wanted, symbols=(_NO_SYMBOL,))) as heard:
            heard.until(lambda: heard.is_over, listening.STOP_SECONDS)
        found = "no error" if heard.error is None else one_line(heard.error)
        expect(
            isinstance(heard.error, DataError),
            "streaming an unknown symbol is a DataError",
            found,
            "check the symbols before subscribing",
        )

    def test_stream_shows_no_secret(
        self,
        secrets: list[str],
        streaming: DataProvider,
        wanted: StreamRequest,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Neither the log nor events nor errors of a stream show a key."""
        secrets_or_skip(secrets)
        with caplog.at_level(logging.DEBUG), Listening(streaming, wanted, limit=_EVENTS) as heard:
            heard.until(lambda: heard.states, self.stream_seconds)
        shows_none({"the log": caplog.text, **told(heard)}, secrets)


def as_asked(came: Came, wanted: StreamRequest) -> None:
    """Expect that an event with columns brings what was asked for, whole and known.

    Args:
        came: The event.
        wanted: What was asked for.
    """
    event: Any = came.event
    symbol = event.symbol
    kinds: list[type[Any]] = [kind for name, kind in _CARRIES.items() if getattr(wanted, name)]
    kinds += [StreamedBars] if wanted.interval else []
    expect(
        isinstance(event, tuple(kinds)) and symbol in wanted.symbols,
        "a stream brings the symbols and the kinds of data that were asked for",
        f"{type(event).__name__} of {symbol!r} for {wanted}",
        "filter, or spell symbols as they were asked for",
    )
    whose = f"{type(event).__name__} of {symbol}"
    if not isinstance(event, StreamedBars):
        rows.ticks_are_possible(came.kept, whose)
        return
    bars = came.kept
    rows.bars_are_columns(bars, whose)
    rows.prices_are_possible(bars, whose)
    rows.known_at_close(bars, wanted.interval, whose)
    for row in np.flatnonzero(bars.available_at > came.at_ns)[:1]:
        breach(
            "a bar is emitted once it is known, never while it forms",
            f"{whose}: known at {rows.instant(bars.available_at[row])}, emitted at "
            f"{rows.instant(came.at_ns)}",
            "wait for the close of the bar",
        )


def ended(heard: Listening) -> None:
    """Expect that a stream ended in time and without an error.

    Args:
        heard: A stream that was stopped.
    """
    if heard.error is not None:
        breach(
            "a stream ends without an error when it is stopped",
            one_line(heard.error),
            "return when stop is set",
        )
    in_time(heard)


def in_time(heard: Listening) -> None:
    """Expect that a stream ended within a second of its stop, with an error or without.

    Args:
        heard: A stream that was stopped.
    """
    expect(
        heard.seconds is not None,
        f"a stream returns within {listening.STOP_SECONDS:g} s of its stop",
        "it goes on",
        "wait on `stop` instead of sleeping, and close the connection when it is set",
    )


def no_thread_left(heard: Listening) -> None:
    """Expect that a stream took its threads with it.

    Args:
        heard: A stream that was stopped.
    """
    expect(
        not heard.left,
        "a stream that has ended leaves no thread behind",
        f"still running: {', '.join(heard.left)}",
        "join what you start before stream returns; no daemon threads",
    )


def told(heard: Listening) -> dict[str, str]:
    """What a stream said in words.

    Args:
        heard: A stream.
    """
    words = [repr(it.event) for it in heard.came if columns(it.event) is None]
    return {"an event": "\n".join(words), "an error": all_said(heard.error)}


def _is_live(heard: Listening) -> bool:
    return bool(heard.states)


def _emitted(heard: Listening) -> list[Came]:
    if heard.error is not None:
        ended(heard)
    found = [it for it in heard.came if columns(it.event) is not None]
    return found or not_applicable(
        "nothing was emitted in the time the suite waits (stream_seconds)"
    )
