"""Loads plugins one by one; whatever one of them does, the others go on."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING

from mismartera_core import __version__
from mismartera_core.hookspecs import PROJECT
from mismartera_core.registry.asking import ask
from mismartera_core.registry.attributes import cure, one_line
from mismartera_core.registry.installed import Installed, installed_plugins
from mismartera_core.registry.limits import HungError, within
from mismartera_core.registry.locking import Pin, read_lock, refusal
from mismartera_core.registry.plugins import BUILTIN, DISABLED, REFUSED, Loaded
from mismartera_core.registry.versions import CORE, unmet_range

if TYPE_CHECKING:
    from mismartera_core.config.settings import Settings

_SETTINGS_FILES, _SETTINGS_PREFIX = (".env", "mismartera.settings.json"), "MISMARTERA_"
_BUILTIN_MODULE = "mismartera_core.builtin.plugin"


@dataclass(frozen=True, slots=True)
class Policy:
    """Which plugins may load, and how long each may take.

    Attributes:
        disabled: Names of those that are not to load.
        seconds: For import and registering together.
        lock: Pins by name; None where everything installed may load.
        trusted: Names that load whatever the two say, as what is being written.
    """

    disabled: frozenset[str] = frozenset()
    seconds: float = 5.0
    lock: Mapping[str, Pin] | None = None
    trusted: frozenset[str] = frozenset()


def policy_of(settings: Settings) -> Policy:
    """What settings and the lock file of the working folder say.

    Args:
        settings: Which plugins are disabled, and how long each may take.

    Raises:
        ConfigError: The lock file cannot be read.
    """
    return Policy(frozenset(settings.plugins_disabled), settings.plugin_seconds, read_lock())


def policy_here() -> Policy:
    """What the settings and the lock file of the working folder say.

    Settings are read only where somebody has set something: reading them takes a tenth of the
    time that a listing may take.

    Raises:
        ConfigError: A setting is wrong, or the lock file cannot be read.
    """
    if not any(Path(name).exists() for name in _SETTINGS_FILES) and not any(
        name.upper().startswith(_SETTINGS_PREFIX) for name in os.environ
    ):
        return Policy(lock=read_lock())
    from mismartera_core.config.settings import load_settings

    return policy_of(load_settings())


def load_builtins() -> Loaded:
    """The plugin that comes with the core."""
    return ask(Loaded(BUILTIN, __version__, _BUILTIN_MODULE), import_module(_BUILTIN_MODULE))


def load_given(name: str, plugin: object) -> Loaded:
    """A plugin that need not be installed."""
    return ask(Loaded(name, "", name), plugin)


def load_installed(group: str, allow: Collection[str] | None, policy: Policy) -> Iterator[Loaded]:
    """Every installed plugin, by name.

    Args:
        group: Entry-point group.
        allow: Names that may load; None is all of them.
        policy: Which may load, and how long they may take.
    """
    for name, points in installed_plugins(group).items():
        if allow is None or name in allow:
            yield _load_points(points, policy)


def _load_points(points: Sequence[Installed], policy: Policy) -> Loaded:
    """Load the entry points of one name, of which there should be one."""
    point = points[0]
    part = Loaded(point.name, point.version, point.source, point.summary)
    if point.name == BUILTIN:
        return part.blame(
            f"the name {BUILTIN!r} is taken by the built-ins", "rename its entry point"
        )
    if len(points) > 1:
        sources = " and by ".join(it.source for it in points)
        return part.blame(
            f"entry point {point.name!r} is offered by {sources}; neither is used", "uninstall one"
        )
    trusted = point.name in policy.trusted
    if point.name in policy.disabled and not trusted:
        part.status = DISABLED
        return part
    if asked := unmet_range(point.requires, __version__):
        return part.blame(
            f"asks for {CORE} {asked}, installed is {__version__}",
            f"install a version of {point.project} that works with {CORE} {__version__}, or "
            f"{CORE} {asked}",
            REFUSED,
        )
    lock = None if trusted else policy.lock
    if lock is not None and (refused := refusal(point, lock)):
        return part.blame(*refused, REFUSED)
    try:
        # Standard output is the command's answer, which others may read as JSON.
        with redirect_stdout(sys.stderr):
            return within(policy.seconds, f"plugin {point.name}", lambda: _load(part, point.target))
    except HungError as hung:
        # The thread may still write to its part, so the answer is another.
        late = Loaded(part.name, part.version, part.source, part.summary, hooks=part.hooks)
        return late.blame(
            f"does not answer within {policy.seconds:g} s {part.doing} ({hung}); "
            "the thread is left behind",
            f"report it to its author, or `mismartera plugins disable {point.name}`",
        )


def _load(part: Loaded, target: str) -> Loaded:
    part.doing = "while it is imported"
    try:
        plugin = EntryPoint(part.name, target, PROJECT).load()
    except BaseException as error:  # noqa: BLE001 - whatever it raises, others go on
        return part.blame(f"cannot be imported: {one_line(error)}", cure(error, target))
    try:
        return ask(part, plugin)
    except BaseException as error:  # noqa: BLE001 - even a module can be made to raise
        return part.blame(f"raised {one_line(error)} when it was asked for its hooks")
