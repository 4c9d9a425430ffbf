"""What the promises of a remote stream are tested with: a fake of the service, and what is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.stream import StreamChanged, StreamedBars, StreamRequest, StreamState
from mismartera_core.errors import BrokerError, MisMarteraError
from mismartera_core.model.columns import BarColumns
from mismartera_core.registry.attributes import one_line
from mismartera_core.testing import rows
from mismartera_core.testing.builders import sessions_of, walk_bars
from mismartera_core.testing.listening import Listening, columns
from mismartera_core.testing.stream_faults import StreamFaults, StreamRefusal
from mismartera_core.testing.streams import StreamPromises, ended, in_time
from mismartera_core.testing.suite import breach, expect, not_applicable

_MANY = 2_000
"""Bars that a test may send."""

_AGAIN = "connect and subscribe again after a wait, without end, and say LIVE when it is confirmed"


class RemoteStreamTrial(StreamPromises):
    """A stream that comes from a service on the network, and the fake in its place.

    Override the fixtures `faults` and `plugin_config`: a fake of the service on 127.0.0.1, and
    the config that points to it, with short waits. What the provider reads beside its stream is
    tested by `DataProviderConformance` and `RemoteProviderConformance`.

    Attributes:
        symbols: What is asked for; the fake has to know them.
        interval_asked: Bar interval.
        connect_seconds: Within so many seconds a connection is live, or is said not to be.
        reconnect_seconds: Within so many seconds a lost connection is live again.
        mute_seconds: Within so many seconds a connection that says nothing is lost; None where the
            service has no sign of life, so that silence may be a quiet market.
        refusals: What the service may refuse with.
        drops: How often the connection is lost in the long run.
    """

    stream_seconds = 1.0
    symbols: ClassVar[tuple[str, ...]] = ("AAA", "BBB")
    interval_asked: ClassVar[str] = "1m"
    connect_seconds: ClassVar[float] = 5.0
    reconnect_seconds: ClassVar[float] = 5.0
    mute_seconds: ClassVar[float | None] = 5.0
    refusals: ClassVar[frozenset[StreamRefusal]] = frozenset(StreamRefusal)
    drops: ClassVar[int] = 8

    @pytest.fixture
    def faults(self) -> Any:
        """The running fake of the service, a `StreamFaults`."""
        breach(
            "a remote stream is tested against a fake of its service",
            f"{type(self).__name__} does not override the fixture `faults`",
            "with MyFake() as fake: yield fake; see mismartera_core.testing.StreamFaults",
        )

    @pytest.fixture
    def plugin_config(self, registration: Any, faults: StreamFaults) -> Mapping[str, Any]:  # noqa: ARG002
        """The config that points to the fake."""
        breach(
            "the suites open no connection but to the fake",
            f"{type(self).__name__} does not override the fixture `plugin_config`",
            "def plugin_config(self, faults): return {'url': faults.url, ...}",
        )

    @pytest.fixture
    def symbol(self) -> str:
        """The first of the symbols."""
        return self.symbols[0]

    @pytest.fixture
    def interval(self) -> str:
        """The interval that is asked for."""
        return self.interval_asked

    @pytest.fixture
    def wanted(self) -> StreamRequest:
        """Bars of all symbols."""
        return StreamRequest(symbols=self.symbols, interval=self.interval_asked)

    @pytest.fixture
    def bars(self) -> BarColumns:
        """What the fake sends: minutes that have long ended."""
        return walk_bars(sessions_of([_MANY]), seed=11)

    @pytest.fixture
    def heard(self, streaming: DataProvider, wanted: StreamRequest) -> Iterator[Listening]:
        """A stream that is live; stopped after the test."""
        with Listening(streaming, wanted) as heard:
            self.goes_live(heard, self.connect_seconds)
            yield heard

    @pytest.fixture
    def streamed(self, heard: Listening, faults: StreamFaults, bars: BarColumns) -> Listening:
        """A stream that has had some bars, one of them revised, and was stopped."""
        for row in range(5):
            for symbol in self.symbols:
                faults.send_bars(symbol, bars.slice(row, row + 1))
        faults.revise(self.symbols[0], repriced(bars.slice(1, 2)))
        heard.until(
            lambda: len(heard.bars()) >= 5 * len(self.symbols) and heard.bars(revised=True),
            self.connect_seconds,
        )
        heard.stop()
        return heard

    def goes_live(self, heard: Listening, seconds: float) -> None:
        """Expect that a stream is live in time.

        Args:
            heard: A running stream.
            seconds: Longest wait.
        """
        live = heard.until(lambda: heard.is_live, seconds)
        expect(live, f"a stream is live within {seconds:g} s", said(heard), _AGAIN)

    def gets(self, heard: Listening, bars: BarColumns, why: str, symbol: str = "") -> None:
        """Expect that first-hand bars of a symbol have come, each at least once.

        Args:
            heard: A running stream.
            bars: What was sent.
            why: What the contract is.
            symbol: Ticker; the first where left out.
        """
        name = symbol or self.symbols[0]

        def absent() -> Any:
            return np.setdiff1d(bars.ts, heard.stamps(name))

        if not heard.until(lambda: not len(absent()), self.connect_seconds):
            first = rows.instant(absent()[0])
            found = f"{len(absent())} of {len(bars)} bars of {name} did not come, such as {first}"
            breach(why, f"{found}; {said(heard)}", "emit every bar that the service sends")

    def may_refuse(self, reason: StreamRefusal) -> None:
        """Skip where the service does not refuse so.

        Args:
            reason: With what.
        """
        if reason not in self.refusals:
            not_applicable(f"the class says that its service knows no {reason.value!r} (refusals)")

    def sends(
        self, heard: Listening, faults: StreamFaults, bars: BarColumns, low: int, high: int
    ) -> None:
        """Send some bars of all symbols, and expect them.

        Args:
            heard: A running stream.
            faults: The fake.
            bars: Bars.
            low: First row that is sent.
            high: First that is not.
        """
        part = bars.slice(low, high)
        for name in self.symbols:
            faults.send_bars(name, part)
        for name in self.symbols:
            self.gets(heard, part, "a stream that is live brings the bars of all symbols", name)

    def is_lost(self, heard: Listening, how: str, seconds: float) -> None:
        """Expect that a stream says, with a reason, that its connection is gone.

        Args:
            heard: A running stream.
            how: How it was lost.
            seconds: Longest wait.
        """
        lost = heard.until(lambda: StreamState.LOST in heard.states, seconds)
        expect(
            lost and reasons(heard),
            f"a connection that is gone ({how}) is LOST with a reason within {seconds:g} s",
            said(heard),
            "say StreamChanged(LOST, why) as soon as reading fails or nothing comes",
        )

    def none_twice(self, heard: Listening) -> None:
        """Expect that no bar came twice at first hand.

        Args:
            heard: A stream.
        """
        for name in self.symbols:
            whose = f"streamed {self.interval_asked} bars of {name} (not those that are `revised`)"
            rows.stamps_ascend(heard.stamps(name), whose)


def ended_by_stop(heard: Listening) -> None:
    """Stop a stream, and expect that it ends in time, without an error or a thread.

    Args:
        heard: A running stream.
    """
    heard.stop()
    ended(heard)
    expect(
        not heard.left,
        "a stream that has ended leaves no thread behind",
        f"still running: {', '.join(heard.left)}",
        "join what you start before stream returns; no daemon threads",
    )


def repriced(bars: BarColumns) -> BarColumns:
    """The same bars a cent higher, as a correction has them.

    Args:
        bars: Any bars.
    """
    prices = {it: np.round(getattr(bars, it) + 0.01, 2) for it in ("open", "high", "low", "close")}
    return replace(bars, **prices, volume=bars.volume + 1.0)


def is_broker_error(heard: Listening, reason: StreamRefusal, seconds: float) -> None:
    """Expect that a stream ended with a BrokerError, in time.

    Args:
        heard: A stream that was stopped.
        reason: How it was refused.
        seconds: How long it had.
    """
    expect(
        isinstance(heard.error, BrokerError) and str(heard.error).strip(),
        f"what trying again would not help ({reason.value}) is a BrokerError within {seconds:g} s",
        said(heard),
        "look at what the service answers, and raise BrokerError with its words",
    )
    in_time(heard)


def reasons(heard: Listening) -> list[str]:
    """Why a stream said that it was lost.

    Args:
        heard: A stream.
    """
    events = [it.event for it in heard.came if isinstance(it.event, StreamChanged)]
    return [it.reason for it in events if it.state is StreamState.LOST and it.reason.strip()]


def said(heard: Listening) -> str:
    """What a stream has said of itself, for messages.

    Args:
        heard: A stream.
    """
    states = ", ".join(
        f"{it.event.state} ({it.event.reason})" if it.event.reason else str(it.event.state)
        for it in heard.came
        if isinstance(it.event, StreamChanged)
    )
    error = heard.error
    raised = "" if error is None else f", raised {one_line(error)}"
    hint = f" ({error.hint})" if isinstance(error, MisMarteraError) and error.hint else ""
    return f"it said {states or 'nothing'}{raised}{hint}"


def _parts(heard: Listening, name: str) -> list[Any]:
    return [
        it.kept
        for it in heard.came
        if columns(it.event) is not None
        and not isinstance(it.event, StreamedBars)
        and getattr(it.event, "symbol", "") == name
    ]


def length(heard: Listening, name: str) -> int:
    """Trades or quotes of a symbol that have come.

    Args:
        heard: A stream.
        name: Ticker.
    """
    return sum(len(part.ts) for part in _parts(heard, name))


def joined(heard: Listening, name: str, kind: type[Any]) -> Any:
    """Trades or quotes of a symbol in one set of columns.

    Args:
        heard: A stream.
        name: Ticker.
        kind: TickColumns or QuoteColumns.
    """
    parts, fields = _parts(heard, name), kind.__dataclass_fields__
    return kind(
        *(np.concatenate([getattr(it, one) for it in parts] or [np.empty(0)]) for one in fields)
    )
