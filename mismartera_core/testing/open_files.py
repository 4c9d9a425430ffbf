"""Counts threads and open files: what grows over hours is a leak."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from mismartera_core.testing.suite import expect

_FOLDER = Path("/dev/fd")
_SETTLES = 2.0
_STEP = 0.02


def open_files() -> int:
    """Files, sockets and pipes that this process has open; 0 where the system does not tell."""
    return sum(1 for _ in _FOLDER.iterdir()) if _FOLDER.is_dir() else 0


def no_growth(before: tuple[int, int], when: str) -> None:
    """Expect no more threads and open files than before, once what is ending has ended.

    Args:
        before: Threads and open files.
        when: What happened since, in words.
    """
    pause, until = threading.Event(), time.monotonic() + _SETTLES
    while True:
        now = threading.active_count(), open_files()
        if (now[0] <= before[0] and now[1] <= before[1]) or time.monotonic() > until:
            break
        pause.wait(_STEP)
    expect(
        now[0] <= before[0] and now[1] <= before[1],
        "what runs for hours leaves nothing behind: threads and open files do not grow",
        f"{now[0]} threads and {now[1]} open files {when}; {before[0]} and {before[1]} before",
        "join threads and close sockets of a connection before you open the next one",
    )
