"""Finds plugins, keeps broken ones apart, and looks up what they offer by kind and name."""

from __future__ import annotations

import importlib
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from threading import Lock
from typing import Any

import pluggy

from mismartera_core import __version__
from mismartera_core.errors import PluginError, did_you_mean
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
)

KINDS: Mapping[str, tuple[str, type[Registration]]] = {
    "broker": ("mismartera_brokers", BrokerReg),
    "cost_model": ("mismartera_cost_models", CostModelReg),
    "data_provider": ("mismartera_data_providers", DataProviderReg),
    "gap_filler": ("mismartera_gap_fillers", GapFillerReg),
    "indicator": ("mismartera_indicators", IndicatorReg),
    "report": ("mismartera_reports", ReportReg),
    "risk_check": ("mismartera_risk_checks", RiskCheckReg),
    "strategy": ("mismartera_strategies", StrategyReg),
}
"""Kind of plugin: the hook that registers it, and its record."""

BUILTIN = "builtin"
_BUILTIN_MODULE = "mismartera_core.builtin.plugin"
_NAME = re.compile(r"[a-z][a-z0-9_]*")

log = logging.getLogger(__name__)


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
class _Loaded:
    """A plugin, its own manager, and what came of asking it."""

    name: str
    version: str
    source: str
    hooks: tuple[str, ...] = ()
    manager: pluggy.PluginManager | None = None
    records: list[tuple[str, Registration]] = field(default_factory=list)
    problems: list[PluginProblem] = field(default_factory=list)

    def blame(self, reason: str, hint: str = "") -> None:
        self.problems.append(PluginProblem(self.name, self.version, reason, hint))


class Registry:
    """What the plugins offer, by kind and name. Made by `discover` or `from_modules`."""

    def __init__(self, loaded: Sequence[_Loaded]) -> None:
        self._loaded = loaded
        self._records, self._sources, conflicts = _index(loaded)
        self.problems: tuple[PluginProblem, ...] = tuple(
            sorted(
                [p for part in loaded for p in part.problems] + conflicts,
                key=lambda problem: (problem.plugin, problem.reason),
            )
        )
        self.observer_errors: Counter[str] = Counter()
        self._lock = Lock()

    @classmethod
    def discover(cls, group: str = PROJECT, allow: Collection[str] | None = None) -> Registry:
        """Load the built-ins and every installed plugin.

        Args:
            group: Entry-point group.
            allow: Names of the entry points that may load; None is all of them.
        """
        found: dict[str, list[EntryPoint]] = defaultdict(list)
        for point in entry_points(group=group):
            if allow is None or point.name in allow:
                found[point.name].append(point)
        builtin = _load_module(BUILTIN, __version__, _BUILTIN_MODULE)
        return cls([builtin, *(_load_points(name, found[name]) for name in sorted(found))])

    @classmethod
    def from_modules(cls, modules: Mapping[str, object]) -> Registry:
        """The built-ins and plugin modules that need not be installed, by name."""
        builtin = _load_module(BUILTIN, __version__, _BUILTIN_MODULE)
        return cls([builtin, *(_ask(_Loaded(name, "", name), it) for name, it in modules.items())])

    def get(self, kind: str, name: str) -> Any:
        """The record of a kind (see `KINDS`) under a name.

        Raises:
            PluginError: Nothing usable has this name.
        """
        record = self._records[kind].get(name)
        if record is not None:
            return record
        word = kind.replace("_", " ")
        sources = self.sources(kind, name)
        if len(sources) > 1:
            reason = f"{word} {name!r} is offered by {' and by '.join(sources)}"
            raise PluginError(reason, hint="uninstall one of them")
        if sources:
            reason = f"{word} {name!r} belongs to plugin {sources[0]!r}, which is broken"
            raise PluginError(reason, hint="`mismartera plugins list` says why")
        hint = did_you_mean(name, self._records[kind])
        if broken := [plugin.name for plugin in self.plugins() if plugin.status == "broken"]:
            hint += f" (broken plugins may offer it: {', '.join(broken)})"
        raise PluginError(f"there is no {word} named {name!r}", hint=hint)

    def records(self, kind: str) -> tuple[Any, ...]:
        """Every record of a kind, by name."""
        return tuple(self._records[kind].values())

    def sources(self, kind: str, name: str) -> tuple[str, ...]:
        """Names of the plugins, broken ones too, that offer something under a name."""
        return tuple(self._sources[kind].get(name, ()))

    def plugins(self) -> tuple[Plugin, ...]:
        """Every plugin found, the built-ins first."""
        return tuple(
            Plugin(
                part.name,
                part.version,
                "broken" if part.manager is None else "ok",
                part.hooks,
                part.source,
            )
            for part in self._loaded
        )

    def observe(self, hook: str, **facts: Any) -> None:
        """Tell every plugin what happened. An observer that raises is logged and counted.

        Args:
            hook: Name of an observer hook without "mismartera_", such as "session_started".
            **facts: Its arguments.
        """
        for plugin, call in self._callers(f"{PROJECT}_{hook}"):
            try:
                call(**facts)
            except Exception:
                with self._lock:
                    self.observer_errors[plugin] += 1
                log.exception("Plugin %r failed in %s", plugin, hook)

    def check_config(self, config: Any) -> list[str]:
        """What plugins find wrong with a session config, one sentence each."""
        found: list[str] = []
        for plugin, call in self._callers(f"{PROJECT}_check_config"):
            try:
                found += [str(text) for answer in call(config=config) for text in answer]
            except Exception as error:  # noqa: BLE001 - a plugin's failure is a finding
                found.append(f"plugin {plugin!r} could not check the config: {_short(error)}")
        return found

    def _callers(self, hook: str) -> list[tuple[str, Any]]:
        return [
            (part.name, getattr(part.manager.hook, hook))
            for part in self._loaded
            if part.manager is not None and hook in part.hooks
        ]


