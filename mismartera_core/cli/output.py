"""What commands say: one JSON object, a few lines for a person, or nothing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

JSON_VERSION = 1
"""Raised when a field of a JSON answer changes its meaning or goes away."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the user asked to be answered; the same options on every command."""

    json: bool = False
    quiet: bool = False
    debug: bool = False


_manner = [Manner()]


def manner() -> Manner:
    """How the command that runs is to answer."""
    return _manner[0]


def set_manner(words: Sequence[str]) -> Manner:
    """Read the common options off the command line, so that even a wrong one is answered so."""
    options = set(words[: words.index("--")] if "--" in words else words)
    if "--no-color" in options:
        os.environ["NO_COLOR"] = "1"
    _manner[0] = Manner(
        json="--json" in options,
        quiet=not options.isdisjoint({"--quiet", "-q"}),
        debug="--debug" in options,
    )
    return _manner[0]


def console(*, stderr: bool = False) -> Console:
    """A rich console that keeps long lines whole where nobody watches."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not found.is_terminal and "COLUMNS" not in os.environ:
        found.width = 160
    return found


_answers: list[TextIO] = []
"""Where JSON goes while what plugins print is led elsewhere."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """What plugins print within goes to stderr where the answer on stdout is to be JSON."""
    if not manner().json:
        yield
        return
    _answers.append(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _answers.pop()


def answer(kind: str, facts: Mapping[str, Any]) -> None:
    """Write one JSON object.

    Args:
        kind: Name of the answer.
        facts: What it says.
    """
    out = _answers[-1] if _answers else sys.stdout
    said = {"version": JSON_VERSION, "kind": kind, **facts}
    out.write(json.dumps(said, default=str, ensure_ascii=False) + "\n")
    out.flush()


def emit(kind: str, facts: Mapping[str, Any], *lines: Any) -> None:
    """Answer a command.

    Args:
        kind: Name of the answer in JSON.
        facts: What the JSON answer says.
        *lines: What a person reads: texts with rich markup, or anything rich can print.
    """
    if manner().json:
        answer(kind, facts)
        return
    out = console()
    for line in lines:
        out.print(line)


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Any:
    """A plain table; cells are shown as they are, never read as markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    columns = list(columns)
    found = Table(
        title=title or None,
        box=box.SIMPLE,
        title_justify="left",
        pad_edge=False,
        show_header=any(columns),
    )
    for column in columns:
        found.add_column(column, overflow="fold")
    for row in rows:
        found.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return found


def load_settings() -> Any:
    """The settings of the installation; what they say of the console takes effect."""
    from mismartera_core.config.settings import load_settings as load
    from mismartera_core.monitoring.logs import log_to_console

    found = load()
    if found.no_color:
        os.environ["NO_COLOR"] = "1"
    log_to_console("debug" if manner().debug else found.log_level)
    return found
