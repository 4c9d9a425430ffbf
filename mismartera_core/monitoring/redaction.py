"""Keeps secrets out of logs: whole, in parts, and in the forms in which libraries print bytes."""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Iterator
from urllib.parse import quote

_PART = 8
"""Characters of a secret that must not be seen in a row."""
_LEAST = 4
"""A shorter secret would strike out half of every text."""
_STRUCK = "***"

_lock = threading.Lock()
_parts: dict[int, frozenset[str]] = {}
"""Parts of secrets, in every form, by their length; replaced, never changed."""


def conceal(secret: str) -> None:
    """Keep a secret out of everything that is logged from now on, by whatever logger.

    Args:
        secret: In clear.
    """
    found = {length: set(parts) for length, parts in _parts.items()}
    for part in _in_parts(secret):
        found.setdefault(len(part), set()).add(part)
    with _lock:
        for length, parts in found.items():
            _parts[length] = _parts.get(length, frozenset()) | parts
        _watch()


def redacted(text: str) -> str:
    """A text with every part of a secret struck out.

    Args:
        text: What would be shown.
    """
    struck = sorted(
        (at, at + length)
        for length, parts in list(_parts.items())
        for at in range(len(text) - length + 1)
        if text[at : at + length] in parts
    )
    if not struck:
        return text
    kept: list[str] = []
    shown = 0
    for start, end in struck:
        if start > shown or not kept:
            kept.append(text[shown:start] + _STRUCK)
        shown = max(shown, end)
    return "".join(kept) + text[shown:]


def _in_parts(secret: str) -> Iterator[str]:
    """Everything of which nothing may be shown."""
    if len(secret) < _LEAST:
        return
    raw = secret.encode()
    texts = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    # Base64 of something that contains the secret has it at one of three phases.
    texts |= {base64.b64encode(raw[skip:]).decode().rstrip("=")[:-1] for skip in range(3)}
    for text in texts:
        size = min(_PART, len(text))
        yield from (text[at : at + size] for at in range(len(text) - size + 1))
    size = min(_PART, len(raw))
    for at in range(len(raw) - size + 1):
        yield raw[at : at + size].hex()
        yield raw[at : at + size].hex(" ")


class _Factory:
    """Makes log records without secrets.

    A filter of the root logger would not see what other loggers hand to its handlers.
    """

    def __init__(self) -> None:
        self._make = logging.getLogRecordFactory()

    def __call__(self, *args: object, **kwargs: object) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - logging would print the arguments as they are
            message = record.msg = "a message that could not be formatted"
            record.args = None
        if (clean := redacted(message)) != message:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_info[0] is not None:
            trace = logging.Formatter().formatException(record.exc_info)
            if (clean := redacted(trace)) != trace:
                record.exc_text = clean  # formatters take it instead of making their own
        return record


def _watch() -> None:
    if not isinstance(logging.getLogRecordFactory(), _Factory):
        logging.setLogRecordFactory(_Factory())
