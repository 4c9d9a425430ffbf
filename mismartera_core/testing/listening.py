"""Listens to a stream for the suites: what came, when, and how it ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.stream import (
    StreamChanged,
    StreamedBars,
    StreamedQuotes,
    StreamedTicks,
    StreamEvent,
    StreamNoise,
    StreamRequest,
    StreamState,
)
from mismartera_core.managers.time_manager.live_clock import LiveClock
from mismartera_core.model.columns import IntArray
from mismartera_core.testing import rows

STOP_SECONDS = 1.0
"""How long a stream may go on after it was stopped."""


@dataclass(frozen=True, slots=True)
class Came:
    """An event of a stream.

    Attributes:
        event: As it was emitted.
        kept: Its columns as they were at that moment; None of events without.
        at_ns: When, nanoseconds UTC.
    """

    event: StreamEvent
    kept: Any
    at_ns: int


class Listening:
    """A stream that runs in a thread of its own until it is stopped.

        with Listening(provider, StreamRequest(symbols=("AAA",), interval="1m")) as heard:
            heard.until(lambda: heard.states, 5.0)

    Args:
        made: The provider.
        wanted: What is asked for.
        limit: Events that are kept; later ones are not.
        stopped: Whether it is stopped before it starts.

    Attributes:
        seconds: From the stop to its end; None where it did not end in time.
        error: What it raised.
        left: Names of threads it left behind.
        gate: Cleared, every emit waits until it is set again: a consumer that is slow.
    """

    def __init__(
        self,
        made: DataProvider,
        wanted: StreamRequest,
        *,
        limit: int = 1_000_000,
        stopped: bool = False,
    ) -> None:
        self.seconds: float | None = None
        self.error: Exception | None = None
        self.left: tuple[str, ...] = ()
        self.gate = threading.Event()
        self.gate.set()
        self._made, self._wanted, self._limit = made, wanted, limit
        self._came: list[Came] = []
        self._changed = threading.Condition()
        self._over = self._was_stopped = False
        self._clock = LiveClock()
        self._stop = threading.Event()
        if stopped:
            self._stop.set()
        self._thread = threading.Thread(target=self._run, name="stream under test", daemon=True)
        self._before = set(threading.enumerate())

    @property
    def came(self) -> tuple[Came, ...]:
        """Everything so far."""
        with self._changed:
            return tuple(self._came)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or as many events came as are kept."""
        return self._over

    @property
    def states(self) -> list[StreamState]:
        """What it said of its connection so far."""
        return [it.event.state for it in self.came if isinstance(it.event, StreamChanged)]

    @property
    def is_live(self) -> bool:
        """Whether its connection is live, by its own word."""
        return self.states[-1:] == [StreamState.LIVE]

    @property
    def noise(self) -> list[str]:
        """What it could not understand."""
        return [it.event.what for it in self.came if isinstance(it.event, StreamNoise)]

    def bars(self, *, revised: bool = False) -> list[Came]:
        """Bars so far.

        Args:
            revised: Those that replace earlier ones, else those at first hand.
        """
        return [
            it
            for it in self.came
            if isinstance(it.event, StreamedBars) and it.event.revised is revised
        ]

    def stamps(self, symbol: str) -> IntArray:
        """Opens of the bars of a symbol that came at first hand, in the order they came in.

        Args:
            symbol: Ticker.
        """
        parts = [it.kept.ts for it in self.bars() if getattr(it.event, "symbol", "") == symbol]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def until(self, happened: Callable[[], object], seconds: float) -> bool:
        """Wait for something that an event, or the end of the stream, brings about.

        Args:
            happened: Whether it has.
            seconds: Longest wait.
        """
        until = time.monotonic() + seconds
        with self._changed:
            while not happened():
                left = until - time.monotonic()
                if left <= 0 or (self._over and not happened()):
                    return bool(happened())
                self._changed.wait(left)
        return True

    def stop(self) -> None:
        """Stop it and wait for its end, once; a second stop changes nothing."""
        self._stop.set()
        self.gate.set()
        if self._was_stopped:
            return
        self._was_stopped = True
        stopped = time.perf_counter()
        self._thread.join(STOP_SECONDS)
        if not self._thread.is_alive():
            self.seconds = time.perf_counter() - stopped
        known = {*self._before, self._thread}
        others = [it for it in threading.enumerate() if it not in known]
        until = time.monotonic() + STOP_SECONDS  # the fake has threads of connections, too
        for thread in others:
            thread.join(max(0.0, until - time.monotonic()))
        self.left = tuple(it.name for it in others if it.is_alive())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            self._made.stream(self._wanted, self._emit, self._stop)
        except Exception as error:  # noqa: BLE001 - told by whoever listens
            self.error = error
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _emit(self, event: StreamEvent) -> None:
        self.gate.wait()
        with self._changed:
            if len(self._came) < self._limit:
                self._came.append(Came(event, _kept(event), self._clock.now_ns))
            else:
                self._over = True
            self._changed.notify_all()


def columns(event: StreamEvent) -> Any:
    """The columns of an event; None where it has none.

    Args:
        event: What was emitted.
    """
    match event:
        case StreamedBars():
            return event.bars
        case StreamedTicks():
            return event.ticks
        case StreamedQuotes():
            return event.quotes
        case _:
            return None


def _kept(event: StreamEvent) -> Any:
    found = columns(event)
    return None if found is None else rows.copied(found)