def resolve_attribute(target: Any) -> Any:
    """Import what a registration names on first use.

    Args:
        target: "module:attribute", "module:attribute.key" where the attribute is a dict or a
            namespace, or the thing itself.

    Raises:
        PluginError: The module cannot be imported or lacks the attribute.
    """
    if not isinstance(target, str):
        return target
    module, _, path = target.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except ImportError as error:
        raise PluginError(
            f"{target!r} cannot be imported: {error}", hint=_cure(error, module)
        ) from error
    except Exception as error:
        raise PluginError(f"{target!r} cannot be imported: {_short(error)}") from error
    for name in path.split("."):
        try:
            found = found[name] if isinstance(found, Mapping) else getattr(found, name)
        except (KeyError, AttributeError) as error:
            raise PluginError(f"{target!r}: {module!r} has no {path!r}") from error
    return found


def config_model(record: Registration) -> Any:
    """The pydantic model of a record's config; of a strategy its `Params` unless it says otherwise.

    Returns:
        The model, or None where the record takes no config.

    Raises:
        PluginError: What the record names cannot be imported.
    """
    if record.config_model is not None:
        return resolve_attribute(record.config_model)
    if isinstance(record, StrategyReg):
        return getattr(resolve_attribute(record.factory), "Params", None)
    return None


_Index = dict[str, dict[str, Registration]]
_Sources = dict[str, dict[str, list[str]]]


def _index(loaded: Iterable[_Loaded]) -> tuple[_Index, _Sources, list[PluginProblem]]:
    """Records by kind and name, who offers each, and names that two offer."""
    sources: _Sources = {kind: defaultdict(list) for kind in KINDS}
    usable: _Index = {kind: {} for kind in KINDS}
    for part in loaded:
        for kind, record in part.records:
            sources[kind][record.name].append(part.name)
            if part.manager is not None:
                usable[kind][record.name] = record
    problems = []
    for kind, by_name in sources.items():
        for name, offers in by_name.items():
            if len(offers) > 1:
                usable[kind].pop(name, None)
                reason = (
                    f"{kind.replace('_', ' ')} {name!r} is offered by {' and by '.join(offers)}"
                )
                problems.append(
                    PluginProblem(offers[-1], "", f"{reason}; neither is used", "uninstall one")
                )
    ordered = {kind: dict(sorted(by_name.items())) for kind, by_name in usable.items()}
    return ordered, {kind: dict(by_name) for kind, by_name in sources.items()}, problems


def _load_points(name: str, points: Sequence[EntryPoint]) -> _Loaded:
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


def _describe(point: EntryPoint) -> _Loaded:
    if point.dist is None:
        return _Loaded(point.name, "", point.value)
    meta = dict(point.dist.metadata.json)
    dist = meta.get("name", "a distribution without a name")
    return _Loaded(point.name, str(meta.get("version", "")), f"{dist} ({point.value})")


def _load_module(name: str, version: str, target: str, source: str = "") -> _Loaded:
    part = _Loaded(name, version, source or target)
    try:
        plugin = EntryPoint(name, target, PROJECT).load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises, others go on
        part.blame(f"cannot be imported: {_short(error)}", _cure(error, target))
        return part
    return _ask(part, plugin)


def _ask(part: _Loaded, plugin: object) -> _Loaded:
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


def _call(part: _Loaded, manager: pluggy.PluginManager, hook: str) -> list[Any]:
    """All that one registering hook yields; what it raises is a problem of the plugin."""
    found: list[Any] = []
    try:
        for answer in getattr(manager.hook, hook)():
            found.extend(answer)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it raises, others go on
        part.blame(f"{hook} raised {_short(error)}", "report it to its author")
    return found


def _fits(part: _Loaded, hook: str, record: Any, expected: type[Registration]) -> bool:
    if not isinstance(record, expected):
        part.blame(f"{hook} returned {type(record).__name__}, expected {expected.__name__} records")
    elif not isinstance(record.name, str) or not _NAME.fullmatch(record.name):
        text = f"expected a name of lower-case letters, digits and underscores, was {record.name!r}"
        part.blame(f"{hook}: {text}")
    else:
        return True
    return False


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _cure(error: BaseException, target: str) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        missing = error.name.partition(".")[0]
        if missing != target.partition(".")[0]:
            return f"install the package that brings {missing!r}"
    return "reinstall the plugin, or ask its author"
