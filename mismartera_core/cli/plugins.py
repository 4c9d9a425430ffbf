"""`mismartera plugins`: what is installed, what it offers, whether it keeps its promises."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import typer

from mismartera_core.cli import plugins_check, plugins_doctor, plugins_policy, plugins_show
from mismartera_core.cli.output import emit, manner
from mismartera_core.cli.plugins_text import Kind, columns, kinds, say, say_problems

if TYPE_CHECKING:
    from mismartera_core.registry import Plugin, Registry

app = typer.Typer(no_args_is_help=True, help="List, show, check and choose plugins.")

_COLUMNS = ("kind", "name", "plugin", "version", "status", "summary")


@app.command("list")
def list_(kind: Kind = None) -> None:
    """Every plugin by kind and name; broken ones with cause and cure."""
    from mismartera_core.registry import Registry

    registry = Registry.discover()
    rows = _rows(registry, kinds(kind))
    if manner().json:
        plugins = [dataclasses.asdict(plugin) for plugin in registry.plugins()]
        problems = [dataclasses.asdict(problem) for problem in registry.problems]
        emit("plugins", {"offers": rows, "plugins": plugins, "problems": problems})
        return
    shown = [*rows, *(_without_offers(registry) if kind is None else ())]
    say(columns(_COLUMNS, ([row[column] for column in _COLUMNS] for row in shown)))
    say_problems("Problems", registry.problems)


app.command("show")(plugins_show.show)
app.command("check")(plugins_check.check)
app.command("doctor")(plugins_doctor.doctor)
app.command("enable")(plugins_policy.enable)
app.command("disable")(plugins_policy.disable)
app.command("lock")(plugins_policy.lock)


def _rows(registry: Registry, chosen: list[str]) -> list[dict[str, str]]:
    return [
        {
            "kind": offer.kind,
            "name": offer.record.name,
            "plugin": offer.plugin.name,
            "version": offer.plugin.version,
            "status": offer.status,
            "summary": offer.record.summary,
        }
        for offer in registry.offers()
        if offer.kind in chosen
    ]


def _without_offers(registry: Registry) -> list[dict[str, str]]:
    """Plugins that have nothing under a name: observers, and those that were not loaded."""
    offering = {offer.plugin.name for offer in registry.offers()}
    return [
        {
            "kind": "-",
            "name": "-",
            "plugin": plugin.name,
            "version": plugin.version,
            "status": plugin.status,
            "summary": plugin.summary or _hooks(plugin),
        }
        for plugin in registry.plugins()
        if plugin.name not in offering
    ]


def _hooks(plugin: Plugin) -> str:
    return ", ".join(hook.removeprefix("mismartera_") for hook in plugin.hooks)
