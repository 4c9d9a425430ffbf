"""`mismartera demo`: a backtest that needs nothing, to see what a run looks like."""

from __future__ import annotations

from pathlib import Path

from mismartera_core.cli.output import console, manner
from mismartera_core.cli.run import execute, show

FIRST_SESSION = Path(__file__).with_name("first_session.json")
"""The session config of the demo, which `init` writes too. It needs the core alone."""


def demo() -> None:
    """Backtest a first session, offline. Takes seconds, then says what to type next."""
    from mismartera_core.config.loading import load_config

    run = execute(load_config(FIRST_SESSION), "the demo")
    show(run)
    if not manner().json:
        out = console()
        out.print("\n[bold]Next[/]")
        out.print("  mismartera runs show @last          this run again")
        out.print("  mismartera init my-first-session    a session config of your own")
        out.print("  mismartera plugins list             what a config can name")
