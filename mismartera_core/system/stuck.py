"""Threads that do not come back to their queue: a deadlock, or a call that never returns."""

from __future__ import annotations

from collections.abc import Iterable

from mismartera_core.threads.worker import Worker

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
