"""Calls into plugins: what they raise names the plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mismartera_core.contracts.context import PluginContext
from mismartera_core.errors import MisMarteraError, PluginError
from mismartera_core.registry import resolve_attribute
from mismartera_core.registry.attributes import one_line
from mismartera_core.services.config_resolution import Choice
from mismartera_core.threads.replay.blame import where_it_raised


@contextmanager
def blamed(plugin: str) -> Iterator[None]:
    """Turn whatever a plugin raises into a PluginError that names it and its line.

    Args:
        plugin: Kind and name, such as "data provider 'csv'".

    Raises:
        PluginError: The block raised something that is not ours.
    """
    try:
        yield
    except MisMarteraError:
        raise
    except Exception as error:
        raise PluginError(
            f"{plugin} raised {one_line(error)}", hint=f"look at {where_it_raised(error)}"
        ) from error


class Guarded:
    """A plugin's object whose methods are blamed when they raise; it reads like the object.

    Args:
        plugin: Kind and name.
        target: The object.
    """

    def __init__(self, plugin: str, target: Any) -> None:
        self._plugin = plugin
        self._target = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if callable(value):
            value = self.__dict__[name] = _guarded(self._plugin, value)
        return value


def build(kind: str, choice: Choice, context: PluginContext) -> Any:
    """What a plugin's factory makes of its config.

    The broker is handed out bare: it is on the way of every bar.

    Args:
        kind: What messages call it, such as "data provider".
        choice: The record and its validated config.
        context: The surroundings.

    Raises:
        PluginError: It cannot be imported or raised.
    """
    plugin = f"{kind} {choice.record.name!r}"
    with blamed(plugin):
        made = resolve_attribute(choice.record.factory)(choice.config, context)
    return made if kind == "broker" else Guarded(plugin, made)


def _guarded(plugin: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with blamed(plugin):
            return function(*args, **kwargs)

    return call
