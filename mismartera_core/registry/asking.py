"""Asks a plugin's module for its hooks and collects what they register."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import pluggy

from mismartera_core.errors import did_you_mean
from mismartera_core.hookspecs import PROJECT, Hooks
from mismartera_core.registrations import Registration
from mismartera_core.registry.attributes import no_model, one_line
from mismartera_core.registry.plugins import KINDS, Loaded

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_REPORT = "report it to its author"


def ask(part: Loaded, plugin: object) -> Loaded:
    """Check the hooks of a plugin and collect its records.

    Args:
        part: The plugin as it was found.
        plugin: Its module, or anything with hooks.

    Returns:
        The same part; a broken one has problems and no manager.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    _name_hooks(part, manager, plugin)
    if part.problems:
        return part
    try:
        manager.register(plugin, part.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        return _blame_signature(part, plugin, error)
    for kind, (hook, expected) in KINDS.items():
        if hook in part.hooks:
            part.doing = f"in {hook}"
            answers = _call(part, manager, hook)
            part.records += [(kind, it) for it in answers if _fits(part, hook, it, expected)]
    if not part.problems:
        part.manager = manager
    return part


def _name_hooks(part: Loaded, manager: pluggy.PluginManager, plugin: object) -> None:
    """Note the hooks a plugin implements, and blame it for those that are none."""
    known = {name for name in vars(Hooks) if name.startswith(PROJECT)}
    marked = {name for name in dir(plugin) if manager.parse_hookimpl_opts(plugin, name) is not None}
    part.hooks = tuple(sorted(marked & known))
    meant = {name for name in dir(plugin) if name.startswith(f"{PROJECT}_")}
    meant = {name for name in meant if inspect.isroutine(getattr(plugin, name))}
    for name in sorted((marked | meant) - known):
        part.blame(f"implements {name!r}, which is no hook", did_you_mean(name, known))
    for name in sorted((meant & known) - marked):
        part.blame(f"{name!r} is not marked as a hook", "put @hookimpl above it")
    if not marked and not part.problems:
        part.blame("implements no hook", "its entry point should name the module with the hooks")


def _blame_signature(part: Loaded, plugin: object, error: pluggy.PluginValidationError) -> Loaded:
    """Say which hook takes what it is not given, and what it is given."""
    for name in part.hooks:
        given = set(inspect.signature(getattr(Hooks, name)).parameters) - {"self"}
        taken = [*inspect.signature(getattr(plugin, name)).parameters]
        if odd := [word for word in taken if word not in given]:
            what = ", ".join(sorted(given)) or "no arguments"
            return part.blame(
                f"a hook has the wrong signature: {name}({', '.join(taken)}) takes "
                f"{', '.join(map(repr, odd))}, which the host does not give",
                f"it is given {what}; see docs/hooks.md",
            )
    text = " ".join(str(error).split())
    return part.blame(f"a hook has the wrong signature: {text}", "see docs/hooks.md")


def _call(part: Loaded, manager: pluggy.PluginManager, hook: str) -> list[Any]:
    """All that one registering hook yields; what it raises is a problem of the plugin."""
    found: list[Any] = []
    try:
        for answer in getattr(manager.hook, hook)():
            found.extend(answer)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises, others go on
        part.blame(f"{hook} raised {one_line(error)}", _REPORT)
    return found


def _fits(part: Loaded, hook: str, record: Any, expected: type[Registration]) -> bool:
    """Whether a record can be used; what is wrong with it is a problem of the plugin."""
    if not isinstance(record, expected):
        part.blame(
            f"{hook} returned {type(record).__name__}, expected {expected.__name__} records",
            _REPORT,
        )
        return False
    wrong = _flaw(record)
    if wrong:
        part.blame(f"{hook}: {wrong}", _REPORT)
    return not wrong


def _flaw(record: Any) -> str:
    """What is wrong with a record as far as can be told without importing what it names."""
    name, factory, model = record.name, record.factory, record.config_model
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return f"expected a name of lower-case letters, digits and underscores, was {name!r}"
    if not callable(factory) and not isinstance(factory, str):
        return f"{name!r}: expected a factory or 'module:attribute', was {factory!r}"
    if model is not None and not isinstance(model, str) and (wrong := no_model(model)):
        return f"{name!r}: {wrong}"
    if not isinstance(record.summary, str):
        return f"{name!r}: expected a text as summary, was {record.summary!r}"
    if not isinstance(record.example, Mapping):
        return f"{name!r}: expected an example by field, was {record.example!r}"
    if not isinstance(record.suites, tuple) or any(":" not in str(it) for it in record.suites):
        return f"{name!r}: expected suites as ('module:class',), was {record.suites!r}"
    return ""
