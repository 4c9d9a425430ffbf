"""Threads that do not come back to their queue: a deadlock, or a call that never returns."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from math import inf
from time import monotonic

from mismartera_core.errors import Interrupted
from mismartera_core.monitoring.stacks import stacks
from mismartera_core.system.interruption import Interruption
from mismartera_core.threads.worker import Worker

log = logging.getLogger(__name__)

HEARTBEAT = 0.2
"""Seconds between looks at whether a thread has ended; also how soon Ctrl-C is heard."""
DRAIN = 10.0
"""Seconds in which threads end that were told to; one that hangs is left behind."""
STUCK = 25.0
"""Seconds at one piece of work after which a thread of a live session counts as stuck."""


def stuck(workers: Iterable[Worker], seconds: float = STUCK) -> str:
    """Which thread is stuck, in a sentence; "" for none.

    Args:
        workers: The threads that a bar passes.
        seconds: How long one may work at one piece.
    """
    for worker in workers:
        at_work = worker.metrics.at_work()
        if at_work > seconds:
            return f"{worker.name} has been at one piece of work for {at_work:.0f} s"
    return ""


def join_all(
    workers: Iterable[Worker],
    asked: Interruption,
    interrupt: Callable[[], None],
    alarm: Callable[[str], None] | None,
) -> Interrupted | None:
    """Wait for the threads of a run; once it is asked to stop, for so long and no longer.

    Args:
        workers: The threads.
        asked: Where a wish to stop is kept.
        interrupt: Tells the threads to end.
        alarm: Told of a thread that is left behind; None for nobody.

    Returns:
        What stopped them, where it came from outside.
    """
    stopped, until = None, inf
    for worker in workers:
        while worker.is_alive() and monotonic() < until:
            worker.join(HEARTBEAT)
            if asked.error is not None and stopped is None:
                stopped, until = asked.error, monotonic() + DRAIN
                interrupt()
        if worker.is_alive():
            why = f"{worker.name} did not end within {DRAIN:g} s and is left behind"
            log.error("%s", why)
            log.info("%s; where every thread is:\n%s", why, stacks())
            if alarm is not None:
                alarm(why)
    return stopped
