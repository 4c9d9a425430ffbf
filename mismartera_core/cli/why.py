"""`mismartera why`: why there was, or was not, a trade."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mismartera_core.cli.output import emit, load_settings, table
from mismartera_core.cli.replay import RunName


def why(
    run: RunName = "@last",
    *,
    symbol: Annotated[str, typer.Option(help="Ticker.")],
    at: Annotated[
        str, typer.Option(help="10:31 of the last session, or '2024-07-03 10:31'; exchange time.")
    ],
    strategy: Annotated[
        str | None, typer.Option(help="Its name in the config, where several trade the symbol.")
    ] = None,
) -> None:
    """Say why there was, or was not, a trade: bars, indicators, signals, risk."""
    from mismartera_core.registry import Registry, policy_of
    from mismartera_core.system.recorded.replaying import recorded_folder
    from mismartera_core.system.recorded.why import explain

    settings = load_settings()
    folder = recorded_folder(settings.runs_dir, run)
    registry = Registry.discover(policy=policy_of(settings))
    found = explain(folder, symbol, at, strategy, settings, registry)
    facts = {
        "run": found.run,
        "symbol": found.symbol,
        "strategy": found.strategy,
        "at": found.at.isoformat(),
        "verdict": found.verdict,
        "facts": [{"topic": topic, "text": text} for topic, text in found.facts],
        "values": {name: _number(value) for name, value in found.indicators.items()},
        "values_from": found.source,
        "signals": [_plain(row) for row in found.signals],
        "decisions": [_plain(row) for row in found.decisions],
    }
    from rich.markup import escape

    shown = [(name, f"{value:.6g}") for name, value in found.indicators.items()]
    emit(
        "why",
        facts,
        f"[bold]{found.strategy} on {found.symbol}, {found.at:%a %Y-%m-%d %H:%M:%S %Z}[/]",
        f"[bold]{escape(found.verdict)}[/]",
        table("", ("", ""), found.facts),
        *([table("", ("indicator", "at its newest bar"), shown)] if shown else ()),
        f"[dim]Values from {found.source}.[/]",
    )


def _number(value: float) -> float | None:
    return None if value != value else float(value)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None
        if value != value
        else value.isoformat()
        if hasattr(value, "isoformat")
        else value.item()
        if hasattr(value, "item")
        else value
        for name, value in row.items()
    }
