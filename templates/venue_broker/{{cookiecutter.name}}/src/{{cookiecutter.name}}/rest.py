"""Requests to the venue: each is sent once, within a time limit."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

_KINDS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


class NotSent(Exception):  # noqa: N818 - says what is the case
    """No connection was made: the request has never left."""


class NoAnswer(Exception):  # noqa: N818 - says what is the case
    """The request may have been done; what came is no answer of the venue's."""


class Rest:
    """Sends requests, each over a connection of its own, so that threads share nothing.

    Args:
        url: Where they go.
        key: Shown to the venue, and to nobody else.
        connect_seconds: Longest wait for a connection.
        read_seconds: Longest wait for an answer.
    """

    def __init__(
        self, url: str, key: SecretStr, connect_seconds: float, read_seconds: float
    ) -> None:
        self._url = urlsplit(url)
        self._key = key
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send a request; there is no second try here.

        Args:
            method: "GET", "POST" ...
            path: With its query.
            body: Sent as JSON; None for nothing.

        Returns:
            Status and JSON of the answer.

        Raises:
            NotSent: It has provably never left.
            NoAnswer: It may have been done.
        """
        connection = _KINDS[self._url.scheme](self._url.netloc, timeout=self._connect_seconds)
        try:
            self._connect(connection)
            headers = {"X-Api-Key": self._key.get_secret_value()}
            text = None if body is None else json.dumps(body)
            connection.request(method, self._url.path.rstrip("/") + path, text, headers)
            answer = connection.getresponse()
            return answer.status, _read(answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(f"{method} {path}: {error or type(error).__name__}") from error
        finally:
            connection.close()

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        try:
            connection.connect()
        except OSError as error:
            raise NotSent(f"{self._url.netloc} takes no connection: {error}") from error
        connection.sock.settimeout(self._read_seconds)


def _read(answer: http.client.HTTPResponse) -> Any:
    text = answer.read()
    return json.loads(text) if text else None
