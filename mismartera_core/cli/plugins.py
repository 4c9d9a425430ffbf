"""`mismartera plugins`: what is installed, what it offers, whether it keeps its promises."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import typer

from mismartera_core.cli import plugins_check, plugins_doctor, plugins_policy, plugins_show
from mismartera_core.cli.output import emit, manner
from mismartera_core.cli.plugins_text import (
    Kind,
    columns,
    kinds,
    say,
    say_problems,
    terminal_width,
)
from mismartera_core.registrations import IndicatorReg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mismartera_core.registry import Offer, Plugin, Registry

app = typer.Typer(no_args_is_help=True, help="List, show, check and choose plugins.")

_FEW = 5
"""Indicators of one category and plugin that are listed one by one."""

_COLUMNS = ("kind", "name", "plugin", "version", "status", "summary")
"""What a person is shown of a row."""

_ROOM = 100
"""Columns of a terminal that has room for versions, too."""


@app.command("list")
def list_(kind: Kind = None) -> None:
    """What plugins offer, and what is broken. Many indicators of a category are one line."""
    from mismartera_core.registry import Registry

    registry = Registry.discover()
    chosen = kinds(kind)
    offers = [offer for offer in registry.offers() if offer.kind in chosen]
    if manner().json:
        rows = [_row(offer) for offer in offers]
        plugins = [dataclasses.asdict(plugin) for plugin in registry.plugins()]
        problems = [dataclasses.asdict(problem) for problem in registry.problems]
        emit("plugins", {"offers": rows, "plugins": plugins, "problems": problems})
        return
    shown = [_row(offer) for offer in offers]
    if kind is None:
        shown = [*_in_short(offers), *_without_offers(registry)]
    heads = [it for it in _COLUMNS if it != "version" or terminal_width() >= _ROOM]
    say(columns(heads, ([row[head] for head in heads] for row in shown)))
    if len(shown) < len(offers):
        say("\n`mismartera plugins list --kind indicator` has each indicator")
    say_problems("Problems", registry.problems)


app.command("show")(plugins_show.show)
app.command("check")(plugins_check.check)
app.command("doctor")(plugins_doctor.doctor)
app.command("enable")(plugins_policy.enable)
app.command("disable")(plugins_policy.disable)
app.command("lock")(plugins_policy.lock)


def _row(offer: Offer) -> dict[str, str]:
    return {
        "kind": offer.kind,
        "name": offer.record.name,
        "plugin": offer.plugin.name,
        "version": offer.plugin.version,
        "status": offer.status,
        "summary": offer.record.summary,
    }


def _in_short(offers: Iterable[Offer]) -> Iterator[dict[str, str]]:
    """A row for each offer, or for all of a category of which a plugin has many."""
    families: dict[tuple[str, ...], list[Offer]] = {}
    for offer in offers:
        families.setdefault(_family(offer), []).append(offer)
    for family, members in families.items():
        if len(members) <= _FEW:
            yield from map(_row, members)
        else:
            names = ", ".join(it.record.name for it in members[:_FEW])
            count = f"{len(members)} x {family[0]}"
            yield {**_row(members[0]), "name": count, "summary": f"{names} ..."}


def _family(offer: Offer) -> tuple[str, ...]:
    """Category of an indicator, its plugin and its status; anything else is on its own."""
    if isinstance(offer.record, IndicatorReg):
        return offer.record.category, offer.plugin.name, offer.status
    return offer.record.name, offer.kind


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
