"""Finds plugins, keeps broken ones apart, and looks up what they offer by kind and name."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from threading import Lock
from typing import Any

from mismartera_core.errors import PluginError, did_you_mean
from mismartera_core.hookspecs import PROJECT
from mismartera_core.registry.attributes import config_model, one_line, resolve_attribute
from mismartera_core.registry.brought import missing
from mismartera_core.registry.index import ONE_TOO_MANY, index, offered
from mismartera_core.registry.installed import distributions
from mismartera_core.registry.listeners import Listener, listener
from mismartera_core.registry.loading import (
    Policy,
    load_builtins,
    load_given,
    load_installed,
    policy_here,
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
    "Policy",
    "Registry",
    "config_model",
    "policy_of",
    "resolve_attribute",
]

log = logging.getLogger(__name__)


class Registry:
    """What the plugins offer, by kind and name. Made by `discover` or `from_modules`."""

    def __init__(self, loaded: Sequence[Loaded]) -> None:
        self._loaded = loaded
        self._records, self._sources, conflicts = index(loaded)
        self.problems: tuple[PluginProblem, ...] = tuple(
            sorted(
                [p for part in loaded for p in part.problems] + conflicts,
                key=lambda problem: (problem.plugin, problem.reason),
            )
        )
        self.observer_errors: Counter[str] = Counter()
        self._listeners: dict[str, list[tuple[str, Listener]]] = {}
        self._lock = Lock()

    @classmethod
    def discover(
        cls,
        group: str = PROJECT,
        allow: Collection[str] | None = None,
        policy: Policy | None = None,
    ) -> Registry:
        """Load the built-ins and every installed plugin that may load.

        Args:
            group: Entry-point group.
            allow: Names of the entry points that may load; None is all of them.
            policy: Which may load and how long each may take; by default what the settings and
                the lock file of the working folder say.

        Raises:
            ConfigError: A setting is wrong, or the lock file cannot be read.
        """
        given = policy or policy_here()
        return cls([load_builtins(), *load_installed(group, allow, given)])

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
            raise PluginError(offered(kind, name, sources), hint=ONE_TOO_MANY)
        if sources:
            reason = f"{word} {name!r} belongs to plugin {sources[0]!r}, which is broken"
            raise PluginError(reason, hint="`mismartera plugins list` says why")
        absent = missing(kind, name, distributions(PROJECT))
        hint = absent or did_you_mean(name, self._records[kind])
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
        for plugin, call in self.callers(hook):
            self.tell(plugin, hook, call, facts)

    def tell(self, plugin: str, hook: str, call: Listener, facts: Mapping[str, Any]) -> bool:
        """Tell one plugin; what it raises is logged and counted.

        Args:
            plugin: Its name.
            hook: Name of the hook, for the log.
            call: Its implementation, as `callers` has it.
            facts: The hook's arguments.

        Returns:
            Whether it did not raise.
        """
        try:
            call(facts)
        except Exception as error:
            with self._lock:
                self.observer_errors[plugin] += 1
                level = logging.INFO if self.observer_errors[plugin] > 1 else logging.WARNING
            log.log(level, "Plugin %r failed in %s: %s", plugin, hook, one_line(error))
            log.info("Where it failed", exc_info=error)
            return False
        return True

    def check_config(self, config: Any) -> list[str]:
        """What plugins find wrong with a session config, one sentence each."""
        found: list[str] = []
        for plugin, call in self.callers("check_config"):
            try:
                answers = call({"config": config})
                found += [str(text) for answer in answers for text in answer]
            except Exception as error:  # noqa: BLE001 - a plugin's failure is a finding
                found.append(f"plugin {plugin!r} could not check the config: {one_line(error)}")
        return found

    def resolve_secret(self, name: str) -> tuple[str | None, list[str]]:
        """A secret by its name, of the first plugin that has it.

        Args:
            name: Such as "ALPACA_API_KEY".

        Returns:
            The secret, None where there is none; and who was asked in vain, with what went wrong.
        """
        asked: list[str] = []
        for plugin, call in self.callers("resolve_secret"):
            try:
                answers = [answer for answer in call({"name": name}) if answer]
            except Exception as error:  # noqa: BLE001 - another plugin may have it
                asked.append(f"plugin {plugin!r}, which failed: {one_line(error)}")
                continue
            if answers and isinstance(answers[0], str):
                return answers[0], asked
            asked.append(f"plugin {plugin!r}" + (", which gave no text" if answers else ""))
        return None, asked

    def callers(self, hook: str) -> list[tuple[str, Listener]]:
        """The plugins that implement a hook, and what calls each."""
        found = self._listeners.get(hook)
        if found is None:
            name = f"{PROJECT}_{hook}"
            found = self._listeners[hook] = [
                (part.name, listener(getattr(part.manager.hook, name)))
                for part in self._loaded
                if part.manager is not None and name in part.hooks
            ]
        return found
