"""What the commands on plugins share: their option, their lookups, and plain text."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mismartera_core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from mismartera_core.registry import PluginProblem

Kind = Annotated[str | None, typer.Option("--kind", help="Only of a kind, such as 'strategy'.")]

BROKEN_CODE = 4
"""Exit code where a plugin is broken, as of a PluginError."""

_LEAST = 20
"""Characters that the last column of a table has at least."""


def kinds(kind: str | None) -> list[str]:
    """The kinds that were asked for.

    Raises:
        UsageError: There is no such kind.
    """
    from mismartera_core.registry import KINDS

    if kind is None:
        return sorted(KINDS)
    if kind not in KINDS:
        raise UsageError(
            f"there is no kind of plugin named {kind!r}", hint=did_you_mean(kind, KINDS)
        )
    return [kind]


def say(text: str, *, bold: bool = False, red: bool = False) -> None:
    """Write a line as it is. Rich would cost a listing a tenth of the time it may take."""
    color = False if "NO_COLOR" in os.environ else None
    typer.secho(text, bold=bold, fg="red" if red else None, color=color)


def columns(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its last column is wrapped where a terminal is narrower.

    Args:
        heads: Names of the columns.
        rows: Cells.
    """
    lines = [tuple(heads), *(tuple(row) for row in rows)]
    widths = [max(len(row[at]) for row in lines) for at in range(len(heads) - 1)]
    indent = sum(widths) + 2 * len(widths)
    room = max(_LEAST, terminal_width() - indent)
    told = []
    for row in lines:
        start = "".join(cell.ljust(width + 2) for cell, width in zip(row, widths, strict=False))
        first, *rest = textwrap.wrap(row[-1], room) or [""]
        told += [(start + first).rstrip(), *(" " * indent + part for part in rest)]
    return "\n".join(told)


def say_problems(title: str, problems: Iterable[PluginProblem]) -> None:
    """Each problem with its cause and its cure; nothing where there are none."""
    for row, problem in enumerate(problems):
        if not row:
            say(f"\n{title}", bold=True)
        name = f"{problem.plugin} {problem.version}".rstrip()
        say(f"{name}: {problem.reason}", red=True)
        if problem.hint:
            say(f"  Try: {problem.hint}")


def terminal_width() -> int:
    """Columns of the terminal; without end where nobody says, so that lines stay whole."""
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    return shutil.get_terminal_size().columns if known else 1_000_000
