"""What comes by itself, handed to the broker at the engine's turn: so turns can be repeated."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol


class Mailbox:
    """Keeps what came until the engine's next turn.

    Attributes:
        wake: Called, by any thread, when something has come.
    """

    def __init__(self) -> None:
        self.wake: Callable[[], None] = _nobody
        self._kept: deque[Callable[[], None]] = deque()  # its ends are safe between threads

    def put(self, hand_over: Callable[[], None]) -> None:
        """Keep something; to be called by any thread."""
        self._kept.append(hand_over)
        self.wake()

    def empty(self) -> None:
        """Hand over what has come, by the engine's thread."""
        for _ in range(len(self._kept)):
            self._kept.popleft()()


class Asking(Protocol):
    """Asks the venue what nobody waits for, and puts the answers where the engine takes them."""

    def start(self, put: Callable[[Any, Any, Exception | None], None]) -> None:
        """Take where answers go."""

    def ask(self, call: Callable[[], Any], then: Any) -> None:
        """Have something called; what comes of it goes to `then`."""

    def close(self) -> None:
        """Ask nothing more."""


def _nobody() -> None:
    """Nobody waits for news yet."""
