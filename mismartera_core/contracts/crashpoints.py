"""Where a process may die: named places that a test can make it die at.

Nothing happens at them, and at the cost of one comparison, unless a test has set a hook.
"""

from __future__ import annotations

from collections.abc import Callable

_hook: Callable[[str], None] | None = None


def crashpoint(name: str) -> None:
    """A place at which dying must lose nothing and double nothing.

    Args:
        name: For example "order.sent": the next thing is the sending.
    """
    if _hook is not None:
        _hook(name)


def on_crashpoint(hook: Callable[[str], None] | None) -> None:
    """Have a function called at every crash point of this process; None for no longer.

    Args:
        hook: Takes the name; a test kills the process in it, or notes the name.
    """
    global _hook
    _hook = hook
