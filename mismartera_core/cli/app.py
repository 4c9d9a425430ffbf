"""The command tree, and how a command is run."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from pkgutil import resolve_name
from typing import Annotated, Any, get_type_hints

import typer

from mismartera_core.cli.errors import report
from mismartera_core.cli.output import set_manner, undisturbed
from mismartera_core.errors import Interrupted

_COMMANDS = {
    "run": "run:run",
    "preflight": "preflight:preflight",
    "orders": "account_commands:orders",
    "positions": "account_commands:positions",
    "account": "account_commands:account",
    "replay": "replay:replay",
    "parity": "parity:parity",
    "why": "why:why",
    "demo": "demo:demo",
    "init": "init:init",
    "new": "new:new",
    "halt": "risk_commands:halt",
    "resume": "risk_commands:resume",
    "flatten": "risk_commands:flatten",
    "watchdog": "risk_commands:watchdog",
    "config": "config_commands:app",
    "data": "data_commands:app",
    "plugins": "plugins:app",
    "runs": "runs:app",
    "time": "time_commands:app",
}
"""Where each command, or group of commands, is; in the order of --help."""

_COMMON = {
    "json_": (("--json",), "Answer with one JSON object."),
    "quiet": (("--quiet", "-q"), "Say nothing but errors."),
    "debug": (("--debug",), "Show tracebacks and debug messages."),
    "no_color": (("--no-color",), "Plain text; so does NO_COLOR."),
}
"""Options of every command, by parameter."""


def build(word: str = "") -> typer.Typer:
    """The command tree; every command has the common options.

    Args:
        word: The only command that is needed, which saves the time that the others take; all are
            there where none has that name.
    """
    app = typer.Typer(
        name="mismartera",
        help="A plugin-based day-trading framework: one strategy, one engine, one result.",
        epilog="Begin with `mismartera demo`.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # rich would cost half of the time that --help may take
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback(invoke_without_command=True)(_with_common(_root))
    for name in [word] if word in _COMMANDS else _COMMANDS:
        found = resolve_name(f"mismartera_core.cli.{_COMMANDS[name]}")
        if isinstance(found, typer.Typer):
            _add_group(app, name, found)
        else:
            app.command(name)(_with_common(found))
    return app


def _add_group(app: typer.Typer, name: str, group: typer.Typer) -> None:
    for info in group.registered_commands:
        if info.callback is not None:
            info.callback = _with_common(info.callback)
    app.add_typer(group, name=name)


def run_command(words: list[str]) -> int:
    """Run one command line.

    Args:
        words: Without the program's name.

    Returns:
        The exit code; errors have been told on stderr.
    """
    manner = set_manner(words)
    try:
        with _silence() if manner.quiet and not manner.json else nullcontext():
            word = next((it for it in words if not it.startswith("-")), "")
            code = build(word)(args=words, prog_name="mismartera", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place that reports
        return report(error)
    if code == Interrupted.exit_code:  # what typer makes of Ctrl-C
        return report(KeyboardInterrupt())
    return code if isinstance(code, int) else 0


@contextmanager
def _silence() -> Iterator[None]:
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):  # noqa: PTH123
        yield


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Say the version.")] = False,
) -> None:
    if version:
        from mismartera_core import __version__

        typer.echo(f"mismartera {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _with_common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the common options that it does not have already.

    They take effect before the command line is parsed (see `set_manner`), so that a wrong command
    line is answered in the same manner; here they are named for the parser and for --help.
    """
    if hasattr(command, "__wrapped__"):
        return command
    signature = inspect.signature(command)
    hints = get_type_hints(command, include_extras=True)
    own = {word for hint in hints.values() for word in _words(hint)}
    added = {
        name: Annotated[bool, typer.Option(*words, help=text)]
        for name, (words, text) in _COMMON.items()
        if words[0] not in own
    }
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        *(p.replace(annotation=hints[p.name]) for p in signature.parameters.values()),
        *(inspect.Parameter(n, keyword, default=False, annotation=added[n]) for n in added),
    ]

    @functools.wraps(command)
    def with_common(*args: Any, **given: Any) -> Any:
        own = {key: value for key, value in given.items() if key not in added}
        with nullcontext() if command is _root else undisturbed():
            return command(*args, **own)

    with_common.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    with_common.__annotations__ = hints | added
    return with_common


def _words(hint: Any) -> tuple[str, ...]:
    """Option words that an annotated parameter declares."""
    return tuple(
        word
        for extra in getattr(hint, "__metadata__", ())
        for word in (getattr(extra, "param_decls", None) or ())
    )
