"""Questions to the venue that nobody waits for: asked on a thread, answered by the queue."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeAlias

Then: TypeAlias = Callable[[Any, Exception | None], None]
"""Takes the answer, or None and what was raised; called by the analysis thread."""
Put: TypeAlias = Callable[[Then, Any, Exception | None], None]


class Fetcher(Protocol):
    """Asks, and puts answers where the analysis thread takes them."""

    def start(self, put: Put) -> None:
        """Take where answers go."""

    def ask(self, call: Callable[[], Any], then: Then) -> None:
        """Have something called; what it gives or raises comes to `then` by the queue."""

    def close(self) -> None:
        """Ask nothing more; may be called twice."""


class ThreadFetcher:
    """One thread that asks, in the order of asking."""

    def __init__(self) -> None:
        self._questions: SimpleQueue[tuple[Callable[[], Any], Then] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._closed = False

    def start(self, put: Put) -> None:
        """Take where answers go, and begin."""
        self._thread = Thread(target=self._run, args=(put,), name="venue questions")
        self._thread.start()

    def ask(self, call: Callable[[], Any], then: Then) -> None:
        """Queue a question."""
        self._questions.put((call, then))

    def close(self) -> None:
        """End after the question that is being asked."""
        self._closed = True
        self._questions.put(None)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self, put: Put) -> None:
        while (question := self._questions.get()) is not None and not self._closed:
            _answer(*question, put)


class InlineFetcher:
    """Asks at once, on the thread of whoever asks: for tests, and stepped simulations."""

    def start(self, put: Put) -> None:
        """Take where answers go."""
        self._put = put

    def ask(self, call: Callable[[], Any], then: Then) -> None:
        """Ask now; the answer comes at the next poll."""
        _answer(call, then, self._put)

    def close(self) -> None:
        """Nothing runs."""


def _answer(call: Callable[[], Any], then: Then, put: Put) -> None:
    try:
        value = call()
    except Exception as error:  # noqa: BLE001 - whatever an adapter raises is an answer
        put(then, None, error)
    else:
        put(then, value, None)
