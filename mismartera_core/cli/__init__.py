"""The command line. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
import sys
import threading

from mismartera_core import __version__


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; those of the process by default.

    Returns:
        The exit code (see `mismartera_core.errors`).
    """
    words = sys.argv[1:] if arguments is None else arguments
    if words in (["--version"], ["-V"]):
        sys.stdout.write(f"mismartera {__version__}\n")
        return 0
    # Before anything of Arrow is loaded: its own pools keep, a thread each, what they have had.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    from mismartera_core.cli.app import run_command

    code = run_command(words)
    if _left_behind():
        # The interpreter would wait for a thread that hangs for ever; what counts is on the disk.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _left_behind() -> bool:
    """Whether a thread of a run hangs still, or one on which a plugin is told."""
    kinds = tuple(
        getattr(sys.modules[module], name) for module, name in _OF_A_RUN if module in sys.modules
    )
    return any(isinstance(thread, kinds) for thread in threading.enumerate())


_OF_A_RUN = (
    ("mismartera_core.threads.worker", "Worker"),
    ("mismartera_core.system.observers", "ObserverThread"),
)
"""Threads that have ended when a run has, unless they hang."""
