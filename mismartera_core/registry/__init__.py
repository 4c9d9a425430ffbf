"""Finds plugins, keeps broken ones apart, and looks up what they offer by kind and name."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

from mismartera_core.config.settings import Settings, load_settings
from mismartera_core.errors import PluginError, did_you_mean
from mismartera_core.hookspecs import PROJECT
from mismartera_core.registrations import Registration
from mismartera_core.registry.attributes import config_model, one_line, resolve_attribute
from mismartera_core.registry.loading import (
    load_builtins,
    load_given,
    load_installed,
    policy_of,
)
from mismartera_core.registry.plugins import (
    CONFLICT,
    KINDS,
    OK,
    Loaded,
    Offer,
    Plugin,
    PluginProblem,
)

__all__ = [
    "KINDS",
    "Offer",
    "Plugin",
    "PluginProblem",
    "Registry",
    "config_model",
    "resolve_attribute",
]

log = logging.getLogger(__name__)


class Registry:
    """What the plugins offer, by kind and name. Made by `discover` or `from_modules`."""

    def __init__(self, loaded: Sequence[Loaded]) -> None:
        self._loaded = loaded
        self._records, self._sources, conflicts = _index(loaded)
        self.problems: tuple[PluginProblem, ...] = tuple(
            sorted(
                [p for part in loaded for p in part.problems] + conflicts,
                key=lambda problem: (problem.plugin, problem.reason),
            )
        )
        self.observer_errors: Counter[str] = Counter()
        self._listeners: dict[str, list[tuple[str, _Listener]]] = {}
        self._lock = Lock()

    @classmethod
    def discover(
        cls,
        group: str = PROJECT,
        allow: Collection[str] | None = None,
        settings: Settings | None = None,
    ) -> Registry:
        """Load the built-ins and every installed plugin that settings and lock let load.

        Args:
            group: Entry-point group.
            allow: Names of the entry points that may load; None is all of them.
            settings: Which are disabled and how long each may take; by default those of the
                working folder.

        Raises:
            ConfigError: A setting is wrong, or the lock file cannot be read.
        """
        policy = policy_of(settings or load_settings())
        return cls([load_builtins(), *load_installed(group, allow, policy)])

    @classmethod
    def from_modules(cls, modules: Mapping[str, object]) -> Registry:
        """The built-ins and plugin modules that need not be installed, by name."""
        return cls([load_builtins(), *(load_given(*item) for item in modules.items())])

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
            raise PluginError(_offered(kind, name, sources), hint=_ONE_TOO_MANY)
        if sources:
            reason = f"{word} {name!r} belongs to plugin {sources[0]!r}, which is broken"
            raise PluginError(reason, hint="`mismartera plugins list` says why")
        hint = did_you_mean(name, self._records[kind])
        if idle := [f"{it.name} ({it.status})" for it in self.plugins() if it.status != OK]:
            hint += f"; plugins that are not in use may offer it: {', '.join(idle)}"
        raise PluginError(f"there is no {word} named {name!r}", hint=hint)

    def records(self, kind: str) -> tuple[Any, ...]:
        """Every record of a kind, by name."""
        return tuple(self._records[kind].values())

    def sources(self, kind: str, name: str) -> tuple[str, ...]:
        """Names of the plugins, broken ones too, that offer something under a name."""
        return tuple(self._sources[kind].get(name, ()))

    def plugins(self) -> tuple[Plugin, ...]:
        """Every plugin found, the built-ins first."""
        return tuple(part.as_plugin() for part in self._loaded)

    def offers(self) -> tuple[Offer, ...]:
        """Everything that the plugins offer by kind and name, also what cannot be used."""
        found = [
            Offer(kind, record, plugin, self._status(plugin, kind, record.name))
            for part in self._loaded
            for plugin in (part.as_plugin(),)
            for kind, record in part.records
        ]
        return tuple(sorted(found, key=lambda it: (it.kind, it.record.name, it.plugin.name)))

    def _status(self, plugin: Plugin, kind: str, name: str) -> str:
        taken = plugin.status == OK and name not in self._records[kind]
        return CONFLICT if taken else plugin.status

    def observe(self, hook: str, **facts: Any) -> None:
        """Tell every plugin what happened. An observer that raises is logged and counted.

        The console hears of each plugin once; the log file has every failure and its traceback.

        Args:
            hook: Name of an observer hook without "mismartera_", such as "session_started".
            **facts: Its arguments.
        """
        for plugin, call in self._callers(f"{PROJECT}_{hook}"):
            try:
                call(facts)
            except Exception as error:
                with self._lock:
                    self.observer_errors[plugin] += 1
                    level = logging.INFO if self.observer_errors[plugin] > 1 else logging.WARNING
                log.log(level, "Plugin %r failed in %s: %s", plugin, hook, one_line(error))
                log.info("Where it failed", exc_info=error)

    def check_config(self, config: Any) -> list[str]:
        """What plugins find wrong with a session config, one sentence each."""
        found: list[str] = []
        for plugin, call in self._callers(f"{PROJECT}_check_config"):
            try:
                answers = call({"config": config})
                found += [str(text) for answer in answers for text in answer]
            except Exception as error:  # noqa: BLE001 - a plugin's failure is a finding
                found.append(f"plugin {plugin!r} could not check the config: {one_line(error)}")
        return found

    def _callers(self, hook: str) -> list[tuple[str, _Listener]]:
        found = self._listeners.get(hook)
        if found is None:
            found = self._listeners[hook] = [
                (part.name, _listener(getattr(part.manager.hook, hook)))
                for part in self._loaded
                if part.manager is not None and hook in part.hooks
            ]
        return found


_ONE_TOO_MANY = "uninstall one of them, or `mismartera plugins disable` it"
_Listener = Callable[[Mapping[str, Any]], list[Any]]


def _listener(hook: Any) -> _Listener:
    """What calls the one implementation of a plugin's hook with the facts that it names.

    By itself where nothing wraps it: pluggy's own call costs 2 us more, ten times a session.
    """
    (impl,) = hook.get_hookimpls()
    if impl.wrapper or impl.hookwrapper:
        return lambda facts: hook(**facts)
    function, names = impl.function, impl.argnames

    def call(facts: Mapping[str, Any]) -> list[Any]:
        answer = function(**{name: facts[name] for name in names})
        return [] if answer is None else [answer]

    return call


_Index = dict[str, dict[str, Registration]]
_Sources = dict[str, dict[str, list[str]]]


def _index(loaded: Iterable[Loaded]) -> tuple[_Index, _Sources, list[PluginProblem]]:
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
                reason = f"{_offered(kind, name, offers)}; neither is used"
                problems.append(PluginProblem(offers[-1], "", reason, _ONE_TOO_MANY))
    ordered = {kind: dict(sorted(by_name.items())) for kind, by_name in usable.items()}
    return ordered, {kind: dict(by_name) for kind, by_name in sources.items()}, problems


def _offered(kind: str, name: str, sources: Sequence[str]) -> str:
    return f"{kind.replace('_', ' ')} {name!r} is offered by {' and by '.join(sources)}"
