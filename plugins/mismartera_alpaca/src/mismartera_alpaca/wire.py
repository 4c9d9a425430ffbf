"""What both streams of alpaca-py have in common, and keep private."""

from __future__ import annotations

import logging
from typing import Any

from mismartera_alpaca.keeper import Denied, Lost

_FORBIDDEN = (401, 402, 403)

_quiet = logging.getLogger("mismartera_alpaca.wire")
_quiet.setLevel(logging.INFO)  # at debug websockets would write frames, and the first has the keys

SETTINGS: dict[str, Any] = {
    "open_timeout": 5,
    "ping_interval": 10,
    "ping_timeout": 20,
    "close_timeout": 0.05,
    "max_queue": 1024,
    "logger": _quiet,
}
"""How a socket behaves. Closing waits for the other side five times as long as it says here."""

KEYS_HINT = "are the keys current, and of this account (paper, live)?"


async def connect(stream: Any) -> None:
    """Open the socket of a stream.

    Raises:
        Denied: The handshake is refused.
        Lost: It cannot be opened now.
    """
    try:
        await stream._connect()  # noqa: SLF001 - its public run() never tells what failed
    except Exception as error:
        status = getattr(error, "status_code", None)
        if status in _FORBIDDEN:
            raise Denied(f"the connection is refused (HTTP {status})", KEYS_HINT) from error
        text = f"HTTP {status}" if status else str(error) or type(error).__name__
        raise Lost(f"no connection ({text})") from error


def socket(stream: Any) -> Any:
    """The open socket of a stream."""
    found = stream._ws  # noqa: SLF001 - there is no public way
    if found is None:
        raise Lost("the connection is closed")
    return found


async def close(stream: Any) -> None:
    """Close the socket of a stream, whatever state it is in."""
    try:
        await stream.close()
    except Exception as error:  # noqa: BLE001 - it is closed then
        _quiet.debug("closing: %s", error)
