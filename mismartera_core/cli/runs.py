"""`mismartera runs`: what has been run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mismartera_core.cli.output import emit, load_settings, table

if TYPE_CHECKING:
    from mismartera_core.repositories.run_folder import StoredRun

app = typer.Typer(no_args_is_help=True, help="List and show runs.")

_FIGURES = ("sessions", "total_return", "pnl", "trades", "trade_hash")
_COLUMNS = {
    "run": "run",
    "state": "state",
    "return": "total_return",
    "P&L": "pnl",
    "trades": "trades",
}
"""What is listed of a run on a terminal, by its heading; JSON has all of `_FIGURES`."""


@app.command("ls")
def list_() -> None:
    """Every run, the oldest first."""
    from mismartera_core.repositories.run_folder import list_runs

    settings = load_settings()
    rows = [_row(stored) for stored in list_runs(settings.runs_dir)]
    cells = ([_figure(name, row[name]) for name in _COLUMNS.values()] for row in rows)
    emit(
        "runs",
        {"runs_dir": str(settings.runs_dir), "runs": rows},
        table("", _COLUMNS, cells) if rows else "no runs yet; make one with: mismartera run CONFIG",
    )


@app.command()
def show(
    run: Annotated[
        str, typer.Argument(help="'@last', a run id, or a unique part of one.")
    ] = "@last",
    threads: Annotated[
        bool, typer.Option("--threads", help="What each thread did with its time, too.")
    ] = False,
) -> None:
    """The summary of a run, and its files."""
    from mismartera_core.repositories.run_folder import read_run
    from mismartera_core.system.run import load_run
    from mismartera_core.system.run_rendering import render_threads

    found = load_run(run, load_settings().runs_dir)
    folder = found.folder or Path()
    files = sorted(str(path) for path in folder.iterdir() if path.is_file())
    manifest = read_run(folder).manifest
    facts = {"manifest": manifest, "summary": found.summary, "threads": found.record.threads}
    emit(
        "run",
        {"folder": str(folder), **facts, "files": files},
        _headline(folder.name, manifest),
        found.render(),
        *([render_threads(found)] if threads else ()),
        f"[dim]Files:[/] {folder}",
        f"  {', '.join(Path(file).name for file in files)}",
    )


def _headline(name: str, manifest: dict[str, Any]) -> str:
    """Run id, how the run ended, and why where it was not at its end."""
    from rich.markup import escape

    error = manifest.get("error")
    return (
        f"[bold]{name}[/] {manifest.get('exit_state', '')}{escape(f': {error}') if error else ''}"
    )


def _row(stored: StoredRun) -> dict[str, Any]:
    return {
        "run": stored.folder.name,
        "state": stored.manifest.get("exit_state"),
        **{name: stored.summary.get(name) for name in _FIGURES},
    }


def _figure(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:+.2%}" if name.endswith("return") else f"{value:+,.0f}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
