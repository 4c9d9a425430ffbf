"""Loads plugins one by one; whatever one of them does, the others go on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points, version
from typing import Any

import pluggy

from mismartera_core.errors import did_you_mean
from mismartera_core.hookspecs import PROJECT, Hooks
from mismartera_core.registrations import (
    BrokerReg,
    CostModelReg,
    DataProviderReg,
    GapFillerReg,
    IndicatorReg,
    Registration,
    ReportReg,
    RiskCheckReg,
    StrategyReg,
    TemplateReg,
)
from mismartera_core.registry.attributes import cure, one_line

KINDS: Mapping[str, tuple[str, type[Registration]]] = {
    "broker": ("mismartera_brokers", BrokerReg),
    "cost_model": ("mismartera_cost_models", CostModelReg),
    "data_provider": ("mismartera_data_providers", DataProviderReg),
    "gap_filler": ("mismartera_gap_fillers", GapFillerReg),
    "indicator": ("mismartera_indicators", IndicatorReg),
    "report": ("mismartera_reports", ReportReg),
    "risk_check": ("mismartera_risk_checks", RiskCheckReg),
    "strategy": ("mismartera_strategies", StrategyReg),
    "template": ("mismartera_templates", TemplateReg),
}
"""Kind of plugin: the hook that registers it, and its record."""

BUILTIN = "builtin"
_BUILTIN_MODULE = "mismartera_core.builtin.plugin"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class PluginProblem:
    """Why a plugin, or something it offers, is not used.

    Attributes:
        plugin: Name of its entry point.
        version: Version of its distribution.
        reason: One sentence.
        hint: What to do.
    """

    plugin: str
    version: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin as it was found.

    Attributes:
        name: Name of its entry point.
        version: Version of its distribution.
        status: "ok" or "broken".
        hooks: Hooks it implements, sorted.
        source: Distribution and module.
    """

    name: str
    version: str
    status: str
    hooks: tuple[str, ...]
    source: str


@dataclass(slots=True)
class Loaded:
    """A plugin, its own manager, and what came of asking it."""

    name: str
    version: str
    source: str
    hooks: tuple[str, ...] = ()
    manager: pluggy.PluginManager | None = None
    records: list[tuple[str, Registration]] = field(default_factory=list)
    problems: list[PluginProblem] = field(default_factory=list)

    def blame(self, reason: str, hint: str = "") -> None:
        """Note why it is not used."""
        self.problems.append(PluginProblem(self.name, self.version, reason, hint))


def load_builtins() -> Loaded:
    """The plugin that comes with the core."""
    return _load_module(BUILTIN, version("mismartera-core"), _BUILTIN_MODULE)


def load_installed(group: str, allow: Collection[str] | None) -> Iterator[Loaded]:
    """Every installed plugin, by name.

    Args:
        group: Entry-point group.
        allow: Names that may load; None is all of them.
    """
    found: dict[str, list[EntryPoint]] = defaultdict(list)
    for point in entry_points(group=group):
        if allow is None or point.name in allow:
            found[point.name].append(point)
    for name in sorted(found):
        yield _load_points(name, found[name])


def load_given(name: str, plugin: object) -> Loaded:
    """A plugin that need not be installed."""
    return _ask(Loaded(name, "", name), plugin)


def _load_points(name: str, points: Sequence[EntryPoint]) -> Loaded:
    """Load the entry points of one name, of which there should be one."""
    loaded = [_describe(point) for point in points]
    if name == BUILTIN:
        loaded[0].blame(f"the name {BUILTIN!r} is taken by the built-ins", "rename its entry point")
    elif len(points) > 1:
        sources = " and by ".join(part.source for part in loaded)
        loaded[0].blame(
            f"entry point {name!r} is offered by {sources}; neither is used", "uninstall one"
        )
    else:
        return _load_module(name, loaded[0].version, points[0].value, loaded[0].source)
    return loaded[0]


def _describe(point: EntryPoint) -> Loaded:
    if point.dist is None:
        return Loaded(point.name, "", point.value)
    meta = dict(point.dist.metadata.json)
    dist = meta.get("name", "a distribution without a name")
    return Loaded(point.name, str(meta.get("version", "")), f"{dist} ({point.value})")


def _load_module(name: str, release: str, target: str, source: str = "") -> Loaded:
    part = Loaded(name, release, source or target)
    try:
        plugin = EntryPoint(name, target, PROJECT).load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises, others go on
        part.blame(f"cannot be imported: {one_line(error)}", cure(error, target))
        return part
    return _ask(part, plugin)


def _ask(part: Loaded, plugin: object) -> Loaded:
    """Check the hooks of a plugin and collect its records; a broken one stays without a manager."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    marked = {name for name in dir(plugin) if manager.parse_hookimpl_opts(plugin, name) is not None}
    part.hooks = tuple(sorted(marked & set(vars(Hooks))))
    for name in sorted(marked - set(part.hooks)):
        hooks = [hook for hook in vars(Hooks) if hook.startswith(PROJECT)]
        part.blame(f"implements {name!r}, which is no hook", did_you_mean(name, hooks))
    for name in sorted((set(dir(plugin)) & set(vars(Hooks))) - marked):
        if name.startswith(PROJECT):
            part.blame(f"{name!r} is not marked as a hook", "put @hookimpl above it")
    if not marked and not part.problems:
        part.blame("implements no hook", "its entry point should name the module with the hooks")
    if part.problems:
        return part
    try:
        manager.register(plugin, part.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        text = " ".join(str(error).split())
        part.blame(f"a hook has the wrong signature: {text}", "see docs/hooks.md")
        return part
    for kind, (hook, expected) in KINDS.items():
        if hook in part.hooks:
            answers = _call(part, manager, hook)
            part.records += [(kind, it) for it in answers if _fits(part, hook, it, expected)]
    if not part.problems:
        part.manager = manager
    return part


def _call(part: Loaded, manager: pluggy.PluginManager, hook: str) -> list[Any]:
    """All that one registering hook yields; what it raises is a problem of the plugin."""
    found: list[Any] = []
    try:
        for answer in getattr(manager.hook, hook)():
            found.extend(answer)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises, others go on
        part.blame(f"{hook} raised {one_line(error)}", "report it to its author")
    return found


def _fits(part: Loaded, hook: str, record: Any, expected: type[Registration]) -> bool:
    if not isinstance(record, expected):
        part.blame(f"{hook} returned {type(record).__name__}, expected {expected.__name__} records")
    elif not isinstance(record.name, str) or not _NAME.fullmatch(record.name):
        text = f"expected a name of lower-case letters, digits and underscores, was {record.name!r}"
        part.blame(f"{hook}: {text}")
    else:
        return True
    return False
