"""Where every thread of this process is: what one wants to know of one that hangs."""

from __future__ import annotations

import sys
import threading
import traceback


def stacks() -> str:
    """The stack of every thread, newest call last, each under the name of its thread."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    parts = [
        f"Thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()  # noqa: SLF001 - its documented name
    ]
    return "\n".join(sorted(parts))
