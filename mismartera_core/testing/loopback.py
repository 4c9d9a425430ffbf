"""A small HTTP server on this machine, whose faults a test writes as a script.

It stands in for a service on the network: its routes are functions of the request, and which
requests meet a fault is decided by counting them, so that every run of a test is alike.
"""

from __future__ import annotations

import json
import math
import queue
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from itertools import chain, repeat
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, Self

from mismartera_core.testing.http_messages import Fault as Fault
from mismartera_core.testing.http_messages import Reply as Reply
from mismartera_core.testing.http_messages import Request as Request

_POLL = 0.02
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes closing a connection reset it."""


Route = Callable[[Request], Reply]
"""Answers a request; never called by two threads at once."""


class LoopbackServer:
    """A server on 127.0.0.1, in threads of its own, while the context lasts.

        with LoopbackServer({"/bars": lambda request: Reply.json([])}) as venue:
            venue.script([None, Fault.status(503)])  # the second request fails

    A request goes to the route whose path is its own or the nearest above it ("/orders" answers
    "/orders/7", too); where there is none the answer is 404. Leaving the context ends what hangs.

    Args:
        routes: By path.
        port: Where it listens; 0 has the system choose.
        faults: Says what goes wrong with a request where no script does; called once for each.

    Raises:
        Exception: What a route raised, when the context is left; its request was answered by 500.
    """

    def __init__(
        self,
        routes: Mapping[str, Route],
        *,
        port: int = 0,
        faults: Callable[[Request], Fault | None] | None = None,
    ) -> None:
        self._faults = faults
        self._routes = dict(routes)
        self._scripts: dict[str, Iterator[Fault | None]] = {}
        self._requests: list[Request] = []
        self._errors: list[Exception] = []
        self._lock = threading.Lock()
        self._down = threading.Event()
        self._servers: queue.Queue[_Server | None] = queue.Queue()
        self._server = _Server(self, port)
        self._port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._run, name="loopback server")

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """What routes are beneath, without a slash at the end."""
        return f"http://{self.address}"

    @property
    def requests(self) -> tuple[Request, ...]:
        """What arrived so far, in order."""
        with self._lock:
            return tuple(self._requests)

    def script(
        self, faults: Sequence[Fault | None], then: Fault | None = None, *, path: str = ""
    ) -> None:
        """Say what goes wrong from now on; replaces the script of the same path.

        Args:
            faults: Of the next requests, one each; None is none.
            then: Of all that follow.
            path: Count only requests whose path begins so.
        """
        with self._lock:
            self._scripts[path] = chain(faults, repeat(then))

    def go_down(self) -> None:
        """End every connection and refuse new ones, until `come_up`; twice does nothing more."""
        if self._down.is_set():
            return
        self._down.set()
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.end_connections()
        self._server.server_close()

    def come_up(self) -> None:
        """Listen; after it was down at the same address. If it does already, nothing happens."""
        if self._thread.ident is None:
            self._thread.start()
        elif self._down.is_set():
            self._server = _Server(self, self._port)
            self._down.clear()
        else:
            return
        self._servers.put(self._server)

    def stop(self) -> None:
        """End every connection and all threads; stopping twice does nothing."""
        self.go_down()
        self._servers.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Self:
        self.come_up()
        return self

    def _run(self) -> None:
        """One thread for all the times that it is up."""
        while (server := self._servers.get()) is not None:
            server.serve_forever(_POLL)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is None:
            self.raise_error()

    def answer(self, request: Request, connection: socket.socket) -> tuple[Reply, float] | None:
        """What is sent to a request, by the script and the routes; it waits as long as they say.

        Args:
            request: What arrived.
            connection: Where it came from.

        Returns:
            The reply and how much of its body is sent; None where there is no answer.
        """
        with self._lock:
            self._requests.append(request)
            fault = self._fault(request) or Fault()
            replaced = fault.drops or fault.reply is not None or math.isinf(fault.seconds)
            reply = fault.reply or Reply()
            if fault.acts or not replaced:
                made = self._routed(request)
                reply = reply if replaced else _altered(made, fault)
        if fault.seconds and not self._waited(fault.seconds, connection):
            return None
        return None if fault.drops else (reply, fault.fraction)

    def raise_error(self) -> None:
        """Raise the first error that was kept, once.

        Raises:
            Exception: What a route or the reading of a request raised.
        """
        if self._errors:
            first, self._errors = self._errors[0], []
            raise first

    def note(self, error: Exception) -> None:
        """Keep an error to be raised when the context is left.

        Args:
            error: What a route or the reading of a request raised.
        """
        self._errors.append(error)

    def _fault(self, request: Request) -> Fault | None:
        met = [next(s) for path, s in self._scripts.items() if request.path.startswith(path)]
        if self._faults is not None:
            met.append(self._faults(request))
        return next((fault for fault in met if fault is not None), None)

    def _routed(self, request: Request) -> Reply:
        path = request.path.rstrip("/")
        while path not in self._routes and path:
            path = path.rpartition("/")[0]
        if path not in self._routes:
            return Reply.json({"message": f"there is no {request.path}"}, 404)
        try:
            return self._routes[path](request)
        except Exception as error:  # noqa: BLE001 - raised again when the context is left
            self.note(error)
            return Reply.json({"message": f"the route raised {error!r}"}, 500)

    def _waited(self, seconds: float, connection: socket.socket) -> bool:
        """Whether both sides are still there after the wait."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._down.wait(min(_POLL, left)) or _gone(connection):
                return False
        return True


def _altered(reply: Reply, fault: Fault) -> Reply:
    """The reply as the fault changes it; an empty one has nothing to change."""
    if fault.change is None or not reply.body:
        return reply
    return replace(reply, body=json.dumps(fault.change(json.loads(reply.body))).encode())


def _gone(connection: socket.socket) -> bool:
    """Whether the client hung up: after its request it has nothing more to send."""
    return bool(select.select([connection], [], [], 0)[0])


class _Server(ThreadingTCPServer):
    """The listening socket; joins the threads of its connections when it is closed."""

    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, owner: LoopbackServer, port: int) -> None:
        self.owner = owner
        self._open: set[Any] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """Wake the threads that wait for a client."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it has ended by itself

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """A client that hangs up is what faults are about; the rest is told."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self.owner.note(error)


class _Handler(BaseHTTPRequestHandler):
    """One connection, one request."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def answer(self) -> None:
        """Read the request and send what the script and the routes say."""
        size = int(self.headers.get("Content-Length", "0"))
        request = Request(
            at=time.monotonic(),
            method=self.command,
            target=self.path,
            headers={name.lower(): text for name, text in self.headers.items()},
            body=self.rfile.read(size),
        )
        self.close_connection = True
        found = self.server.owner.answer(request, self.connection)
        if found is None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()
            return
        reply, fraction = found
        self.send_response(reply.status)
        for name, text in reply.headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body[: int(len(reply.body) * fraction)])

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - names of the base

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's word
        """Requests are recorded, not printed."""
