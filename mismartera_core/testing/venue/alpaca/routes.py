"""Paths with names in them, to the functions that answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import unquote

from mismartera_core.testing.http_messages import Reply, Request

Answer: TypeAlias = Callable[..., Reply]
"""Takes the request, and what stands in the path by name."""


class Routes:
    """Functions by method and path."""

    def __init__(self) -> None:
        self._found: list[tuple[str, re.Pattern[str], Answer]] = []

    def add(self, method: str, path: str, answer: Answer) -> None:
        """Have a function answer.

        Args:
            method: "GET", "POST" ...
            path: Without the version; "{name}" takes one part.
            answer: Answers.
        """
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        self._found.append((method, re.compile(pattern), answer))

    def join(self, other: Routes) -> None:
        """Take the routes of another table, too.

        Args:
            other: The table.
        """
        self._found.extend(other._found)

    def answer(self, request: Request, path: str) -> Reply:
        """Answer a request.

        Args:
            request: The request.
            path: Its path without the version.
        """
        fits = [(m, p.fullmatch(path), a) for m, p, a in self._found]
        for method, match, answer in fits:
            if match is not None and method == request.method:
                named = {name: unquote(text) for name, text in match.groupdict().items()}
                return answer(request, **named)
        status = 405 if any(match for _, match, _ in fits) else 404
        return Reply.json(
            {"code": status * 100_000 + 10_000, "message": "endpoint not found."}, status
        )
