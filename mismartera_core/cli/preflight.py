"""`mismartera preflight`: go or no-go, before anything is armed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mismartera_core.cli.config_commands import ConfigFile, Overrides
from mismartera_core.cli.output import emit, load_settings, table

if TYPE_CHECKING:
    from mismartera_core.config.session_config import SessionConfig
    from mismartera_core.system.access import Access
    from mismartera_core.system.preflight import CheckRow

_COLUMNS = ("check", "verdict", "found", "try")


def preflight(
    config: ConfigFile,
    set_: Overrides = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, max=600, help="Seconds the stream may take to become live.")
    ] = 15.0,
) -> None:
    """Say whether a session may start; no order is sent."""
    from mismartera_core.config.loading import load_config
    from mismartera_core.system.preflight import exit_code
    from mismartera_core.system.preflight import preflight as look

    found = load_config(config, set_ or ())
    with access_to(found, str(config)) as access:
        rows = list(look(access, timeout))
    code = exit_code(rows)
    facts = {"config": str(config), "go": code == 0, "checks": [row.facts() for row in rows]}
    emit("preflight", facts, table("", _COLUMNS, _cells(rows)), _headline(rows, code))
    if code:
        raise typer.Exit(code)


@contextmanager
def access_to(config: SessionConfig, source: str) -> Iterator[Access]:
    """The parts of a session config, released at the end of the block.

    Args:
        config: The session config.
        source: What messages call it.
    """
    from mismartera_core.registry import Registry, policy_of
    from mismartera_core.system.access import Access

    settings = load_settings()
    access = Access(config, settings, Registry.discover(policy=policy_of(settings)), source)
    try:
        yield access
    finally:
        access.close()


@contextmanager
def chosen_access(config: Path | None, overrides: list[str] | None) -> Iterator[Access]:
    """The parts of a session config, or of that of the last live run where none is named.

    Args:
        config: Its file.
        overrides: What is laid over it.
    """
    from mismartera_core.config.loading import load_config
    from mismartera_core.system.access import last_live_config

    if config is None:
        found, source = last_live_config(load_settings().runs_dir)
    else:
        found, source = load_config(config, overrides or ()), str(config)
    with access_to(found, source) as access:
        yield access


def _cells(rows: list[CheckRow]) -> Iterator[tuple[str, str, str, str]]:
    return ((row.check, row.verdict.value, row.found, row.hint) for row in rows)


def _headline(rows: list[CheckRow], code: int) -> str:
    from mismartera_core.system.preflight import Verdict

    stopped = [row.check for row in rows if row.verdict is Verdict.NO_GO]
    warned = [row.check for row in rows if row.verdict is Verdict.WARN]
    looked = f"; look at: {', '.join(warned)}" if warned else ""
    if code:
        return f"[bold red]NO-GO[/]: {', '.join(stopped)}{looked}"
    return f"[bold green]GO[/]{looked}"
