"""A stream in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from mismartera_core import (
    BrokerError,
    EmitVenue,
    StreamChanged,
    StreamState,
    VenueEvent,
)

if TYPE_CHECKING:
    from mismartera_alpaca.keeper import Line

_JOIN_SECONDS = 1.0


class Listening:
    """Keeps a line in a thread until it is stopped.

    Args:
        line: Makes the line; it is given where its events go.
        emit: Takes them.
        stop: Ends it.
    """

    def __init__(
        self, line: Callable[[EmitVenue], Line], emit: EmitVenue, stop: threading.Event
    ) -> None:
        self._line = line
        self._emit = emit
        self._stop = stop
        self._settled = threading.Event()
        self._live = False
        self._reason = "it does not answer"
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="alpaca order stream")

    def start(self, seconds: float) -> None:
        """Start, and return when the stream is live.

        Args:
            seconds: Longest wait.

        Raises:
            BrokerError: It is refused, or not live in time.
        """
        self._thread.start()
        self._settled.wait(seconds)
        if self._live:
            return
        self._stop.set()
        self.join()
        if isinstance(self._error, BrokerError):
            raise self._error
        raise BrokerError(
            f"alpaca order stream: not live after {seconds:g} s: {self._reason}",
            hint="look at status.alpaca.markets and your network",
        ) from self._error

    def join(self) -> None:
        """Wait for the thread to end, a second at most."""
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        from mismartera_alpaca.keeper import Keeper

        try:
            Keeper(self._line(self._emit), self._told, self._stop).run()
        except Exception as error:  # noqa: BLE001 - told by start(), or as the end of the stream
            self._error = error
            if self._live:
                reason = f"{error}; it is not tried again"
                self._emit(StreamChanged(StreamState.LOST, reason))
        finally:
            self._settled.set()

    def _told(self, event: VenueEvent) -> None:
        if isinstance(event, StreamChanged):
            self._live = self._live or event.state is StreamState.LIVE
            self._reason = event.reason or self._reason
        self._emit(event)
        if self._live:
            self._settled.set()
