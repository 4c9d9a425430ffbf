"""The command line. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import sys

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
    from mismartera_core.cli.app import run_command

    return run_command(words)
