"""`mismartera plugins enable`, `disable` and `lock`: which plugins may load."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mismartera_core.cli.output import emit, manner
from mismartera_core.cli.plugins_text import BROKEN_CODE, say, say_problems
from mismartera_core.errors import PluginError, UsageError, did_you_mean

if TYPE_CHECKING:
    from mismartera_core.registry.installed import Installed

PluginName = Annotated[
    str, typer.Argument(metavar="PLUGIN", help="As `plugins list` names it under 'plugin'.")
]


def enable(name: PluginName) -> None:
    """Load a plugin again that was disabled."""
    _set(name, disabled=False)


def disable(name: PluginName) -> None:
    """Load a plugin no more; kept in mismartera.settings.json."""
    _set(name, disabled=True)


def lock(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; say what is not as the file has it.")
    ] = False,
) -> None:
    """Pin the installed plugins. One that is new or changed is then refused."""
    from mismartera_core.registry.locking import LOCK_FILE, pin, write_lock

    if check:
        _check()
        return
    pins = [pin(points[0]) for points in _single(_installed())]
    write_lock(pins)
    if manner().json:
        emit("plugins_lock", {"file": str(LOCK_FILE), "plugins": [*map(dataclasses.asdict, pins)]})
        return
    for it in pins:
        say(f"{it.name}  {it.distribution} {it.version}  sha256 {it.sha256[:12]}")
    say(f"wrote {LOCK_FILE}: only these {len(pins)} plugins load, as they are now")


def _check() -> None:
    """Compare what is installed with the lock file."""
    from mismartera_core.registry import PluginProblem
    from mismartera_core.registry.locking import LOCK_FILE, read_lock, refusal

    pins = read_lock()
    if pins is None:
        raise PluginError(
            f"there is no {LOCK_FILE} here", hint="`mismartera plugins lock` makes it"
        )
    installed = {points[0].name: points[0] for points in _single(_installed())}
    problems = [
        PluginProblem(point.name, point.version, *refused)
        for point in installed.values()
        if (refused := refusal(point, pins))
    ]
    problems += [
        PluginProblem(it.name, it.version, "it is not installed", f"install {it.distribution}")
        for it in pins.values()
        if it.name not in installed
    ]
    if manner().json:
        told = [dataclasses.asdict(problem) for problem in problems]
        emit("plugins_lock_check", {"ok": not problems, "problems": told})
    else:
        say(f"{len(pins)} plugins are pinned, {len(problems)} are not as {LOCK_FILE} has them")
        say_problems("Problems", problems)
    if problems:
        raise typer.Exit(BROKEN_CODE)


def _set(name: str, *, disabled: bool) -> None:
    """Keep in the settings whether a plugin is disabled."""
    from mismartera_core.config.settings import SETTINGS_FILE, load_settings, write_setting
    from mismartera_core.registry.plugins import BUILTIN

    before = set(load_settings().plugins_disabled)
    known = set(_installed()) | (set() if disabled else before)
    if name == BUILTIN:
        raise UsageError("the built-ins are always there", hint="disable another plugin")
    if name not in known:
        raise PluginError(_unknown(name), hint=did_you_mean(name, known))
    after = sorted(before | {name} if disabled else before - {name})
    write_setting("plugins_disabled", after)
    if (name in load_settings().plugins_disabled) != disabled:
        raise UsageError(
            f"{SETTINGS_FILE} was written, but the environment or .env decides otherwise",
            hint="change MISMARTERA_PLUGINS_DISABLED",
        )
    word = "disabled" if disabled else "enabled"
    facts = {"plugin": name, "disabled": after, "file": str(SETTINGS_FILE)}
    emit(f"plugin_{word}", facts, f"plugin {name} is {word} ({SETTINGS_FILE})")


def _unknown(name: str) -> str:
    from mismartera_core.registry import Registry

    owners = {it.plugin.name for it in Registry.discover().offers() if it.record.name == name}
    offered = f"; {name!r} is offered by plugin {' and '.join(sorted(owners))}" if owners else ""
    return f"there is no plugin named {name!r}{offered}"


def _installed() -> dict[str, list[Installed]]:
    from mismartera_core.hookspecs import PROJECT
    from mismartera_core.registry.installed import installed_plugins

    return installed_plugins(PROJECT)


def _single(found: dict[str, list[Installed]]) -> list[Sequence[Installed]]:
    """Plugins that may load: not disabled, and one of the name."""
    from mismartera_core.config.settings import load_settings

    disabled = load_settings().plugins_disabled
    return [it for name, it in found.items() if name not in disabled and len(it) == 1]
