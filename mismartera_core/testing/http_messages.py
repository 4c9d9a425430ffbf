"""Requests, replies, and what goes wrong between them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it arrived.

    Attributes:
        at: When, in seconds of time.monotonic.
        method: "GET", "POST" ...
        target: Path and query, as sent.
        headers: Values by name in lower case.
        body: What was sent.
    """

    at: float
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """Parameters of the query; of one given twice the last."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer.

    Attributes:
        status: HTTP status.
        body: What is sent.
        headers: Beside Content-Length and Connection, which are always sent.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> Self:
        """An answer in JSON.

        Args:
            value: What is written.
            status: HTTP status.
            **headers: More headers, _ for -.
        """
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        named["Content-Type"] = "application/json"
        return cls(status=status, body=json.dumps(value).encode(), headers=named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with one request; the class methods name the usual ones.

    Attributes:
        reply: Sent instead of the route's own.
        seconds: Wait before anything is sent; infinite is silence.
        fraction: How much of the body is sent before the connection ends.
        drops: Whether the connection is reset instead of answered.
        acts: Whether the route is called although its reply is not sent.
        change: Makes of the JSON that the route answers what is sent instead.
    """

    reply: Reply | None = None
    seconds: float = 0.0
    fraction: float = 1.0
    drops: bool = False
    acts: bool = False
    change: Callable[[Any], Any] | None = None

    @classmethod
    def status(cls, status: int, message: str = "something went wrong", **headers: str) -> Self:
        """An error with a body of JSON: {"message": ...}.

        Args:
            status: HTTP status.
            message: In the body.
            **headers: More headers, _ for -.
        """
        return cls(reply=Reply.json({"message": message}, status, **headers))

    @classmethod
    def too_many(cls, seconds: int) -> Self:
        """429 with Retry-After.

        Args:
            seconds: What Retry-After says.
        """
        return cls.status(429, "too many requests", Retry_After=str(seconds))

    @classmethod
    def silence(cls) -> Self:
        """The connection is accepted, and nothing is sent until one side ends it."""
        return cls(seconds=math.inf)

    @classmethod
    def slow(cls, seconds: float) -> Self:
        """The right answer, late.

        Args:
            seconds: How late.
        """
        return cls(seconds=seconds)

    @classmethod
    def truncated(cls, fraction: float = 0.5) -> Self:
        """The right answer, but the connection ends within the body.

        Args:
            fraction: How much of it is sent.
        """
        return cls(fraction=fraction)

    @classmethod
    def dropped(cls) -> Self:
        """The connection is reset before an answer."""
        return cls(drops=True)

    @classmethod
    def garbled(cls, body: bytes = b"<html>bad gateway</html>", status: int = 200) -> Self:
        """A body that is no JSON.

        Args:
            body: What is sent.
            status: HTTP status.
        """
        return cls(reply=Reply(status=status, body=body, headers={"Content-Type": "text/html"}))

    @classmethod
    def changed(cls, change: Callable[[Any], Any]) -> Self:
        """The route's own answer, with another body.

        Args:
            change: Takes the JSON and returns what is sent.
        """
        return cls(change=change)

    @classmethod
    def without(cls, *fields: str) -> Self:
        """The right answer without some fields, of each element if it is a list.

        Args:
            *fields: Their names.
        """
        return cls.changed(
            lambda found: _each(found, lambda one: {k: one[k] for k in one if k not in fields})
        )

    @classmethod
    def with_values(cls, **values: Any) -> Self:
        """The right answer with other values, in each element if it is a list.

        Args:
            **values: By field: words nobody knows, wrong types ...
        """
        return cls.changed(lambda found: _each(found, lambda one: {**one, **values}))

    def after_acting(self) -> Self:
        """The same fault, after the route has done what was asked: only the answer is lost."""
        return replace(self, acts=True)


def _each(found: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(found, list):
        return [_each(one, change) for one in found]
    return change(found) if isinstance(found, dict) else found
