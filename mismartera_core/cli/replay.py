"""`mismartera replay`: a live session once more, bit for bit."""

from __future__ import annotations

from typing import Annotated

import typer

from mismartera_core.cli.output import emit, load_settings

RunName = Annotated[str, typer.Argument(help="'@last', a run id, or a unique part of one.")]


def replay(run: RunName = "@last") -> None:
    """Repeat a recorded session: is it the same bit for bit?"""
    from mismartera_core.registry import Registry, policy_of
    from mismartera_core.system.recorded.replaying import recorded_folder
    from mismartera_core.system.recorded.replaying import replay as repeat

    settings = load_settings()
    registry = Registry.discover(policy=policy_of(settings))
    done = repeat(recorded_folder(settings.runs_dir, run), settings, registry)
    facts = {
        "run": done.run_id,
        "same": not done.difference,
        "difference": done.difference or None,
        "items": done.items,
        "torn_bytes": done.torn,
        "complete": done.complete,
        "trade_hash": done.trade_hash or None,
        "folder": str(done.folder) if done.folder else None,
    }
    emit("replay", facts, *_lines(facts))
    if done.difference:
        raise typer.Exit(1)


def _lines(facts: dict[str, object]) -> list[str]:
    from rich.markup import escape

    lines = [f"[bold]{facts['run']}[/]: {facts['items']:,} recorded items"]
    if facts["torn_bytes"]:
        lines.append(
            f"the recording ends in the middle of an item; {facts['torn_bytes']} bytes cut"
        )
    if facts["difference"]:
        lines.append(f"[bold red]not the same[/]: {escape(str(facts['difference']))}")
    elif facts["complete"]:
        lines.append(f"[bold green]the same bit for bit[/]; trade hash {facts['trade_hash']}")
    else:
        lines.append(
            "[bold green]the same as far as it was recorded[/]; the session was killed before it "
            "could write results to compare with"
        )
    lines.append(f"[dim]Files:[/] {facts['folder']}")
    return lines
