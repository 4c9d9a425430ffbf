"""`mismartera parity`: did the venue do what the backtest would have done?"""

from __future__ import annotations

from typing import Any

import typer

from mismartera_core.cli.output import emit, load_settings, table
from mismartera_core.cli.replay import RunName

_COLUMNS = ("at", "strategy", "symbol", "side", "live", "backtest", "cause", "detail")


def parity(run: RunName = "@last") -> None:
    """Compare a live session with a backtest of its bars."""
    from mismartera_core.registry import Registry, policy_of
    from mismartera_core.system.recorded.parity import parity as compare
    from mismartera_core.system.recorded.parity import parity_facts, write_parity
    from mismartera_core.system.recorded.replaying import recorded_folder

    settings = load_settings()
    folder = recorded_folder(settings.runs_dir, run)
    found = compare(folder, settings, Registry.discover(policy=policy_of(settings)))
    files = write_parity(folder, found)
    facts = parity_facts(found)
    rows: list[dict[str, Any]] = facts["differences"]
    count = len(rows)
    paired = (
        f"{facts['orders']} orders live, {facts['backtest_orders']} in the backtest, "
        f"{facts['paired']} in both"
    )
    verdict = "[bold green]no difference[/]"
    if count:
        verdict = f"[bold red]{count} difference{'s' if count > 1 else ''}[/]"
    killed = found.live.folder != folder
    emit(
        "parity",
        {
            "run": folder.name,
            "same": not count,
            "killed": killed,
            **facts,
            "files": [str(file) for file in files],
        },
        f"[bold]{folder.name}[/]: {paired}",
        *(["the session was killed: its orders are those of its replay"] if killed else ()),
        *([table("", _COLUMNS, (_cells(row) for row in rows))] if rows else ()),
        verdict,
        f"[dim]Files:[/] {', '.join(file.name for file in files)} in {folder}",
    )
    if count:
        raise typer.Exit(1)


def _cells(row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["at"][11:19], *(row[name] for name in _COLUMNS[1:]))
