"""`mismartera halt`, `resume`, `flatten` and `watchdog`: the last word is a human's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mismartera_core.cli.output import emit, load_settings, manner
from mismartera_core.errors import UsageError

if TYPE_CHECKING:
    from mismartera_core.repositories.live_files import LiveFiles

Account = Annotated[
    str | None,
    typer.Option("--account", "-a", help="The account; may be left out where there is one."),
]


def halt(
    account: Account = None,
    reason: Annotated[str, typer.Option(help="Why; kept with the state.")] = "a human asked for it",
) -> None:
    """Halt an account, or all, and cancel entries.

    Nothing leaves any more; positions and the stops that protect them stay. Works on a running
    session and without one.
    """
    from mismartera_core.system.risk_actions import halt as act

    settings = load_settings()
    why = f"halted by command: {reason}"
    if account is None:
        from mismartera_core.repositories.live_files import accounts

        if not accounts(settings.runtime_dir):
            _halt_all(settings.runtime_dir / "KILL", why)
            return
    told = [act(files, settings, why) for files in _chosen(account)]
    emit("halt", {"accounts": told}, *map(_line, told))


def _halt_all(file: Path, why: str) -> None:
    """No session has ever run here: whatever begins is to begin halted."""
    from mismartera_core.repositories.live_files import write_whole

    write_whole(file, {"action": "halt", "reason": why})
    text = f"no session has ever run here; every session begins halted while {file} is there"
    emit("halt", {"accounts": [], "file": str(file)}, text)


def resume(
    account: Account = None,
    yes: Annotated[
        str, typer.Option("--confirm", help="The account id, in place of typing it.")
    ] = "",
    strategy: Annotated[
        str, typer.Option("--strategy", help="Take a quarantined strategy back instead.")
    ] = "",
) -> None:
    """Let an account go on, or a quarantined strategy.

    Asks for the account's id. A strategy is taken back while no session trades the account, whose
    state stays.
    """
    from mismartera_core.system.risk_actions import resume as act
    from mismartera_core.system.risk_actions import take_back

    settings = load_settings()
    files = _one(account)
    _ask_for(files.account, yes)
    told = take_back(files, strategy) if strategy else act(files, settings, "command")
    emit("resume", told, _line(told))


def flatten(
    account: Account = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Halt an account and leave its positions. Cancels its orders; asks first."""
    from mismartera_core.system.risk_actions import flatten as act

    settings = load_settings()
    files = _one(account)
    if not yes:
        if manner().json:
            raise UsageError("flatten leaves every position at market", hint="add --yes")
        typer.confirm(f"Leave every position of account {files.account} at market?", abort=True)
    told = act(files, settings)
    emit("flatten", told, _line(told))


def watchdog(
    account: Account = None,
    silence: Annotated[float, typer.Option(help="Seconds without a heartbeat.", min=0.5)] = 30.0,
) -> None:
    """Watch a live session until it ends. A session starts one by itself."""
    from mismartera_core.system.watchdog import main

    files = _one(account)
    words = ["--runtime", str(files.runtime), "--account", files.account]
    raise typer.Exit(main([*words, "--silence", str(silence)]))


def _chosen(account: str | None) -> list[LiveFiles]:
    """The account, or all that were ever traded.

    Raises:
        UsageError: There is none.
    """
    from mismartera_core.repositories.live_files import LiveFiles, accounts

    runtime = load_settings().runtime_dir
    names = [account] if account else accounts(runtime)
    if not names:
        raise UsageError(
            f"no live session has ever run in {runtime}",
            hint="name the account with --account, or the runtime_dir with MISMARTERA_RUNTIME_DIR",
        )
    return [LiveFiles(runtime, name) for name in names]


def _one(account: str | None) -> LiveFiles:
    found = _chosen(account)
    if len(found) > 1:
        names = ", ".join(files.account for files in found)
        raise UsageError(f"expected one account, was {len(found)}: {names}", hint="add --account")
    return found[0]


def _ask_for(account: str, given: str) -> None:
    """Have the account's id typed.

    Raises:
        UsageError: It is another one.
    """
    if not given:
        if manner().json:
            raise UsageError("resume asks for the account's id", hint="add --confirm ACCOUNT")
        given = typer.prompt(f"Type the id of the account to resume ({account})")
    if given != account:
        raise UsageError(f"expected the account id {account!r}, was {given!r}")


def _line(told: dict[str, Any]) -> str:
    from rich.markup import escape

    return f"[bold]{escape(told['account'])}[/] {told['state']}: {escape(told['text'])}"
