"""`mismartera run`: one session config, from the first session to the summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from mismartera_core.cli.config_commands import ConfigFile, Overrides, load
from mismartera_core.cli.output import console, emit, load_settings, manner
from mismartera_core.errors import UsageError

if TYPE_CHECKING:
    from mismartera_core.config.session_config import SessionConfig
    from mismartera_core.system.run import Run

Progress: TypeAlias = Callable[[date, int, int, int, float], None]
"""Takes the session that ended, sessions done, sessions in all, bars replayed, seconds passed."""


def run(
    config: ConfigFile,
    set_: Overrides = None,
    live_account: Annotated[
        str, typer.Option(metavar="ID", help="The account, where it holds real money.")
    ] = "",
) -> None:
    """Run a session config. Ends with its summary and the folder of the run."""
    show(execute(load(config, set_)[0], str(config), live_account))


def execute(config: SessionConfig, source: str, live_account: str = "") -> Run:
    """Run a session config, with a progress bar or the status of a live session.

    Args:
        config: The session config.
        source: What messages call it.
        live_account: Account with real money that may be traded; "" for none.

    Raises:
        UsageError: An account is named for a backtest.
    """
    settings = load_settings()
    from mismartera_core.registry import Registry
    from mismartera_core.services.config_resolution import resolve

    registry = Registry.discover()
    resolve(config, registry, source)
    from mismartera_core.system.session import Session

    if config.mode == "live":
        from mismartera_core.cli.live_line import watched

        session = Session(config, settings, registry, live_account=live_account)
        with watched(session.board):
            return session.run()
    if live_account:
        raise UsageError("--live-account belongs to mode 'live', and mode is 'backtest'")
    with progress_bar(config.session_name) as progress:
        return Session(config, settings=settings, registry=registry).run(progress=progress)


def show(run: Run) -> None:
    """The summary of a run, and where its files are."""
    facts = {"summary": run.summary, "folder": str(run.folder) if run.folder else None}
    unseen = manner().json or manner().quiet
    lines = () if unseen else (run.render(), f"[dim]Files:[/] {run.folder}")
    emit("run", facts, *lines)


@contextmanager
def progress_bar(title: str) -> Iterator[Progress | None]:
    """A progress bar on stderr where somebody watches, None elsewhere."""
    screen = console(stderr=True)
    if manner().json or manner().quiet or not screen.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(
        *columns,
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        console=screen,
        transient=True,
    ) as bar:
        task = bar.add_task(title, total=None, rate="")

        def advance(day: date, done: int, total: int, bars: int, seconds: float) -> None:
            rate = f"{bars / seconds:,.0f} bars/s" if seconds > 0 else ""
            bar.update(task, description=f"{title} {day}", completed=done, total=total, rate=rate)

        yield advance
