"""Where the small venue is reached: HTTP, and a socket for events, a JSON message a line."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mismartera_core.testing import StreamRefusal

KEY = "k3y-of-the-venue"
RESET = struct.pack("ii", 1, 0)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.close_connection = True
        venue = self.server.venue
        found = venue.request(self.command, self.path, self.headers, body)
        if found is None:
            venue.released.wait()
            return
        status, text = found
        if status == 0:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.connection.close()
            return
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(text)

    do_GET = do_POST = do_DELETE = do_PATCH = answer  # noqa: N815

    def log_message(self, *args):
        """Silent."""


class Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = False

    def handle_error(self, request, client_address):
        """Clients hang up."""


class EventPort:
    """Takes event connections while it is there."""

    def __init__(self, venue):
        self.venue = venue
        self.port = 0
        self.lines, self.muted, self.listening = set(), set(), set()
        self.threads = []

    def start(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        self.port = self.listener.getsockname()[1]
        thread = threading.Thread(target=self.accept, args=[self.listener], name="event port")
        self.threads.append(thread)
        thread.start()

    def accept(self, listener):
        while True:
            try:
                line = listener.accept()[0]
            except OSError:
                return
            self.lines.add(line)
            thread = threading.Thread(target=self.serve, args=[line], name="event line")
            self.threads.append(thread)
            thread.start()

    def serve(self, line):
        with suppress(OSError), line.makefile("r") as words:
            for word in words:
                refusal = self.venue.refusal
                if refusal is StreamRefusal.NO_ANSWER:
                    continue
                if refusal is not None or json.loads(word)["key"] != KEY:
                    self.say(line, {"type": "error", "why": (refusal or "wrong key")})
                    continue
                self.listening.add(line)
                self.say(line, {"type": "listening"})
        self.lines.discard(line)
        self.listening.discard(line)
        line.close()

    def say(self, line, message):
        if line not in self.muted:
            with suppress(OSError):
                line.sendall(json.dumps(message, default=str).encode() + b"\n")

    def tell(self, message):
        for line in list(self.listening):
            self.say(line, message)

    def drop(self, *, gently=False):
        for line in list(self.lines):
            self.listening.discard(line)
            with suppress(OSError):
                if not gently:
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                line.shutdown(socket.SHUT_RDWR if gently else socket.SHUT_RD)
                if not gently:
                    line.close()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()
        for thread in self.threads:
            thread.join()
        self.threads.clear()
