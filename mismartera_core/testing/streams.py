"""Promises of a data provider that streams."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.stream import StreamedBars, StreamEvent, StreamRequest
from mismartera_core.errors import DataError
from mismartera_core.managers.time_manager.live_clock import LiveClock
from mismartera_core.model.columns import BarColumns
from mismartera_core.registrations import DataProviderReg
from mismartera_core.registry.attributes import one_line
from mismartera_core.testing import rows
from mismartera_core.testing.provider_bars import BarPromises
from mismartera_core.testing.suite import breach, expect, not_applicable

STOP_SECONDS = 1.0
"""How long a stream may go on after it was stopped."""

_BATCHES = 200


@dataclass(slots=True)
class Streamed:
    """What a stream did.

    Attributes:
        batches: What was emitted, with a copy made at that moment and the instant by the clock.
        seconds: From the stop to its end; None where it did not end.
        error: What it raised.
        left: Names of threads it left behind.
    """

    batches: list[tuple[str, BarColumns, BarColumns, int]] = field(default_factory=list)
    seconds: float | None = None
    error: BaseException | None = None
    left: tuple[str, ...] = ()


class StreamPromises(BarPromises):
    """What a provider with the capability `stream` promises.

    Attributes:
        stream_seconds: How long the suite waits for what a stream emits.
    """

    stream_seconds = 5.0

    @pytest.fixture
    def streaming(self, registration: DataProviderReg, made: DataProvider) -> DataProvider:
        """The provider, where it streams."""
        if not registration.capabilities.stream:
            not_applicable("it does not stream")
        return made

    @pytest.fixture
    def streamed(self, streaming: DataProvider, symbol: str, interval: str) -> Streamed:
        """What the stream emitted until it was stopped."""
        return listen(streaming, symbol, interval, self.stream_seconds)

    def test_stream_ends_within_a_second(self, streamed: Streamed) -> None:
        """A stream that is stopped returns within a second, without an error."""
        _ended(streamed)

    def test_stream_emits_what_is_known(
        self, streamed: Streamed, symbol: str, interval: str
    ) -> None:
        """Emitted are bars of the symbols asked for that are known by then."""
        for name, bars, _, now in _emitted(streamed):
            whose = f"streamed {interval} bars of {name}"
            expect(
                name == symbol,
                "a stream emits the symbols asked for",
                f"{name!r} for {symbol!r}",
                "filter, or spell symbols as they were asked for",
            )
            rows.bars_are_columns(bars, whose)
            rows.prices_are_possible(bars, whose)
            rows.known_at_close(bars, interval, whose)
            for row in np.flatnonzero(bars.available_at > now)[:1]:
                breach(
                    "a bar is emitted once it is known, never while it forms",
                    f"{whose}: known at {rows.instant(bars.available_at[row])}, emitted at "
                    f"{rows.instant(now)}",
                    "wait for the close of the bar",
                )

    def test_stream_emits_each_bar_once_and_in_order(
        self, streamed: Streamed, interval: str
    ) -> None:
        """Bars of a symbol rise in time over all that is emitted: no bar twice, none late."""
        by_symbol: dict[str, list[Any]] = {}
        for name, _, kept, _ in _emitted(streamed):
            by_symbol.setdefault(name, []).append(kept.ts)
        for name, stamps in by_symbol.items():
            rows.stamps_ascend(np.concatenate(stamps), f"streamed {interval} bars of {name}")

    def test_stream_writes_into_nothing_it_emitted(self, streamed: Streamed, interval: str) -> None:
        """Columns that were emitted are not touched again."""
        for name, bars, kept, _ in _emitted(streamed):
            rows.same_rows(
                bars,
                kept,
                "columns belong to whoever they were handed to: nobody writes into them",
                f"streamed {interval} bars of {name}",
                "make new columns for every emit; do not reuse a buffer",
            )

    def test_stream_leaves_no_thread(self, streamed: Streamed) -> None:
        """Threads that a stream starts end with it."""
        expect(
            not streamed.left,
            "a stream that has ended leaves no thread behind",
            f"still running: {', '.join(streamed.left)}",
            "join what you start before stream returns; no daemon threads",
        )

    def test_stream_that_is_stopped_before_it_starts_ends(
        self, streaming: DataProvider, symbol: str, interval: str
    ) -> None:
        """Stopped before the start it returns at once; after that it can be started again."""
        for _ in range(2):
            heard = listen(streaming, symbol, interval, 0.0)
            _ended(heard)
            expect(
                not heard.batches,
                "a stream that is stopped emits nothing more",
                f"{len(heard.batches)} batches after the stop",
                "look at stop.is_set() before every emit",
            )

    def test_stream_refuses_an_unknown_symbol(self, streaming: DataProvider, interval: str) -> None:
        """An unknown symbol is a DataError, not a stream that stays silent."""
        heard = listen(streaming, "NO_SUCH_SYMBOL", interval, STOP_SECONDS)
        found = "no error" if heard.error is None else one_line(heard.error)
        expect(
            isinstance(heard.error, DataError),
            "streaming an unknown symbol is a DataError",
            found,
            "check the symbols before subscribing",
        )


def listen(made: DataProvider, symbol: str, interval: str, seconds: float) -> Streamed:
    """Run a stream in a thread until enough was emitted or time is up, then stop it.

    Args:
        made: The provider.
        symbol: Ticker.
        interval: Bar interval.
        seconds: Longest wait; 0 stops it before it starts.
    """
    heard, stop, enough = Streamed(), threading.Event(), threading.Event()
    clock = LiveClock()

    def emit(event: StreamEvent) -> None:
        if not isinstance(event, StreamedBars) or event.revised:
            return
        if len(heard.batches) < _BATCHES:
            bars = event.bars
            heard.batches.append((event.symbol, bars, rows.copied(bars), clock.now_ns))
        else:
            enough.set()

    def run() -> None:
        try:
            made.stream(StreamRequest(symbols=(symbol,), interval=interval), emit, stop)
        except Exception as error:  # noqa: BLE001 - told by whoever listens
            heard.error = error
        finally:
            enough.set()

    before = set(threading.enumerate())
    worker = threading.Thread(target=run, name="stream under test", daemon=True)
    if seconds == 0.0:
        stop.set()
    worker.start()
    enough.wait(seconds)
    stop.set()
    stopped = time.perf_counter()
    worker.join(STOP_SECONDS)
    if not worker.is_alive():
        heard.seconds = time.perf_counter() - stopped
    heard.left = tuple(t.name for t in threading.enumerate() if t not in {*before, worker})
    return heard


def _ended(heard: Streamed) -> None:
    if heard.error is not None:
        breach(
            "a stream ends without an error when it is stopped",
            one_line(heard.error),
            "return when stop is set",
        )
    expect(
        heard.seconds is not None,
        f"a stream returns within {STOP_SECONDS:g} s of its stop",
        "it goes on",
        "wait on `stop` instead of sleeping, and close the connection when it is set",
    )


def _emitted(heard: Streamed) -> list[tuple[str, BarColumns, BarColumns, int]]:
    if heard.error is not None:
        _ended(heard)
    if not heard.batches:
        not_applicable("nothing was emitted in the time the suite waits (stream_seconds)")
    return heard.batches
