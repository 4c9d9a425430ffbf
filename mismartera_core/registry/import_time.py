"""What importing a plugin costs, measured in a Python of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

_PROBE = """
import json, sys, time
sys.path[:] = json.loads(sys.argv[2])
import mismartera_core.hookspecs, mismartera_core.registrations, pydantic
before = set(sys.modules)
start = time.perf_counter()
try:
    __import__(sys.argv[1])
finally:
    took = time.perf_counter() - start
    tops = {name.partition(".")[0] for name in set(sys.modules) - before}
    tops -= {name.partition(".")[0] for name in before} | set(sys.stdlib_module_names)
    print("\\n" + json.dumps({"seconds": took, "libraries": sorted(tops)}))
"""


@dataclass(frozen=True, slots=True)
class ImportCost:
    """What importing the hooks of a plugin costs every command that lists or runs plugins.

    Attributes:
        seconds: On top of what the core has imported already.
        libraries: Packages that come with it, which should wait until the plugin is used.
    """

    seconds: float
    libraries: tuple[str, ...]


def import_cost(module: str, limit: float) -> ImportCost | None:
    """Import a module in a fresh Python and say what it took.

    Args:
        module: Full name.
        limit: Seconds after which the measurement is given up.

    Returns:
        None where it cannot be imported in time.
    """
    command = [sys.executable, "-c", _PROBE, module, json.dumps(sys.path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own Python and our own text
            command, capture_output=True, text=True, timeout=limit + 10, check=True
        )
        said = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError):
        return None
    own = module.partition(".")[0]
    return ImportCost(said["seconds"], tuple(x for x in said["libraries"] if x != own))
