"""Peers, each run as a script in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.runner import Missing, Sample

PEERS = ("vectorbt", "backtesting", "backtrader", "nautilus_trader")
NEWER_PYTHON = {"nautilus_trader": (3, 12)}
ROOT = Path(__file__).parents[2]
WRONG = "error: "


def run_peer(name: str, data: Path, task: str) -> Sample:
    """One process of a peer, its result as it printed it.

    Raises:
        Missing: If the peer or the Python it needs is not to be had.
    """
    script = Path(__file__).parent / f"run_{name}.py"
    command = [*_environment(name), "python", str(script), str(data), task]
    done = subprocess.run(
        command, cwd=ROOT, env=_variables(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        ran = any(line.startswith("Traceback") for line in lines)
        reason = lines[-1] if ran else next((x for x in lines if x.startswith(WRONG)), lines[-1])
        raise Missing(f"{reason.removeprefix(WRONG)} (Python {_python(name)})")
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    return Sample(
        value=answer["seconds"],
        fills=answer["fills"],
        cash=answer["cash"],
        rule=answer["rule"],
        note=f"{answer['engine']}, Python {answer['python']}",
    )


def _environment(name: str) -> list[str]:
    """`uv run` with the group of peers alone; the project's own pins stay out of it."""
    uv = os.environ.get("UV") or shutil.which("uv") or str(ROOT / "uvw")
    group = ("--quiet", "--isolated", "--only-group", "peers")
    return [uv, "run", *group, "--python", _python(name)]


def _python(name: str) -> str:
    """The running Python's version, or the first one that the peer supports."""
    version = max(sys.version_info[:2], NEWER_PYTHON.get(name, (0, 0)))
    return "{}.{}".format(*version)


def _variables() -> dict[str, str]:
    """This environment without the active one, and with the Pythons that pyenv keeps aside."""
    variables = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    kept = sorted(str(path) for path in pyenv.glob("versions/3.*/bin"))
    return {**variables, "PATH": os.pathsep.join([*kept, os.environ.get("PATH", "")])}
