"""`mismartera runs`: what has been run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mismartera_core.cli.output import emit, load_settings, table

if TYPE_CHECKING:
    from mismartera_core.repositories.run_folder import StoredRun

app = typer.Typer(no_args_is_help=True, help="List and show runs.")

_FIGURES = ("sessions", "total_return", "pnl", "trades")


@app.command("ls")
def list_() -> None:
    """Every run, the oldest first."""
    from mismartera_core.repositories.run_folder import list_runs

    settings = load_settings()
    rows = [_row(stored) for stored in list_runs(settings.runs_dir)]
    columns = ("run", "state", *_FIGURES, "trade_hash")
    emit(
        "runs",
        {"runs_dir": str(settings.runs_dir), "runs": rows},
        table("", columns, ([_figure(name, row[name]) for name in columns] for row in rows))
        if rows
        else "no runs yet; make one with: mismartera run CONFIG",
    )


@app.command()
def show(
    run: Annotated[
        str, typer.Argument(help="'@last', a run id, or a unique part of one.")
    ] = "@last",
) -> None:
    """The summary of a run, and its files."""
    from mismartera_core.repositories.run_folder import read_run
    from mismartera_core.system.run import load_run

    found = load_run(run, load_settings().runs_dir)
    folder = found.folder or Path()
    files = sorted(str(path) for path in folder.iterdir() if path.is_file())
    manifest = read_run(folder).manifest
    emit(
        "run",
        {"folder": str(folder), "manifest": manifest, "summary": found.summary, "files": files},
        f"[bold]{folder.name}[/] {manifest.get('exit_state', '')}",
        found.render(),
        table("", ("files",), ([file] for file in files)),
    )


def _row(stored: StoredRun) -> dict[str, Any]:
    return {
        "run": stored.folder.name,
        "state": stored.manifest.get("exit_state"),
        **{name: stored.summary.get(name) for name in (*_FIGURES, "trade_hash")},
    }


def _figure(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "trade_hash":
        return str(value)[:12]
    if isinstance(value, float):
        return f"{value:+.2%}" if name.endswith("return") else f"{value:,.4g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
