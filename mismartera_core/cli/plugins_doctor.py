"""`mismartera plugins doctor`: what is broken, why, and what to do."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from mismartera_core.cli.output import emit, load_settings, manner
from mismartera_core.cli.plugins_text import BROKEN_CODE, columns, say, say_problems

if TYPE_CHECKING:
    from mismartera_core.registry import Plugin, PluginProblem, Registry
    from mismartera_core.registry.import_time import ImportCost
    from mismartera_core.registry.installed import Installed

_SLOW = 0.1
"""Seconds of import that are worth a note: every command that needs plugins pays them."""

_HEADS = ("plugin", "version", "status", "import", "offers")


def doctor() -> None:
    """What is broken, with cause and cure. Also missing libraries and what importing costs."""
    settings = load_settings()
    from mismartera_core.hookspecs import PROJECT
    from mismartera_core.registry import Registry, policy_of
    from mismartera_core.registry.diagnosis import diagnose
    from mismartera_core.registry.installed import installed_plugins

    installed = installed_plugins(PROJECT)
    registry = Registry.discover(policy=policy_of(settings))
    problems = diagnose(registry, installed)
    costs = _costs(registry, installed, settings.plugin_seconds)
    _tell(_rows(registry, costs), problems, _notes(registry.plugins(), costs))
    if problems:
        raise typer.Exit(BROKEN_CODE)


def _costs(
    registry: Registry, installed: Mapping[str, Sequence[Installed]], limit: float
) -> dict[str, ImportCost]:
    """What importing each plugin costs that was loaded from a distribution."""
    from mismartera_core.registry.import_time import import_cost
    from mismartera_core.registry.plugins import OK

    names = [it.name for it in registry.plugins() if it.status == OK and it.name in installed]
    measured = {name: import_cost(_module(installed[name]), limit) for name in names}
    return {name: cost for name, cost in measured.items() if cost is not None}


def _module(points: Sequence[Installed]) -> str:
    return points[0].target.partition(":")[0]


def _rows(registry: Registry, costs: Mapping[str, ImportCost]) -> list[dict[str, Any]]:
    offers = Counter(offer.plugin.name for offer in registry.offers())
    return [
        {
            "plugin": it.name,
            "version": it.version,
            "status": it.status,
            "import_ms": round(costs[it.name].seconds * 1e3, 1) if it.name in costs else None,
            "offers": offers[it.name],
        }
        for it in registry.plugins()
    ]


def _notes(plugins: Iterable[Plugin], costs: Mapping[str, ImportCost]) -> list[str]:
    """What is not broken but worth knowing."""
    from mismartera_core.registry.locking import LOCK_FILE
    from mismartera_core.registry.plugins import DISABLED

    notes = [
        f"plugin {it.name} is disabled; `mismartera plugins enable {it.name}` loads it again"
        for it in plugins
        if it.status == DISABLED
    ]
    if LOCK_FILE.exists():
        notes.append(f"only plugins in {LOCK_FILE} load")
    for name, cost in costs.items():
        slow = cost.seconds > _SLOW
        if cost.libraries or slow:
            brings = ", ".join(cost.libraries)
            loaded = f" and loads {brings}" if brings else ""
            notes.append(
                f"importing plugin {name} takes {cost.seconds * 1e3:.0f} ms{loaded}; "
                "libraries should wait until the plugin is used"
            )
    return notes


def _tell(rows: list[dict[str, Any]], problems: Sequence[PluginProblem], notes: list[str]) -> None:
    if manner().json:
        told = [dataclasses.asdict(problem) for problem in problems]
        emit(
            "plugins_doctor",
            {"ok": not problems, "plugins": rows, "problems": told, "notes": notes},
        )
        return
    say(columns(_HEADS, (_cells(row) for row in rows)))
    say_problems("Problems", problems)
    for at, note in enumerate(notes):
        say(("" if at else "\nNotes\n") + note)
    count = len(problems)
    say(f"\n{count} problem{'s' if count > 1 else ''}" if count else "\nnothing is broken")


def _cells(row: dict[str, Any]) -> list[str]:
    took = row["import_ms"]
    return [
        row["plugin"],
        row["version"],
        row["status"],
        "" if took is None else f"{took:.0f} ms",
        str(row["offers"]),
    ]
