"""Keeps a WebSocket connected and subscribed; the one place with an asyncio loop.

alpaca-py's own loop tries again for ever, also what can never work, only logs why, and needs up to
five seconds to stop. So connecting, logging in and waiting are done here, on its streams.
"""

from __future__ import annotations

import asyncio
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from mismartera_core import BrokerError, StreamChanged, StreamState

_LOOK = 0.05
"""Seconds between two looks at the stop event."""
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 30.0
_REFUSALS = 3
"""Refusals in a row that are believed after a connection that worked."""

Changed = Callable[[StreamChanged], None]


class Lost(Exception):  # noqa: N818 - says what is the case
    """The connection is gone, or was not made: trying again may help."""


class Denied(Exception):  # noqa: N818 - says what is the case
    """What was asked for is refused: trying again does not help.

    Attributes:
        hint: What to do.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


class Line(ABC):
    """One kind of stream.

    Attributes:
        name: What messages call it.
        open_seconds: Longest wait until it is subscribed.
        answer_seconds: Longest wait for a sign of life.
        mute_seconds: Silence after which it is asked for one; infinite for never.
        heard_at: Instant of time.monotonic of the last frame.
    """

    name: str
    open_seconds: float
    answer_seconds: float
    mute_seconds: float = float("inf")
    heard_at: float = 0.0

    @abstractmethod
    async def open(self) -> None:
        """Connect, log in, subscribe, and wait until that is confirmed.

        Raises:
            Denied: Refused for good.
            Lost: Refused for now.
        """

    @abstractmethod
    async def hear(self) -> None:
        """Take frames until the connection ends.

        Raises:
            Denied: Refused for good.
            Lost: The venue says why it ends it.
        """

    async def probe(self) -> None:  # noqa: B027 - nothing to ask is usual where nothing is due
        """Ask for a sign of life."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of the connection, within half a second."""


class Keeper:
    """Runs a line until it is stopped.

    Args:
        line: The stream.
        changed: Told whenever it becomes live or is lost.
        stop: Ends it within a fraction of a second.
    """

    def __init__(self, line: Line, changed: Changed, stop: threading.Event) -> None:
        self._line = line
        self._changed = changed
        self._stop = stop
        self._was_live = False
        self._said = ""

    def run(self) -> None:
        """Keep the line until stop is set. Takes the calling thread, which runs no loop yet.

        Raises:
            BrokerError: What was asked for is refused for good.
        """
        asyncio.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        work = asyncio.create_task(self._keep())
        while not work.done() and not self._stop.is_set():
            await asyncio.wait({work}, timeout=_LOOK)
        if not work.done():
            work.cancel()
            await asyncio.wait({work})
        if not work.cancelled() and (error := work.exception()) is not None:
            raise error

    async def _keep(self) -> None:
        pause, refusals = _FIRST_PAUSE, 0
        while True:
            since = time.monotonic()
            try:
                await asyncio.wait_for(self._line.open(), self._line.open_seconds)
                refusals = 0
                since = self._line.heard_at = time.monotonic()
                self._live()
                await self._listen()
                reason = "the connection ended"
            except Denied as error:
                refusals += 1
                if not self._was_live or refusals >= _REFUSALS:
                    raise BrokerError(f"{self._line.name}: {error}", hint=error.hint) from error
                reason = str(error)
            except TimeoutError:
                reason = "no answer in time"
            except Exception as error:  # noqa: BLE001 - whatever it is, the next try may work
                reason = str(error) or type(error).__name__
            finally:
                await self._line.close()
            self._lost(reason)
            if self._line.heard_at > since:  # it was of use, so it may soon be again
                pause = _FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _listen(self) -> None:
        """Take frames, and make sure meanwhile that the line is not dead."""
        hearing = asyncio.create_task(self._line.hear())
        asked_at = 0.0
        try:
            while True:
                done, _ = await asyncio.wait({hearing}, timeout=_LOOK)
                if done:
                    return hearing.result()
                now, heard = time.monotonic(), self._line.heard_at
                if heard > asked_at and now - heard > self._line.mute_seconds:
                    asked_at = now
                    await self._line.probe()
                elif asked_at > heard and now - asked_at > self._line.answer_seconds:
                    raise Lost(f"nothing was heard for {now - heard:.0f} s, and it does not answer")
        finally:
            hearing.cancel()
            await asyncio.wait({hearing})

    def _live(self) -> None:
        self._was_live = True
        self._said = ""
        self._changed(StreamChanged(StreamState.LIVE))

    def _lost(self, reason: str) -> None:
        """Say why, once a reason."""
        if reason != self._said:
            self._said = reason
            self._changed(StreamChanged(StreamState.LOST, reason))
