"""Ctrl-C and SIGTERM while a run is under way: kept, and answered by an orderly stop."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from time import monotonic
from types import FrameType

from mismartera_core.errors import Interrupted

log = logging.getLogger(__name__)

_HEARD = (signal.SIGINT, signal.SIGTERM)
SAME_WISH = 1.0
"""Seconds within which a second signal is the first once more: terminals and wrappers send two."""


class Terminated(Interrupted):
    """The system asked the run to stop (SIGTERM)."""

    exit_code = 143


class Interruption:
    """What was asked of the run from outside.

    Attributes:
        error: What to end the run with; None while nobody has asked.
    """

    def __init__(self) -> None:
        self.error: Interrupted | None = None

    def heard(self, number: int) -> None:
        """Keep the first signal."""
        if self.error is None:
            stop = number == signal.SIGTERM
            self.error = (
                Terminated("stopped by the system (SIGTERM)")
                if stop
                else Interrupted("stopped by the user")
            )


@contextmanager
def heeded() -> Iterator[Interruption]:
    """Keep signals within the block instead of raising in the middle of something.

    The first one ends the run in order. Another one, a second later or more, leaves at once: it is
    raised, and the handlers of before are back. Only the main thread hears signals: elsewhere
    nothing is ever asked.

    Yields:
        Where a signal is kept.
    """
    asked, first = Interruption(), 0.0
    if current_thread() is not main_thread():
        yield asked
        return

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal first
        del frame
        if asked.error is None:
            first = monotonic()
            asked.heard(number)
        elif monotonic() - first < SAME_WISH:
            log.warning("stopping; once more, and it leaves without what was computed")
        else:
            restore()
            raise asked.error

    def restore() -> None:
        for heard, handler in before.items():
            signal.signal(heard, signal.SIG_DFL if handler is None else handler)

    before = {number: signal.signal(number, handle) for number in _HEARD}
    try:
        yield asked
    finally:
        restore()
