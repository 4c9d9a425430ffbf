"""The venue's events, in a thread of their own."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import Future

from mismartera_core import BrokerError, EmitVenue, StreamChanged, StreamNoise, StreamState
from pydantic import SecretStr
from websockets.sync.client import ClientConnection, connect

from {{ cookiecutter.name }} import messages

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0
_CLOSE_SECONDS = 0.5
_SHORT = 80
_quiet = logging.getLogger(__name__)
_quiet.setLevel(logging.INFO)  # at debug the library would write headers, and one has the key


class Listening:
    """Keeps a connection, and tells what comes over it.

    Args:
        url: Of the WebSocket.
        key: Shown to the venue, and to nobody else.
        connect_seconds: Longest wait for a connection.
        read_seconds: Longest wait until the venue confirms.
        emit: Takes what is told.
    """

    def __init__(
        self,
        url: str,
        key: SecretStr,
        connect_seconds: float,
        read_seconds: float,
        emit: EmitVenue,
    ) -> None:
        self._url, self._key = url, key
        self._connect_seconds, self._read_seconds = connect_seconds, read_seconds
        self._emit = emit
        self._closed = threading.Event()
        self._confirmed: Future[None] = Future()
        self._lock = threading.Lock()
        self._line: ClientConnection | None = None
        self._thread = threading.Thread(target=self._run, name="venue events")

    def start(self) -> None:
        """Listen; returns when the venue has confirmed it, and connects again from then on.

        Raises:
            BrokerError: The venue refuses, or does not confirm in time.
        """
        self._thread.start()
        self._confirmed.result()

    def close(self) -> None:
        """End the connection, and the thread with it."""
        self._closed.set()
        with self._lock:
            line = self._line
        if line is not None:
            line.close()
        self._thread.join(_CLOSE_SECONDS)  # a try to connect ends by its own time limit

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._closed.is_set():
            try:
                self._listen()
                reason = "the venue has ended it"
            except Exception as error:  # whatever it is, the next try may work
                reason = str(error) or type(error).__name__
            if not self._confirmed.done():
                self._confirmed.set_exception(BrokerError(f"no events of the venue: {reason}"))
                return
            if self._is_over():
                pause = _FIRST_PAUSE
                self._emit(StreamChanged(StreamState.LOST, reason))
            self._closed.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _listen(self) -> None:
        """Connect, and tell what comes until the connection ends, by a dead line, too."""
        with connect(
            self._url,
            additional_headers={"X-Api-Key": self._key.get_secret_value()},
            open_timeout=self._connect_seconds,
            close_timeout=_CLOSE_SECONDS,
            logger=_quiet,
        ) as line:
            answer = json.loads(line.recv(timeout=self._read_seconds))
            if answer["type"] != "listening":
                raise ValueError(f"it answers {answer['message']!r}")
            self._begin(line)
            for frame in line:
                self._take(frame)

    def _begin(self, line: ClientConnection) -> None:
        """The venue has confirmed: `start` returns, or the connection is back."""
        with self._lock:
            self._line = line
        if self._closed.is_set():
            line.close()
        elif self._confirmed.done():
            self._emit(StreamChanged(StreamState.LIVE))
        else:
            self._confirmed.set_result(None)

    def _is_over(self) -> bool:
        """Whether a connection that was live has ended, and was not closed here."""
        with self._lock:
            line, self._line = self._line, None
        return line is not None and not self._closed.is_set()

    def _take(self, frame: str | bytes) -> None:
        try:
            told = messages.event(json.loads(frame))
        except messages.UNREADABLE:
            told = StreamNoise(repr(frame)[:_SHORT])
        self._emit(told)
