"""WebSockets of a venue, in threads: connections with an outbox each, and their faults."""

from __future__ import annotations

import logging
import queue
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from mismartera_core.testing.venue.faults import Faults, FrameFault

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes closing a connection reset it."""
_OUTBOX = 100_000
"""Frames that wait for a client that does not read, before its connection is dropped."""


class Channel(Protocol):
    """One kind of socket in a broker's dialect.

    Attributes:
        name: What faults call it.
    """

    name: str

    def opened(self, line: Line) -> None:
        """A client has connected."""

    def received(self, line: Line, data: bytes | str) -> None:
        """A client has sent something."""

    def closed(self, line: Line) -> None:
        """A client is gone."""


class Line:
    """One connection: frames go out in order, by a thread of its own.

    Attributes:
        path: What the client asked for.
        headers: What it said, names in lower case.
        state: Whatever the channel keeps of it.
        is_mute: Whether nothing is sent or answered any more, although it is open.

    Args:
        connection: The connection.
        channel: Its channel.
        faults: What goes wrong with its frames.
    """

    def __init__(self, connection: ServerConnection, channel: Channel, faults: Faults) -> None:
        request = connection.request
        assert request is not None  # noqa: S101 - the handshake is done
        self.path = request.path
        self.headers = {name.lower(): text for name, text in request.headers.raw_items()}
        self.state: dict[str, Any] = {}
        self.is_mute = False
        self._connection, self._channel, self._faults = connection, channel, faults
        self._outbox: queue.Queue[bytes | str | None] = queue.Queue(_OUTBOX)
        self._held: list[bytes | str] = []
        self._lock = threading.Lock()

    def fault(self, kind: str) -> FrameFault | None:
        """What goes wrong with a frame, in or out; it is counted.

        Args:
            kind: What it is: "subscribe", "fill AAPL" ...
        """
        return self._faults.frame(f"{self._channel.name} {kind}")

    def send(self, kind: str, message: Any, encode: Callable[[Any], bytes | str]) -> None:
        """Send a frame, or what the script of faults makes of it. Never blocks.

        Args:
            kind: What it is.
            message: In the dialect's form.
            encode: Makes bytes of it.
        """
        fault = self.fault(kind) or FrameFault()
        if fault.drops:
            self.drop()
            return
        if fault.lost or self.is_mute:
            return
        changed = fault.change(message) if fault.change is not None else message
        frame = changed if isinstance(changed, bytes) else encode(changed)
        with self._lock:
            if fault.held:
                self._held.append(frame)
                return
            frames, self._held = [frame] * fault.times + self._held, []
        for one in frames:
            self.send_raw(one)

    def send_raw(self, frame: bytes | str) -> None:
        """Send bytes or text as they are; counted by nobody.

        Args:
            frame: What is sent.
        """
        if self.is_mute:
            return
        try:
            self._outbox.put_nowait(frame)
        except queue.Full:
            self.drop()

    def hang_up(self) -> None:
        """End the connection as the protocol says."""
        self._connection.close(1001, "going away")

    def drop(self) -> None:
        """End the connection without a farewell, as a broken line does."""
        plain = self._connection.socket
        with suppress(OSError):
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        with suppress(OSError):
            plain.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        """Read until the client is gone."""
        sender = threading.Thread(target=self._send_all, name="venue socket sender")
        sender.start()
        try:
            self._channel.opened(self)
            for data in self._connection:
                if not self.is_mute:
                    self._channel.received(self, data)
        except (ConnectionClosed, OSError):
            pass  # a client that is cut off is what faults are about
        finally:
            self._channel.closed(self)
            self._end_sender()
            sender.join()

    def _end_sender(self) -> None:
        with self._lock:
            while True:
                try:
                    self._outbox.put_nowait(None)
                except queue.Full:
                    self._outbox.get_nowait()
                else:
                    return

    def _send_all(self) -> None:
        while (frame := self._outbox.get()) is not None:
            try:
                self._connection.send(frame)
            except (ConnectionClosed, OSError):
                return


class SocketServer:
    """A server of WebSockets on 127.0.0.1.

    Args:
        channels: By the beginning of the path.
        faults: What goes wrong.
        port: Where it listens; 0 has the system choose.
    """

    def __init__(self, channels: Mapping[str, Channel], faults: Faults, port: int = 0) -> None:
        self._channels, self._faults = dict(channels), faults
        self._lines: set[Line] = set()
        self._errors: list[Exception] = []
        self._lock = threading.Lock()
        self._servers: queue.Queue[Server | None] = queue.Queue()
        self._server: Server | None = None
        self._port = port
        self._thread = threading.Thread(target=self._run, name="venue socket server")

    @property
    def port(self) -> int:
        """Where it listens; the same after it was down."""
        return self._port

    def lines(self, name: str = "") -> list[Line]:
        """Connections that are open.

        Args:
            name: Of one channel only.
        """
        with self._lock:
            return [line for line in self._lines if name in ("", self._of(line.path).name)]

    def come_up(self) -> None:
        """Listen."""
        if self._server is not None:
            return
        quiet = logging.getLogger(__name__)
        quiet.setLevel(logging.CRITICAL)  # clients that are cut off are no news
        self._server = serve(
            self._serve,
            "127.0.0.1",
            self._port,
            compression=None,
            ping_interval=None,
            process_request=self._handshake,
            logger=quiet,
        )
        self._port = int(self._server.socket.getsockname()[1])
        self._servers.put(self._server)
        if self._thread.ident is None:
            self._thread.start()

    def go_down(self) -> None:
        """Cut all connections, and take no more.

        Raises:
            Exception: What a channel has raised.
        """
        server, self._server = self._server, None
        for line in self.lines():
            line.drop()
        if server is not None:
            server.shutdown()
        if self._errors:
            raise self._errors.pop(0)

    def stop(self) -> None:
        """Go down, and end all threads.

        Raises:
            Exception: What a channel has raised.
        """
        try:
            self.go_down()
        finally:
            self._servers.put(None)
            if self._thread.ident is not None:
                self._thread.join()

    def _run(self) -> None:
        """One thread for all the times that it is up."""
        while (server := self._servers.get()) is not None:
            server.serve_forever()

    def _of(self, path: str) -> Channel:
        return next(c for start, c in self._channels.items() if path.startswith(start))

    def _handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        if not any(request.path.startswith(start) for start in self._channels):
            return connection.respond(HTTPStatus.NOT_FOUND, "no such socket\n")
        fault = self._faults.frame(f"{self._of(request.path).name} handshake")
        if fault is not None and fault.status:
            return connection.respond(HTTPStatus(fault.status), "refused\n")
        return None

    def _serve(self, connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None  # noqa: S101 - the handshake is done
        line = Line(connection, self._of(request.path), self._faults)
        with self._lock:
            self._lines.add(line)
        try:
            line.serve()
        except Exception as error:  # noqa: BLE001 - raised again when the server stops
            self._errors.append(error)
        finally:
            with self._lock:
                self._lines.discard(line)
