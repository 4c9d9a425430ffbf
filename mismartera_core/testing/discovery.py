"""What importing the hooks of a plugin drags in, measured in a Python of its own."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from mismartera_core.errors import PluginError
from mismartera_core.hookspecs import PROJECT

_BUILTIN = "mismartera_core.builtin.plugin"
_TIMEOUT = 60

_PROBE = """
import sys
sys.path[:] = {path!r}
import mismartera_core.hookspecs, mismartera_core.registrations, numpy, pydantic
before = {{name.partition(".")[0] for name in sys.modules}}
import {module}
after = {{name.partition(".")[0] for name in sys.modules}}
print("LOADED", *sorted(after - before - set(sys.stdlib_module_names)))
"""


def plugin_module(factory: Any) -> str | None:
    """The module with the hooks of the plugin that a factory belongs to.

    Args:
        factory: A callable, or "module:attribute".

    Returns:
        Its name; None where no entry point names a module of the same package.
    """
    home = factory if isinstance(factory, str) else getattr(factory, "__module__", "")
    package = home.partition(":")[0].partition(".")[0]
    if package == "mismartera_core":
        return _BUILTIN
    modules = [point.module for point in entry_points(group=PROJECT)]
    return next((name for name in modules if name.partition(".")[0] == package), None)


@cache
def libraries_loaded(module: str) -> tuple[str, ...]:
    """Packages that importing a module loads beyond the core's own, itself and Python's.

    Args:
        module: Full name.

    Raises:
        PluginError: It cannot be imported.
    """
    code = _PROBE.format(path=sys.path, module=module)
    try:
        done = subprocess.run(  # noqa: S603 - our own Python and our own text
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise PluginError(f"importing {module} takes more than {_TIMEOUT} s") from error
    except subprocess.CalledProcessError as error:
        why = (error.stderr.strip() or "it ended the interpreter").splitlines()[-1]
        raise PluginError(f"{module} cannot be imported: {why}") from error
    line = next(text for text in done.stdout.splitlines() if text.startswith("LOADED"))
    own = module.partition(".")[0]
    return tuple(name for name in line.split()[1:] if name != own and not name.startswith("_"))
