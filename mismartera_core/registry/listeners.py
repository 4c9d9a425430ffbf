"""How a plugin is told something: by its one implementation of a hook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Listener = Callable[[Mapping[str, Any]], list[Any]]


def listener(hook: Any) -> Listener:
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
