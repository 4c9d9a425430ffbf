"""Live data: one thread a stream, which only puts into the queue it was given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Full, Queue
from threading import Event, Thread
from typing import Any

from mismartera_core.contracts.provider import DataProvider
from mismartera_core.contracts.stream import StreamEvent, StreamRequest
from mismartera_core.errors import DataError

_JOIN_SECONDS = 1.0
_PUT_SECONDS = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class StreamItem:
    """Something a stream has brought.

    Attributes:
        stream: Which stream it comes from.
        event: What came.
        arrived_ns: When, nanoseconds UTC by the wall clock.
        source: "stream", or the name of the gap filler that brought it.
    """

    stream: str
    event: StreamEvent
    arrived_ns: int
    source: str = "stream"


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The last item of a stream.

    Attributes:
        stream: Which stream.
        error: Why it broke off; None where it ended or was stopped.
    """

    stream: str
    error: BaseException | None = None


@dataclass(slots=True)
class DataStream:
    """A running stream.

    Attributes:
        name: Its name.
        queue: Takes StreamItem and at last StreamEnded.
        now_ns: The wall clock.
        stop: Set when it is to end.
        error: What the provider raised, None where nothing.
        thread: The thread that feeds the queue.
    """

    name: str
    queue: Queue[Any]
    now_ns: Callable[[], int]
    stop: Event = field(default_factory=Event)
    error: BaseException | None = None
    thread: Thread | None = None

    def start(self, provider: DataProvider, wanted: StreamRequest) -> None:
        """Run the provider's stream in a thread of its own."""
        self.thread = Thread(target=self._run, args=(provider, wanted), name=self.name)
        self.thread.start()

    def join(self) -> None:
        """Stop, wait, and raise what the provider raised.

        Raises:
            DataError: The provider does not end within a second.
        """
        self.stop.set()
        if self.thread is not None:
            self.thread.join(_JOIN_SECONDS)
            if self.thread.is_alive():
                raise DataError(
                    f"stream {self.name} did not end within {_JOIN_SECONDS:g} s of being stopped",
                    hint="its provider must look at the stop event more often",
                )
        if self.error is not None:
            raise self.error

    def _run(self, provider: DataProvider, wanted: StreamRequest) -> None:
        try:
            provider.stream(wanted, self._emit, self.stop)
        except BaseException as error:  # noqa: BLE001 - handed to whoever reads or stops the stream
            self.error = error
        self._put(StreamEnded(self.name, self.error))

    def _emit(self, event: StreamEvent) -> None:
        self._put(StreamItem(self.name, event, self.now_ns()))

    def _put(self, item: object) -> None:
        """Wait for room, but no longer than the stream is wanted."""
        while True:
            try:
                self.queue.put(item, timeout=_PUT_SECONDS)
            except Full:
                if self.stop.is_set():
                    return
            else:
                return
