"""From an exception to one sentence, a hint and an exit code."""

from __future__ import annotations

import dataclasses
import errno
import json
import sys
import traceback
from pathlib import Path

import typer

from mismartera_core.cli.output import JSON_VERSION, manner
from mismartera_core.errors import INTERNAL_ERROR, Interrupted, MisMarteraError, UsageError

_FORESEEN = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EROFS: "choose another place",
    errno.EACCES: "choose another place, or change its permissions",
    errno.EPERM: "choose another place, or change its permissions",
}
"""What the operating system refuses, and what to do."""

LAST_ERROR = "last_error.log"
"""Within `runtime_dir`: the traceback of the last error nobody foresaw."""


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """How a command ended that did not do what it was asked for."""

    code: int
    kind: str
    message: str
    hint: str = ""


def explain(error: BaseException) -> Failure:
    """What to tell the user of an exception.

    Args:
        error: Anything a command raised.
    """
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return Failure(Interrupted.exit_code, "Interrupted", "stopped by the user")
    if isinstance(error, MisMarteraError):
        return Failure(error.exit_code, type(error).__name__, str(error), error.hint)
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        hint = f"`{context.command_path} --help` says more" if context else ""
        return Failure(UsageError.exit_code, "UsageError", error.format_message(), hint)
    if isinstance(error, OSError) and error.errno in _FORESEEN:
        where = f"{error.filename}: " if error.filename else ""
        text = f"{where}the system says: {error.strerror}"
        return Failure(MisMarteraError.exit_code, "OSError", text, _FORESEEN[error.errno])
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Failure(
        INTERNAL_ERROR, "InternalError", f"an error nobody foresaw: {what}", _keep(error)
    )


def report(error: BaseException) -> int:
    """Tell the user on stderr, as text or as one JSON object.

    Returns:
        The exit code.
    """
    from mismartera_core.monitoring.redaction import redacted

    if manner().debug:
        sys.stderr.write(redacted("".join(traceback.format_exception(error))))
    failure = explain(error)
    tried = [f"Try: {failure.hint}"] if failure.hint else []
    notes = [note for note in getattr(error, "__notes__", ()) if note not in tried]
    if manner().json:
        told = {**dataclasses.asdict(failure), "notes": notes}
        text = json.dumps({"version": JSON_VERSION, "error": told})
    else:
        text = "\n".join([f"Error: {failure.message}", *notes, *tried])
    sys.stderr.write(redacted(text) + "\n")
    return failure.code


def _keep(error: BaseException) -> str:
    """Write the traceback of an unforeseen error beside the runs, and say where it is."""
    from mismartera_core.config.settings import load_settings
    from mismartera_core.monitoring.redaction import redacted

    try:
        folder: Path = load_settings().runtime_dir
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / LAST_ERROR
        trace = redacted("".join(traceback.format_exception(error)))
        file.write_text(trace, encoding="utf-8")
    except (OSError, MisMarteraError):
        return "again with --debug, which shows where it happened"
    return f"{file} says where it happened; please report it"
